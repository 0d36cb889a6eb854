import { readFile } from 'node:fs/promises';
import type { Matrix } from '@bartizan/checks/datasets/types.ts';

interface Field {
  readonly number: number;
  readonly bytes: Buffer;
  readonly value: number;
}

/** Fields of a protobuf message; groups are not read. */
function fieldsOf(bytes: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const wire = tag & 7;
    const value = wire === 0 ? varint() : 0;
    const length = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : 0;
    fields.push({ number: tag >> 3, bytes: bytes.subarray(at, at + length), value });
    at += length;
  }
  return fields;
}

interface Tensor {
  readonly sides: readonly number[];
  readonly values: Float32Array;
}

/** The float initialisers of an ONNX model (ModelProto.graph.initializer) in their order. */
async function initialisers(path: string): Promise<Tensor[]> {
  const graph = fieldsOf(await readFile(path)).find(({ number }) => number === 7);
  if (graph === undefined) throw new Error(`${path} holds no graph.`);
  return fieldsOf(graph.bytes)
    .filter(({ number }) => number === 5)
    .map(({ bytes }) => {
      const fields = fieldsOf(bytes);
      const raw = fields.find(({ number }) => number === 9)?.bytes ?? Buffer.alloc(0);
      const sides = fields
        .filter(({ number }) => number === 1)
        .flatMap(({ bytes: packed, value }) => (packed.length > 0 ? [...packed.values()] : [value]));
      return { sides, values: new Float32Array(Uint8Array.from(raw).buffer) };
    });
}

/** The hidden layer (ReLU) of a network of one, inputs 0..1 in rows, from the weights in its ONNX file. */
export async function hiddenLayer(path: string, inputs: Uint8Array, rows: number): Promise<Matrix> {
  const size = inputs.length / rows;
  const tensors = await initialisers(path);
  const weights = tensors.find(({ values }) => values.length % size === 0 && values.length >= size);
  if (weights === undefined) throw new Error(`${path} has no weights of ${size} inputs.`);
  const columns = weights.values.length / size;
  const bias = tensors.find(({ values }) => values.length === columns)?.values ?? new Float32Array(columns);
  const transposed = weights.sides[0] === columns;
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns; c++) {
      let sum = bias[c] as number;
      for (let p = 0; p < size; p++)
        sum +=
          ((inputs[row * size + p] as number) / 255) *
          (weights.values[transposed ? c * size + p : p * columns + c] as number);
      values[row * columns + c] = Math.max(0, sum);
    }
  return { rows, columns, values };
}
