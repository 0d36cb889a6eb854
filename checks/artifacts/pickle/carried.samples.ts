import { Buffer } from 'node:buffer';
import { inflateSync } from 'node:zlib';

/**
 * What cloudpickle 3.1.2 writes for an object of a class `Doubling` that multiplies its rows, and for one whose
 * `predict` calls `os.system`: written once by three Pythons, never loaded. Compressed, in base64.
 */
const WRITTEN: Readonly<Record<string, readonly string[]>> = {
  'a model of Python 3.8, protocol 2': [
    'eNqFk21z20QQx0+y6wS1TVoaaCmllJJSGYqx27RJIARowqNAgFrgeAhCOp1zis+SN3eiZCaagQG7vOUbwFfxJ+vq6nRshgyjN3t7',
    'u/99uJ9+tRmTeZEMUtaTvDVlO2E/6vFQ9bjkOs9CJiOlHCAuC8O4SKVOszB09MGAO2DReULIdl7EMs12wZ4JyeM9zrQDtSHUSzhB',
    'HQwNw36eFJKHITRMLjqiKhrmFL2CZ7a+1lnttuOk2+6sxGssipLuery+emeFc3Z7pQPzvoanAnCOb980HCqulY40NnlSOCWccumc',
    'KZfk2CSc9ifV0yzVeF74n210i4zpNM8cWHSPDz2a/fFyzpgSW3nC7+MZzg7h6QDOuZ7lEfwsz/a2WMjwmimHZ5XhwJLZUmIdkpAk',
    '5B6BZ2gDHTJC2Q48O4LzAVzwPXsEz1ELL3pwcQjP0zqaissuXBrCC6YsrpnL1uAALs8O+qJXm3mk+EBzfN0rzQBeajY1XA3g5RKW',
    'J0lZ1K+e6pqYU76Pi38lgOvHj3+0pKndu+J6Cc0SXnXFtdlGXqOnzBGKSE7K3KBnp2hqPQl9nS6a0CjLcpTFCgq9rRLeoAvmovcg',
    '4d2okLryt/2J8pSv44uGmJsh4KZPT5ojjqCK/ar+LZ+er1xTQ4WqiB8Tq2BlB25PcnZlHkeyUr5TwmoxgrVR0P434OtY8bRxKZnr',
    'asYq4c0deMs0MtjnSco0bIhFVyAWdYNF3at5NbFEr2LE+E+yR8Z/W+N/iEXGD0nXSqzEHv8xf2hvk/HvFuLxtkAmNgN4xxdPyLJR',
    '5BxKXECJXXJIdhZK69AyYktk/JcNdUx8t0p8L4C7TYEEbVEbg1tt2KY1NPbzB/D+CD4Ql81MGzJVmuX9wSZ86DVQucKtQWwCH1Uq',
    'HwfwiUDwPMTn0wA+o8vTrzgZs7Uhc4Yr22xNqfkP4XN64ohW+MII858jCV+OIHDFJbMolmea/6LhnrnG3hTcN3/FINqP+gq+0vA1',
    'djq902+8+qRNYjkW0KrNbwP4rln1+b2GHwLYEcsG6R8DCIUrwhJ+KiGqMJ0WisUNeuY/xgEmkL9EtH3R8YfAK7zETV/c8gVi0hWI',
    'xS5iIRCLooR0BHtoNX+DXglSXPRsFbceAZR7sT4=',
  ],
  'an attack of Python 3.8, protocol 2': [
    'eNqFUutS00AUTkqhGO6KgoiKCpIq1lIoF+9SvEYjBtT1wmRy2bKxadLT3Qx2hszoj9bX0FfhydwsxWmdYZz9c257vnO+831POY4f',
    'Rm7Ncyo+znXYilm1KtikFexjFgam41uUKiCpjmnakeczLzBNhTVqWAEZ9UuStBlGtu8Fe5DqKgntr9hhCvQ0IR1DL1J4qWlWQzfy',
    'sWlCn/jLA1ZSDRmKZri/vOLkC45dLKy5eNleKdir+dVicc0ur2OrYFsW9OsMThmgnDy+GNikmFFmMT7kAFFiGFRRRsC5IR8ShvQ2',
    'uhd4jPvD/2GjHAUO88JAgRH15NLj3Y/IGRUQpdDFO9yHsSacNuCMqsmaxJ+spbSSYzo87VAFB4mhwLhgyZUPJFNypW0JzqI+HvAt',
    '3nYRzrVgwoBJXUu14DySeaICU024gNLcpNgvw3QTLgpYTjP2c7UGXOpe9LLW03Uku8Ewv+5M1oAr2SyDqwZci2G2/Smwqsmp5kiG',
    '6jon/roB8yevf0xSB/cqmY8hG8MNlcx1D3ITDQoXIstvwyygsQ415f6W3kIjotQKgpC35QiUR3Mx3EbDIlHZd3HZinyWxPN6u3NH',
    'bFEnfSTTpYCCjgaEy1egUT3BX9LRRBLqWMqkkX2kWArLu1Bs/9nzQ9vyk84rMaxGLVhrGfl/Bb7OEYdEiPohS3ZMPtzZhbtikFod',
    'u57D4B4ZUQmXRVrIolfr0UpkHE0KGbiSL8Xpg/ThL9lNHf6WZekgxUVxn3AlPDDgoa5JKMUrPRce/YTHwg4pbAjR0AZluAqlFmyq',
    'ZFpgOmHA8DcGT4Ri6uE+haeitmbVrSqFZ2SDwXNyqWvAF1qaD5RUSXK/rMjwMoHXDHiVCOa1ATqZFep4Y8AWUclWDG9jMJKLd7bZ',
    'JgtotPO+x4kdwk/5juR1sqg34X1yKVLQyZJOOOMfCGcYcYY/coajGD614DO3sj/gSwy7ZEpLUTv3Bw2weuk=',
  ],
  'a model of Python 3.12, protocol 5': [
    'eNptU81LG0EUn2w2umg0VYtSCiI9JUWDtakxpbd4W9iD9SrDfsw6m0x208xurZIFe9AiDKg4xV5KvfefKaUU/5Xe+naTjRGdgZ33',
    'Hu/93sfv7XHha1VF6RFLNgsip+vZbUaqY7IUT3HHbBPM24SRMPCxzUzO5ZUsC82KPBZ6PpdCDQ+7BIxC2w4ii3n+vqR5MRFYLWKH',
    'YD+RsRRTGHcCJ2IEY3AExfR8ELlYsWpW/U2d2OarxmbNdF837I11t+Y0ahuuQ+rWljRCuSMpEqVBesxJyEMzTFLSUgy1TGLsBDag',
    'GQmy53shyBAwO6jejXw79AI/qRusM3hYOh7V3QwcspsoJ5CprOd0BDenK3q+OX+NnFwfYZSdQyQNXTmVItcGd6FywtxE0KA9wqrd',
    'QzlWhJjLRlId2QBUO0Y3c9/U7xOyiWSlkvQXp2G+2UkGRIvcMLK250cN3Ot8NYaYMn05nq2I8YfIZEOUx5LDELHp+wGgACAHCySe',
    'xbh94BDXjFjI0zEC0LhOp2lxfMrTGKgIeNQjqbqEx5YG88gaMM3lnkxc91lgmWyQKzqVpzvr97YBoGcw5iwIk7oTNwib7PaI48H6',
    '0MUyfV7W1ZSSAtx88+ga9VELPTyt/EPbz+GbQ31lG52rtrKPbGVvDqFY7auAoz6MOSogdKmIBRU8Y/U9fHOpdADUA9OFlGmgnnw0',
    'maTLX4CGFTFpB35IPoVg7wUH8FtMdM2e2QEhD7qETl7cdSWejKjJTLraXD1Gt1rxfOps6rx0VvqjPbstr/4trd0sXOQvnGv30r0q',
    '/i6t/dLW/sEjm+qPxS11uD60ki1Mle5mm3E3xI1HEtJaLOmmQet0O+GXbhm0YdC3e5K+y3iKYpm+lc+ASJd1hVvV/4acckg=',
  ],
  'an attack of Python 3.12, protocol 5': [
    'eNptUt9rE0EQ3lyubfoztv7ogyBFRJIiIdaYtOJbxJeDe2h9Lcve3aZ7zeY2ZveogR7Uh0aFBQVX9EXw3b/E/6DgP+Ns0ktT7N5D',
    'ZiYz38x835zNfftTROOnN0Mu0qgfh11OazO20Xdwj3Qpll3KqRIJDjmR0nw1FV0K0pirOJFGu2rYpxDUpVciDXicHBlW1PMiOKah',
    'gvi5yYxewrgnopRTjCERHBInYEq91YyCemuvRXcbnbDRatZ3w51Gs/6UEPqs/rwThMZXZt8wpMuT9lhSJRVRtiUrZzDLAsaRCAHN',
    't8hxEiuwoWBtMn0nTUIVi8TODdFVfDk6ns7dFhF9Y51z6FTxCh6Cr+A5XrG98R1FhVOEUf6GyPieMzK60IV07UrKO9YowXqU1/pD',
    'MzOEXs8pqU1jAFo6Q7/Wf7g/500bmWrV7peNyxLSswSxFen7+dob0wWubf4kg5oK257ttoLx25TwS5SbmgOJmCSJABQAlBCBxmsY',
    'd08i2iEpV3JMIwDN+myZrcyyvIxBCiHTAR27m3jmaLBMg4nS0hwam3rERUD4pFc6MqP9+rVrAOhVjCUXys5t06BsoT+gUQznw+5V',
    '2P2K544lmfOKwF7dShIhjjL31D0uov9e5PwuTKwCOnUOrGBIO3FkPhjtCLjYeTmUivbMCAjc0guhSBR9p0DMgTixf/fJgPSkYa+h',
    '/8OrWfStKaF5yHPbd8/Q39L6RWnp8+KnxS+PdPmifPvjsmGPJ8Kyai5ljR3kml2tt3MDKGtkhjV91vLPjaWe7fpsz2cvDg17mVOY',
    'Zmb8W30PkOyB58ig9g/X+GC3',
  ],
  'a model of Python 3.13, protocol 4': [
    'eNptU81PE0EUn24XaKBQAU1jYgJGD0VtgVYs1XgqiSYbN6aKnMhkdzvLrJ3u1M6sSGITPIAh2QSNQ/Ri5Mp/49dB/xRvvt1+UAIz',
    'ye57v33v9z53Vz+ydRSfMOswHtRbntNgpDAkq/AybloNgkWDMCK5jx1mCaE+qVyYsgOPSc8XKtTlTosAGKbWeGAzz99SNBmOcvsl',
    'cSTge6qjwnGMm7weMIIxGIJieT6IIpy3V1fKy06pYi2XyF23smwvVYpLldWKWyrfKxeLRWVKVVMUhZlueCyIFNKSUUia6UAuYxjX',
    'uQNsJthg12sLCVkQnwNkaFE0z/ckKEAy1a3IDXxHetyPagF0EvfKwYNaqrxOnkfKHkTPGQkDwU0YmpGszhyhZ4l1xFD/bCFlGtq+',
    'ChMNMA91QZgbCSkombBCa0cNJRFO99tUGGBAmtpFx9Nf9K+jqorUwkJUcyd2861m1DSaFqbZb8XMoIAz3ch3wCdHbw9HS2P8KrBY',
    'j+Wi4FHTLN/nwAKEAhAIPIVxY7tOXCtgUsStBaJhnU7Q9HDnJzCMh4ugTWI1i4cWCYvA7k5fqE0VmW4xblusGyvYV/u1pTMbAtST',
    'GAvGZZR3ZAZuVwCJcnSwJWXbswMZf6Fz0OmxVpvUPVg3ms3RazlDj8c1AjdZfXuE1lENnT+15HlspfeeR+vaLHqhC20RCe3xNEJ8',
    'DVj08x75EYSeak9mEZoAL6H5+k14diUXFgOyG4n3ABaDvLYYJPwehnQ9HHO4L8kbCXibb8OPNNqy2lYThCToCmq5cVpXeGkwuD5k',
    '6NXCLvqTSh+OH4wfZg4yv1NX/+bu/MrkT/Tj2Q/1z+5HV6VP9B+Z/PdU/t/PTF5V9W/Zit5bL3qrv1CLdKO/OaeNLF0Qkq50FC2b',
    'dJU+iuZPKya9b9IHm4o+7M8x6Kj4vfAOGOmcoQm78B+spoJF',
  ],
  'an attack of Python 3.13, protocol 4': [
    'eNptUk1v00AQdRzTpp+hhaoXpBZRiRRECLTpB4hTuCBLPrSUW7Xyx7prsvGG7Fqlh0jl0ADSSiAxlbgg8bMq8Uu4MevUaSq6OWRm',
    'PPvezHt76pz/LVv50cshF1nUTcI2p/WxGPRd0vHblMg25VSJlITclxJ+QE1XgizhKkklaEeddCkWdeW1yAKepEfAynpCBO9pqLB+',
    'Bn3Q04R0RJRxSgg2YuInKYZSr9JmvL3zLA6C7a3NzUYz2tna3GgEz6NdjMO40QBPwR4wS1eH9ERSJZWvDCWr9nGWSUIiESKahz0k',
    'TnpS4RQ0FVhybcOWpInCBEHmhxvFWRqqRKRmF6zOkct1yGiXlojoW5OcIXvNLbkW/kqu7ZZbi+fWfunA4lZxjizwXHsAutTGdu1I',
    'ymMTVHBlyuvdExgbQi8UMtVHNQStnFq/F346vyagZcH6utm5n19L/Y4Rjc1KzyukWBwtcE2NJ328U2OPx9lmCfmQ+fwS5SZyI5qf',
    'pgJREFBiBYnnCWkfRzT2M65kLi0Cjedshs2OKz9D0B4hsx7N02Uy9pCIzIKh+xIOwbQecRH4fMiVDWCw17j2QhB6jhDJhTJzmza8',
    'toQVM2NIfKV6SZCp/AtbQaUnuz0aJfjc2HKN3au5Tm7XLbeMyjaMXfuYp86Bs1e2/jv7drM0jFatA3vNmGlpO4ngM2hb4AufkCdS',
    '0Q4MUNz7ejIUqaIfFRrdE8fmc9fv+R0J7A3yP7iaRd8eiV2UXKe1dGr9qSxcVKa/TX2d+r6mqxfVO19mgD0cms4eFTY/Ze8KP6/W',
    '27gBlDX7wLY9tuOdgbGF7XrshcdeHgJ7Vcib9SH/X/+EkGzFtWVQ/weAdHJj',
  ],
};

/** Pickles of cloudpickle by their titles. */
export const CLOUDPICKLES: readonly (readonly [title: string, content: Buffer])[] = Object.entries(
  WRITTEN,
).map(([title, lines]) => [title, inflateSync(Buffer.from(lines.join(''), 'base64'))]);
