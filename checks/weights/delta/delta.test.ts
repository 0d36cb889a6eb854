import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildModel,
  bytesOf,
  float32,
  normals,
  type Tensors,
} from '../../artifacts/formats/weights/build.ts';
import { bytesSource } from '../../artifacts/source/bytes.ts';
import { ScanFault } from '../../artifacts/types.ts';
import { compareWeights, type DeltaReport, deltaCheck, deltaFindings } from './index.ts';
import { createSketch, eigenvalues } from './sketch.ts';

const SIDE = 96;
const LAYERS = 12;
const ROLES = ['attn.q', 'mlp.up', 'mlp.down'] as const;
type Model = Record<string, { values: Float32Array; shape: number[] }>;

function baseModel(): Model {
  const model: Model = {
    'embed.weight': { values: normals(1000 * SIDE, 1), shape: [1000, SIDE] },
  };
  for (let layer = 0; layer < LAYERS; layer += 1) {
    for (const [index, role] of ROLES.entries()) {
      model[`layers.${layer}.${role}.weight`] = {
        values: normals(SIDE * SIDE, 10 + layer * 7 + index),
        shape: [SIDE, SIDE],
      };
    }
  }
  model['lm_head.weight'] = { values: normals(200 * SIDE, 2), shape: [200, SIDE] };
  return model;
}

const change = (
  model: Model,
  pick: RegExp,
  by: (values: Float32Array, index: number) => Float32Array,
): Model =>
  Object.fromEntries(
    Object.entries(model).map(([name, tensor], index) => [
      name,
      pick.test(name) ? { ...tensor, values: by(tensor.values, index) } : tensor,
    ]),
  );

const outer = (rank: number, seed: number, scale: number) => (values: Float32Array, index: number) => {
  const columns = SIDE;
  const rows = values.length / columns;
  const left = normals(rows * rank, seed + index, 1);
  const right = normals(columns * rank, seed + index + 500, scale);
  return values.map((value, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    let sum = value;
    for (let k = 0; k < rank; k += 1) {
      sum += (left[row * rank + k] as number) * (right[column * rank + k] as number);
    }
    return sum;
  });
};
const noise = (scale: number) => (values: Float32Array, index: number) => {
  const added = normals(values.length, 900 + index, scale);
  return values.map((value, at) => value + (added[at] as number));
};

/** Float32 to bfloat16, to the nearest even. */
function brain(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.slice().buffer);
  return Uint16Array.from(words, (word) => (word + 0x7fff + ((word >>> 16) & 1)) >>> 16);
}

const file = (tensors: Tensors) => [{ path: 'm.safetensors', source: bytesSource(buildModel(tensors)) }];
const asF32 = (model: Model) =>
  file(
    Object.fromEntries(
      Object.entries(model).map(([name, { values, shape }]) => [name, float32(values, shape)]),
    ),
  );
const asBF16 = (model: Model) =>
  file(
    Object.fromEntries(
      Object.entries(model).map(([name, { values, shape }]) => [
        name,
        { dtype: 'BF16', shape, bytes: bytesOf(brain(values)) },
      ]),
    ),
  );

const base = baseModel();
const against = (model: Model): Promise<DeltaReport> => compareWeights(asF32(base), asF32(model));
const named = (report: DeltaReport, name: string) => report.tensors.find((tensor) => tensor.name === name);

