import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesField, concat, messageField, numberField } from '../artifacts/formats/protobuf/write.ts';
import {
  buildModel,
  bytesOf,
  float32,
  hide,
  normals,
  randomNumbers,
} from '../artifacts/formats/weights/build.ts';
import { bytesSource } from '../artifacts/source/bytes.ts';
import type { Dtype } from './dtypes.ts';
import { roleOf } from './families.ts';
import { weightReport } from './index.ts';
import { measureTensor } from './measure.ts';
import { replacedShare } from './replaced.ts';

const measured = (dtype: Dtype, bytes: Uint8Array) =>
  measureTensor(
    { name: 'w', file: 'm', dtype, shape: [], source: bytesSource(bytes), offset: 0, length: bytes.length },
    { checkpoint: () => {} },
  );

const wave = Float64Array.from(
  { length: 20_000 },
  (_, i) => Math.sin(i * 0.7) * 0.02 + Math.cos(i * 0.013) ** 3,
);
const steps = Array.from({ length: 20_000 }, (_, i) => ((i * 37) % 251) - 100);
const codes = Uint8Array.from({ length: 256 }, (_, i) => i);

/** min, max, mean, standard deviation, norm, excess kurtosis, zeros as NumPy 2.4 and SciPy 1.17 compute them. */
const CASES: readonly (readonly [Dtype, Uint8Array, readonly number[]])[] = [
  [
    'F64',
    bytesOf(wave),
    [
      -1.0199927315315305, 1.0199842250002316, 0.0022538788007684155, 0.5584048845871619, 78.97101938058672,
      -0.6829814186516368, 0,
    ],
  ],
  [
    'F32',
    bytesOf(Float32Array.from(wave)),
    [
      -1.019992709159851, 1.019984245300293, 0.0022538786560999144, 0.5584048846470305, 78.97101938897073,
      -0.6829814191794967, 0,
    ],
  ],
  [
    'I8',
    bytesOf(Int8Array.from(steps)),
    [-128, 127, 1.5307, 73.19076961960435, 10353.001303969782, -1.169940009818761, 79],
  ],
  [
    'U8',
    bytesOf(Uint8Array.from(steps)),
    [0, 255, 126.9963, 74.54156683562535, 20825.227681828594, -1.226746519218063, 79],
  ],
  [
    'I16',
    bytesOf(Int16Array.from(steps)),
    [-100, 150, 24.9931, 72.46081942946823, 10839.949630879288, -1.2000899666894935, 79],
  ],
  [
    'I32',
    bytesOf(Int32Array.from(steps)),
    [-100, 150, 24.9931, 72.46081942946823, 10839.949630879288, -1.2000899666894935, 79],
  ],
  [
    'I64',
    bytesOf(BigInt64Array.from(steps, BigInt)),
    [-100, 150, 24.9931, 72.46081942946823, 10839.949630879288, -1.2000899666894935, 79],
  ],
  ['F8_E4M3', codes, [-448, 448, 0, 100.05772608660494, 1594.6577474818864, 8.086537464743294, 2]],
  ['F8_E5M2', codes, [-57344, 57344, 0, 9535.28639893304, 150161.84037231296, 18.453968253968263, 2]],
  ['F8_E4M3FNUZ', codes, [-240, 240, 0, 54.266348685089994, 866.5640962450505, 7.9778132357809355, 1]],
  ['F8_E5M2FNUZ', codes, [-57344, 57344, 0, 9403.499203519306, 150161.84037231296, 19.05952380952381, 1]],
];

describe('figures of a tensor', () => {
  it.each(CASES)(
    'of %s agree with NumPy',
    async (dtype, bytes, [min, max, mean, std, l2, kurtosis, zeros]) => {
      const found = await measured(dtype, bytes);
      expect(found).toMatchObject({ min, max, zeros });
      expect(found.mean).toBeCloseTo(mean as number, 8);
      for (const [ours, theirs] of [
        [found.std, std],
        [found.l2, l2],
        [found.kurtosis, kurtosis],
      ]) {
        expect(Math.abs((ours as number) / (theirs as number) - 1)).toBeLessThan(1e-9);
      }
    },
  );

  it('count what is no number by the bits of each type', async () => {
    expect(
      await measured('F16', bytesOf(Uint16Array.from([0x3c00, 0xc000, 0x7e00, 0x7c00, 1]))),
    ).toMatchObject({ count: 5, nan: 1, infinite: 1, min: -2, max: 1 });
    expect(await measured('BF16', bytesOf(Uint16Array.from([0x3f80, 0xc040, 0x7fc0, 0xff80])))).toMatchObject(
      { count: 4, nan: 1, infinite: 1, min: -3 },
    );
    expect(await measured('F8_E4M3', codes)).toMatchObject({ nan: 2, infinite: 0 });
    expect(await measured('F8_E5M2', codes)).toMatchObject({ nan: 6, infinite: 2 });
    expect(await measured('I4', Uint8Array.of(0x8f, 0x70))).toMatchObject({
      count: 4,
      min: -8,
      max: 7,
      zeros: 1,
    });
    expect(await measured('F4', Uint8Array.of(0x7f))).toMatchObject({ count: 2, min: -6, max: 6 });
  });

  it('agree with a plain loop for any numbers, however they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.float64Array({ maxLength: 300 }), async (values) => {
        const found = await measured('F64', bytesOf(Float64Array.from(values)));
        const finite = [...values].filter(Number.isFinite);
        expect(found.nan + found.infinite).toBe(values.length - finite.length);
        expect(found.zeros).toBe(finite.filter((value) => value === 0).length);
        if (finite.length > 0) expect(found.max).toBe(Math.max(...finite));
      }),
      { numRuns: 100 },
    );
  });

  it('estimate how many different numbers there are', async () => {
    const few = await measured('F32', bytesOf(Float32Array.from({ length: 50_000 }, (_, i) => i % 16)));
    expect(few.distinct).toEqual({ sampled: 50_000, seen: 16 });
    const many = await measured('F32', bytesOf(normals(50_000, 1)));
    expect(many.distinct.seen).toBeGreaterThan(45_000);
  });
});

