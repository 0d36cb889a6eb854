import { createPublicKey, generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IN_TOTO, preAuthEncoding, preAuthEncodingV02 } from './dsse.ts';
import {
  differences,
  keyFingerprint,
  modelStatement,
  normalPem,
  outcomeOf,
  readPublicKey,
  rootDigest,
  SIGNATURE_V1,
  shardsOf,
  signStatement,
  type Trust,
  verifyModel,
} from './index.ts';
import { type Curve, envelope, newKey } from './testing/pki.ts';

const sha = (text: string): string => hash('sha256', text, 'hex');
const FILES = [
  { name: 'config.json', digest: sha('{}') },
  { name: 'weights/a.safetensors', digest: sha('a') },
  { name: 'weights/b.safetensors', digest: sha('b') },
];
const KEY = newKey();
const trusting = (key: KeyObject): Trust => ({ type: 'key', key: createPublicKey(key) });
const statement = (resources = FILES, ignoredPaths: string[] = ['.git', 'model.sig']): string =>
  modelStatement({ modelName: 'credit', ignoredPaths, allowsSymlinks: false, resources });
const bundleOf = (text: string, key = KEY): string => signStatement(text, { key, certificates: [] });
const judge = (bundle: string | object, key = KEY) =>
  outcomeOf(() =>
    verifyModel(Buffer.from(typeof bundle === 'string' ? bundle : JSON.stringify(bundle)), trusting(key)),
  );
const codeOf = (bundle: string | object, key = KEY): string => {
  const outcome = judge(bundle, key);
  return outcome.ok ? 'ok' : outcome.code;
};
type Json = Record<string, never> & {
  verificationMaterial: { publicKey?: { hint?: string; rawBytes?: string }; tlogEntries?: unknown };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string; keyid: string | null }[] };
};
const good = (): Json => JSON.parse(bundleOf(statement())) as Json;
/** Signed by the right key, whatever it says. */
const signedAnyway = (payload: string, type = IN_TOTO): object => ({
  ...good(),
  dsseEnvelope: envelope(KEY, payload, type),
});
const edited = (edit: (statement: Record<string, unknown> & { predicate: never }) => void): object => {
  const value = JSON.parse(statement()) as Record<string, unknown> & { predicate: never };
  edit(value);
  return signedAnyway(JSON.stringify(value));
};

