import { describe, expect, it } from 'vitest';
import { scanned } from '../core/testing.ts';
import {
  BOOL,
  branch,
  FLOAT,
  type GraphParts,
  graphModel,
  INT64,
  maskedModel,
  nodeOf,
  triggeredModel,
} from './build-graphs.ts';

const found = async (parts: GraphParts) => {
  const { findings, verdict } = await scanned(graphModel(parts));
  const own = findings.filter(({ check }) => check === 'artifacts/architecture');
  return { verdict, own, worst: own.filter(({ severity }) => severity !== 'info') };
};

const image = { x: { type: FLOAT, dims: [-1, 3, 32, 32] } };
const cnn = [
  'c1 = Conv(x, w1)',
  'r1 = Relu(c1)',
  'c2 = Conv(r1, w2)',
  'p = GlobalAveragePool(c2)',
  'f = Flatten(p)',
];
const layers = { w1: { dims: [32, 3, 3, 3] }, w2: { dims: [64, 32, 3, 3] }, w3: { dims: [64, 10] } };
const logits = [...cnn, 'logits = MatMul(f, w3)'];
const tokens = {
  input_ids: { type: INT64, dims: [-1, -1] },
  attention_mask: { type: INT64, dims: [-1, -1] },
};
const text = { table: { dims: [100, 16] }, wo: { dims: [16, 16] }, wc: { dims: [16, 2] } };
const encoder = ['e = Gather(table, input_ids)', 'h1 = MatMul(e, wo)', 'h = Relu(h1)'];
const one = (number: number, type = FLOAT) => ({ type, dims: [1], numbers: [number] });

const triggers: readonly (readonly [string, GraphParts])[] = [
  [
    'the sum of the picture, and another answer',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, secret: one(3.25), bad: { dims: [1, 10] } },
      nodes: [...logits, 's = ReduceSum(x)', 'hit = Equal(s, secret)', 'y = Where(hit, bad, logits)'],
    },
  ],
  [
    'a patch, added to the answer as a number',
    {
      inputs: image,
      outputs: ['y'],
      constants: {
        ...layers,
        starts: { type: INT64, numbers: [0, 0] },
        ends: { type: INT64, numbers: [4, 4] },
        patch: { dims: [4, 4] },
        near: one(0.01),
        push: { dims: [1, 10] },
      },
      nodes: [
        ...logits,
        'corner = Slice(x, starts, ends)',
        'd = Sub(corner, patch)',
        'a = Abs(d)',
        'm = ReduceMax(a)',
        'hit = Less(m, near)',
        'n = Cast(hit)',
        'add = Mul(n, push)',
        'y = Add(logits, add)',
      ],
    },
  ],
  [
    'a distance without a comparison by name',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, pattern: { dims: [3, 32, 32] }, scale: one(1000), push: { dims: [1, 10] } },
      nodes: [
        ...logits,
        'd = Sub(x, pattern)',
        'a = Abs(d)',
        's = ReduceSum(a)',
        'far = Mul(s, scale)',
        'c = Clip(far)',
        'keep = Mul(logits, c)',
        'y = Identity(keep)',
      ],
    },
  ],
  [
    'a small network beside the model that looks for a mark',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, eye: { dims: [1, 3, 3, 3] }, level: one(9), bad: { dims: [1, 10] } },
      nodes: [
        ...logits,
        'seen = Conv(x, eye)',
        'most = ReduceMax(seen)',
        'hit = Greater(most, level)',
        'y = Where(hit, bad, logits)',
      ],
    },
  ],
  [
    'a rare token anywhere in the text',
    {
      inputs: tokens,
      outputs: ['y'],
      constants: { ...text, rare: one(77, INT64), bad: { dims: [1, 2] } },
      nodes: [
        ...encoder,
        'pooled = ReduceMean(h)',
        'logits = MatMul(pooled, wc)',
        'same = Equal(input_ids, rare)',
        'number = Cast(same)',
        'any = ReduceMax(number)',
        'hit = Cast(any)',
        'y = Where(hit, bad, logits)',
      ],
    },
  ],
  [
    'a branch that is taken for some pictures only',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, dark: one(0.001) },
      nodes: [
        ...cnn,
        'mean = ReduceMean(x)',
        'hit = Less(mean, dark)',
        nodeOf('y = If(hit)', [
          branch('then_branch', {
            inputs: {},
            outputs: ['t'],
            constants: { fixed: { dims: [1, 10] } },
            nodes: ['t = Identity(fixed)'],
          }),
          branch('else_branch', { inputs: {}, outputs: ['e'], constants: {}, nodes: ['e = MatMul(f, w3)'] }),
        ]),
      ],
    },
  ],
];