describe('low bits', () => {
  const random = randomNumbers(9);
  const noise = Uint8Array.from({ length: 40_000 }, () => Math.floor(random() * 256));
  const brain = (values: Float32Array) =>
    new Uint32Array(values.slice().buffer).map((word) => word & 0xffff0000);

  it('of numbers that were converted are of one kind, and a random part among them is named', async () => {
    const plain = new Float32Array(brain(normals(120_000, 3)).buffer);
    expect((await measured('F32', bytesOf(plain))).bits?.parts).toEqual([]);
    const hidden = await measured('F32', bytesOf(hide(plain, noise, 8, 40_000)));
    expect(hidden.bits?.parts[0]).toMatchObject({ kind: 'random-in-structured', from: 40_960 });
  });

  it('that were replaced all over flatten the histogram of bfloat16', () => {
    const count = (change: (word: number) => number) => {
      const bins = new Uint32Array(65_536);
      for (const word of brain(normals(1_000_000, 4))) {
        const code = change(word >>> 16);
        bins[code] = (bins[code] as number) + 1;
      }
      return replacedShare('BF16', bins)?.share;
    };
    expect(count((code) => code)).toBe(0);
    expect(count((code) => (code & ~15) | Math.floor(random() * 16))).toBeGreaterThan(0.9);
    // Numbers spread evenly have no slope to lose: nothing can be told.
    expect(replacedShare('BF16', new Uint32Array(65_536).fill(100))).toBeNull();
  });

  it('of random bytes as a part of a tensor stand out by their exponents', async () => {
    const values = bytesOf(normals(80_000, 6)).slice();
    values.set(noise, 100_000);
    const found = await measured('F32', values);
    expect(found.bits?.parts.some(({ kind }) => kind === 'random-bytes')).toBe(true);
  });
});

describe('a report', () => {
  it('spans shards, and names roles, copies and the whole', async () => {
    const shard = (index: number) => ({
      path: `model-0000${index}.safetensors`,
      source: bytesSource(buildModel({ [`layers.${index}.weight`]: float32(normals(300, index % 3)) })),
    });
    const report = await weightReport([0, 1, 2, 3, 4, 5].map(shard));
    expect(report.totals).toEqual({ tensors: 6, numbers: 1800, bytes: 7200, unmeasured: 0 });
    expect(report.families).toMatchObject([{ role: 'layers.*.weight', members: 6 }]);
    expect(report.duplicates[0]?.tensors).toEqual(['layers.0.weight', 'layers.3.weight']);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(roleOf('encoder.layer.11.attention.q2.weight')).toBe('encoder.layer.*.attention.q2.weight');
  });

  it('reads external data beside an ONNX file, and never outside its folder', async () => {
    const values = normals(64, 1);
    const model = (location: string) =>
      concat([
        numberField(1, 8),
        messageField(
          7,
          messageField(
            5,
            numberField(1, 64),
            numberField(2, 1),
            bytesField(8, 'w'),
            messageField(13, bytesField(1, 'location'), bytesField(2, location)),
            messageField(13, bytesField(1, 'offset'), bytesField(2, '16')),
            numberField(14, 1),
          ),
        ),
        messageField(8, bytesField(1, ''), numberField(2, 17)),
      ]);
    const data = new Uint8Array(16 + 256);
    data.set(bytesOf(values), 16);
    const report = (location: string) =>
      weightReport([
        { path: 'onnx/model.onnx', source: bytesSource(model(location)) },
        { path: 'onnx/weights.bin', source: bytesSource(data) },
        { path: 'weights.bin', source: bytesSource(data) },
      ]);
    const [w] = (await report('weights.bin')).tensors;
    expect(w).toMatchObject({ name: 'w', count: 64 });
    expect(w?.max).toBe(Math.max(...values));
    for (const location of ['../weights.bin', '/weights.bin', 'gone.bin']) {
      const found = await report(location);
      expect(found.tensors).toEqual([]);
      expect(found.totals.unmeasured).toBe(1);
      expect(found.notes[0]).toMatch(/were not read/);
    }
  });
});