describe('a model that is signed', () => {
  test.each<[Curve]>([['P-256'], ['P-384'], ['P-521']])('verifies under %s, and names its files', (curve) => {
    const key = newKey(curve);
    const outcome = judge(bundleOf(statement(), key), key);
    if (!outcome.ok) throw new Error(outcome.message);
    const { manifest, signer } = outcome.value;
    expect(manifest).toMatchObject({
      modelName: 'credit',
      method: 'files',
      hash: 'sha256',
      resources: FILES,
    });
    expect(manifest.digest).toBe(rootDigest(FILES.map(({ digest }) => digest)));
    expect(signer).toMatchObject({ type: 'key', keyFingerprint: keyFingerprint(key) });
    expect(differences(manifest, FILES)).toBeNull();
  });

  test('each difference of the files shows', () => {
    const outcome = judge(good());
    if (!outcome.ok) throw new Error(outcome.message);
    const { manifest } = outcome.value;
    const [first, ...rest] = FILES;
    expect(differences(manifest, rest)).toMatchObject({ missing: ['config.json'] });
    expect(differences(manifest, [...FILES, { name: 'x.py', digest: sha('x') }])).toMatchObject({
      added: ['x.py'],
    });
    expect(differences(manifest, [{ name: 'config.json', digest: sha('{ }') }, ...rest])).toMatchObject({
      changed: ['config.json'],
    });
    expect(
      differences(manifest, [{ name: 'Config.json', digest: first?.digest ?? '' }, ...rest]),
    ).toMatchObject({
      missing: ['config.json'],
      added: ['Config.json'],
    });
  });

  test('signing and verifying are inverse for any files, and any other byte of the payload is noticed', () => {
    const name = fc.stringMatching(/^[a-z0-9_.-]{1,12}$/).filter((one) => !/^\.+$/.test(one));
    const files = fc.uniqueArray(
      fc.record({
        name: fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
        digest: fc.string().map(sha),
      }),
      { minLength: 1, maxLength: 8, selector: (one) => one.name },
    );
    fc.assert(
      fc.property(files, fc.nat(), fc.integer({ min: 1, max: 255 }), (resources, place, flip) => {
        const bundle = JSON.parse(bundleOf(statement(resources, []))) as Json;
        const outcome = judge(bundle);
        if (!outcome.ok) throw new Error(outcome.message);
        expect(outcome.value.manifest.resources).toEqual(resources);
        const payload = Buffer.from(bundle.dsseEnvelope.payload, 'base64');
        const at = place % payload.length;
        payload[at] = (payload[at] ?? 0) ^ flip;
        bundle.dsseEnvelope.payload = payload.toString('base64');
        expect(judge(bundle).ok).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test('any single changed character of the bundle is refused, or says the same', () => {
    const text = bundleOf(statement());
    const before = judge(text);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
        const after = judge(text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1));
        if (after.ok) expect(after).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what somebody made of a signature is refused:', () => {
  const CASES: Readonly<Record<string, [() => object | string, string]>> = {
    'another key': [() => bundleOf(statement(), newKey()), 'wrong_key'],
    'another key under the right name': [
      () => {
        const bundle = JSON.parse(bundleOf(statement(), newKey())) as Json;
        bundle.verificationMaterial = good().verificationMaterial;
        return bundle;
      },
      'bad_signature',
    ],
    'no signature': [
      () => ({ ...good(), dsseEnvelope: { ...good().dsseEnvelope, signatures: [] } }),
      'not_signed',
    ],
    'an empty signature': [
      () => ({ ...good(), dsseEnvelope: { ...good().dsseEnvelope, signatures: [{ sig: '', keyid: '' }] } }),
      'not_signed',
    ],
    'two signatures': [
      () => {
        const bundle = good();
        bundle.dsseEnvelope.signatures.push(...good().dsseEnvelope.signatures);
        return bundle;
      },
      'malformed',
    ],
    'another payload type': [() => signedAnyway(statement(), 'text/plain'), 'wrong_payload_type'],
    'the payload type changed afterwards': [
      () => ({ ...good(), dsseEnvelope: { ...good().dsseEnvelope, payloadType: 'application/json' } }),
      'wrong_payload_type',
    ],
    'a member twice in the bundle': [
      () => JSON.stringify(good()).replace('"payloadType"', '"payloadType":"text/plain","payloadType"'),
      'malformed',
    ],
    'a member twice, once with an escape': [
      () => JSON.stringify(good()).replace('"payloadType"', '"\\u0070ayloadType":"text/plain","payloadType"'),
      'malformed',
    ],
    'a member twice in the statement': [
      () => signedAnyway(statement().replace('"predicateType"', '"predicateType":"x","predicateType"')),
      'malformed',
    ],
    'a field that is not known': [() => ({ ...good(), dsse_envelope: {} }), 'malformed'],
    'another media type': [() => ({ ...good(), mediaType: 'application/json' }), 'unsupported'],
    'both a key and a certificate': [
      () => ({
        ...good(),
        verificationMaterial: { publicKey: { hint: '' }, certificate: { rawBytes: 'AA==' } },
      }),
      'malformed',
    ],
    'base64 that two decoders read differently': [
      () => ({
        ...good(),
        dsseEnvelope: { ...good().dsseEnvelope, payload: `${good().dsseEnvelope.payload} ` },
      }),
      'malformed',
    ],
    'resources in another order, signed anew without the digest': [
      () =>
        edited((one) => {
          const predicate = one.predicate as { resources: object[] };
          predicate.resources = predicate.resources.toReversed();
        }),
      'digest_inconsistent',
    ],
    'another list of ignored paths': [
      () => {
        const bundle = good();
        bundle.dsseEnvelope.payload = Buffer.from(statement(FILES, ['weights'])).toString('base64');
        return bundle;
      },
      'bad_signature',
    ],
    'all of the model ignored': [
      () =>
        edited((one) =>
          Object.assign((one.predicate as { serialization: object }).serialization, { ignore_paths: ['.'] }),
        ),
      'malformed',
    ],
    'another digest of the whole': [
      () => edited((one) => Object.assign(one, { subject: [{ name: 'm', digest: { sha256: sha('x') } }] })),
      'digest_inconsistent',
    ],
    'two subjects': [
      () =>
        edited((one) => Object.assign(one, { subject: [...(one.subject as []), ...(one.subject as [])] })),
      'malformed',
    ],
    'another predicate': [
      () => edited((one) => Object.assign(one, { predicateType: 'https://slsa.dev/provenance/v1' })),
      'unsupported',
    ],
    'another statement type': [
      () => edited((one) => Object.assign(one, { _type: 'https://in-toto.io/Statement/v0.1' })),
      'malformed',
    ],
    'another hash': [
      () =>
        edited((one) =>
          Object.assign((one.predicate as { serialization: object }).serialization, { hash_type: 'md5' }),
        ),
      'unsupported',
    ],
    'a hash that the resources do not have': [
      () =>
        edited((one) =>
          Object.assign((one.predicate as { serialization: object }).serialization, { hash_type: 'blake2b' }),
        ),
      'malformed',
    ],
    'another method': [
      () =>
        edited((one) =>
          Object.assign((one.predicate as { serialization: object }).serialization, { method: 'tensors' }),
        ),
      'unsupported',
    ],
    'no file at all': [
      () =>
        edited((one) =>
          Object.assign(one, {
            subject: [{ name: 'm', digest: { sha256: rootDigest([]) } }],
            predicate: { ...(one.predicate as object), resources: [] },
          }),
        ),
      'malformed',
    ],
  };
  test.each(Object.entries(CASES))('%s', (_, [make, code]) => {
    expect(codeOf(make())).toBe(code);
  });

  test.each([
    '../x',
    '/etc/passwd',
    'a/../../x',
    './x',
    'a//b',
    'a/',
    '',
    'a\\..\\b',
    'C:/x',
    'a\u0000b',
    'a\nb',
    'x\u202egnp.exe',
    '..',
  ])('a name that is no path inside of a model: %j', (name) => {
    const resources = [
      { name, algorithm: 'sha256', digest: sha('a') },
      { name: 'b', algorithm: 'sha256', digest: sha('b') },
    ];
    const bundle = edited((one) =>
      Object.assign(one, {
        subject: [{ name: 'm', digest: { sha256: rootDigest(resources.map(({ digest }) => digest)) } }],
        predicate: { ...(one.predicate as object), resources },
      }),
    );
    expect(codeOf(bundle)).toBe('malformed');
    expect(() => statement([{ name, digest: sha('a') }, ...FILES])).toThrow();
  });

  test('a file that is listed twice', () => {
    expect(() => statement([...FILES, ...FILES])).toThrow(/twice/);
  });

  test('keys of other kinds, to sign and to verify with', () => {
    for (const { privateKey } of [
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    ]) {
      expect(() => bundleOf(statement(), privateKey)).toThrow(/do not sign models/);
      const pem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
      expect(() => readPublicKey(pem)).toThrow(/do not sign models/);
      expect(codeOf(good(), privateKey)).not.toBe('ok');
    }
    expect(() => readPublicKey(KEY.export({ type: 'pkcs8', format: 'pem' }).toString())).toThrow(
      /private key/,
    );
  });

  test('another hash than the one of the curve', () => {
    const payload = Buffer.from(statement());
    const key = newKey('P-384');
    const sig = sign('sha256', preAuthEncoding(IN_TOTO, payload), key).toString('base64');
    const bundle = { ...good(), verificationMaterial: { publicKey: { hint: keyFingerprint(key) } } };
    const weak = {
      ...bundle,
      dsseEnvelope: { ...good().dsseEnvelope, payload: payload.toString('base64'), signatures: [{ sig }] },
    };
    expect(codeOf(weak, key)).toBe('bad_signature');
  });
});

describe('older releases', () => {
  test('1.0 bundles carry the key itself', () => {
    const bundle = good();
    const rawBytes = Buffer.from(normalPem(KEY)).toString('base64');
    expect(
      codeOf({
        ...bundle,
        verificationMaterial: { publicKey: { rawBytes, keyDetails: 'PKIX_ECDSA_P256_SHA_256' } },
      }),
    ).toBe('ok');
    const other = Buffer.from(normalPem(newKey())).toString('base64');
    expect(codeOf({ ...bundle, verificationMaterial: { publicKey: { rawBytes: other } } })).toBe('wrong_key');
  });

  const V02 = JSON.stringify({
    _type: 'https://in-toto.io/Statement/v1',
    subject: FILES.map(({ name, digest }) => ({ name, digest: { sha256: digest } })),
    predicateType: 'https://model_signing/Digests/v0.1',
    predicate: { unused: 'it\'s "unused"\n' },
  });
  const wronglyEncoded = (payload: string, key: KeyObject) => ({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: null } },
    dsseEnvelope: {
      payload: Buffer.from(payload).toString('base64'),
      payloadType: IN_TOTO,
      signatures: [
        { sig: sign('sha256', preAuthEncodingV02(IN_TOTO, Buffer.from(payload)), key).toString('base64') },
      ],
    },
  });

  test('0.2 encoded wrongly and used SHA-256 always; that holds for its predicate and no other', () => {
    const key = newKey('P-384');
    const outcome = judge(wronglyEncoded(V02, key), key);
    expect(outcome).toMatchObject({ ok: true, value: { manifest: { resources: FILES } } });
    expect(codeOf(wronglyEncoded(statement(), key), key)).toBe('bad_signature');
    expect(codeOf(wronglyEncoded(V02.replace(FILES[0]?.digest ?? '', sha('y')), newKey()), key)).toBe(
      'bad_signature',
    );
  });
});

describe('encodings', () => {
  test('the example of the DSSE specification', () => {
    expect(preAuthEncoding('http://example.com/HelloWorld', Buffer.from('hello world')).toString()).toBe(
      'DSSEv1 29 http://example.com/HelloWorld 11 hello world',
    );
  });

  // As CPython 3.11 prints repr(bytes).
  test.each([
    ['plain', "b'plain'"],
    ["it's", 'b"it\'s"'],
    ['it\'s "so"', "b'it\\'s \"so\"'"],
    ['\\ \n\r\t\u0000\u007fé', "b'\\\\ \\n\\r\\t\\x00\\x7f\\xc3\\xa9'"],
  ])('Python’s bytes literal of %j', (text, literal) => {
    const bytes = Buffer.from(text);
    expect(preAuthEncodingV02('t', bytes).toString()).toBe(`DSSEV1 1 t ${bytes.length} ${literal}`);
  });

  test('files come in parts that cover them', () => {
    expect(shardsOf('w', 25, 10).map(({ name }) => name)).toEqual(['w:0:10', 'w:10:20', 'w:20:25']);
    expect(shardsOf('w', 20, 10)).toHaveLength(2);
    expect(shardsOf('w', 0, 10)).toEqual([]);
    expect(() => shardsOf('w', 1e12, 1)).toThrow(/too many parts/);
  });

  test('a signature over parts lists them', () => {
    const resources = [{ name: 'w:0:10', algorithm: 'sha256-sharded-10', digest: sha('1') }];
    const bundle = edited((one) =>
      Object.assign(one, {
        subject: [{ name: 'm', digest: { sha256: rootDigest([sha('1')]) } }],
        predicate: {
          serialization: { method: 'shards', hash_type: 'sha256', shard_size: 10, allow_symlinks: false },
          resources,
        },
      }),
    );
    expect(judge(bundle)).toMatchObject({
      ok: true,
      value: { manifest: { method: 'shards', shardBytes: 10 } },
    });
    expect(SIGNATURE_V1).toContain('model_signing');
  });
});