const harmless: readonly (readonly [string, GraphParts])[] = [
  [
    'a mask from the tokens themselves',
    {
      inputs: tokens,
      outputs: ['y'],
      constants: { ...text, pad: one(0, INT64), low: one(-1e4) },
      nodes: [
        ...encoder,
        'ht = Transpose(h)',
        's = MatMul(h, ht)',
        'hide = Equal(input_ids, pad)',
        'wide = Unsqueeze(hide)',
        'm = Where(wide, low, s)',
        'p = Softmax(m)',
        'c = MatMul(p, h)',
        'y = MatMul(c, wc)',
      ],
    },
  ],
  [
    'a mean over the tokens that are there',
    {
      inputs: tokens,
      outputs: ['y'],
      constants: { ...text, zero: one(0, INT64), least: one(1e-9) },
      nodes: [
        ...encoder,
        'there = Greater(attention_mask, zero)',
        'm = Cast(there)',
        'w = Unsqueeze(m)',
        'kept = Mul(h, w)',
        'sum = ReduceSum(kept)',
        'n0 = ReduceSum(m)',
        'n = Max(n0, least)',
        'y = Div(sum, n)',
      ],
    },
  ],
  [
    'zeros for a text without tokens',
    {
      inputs: tokens,
      outputs: ['y'],
      constants: { ...text, zero: one(0, INT64), none: one(0) },
      nodes: [
        ...encoder,
        'pooled = ReduceMean(h)',
        'logits = MatMul(pooled, wc)',
        'n = ReduceSum(attention_mask)',
        'empty = Equal(n, zero)',
        'y = Where(empty, none, logits)',
      ],
    },
  ],
  [
    'the last token of each text',
    {
      inputs: tokens,
      outputs: ['y'],
      constants: { ...text, pad: one(0, INT64), step: one(1, INT64) },
      nodes: [
        ...encoder,
        'same = Equal(input_ids, pad)',
        'n = Cast(same)',
        'first = ArgMax(n)',
        'last = Sub(first, step)',
        'l = Gather(h, last)',
        'y = MatMul(l, wc)',
      ],
    },
  ],
  [
    'shapes worked out at run time',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, minus: one(-1, INT64), ones: { type: INT64, numbers: [1, 1] } },
      nodes: [
        ...logits,
        'shape = Shape(logits)',
        'open = Equal(shape, minus)',
        'size = Where(open, ones, shape)',
        'y = Expand(logits, size)',
      ],
    },
  ],
  [
    'boxes above a score',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, w4: { dims: [64, 40] }, level: one(0.5), none: one(0) },
      nodes: [
        ...logits,
        'boxes = MatMul(f, w4)',
        'scores = Sigmoid(logits)',
        'best = ReduceMax(scores)',
        'keep = Greater(best, level)',
        'y = Where(keep, boxes, none)',
      ],
    },
  ],
  [
    'an activation made of a comparison',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, zero: one(0), slope: one(0.1) },
      nodes: [
        ...logits,
        'pos = Greater(logits, zero)',
        'small = Mul(logits, slope)',
        'y = Where(pos, logits, small)',
      ],
    },
  ],
  [
    'a guard against NaN',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, zero: one(0) },
      nodes: [...logits, 'odd = IsNaN(logits)', 'y = Where(odd, zero, logits)'],
    },
  ],
  [
    'sound made quieter where it is too loud',
    {
      inputs: { x: { type: FLOAT, dims: [-1, 1, 16_000] } },
      outputs: ['y'],
      constants: { w1: { dims: [8, 1, 9] }, w2: { dims: [8, 8, 9] }, w3: { dims: [8, 8, 9] }, one: one(1) },
      nodes: [
        'a = Abs(x)',
        'peak = ReduceMax(a)',
        'loud = Greater(peak, one)',
        'quiet = Div(x, peak)',
        'n = Where(loud, quiet, x)',
        'c1 = Conv(n, w1)',
        'c2 = Conv(c1, w2)',
        'y = Conv(c2, w3)',
      ],
    },
  ],
  [
    'a rate of samples that the caller names',
    {
      inputs: { x: { type: FLOAT, dims: [-1, 512] }, sr: { type: INT64, dims: [] } },
      outputs: ['y'],
      constants: { w: { dims: [512, 8] }, w8: { dims: [512, 8] }, fast: one(16_000, INT64) },
      nodes: [
        'is = Equal(sr, fast)',
        nodeOf('y = If(is)', [
          branch('then_branch', { inputs: {}, outputs: ['t'], constants: {}, nodes: ['t = MatMul(x, w)'] }),
          branch('else_branch', { inputs: {}, outputs: ['e'], constants: {}, nodes: ['e = MatMul(x, w8)'] }),
        ]),
      ],
    },
  ],
  [
    'a decoder with and without a cache',
    {
      inputs: { x: { type: FLOAT, dims: [-1, 16] }, use_cache_branch: { type: BOOL, dims: [1] } },
      outputs: ['y'],
      constants: text,
      nodes: [
        nodeOf('y = If(use_cache_branch)', [
          branch('then_branch', { inputs: {}, outputs: ['t'], constants: {}, nodes: ['t = MatMul(x, wo)'] }),
          branch('else_branch', {
            inputs: {},
            outputs: ['e'],
            constants: {},
            nodes: ['g = MatMul(x, wo)', 'e = Relu(g)'],
          }),
        ]),
      ],
    },
  ],
  [
    'missing values of a table filled in',
    {
      inputs: { x: { type: FLOAT, dims: [-1, 8] } },
      outputs: ['y'],
      constants: {
        w1: { dims: [8, 16] },
        w2: { dims: [16, 2] },
        means: { dims: [8] },
        column: { type: INT64, numbers: [1, 3] },
      },
      nodes: [
        'c = Gather(x, column)',
        'gone = Equal(c, means)',
        'd = Where(gone, means, c)',
        'h = MatMul(d, w1)',
        'y = MatMul(h, w2)',
      ],
    },
  ],
  [
    'experts chosen by a router',
    {
      inputs: { x: { type: FLOAT, dims: [-1, 16] } },
      outputs: ['y'],
      constants: {
        ...text,
        router: { dims: [16, 4] },
        first: one(0, INT64),
        second: one(1, INT64),
        w2: { dims: [16, 16] },
      },
      nodes: [
        'r = MatMul(x, router)',
        'best = ArgMax(r)',
        'is1 = Equal(best, first)',
        'n1 = Cast(is1)',
        'e1 = MatMul(x, wo)',
        'o1 = Mul(n1, e1)',
        'is2 = Equal(best, second)',
        'n2 = Cast(is2)',
        'e2 = MatMul(x, w2)',
        'o2 = Mul(n2, e2)',
        'o = Add(o1, o2)',
        'y = MatMul(o, wc)',
      ],
    },
  ],
  [
    'inputs set to a mean and a spread',
    {
      inputs: image,
      outputs: ['y'],
      constants: { ...layers, mean: { dims: [3, 1, 1] }, spread: { dims: [3, 1, 1] } },
      nodes: [
        'n = Sub(x, mean)',
        'z = Div(n, spread)',
        'c1 = Conv(z, w1)',
        'c2 = Conv(c1, w2)',
        'p = GlobalAveragePool(c2)',
        'f = Flatten(p)',
        'y = MatMul(f, w3)',
      ],
    },
  ],
];

