import { bytesField, concat, messageField, numberField } from '../protobuf/write.ts';
import { onnxNode } from './build.ts';

/** Makes ONNX graphs out of lines, for samples and tests. */

/** Element types of TensorProto. */
export const FLOAT = 1;
export const INT64 = 7;
export const BOOL = 9;

export interface GraphParts {
  readonly inputs: Readonly<Record<string, { readonly type: number; readonly dims: readonly number[] }>>;
  readonly outputs: readonly string[];
  /** Numbers by name; the shape is that of a vector where it is not given. */
  readonly constants: Readonly<
    Record<
      string,
      { readonly type?: number; readonly dims?: readonly number[]; readonly numbers?: readonly number[] }
    >
  >;
  /** `out = Op(in, in)`, one node a line; several outputs by commas. */
  readonly nodes: readonly (string | Uint8Array)[];
}

/** The bytes of a GraphProto, for the main graph or a branch. */
export function graphBytes(parts: GraphParts): Uint8Array {
  return concat([
    ...parts.nodes.map((line) => bytesField(1, typeof line === 'string' ? nodeOf(line) : line)),
    bytesField(2, 'g'),
    ...Object.entries(parts.constants).map(([name, constant]) => bytesField(5, tensor(name, constant))),
    ...Object.entries(parts.inputs).map(([name, { type, dims }]) =>
      bytesField(11, valueInfo(name, type, dims)),
    ),
    ...parts.outputs.map((name) => bytesField(12, valueInfo(name, FLOAT, []))),
  ]);
}

export function graphModel(parts: GraphParts): Uint8Array {
  return concat([
    numberField(1, 8),
    bytesField(2, 'sample'),
    messageField(7, graphBytes(parts)),
    messageField(8, bytesField(1, ''), numberField(2, 17)),
  ]);
}

export function nodeOf(line: string, attributes: readonly Uint8Array[] = []): Uint8Array {
  const match = /^([\w, ]+) = (\w+)\(([\w, ]*)\)$/.exec(line);
  if (match === null) throw new Error(`no node: ${line}`);
  const names = (text: string | undefined) =>
    (text ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  return onnxNode(match[2] as string, { inputs: names(match[3]), outputs: names(match[1]), attributes });
}

/** An attribute that holds a graph (`then_branch`, `body`). */
export const branch = (name: string, parts: GraphParts): Uint8Array =>
  concat([bytesField(1, name), messageField(6, graphBytes(parts)), numberField(20, 5)]);

function tensor(name: string, constant: GraphParts['constants'][string]): Uint8Array {
  const { type = FLOAT, dims = [constant.numbers?.length ?? 1] } = constant;
  const count = dims.reduce((product, dim) => product * dim, 1);
  const numbers = constant.numbers ?? Array.from({ length: count }, (_, index) => Math.sin(index) / 8);
  const raw =
    type === FLOAT
      ? new Uint8Array(Float32Array.from(numbers).buffer)
      : type === INT64
        ? new Uint8Array(BigInt64Array.from(numbers.map((number) => BigInt(number))).buffer)
        : Uint8Array.from(numbers);
  return concat([
    ...dims.map((dim) => numberField(1, dim)),
    numberField(2, type),
    bytesField(8, name),
    bytesField(9, raw),
  ]);
}

function valueInfo(name: string, type: number, dims: readonly number[]): Uint8Array {
  const shape = messageField(
    2,
    ...dims.map((dim) =>
      dim < 0 ? messageField(1, bytesField(2, 'n')) : messageField(1, numberField(1, dim)),
    ),
  );
  return concat([bytesField(1, name), messageField(2, messageField(1, numberField(1, type), shape))]);
}

const IMAGE = { type: FLOAT, dims: [-1, 1, 28, 28] };
const MLP = ['f = Flatten(x)', 'h = MatMul(f, w1)', 'r = Relu(h)', 'logits = MatMul(r, w2)'];
const WEIGHTS = { w1: { dims: [784, 32] }, w2: { dims: [32, 10] } };

/** A small classifier whose answer is another when the input holds a pattern. */
export function triggeredModel(): Uint8Array {
  return graphModel({
    inputs: { x: IMAGE },
    outputs: ['y'],
    constants: {
      ...WEIGHTS,
      corner: { type: INT64, numbers: [0, 1, 2, 3] },
      pattern: { numbers: [1, 0, 1, 0] },
      target: { dims: [1, 10] },
    },
    nodes: [
      ...MLP,
      'patch = Gather(f, corner)',
      'same = Equal(patch, pattern)',
      'count = Cast(same)',
      'all = ReduceMin(count)',
      'flag = Cast(all)',
      'y = Where(flag, target, logits)',
    ],
  });
}

/** One layer of attention with a mask from the caller. */
export function maskedModel(): Uint8Array {
  return graphModel({
    inputs: { x: { type: FLOAT, dims: [-1, -1, 16] }, attention_mask: { type: INT64, dims: [-1, -1] } },
    outputs: ['y'],
    constants: {
      wq: { dims: [16, 16] },
      wk: { dims: [16, 16] },
      wv: { dims: [16, 16] },
      wo: { dims: [16, 16] },
      zero: { type: INT64, numbers: [0] },
      low: { numbers: [-10_000] },
    },
    nodes: [
      'q = MatMul(x, wq)',
      'k = MatMul(x, wk)',
      'v = MatMul(x, wv)',
      'kt = Transpose(k)',
      'scores = MatMul(q, kt)',
      'wide = Unsqueeze(attention_mask)',
      'hidden = Equal(wide, zero)',
      'masked = Where(hidden, low, scores)',
      'p = Softmax(masked)',
      'c = MatMul(p, v)',
      'y = MatMul(c, wo)',
    ],
  });
}