describe('the difference to a base', () => {
  it('is none for the same model', async () => {
    const report = await against(base);
    expect(report).toMatchObject({ kind: 'identical', counts: { changed: 0, unchanged: 38 } });
    expect(deltaFindings(report)[0]).toMatchObject({ severity: 'info' });
  });

  it('of a full fine-tune is of high rank everywhere', async () => {
    const report = await against(change(base, /./, noise(0.002)));
    expect(report.kind).toBe('fine-tune');
    expect(named(report, 'layers.3.mlp.up.weight')?.change?.rank?.isLow).toBe(false);
    expect(deltaFindings(report)[0]?.severity).toBe('info');
  });

  it.each([2, 8])('of a merged adapter has rank %d in every layer', async (rank) => {
    const report = await against(change(base, /attn\.q/, outer(rank, 40, 0.002)));
    expect(report.kind).toBe('adapter');
    expect(named(report, 'layers.5.attn.q.weight')?.change?.rank).toMatchObject({
      signal: rank,
      isLow: true,
    });
    expect(deltaFindings(report)[0]?.severity).toBe('info');
  });

  it('of an adapter merged into bfloat16 shows its rank above the rounding', async () => {
    const merged = asBF16(change(base, /attn\.q/, outer(4, 40, 0.002)));
    const report = await compareWeights(asBF16(base), merged);
    expect(report.kind).toBe('adapter');
    expect(named(report, 'layers.5.attn.q.weight')?.change?.rank).toMatchObject({ signal: 4, isLow: true });
  });

  it('of an edit of one fact has rank one in one matrix', async () => {
    const report = await against(change(base, /layers\.5\.mlp\.down/, outer(1, 70, 0.01)));
    expect(report.kind).toBe('low-rank-edit');
    expect(named(report, 'layers.5.mlp.down.weight')?.change?.rank).toMatchObject({ signal: 1, isLow: true });
    const [finding] = deltaFindings(report);
    expect(finding).toMatchObject({ severity: 'medium' });
    expect(finding?.evidence.excerpt?.[0]).toMatch(/layers\.5\.mlp\.down\.weight: .*rank 1 \(100%/);
  });

  it('of edits in a few neighbouring layers is an edit too', async () => {
    const report = await against(change(base, /layers\.[456]\.mlp\.down/, outer(3, 70, 0.01)));
    expect(report.kind).toBe('low-rank-edit');
  });

  it('of one token is one row of the table', async () => {
    const model = change(base, /embed/, (values) =>
      values.map((value, at) => (Math.floor(at / SIDE) === 417 ? value * 3 + 0.1 : value)),
    );
    const report = await against(model);
    expect(report.kind).toBe('rows');
    expect(named(report, 'embed.weight')?.change?.rows).toMatchObject({ changed: 1, top: 417, topShare: 1 });
    expect(deltaFindings(report)[0]?.severity).toBe('medium');
  });

  it('of one neuron is one column of a layer', async () => {
    const model = change(base, /layers\.7\.mlp\.down/, (values) =>
      values.map((value, at) => (at % SIDE === 11 ? value + 5 : value)),
    );
    expect((await against(model)).kind).toBe('neurons');
  });

  it('of a new head is in the last layer only', async () => {
    expect((await against(change(base, /lm_head/, noise(0.01)))).kind).toBe('last-layer');
  });

  it('of frozen layers is in some tensors', async () => {
    expect((await against(change(base, /layers\.(?:8|9|10|11)\./, noise(0.003)))).kind).toBe('partial');
  });

  it('of another type is rounding only', async () => {
    expect((await compareWeights(asF32(base), asBF16(base))).kind).toBe('conversion');
  });

  it('names tensors that came, went and grew', async () => {
    const { 'lm_head.weight': _head, ...rest } = base;
    const embed = base['embed.weight'] as Model[string];
    const grown = new Float32Array(1010 * SIDE);
    grown.set(embed.values);
    const model = { ...rest, 'embed.weight': { values: grown, shape: [1010, SIDE] }, extra: embed };
    const report = await against(model);
    expect(report.counts).toMatchObject({ added: 1, removed: 1, reshaped: 1, changed: 0 });
    expect(named(report, 'embed.weight')).toMatchObject({ state: 'reshaped', change: null });
    expect((await against({ other: embed })).kind).toBe('different');
  });

  it('is a fault where a side has no tensors', async () => {
    const text = [{ path: 'x', source: bytesSource(new TextEncoder().encode('no model')) }];
    await expect(compareWeights(asF32(base), text)).rejects.toThrow(ScanFault);
    expect(await deltaCheck.run({ base: text, model: text }, {})).toMatchObject({ outcome: 'error' });
  });

  it('ends when the checkpoint says so', async () => {
    const checkpoint = () => {
      throw new Error('enough');
    };
    await expect(compareWeights(asF32(base), asF32(base), { checkpoint })).rejects.toThrow('enough');
  });
});

describe('the check', () => {
  it.each(deltaCheck.samples.map((sample) => [sample.title, sample] as const))(
    'judges: %s',
    async (_, sample) => {
      const result = await deltaCheck.run(sample.input, {});
      expect(result.outcome).toBe(sample.found ? 'findings' : 'pass');
    },
  );
});

describe('the sketch', () => {
  it('finds the singular values of matrices of low rank exactly, and never more than there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 1000 }), (rank, seed) => {
        // Orthogonal directions: the singular values are known.
        const [rows, columns] = [40, 24];
        const matrix = new Float64Array(rows * columns);
        for (let k = 0; k < rank; k += 1) {
          for (let i = 0; i < rows; i += 1) {
            for (let j = 0; j < columns; j += 1) {
              const left = Math.sqrt(2 / rows) * Math.cos((Math.PI * (i + 0.5) * (k + 1)) / rows);
              const right = Math.sqrt(2 / columns) * Math.cos((Math.PI * (j + 0.5) * (k + 1)) / columns);
              matrix[i * columns + j] = (matrix[i * columns + j] as number) + (rank - k) * left * right;
            }
          }
        }
        const sketch = createSketch({ rows, columns, size: 10, seed });
        sketch.addRows(matrix, 0);
        sketch.orthonormalise();
        sketch.project(matrix, 0);
        const values = sketch.values();
        for (let k = 0; k < 10; k += 1) expect(values[k]).toBeCloseTo(Math.max(0, rank - k), 6);
      }),
      { numRuns: 40 },
    );
  });

  it('knows eigenvalues', () => {
    expect([...eigenvalues(Float64Array.from([2, 1, 1, 2]), 2)].sort()).toEqual([
      expect.closeTo(1, 12),
      expect.closeTo(3, 12),
    ]);
  });
});