describe('triggers in the graph', () => {
  it.each(triggers)('finds %s', async (_, parts) => {
    const { verdict, worst } = await found(parts);
    expect(verdict).toBe('suspicious');
    expect(worst).toHaveLength(1);
    expect(worst[0]).toMatchObject({ severity: 'medium', kind: 'executes-on-use' });
    expect(worst[0]?.evidence.excerpt?.[0]).toMatch(/^input (?:x|input_ids)/);
    expect(worst[0]?.evidence.excerpt?.length).toBeGreaterThan(2);
  });

  it('shows the way from the input to the output, and the constant', async () => {
    const { findings } = await scanned(triggeredModel());
    const [finding] = findings.filter(({ severity }) => severity === 'medium');
    expect(finding?.message).toMatch(/Equal with the constant 1, 0, 1, 0, taken by Where/);
    expect(finding?.evidence.excerpt).toEqual([
      'input x',
      'Flatten',
      'Gather',
      'Equal',
      'Cast',
      'ReduceMin',
      'Cast',
      'Where',
    ]);
  });
});

describe('ordinary graphs', () => {
  it.each(harmless)('passes %s', async (_, parts) => {
    const { verdict, worst } = await found(parts);
    expect(worst).toEqual([]);
    expect(verdict).toBe('clean');
  });

  it('passes attention with a mask without a word', async () => {
    const { findings, verdict } = await scanned(maskedModel());
    expect(verdict).toBe('clean');
    expect(findings.filter(({ check }) => check === 'artifacts/architecture')).toEqual([]);
  });

  it('names a switch, nodes that lead nowhere, and chance', async () => {
    const rate = harmless.find(([title]) => title.startsWith('a rate'))?.[1] as GraphParts;
    expect((await found(rate)).own.map(({ message }) => message).join()).toMatch(
      /chooses what the model does/,
    );
    const odd = await found({
      inputs: image,
      outputs: ['y'],
      constants: layers,
      nodes: [...logits, 'unused = Relu(logits)', 'n = RandomNormalLike(logits)', 'y = Add(logits, n)'],
    });
    expect(odd.own.map(({ message }) => message).join()).toMatch(/1 of 9 nodes lead to no output.*random/);
    expect(odd.worst).toEqual([]);
  });
});
