import { bytesField, concat, messageField, numberField } from '../protobuf/write.ts';

/** Makes ONNX files, for samples and tests. */

export interface OnnxParts {
  readonly op?: string;
  readonly domain?: string;
  readonly externalLocation?: string;
  readonly external?: readonly (readonly [string, string])[];
  readonly weights?: Float32Array;
  /** More nodes, as NodeProto bytes. */
  readonly nodes?: readonly Uint8Array[];
  readonly metadata?: readonly (readonly [string, string])[];
}

export function onnxNode(
  op: string,
  parts: {
    domain?: string;
    inputs?: readonly string[];
    outputs?: readonly string[];
    attributes?: readonly Uint8Array[];
  } = {},
): Uint8Array {
  return concat([
    ...(parts.inputs ?? ['x']).map((name) => bytesField(1, name)),
    ...(parts.outputs ?? ['y']).map((name) => bytesField(2, name)),
    bytesField(4, op),
    ...(parts.attributes ?? []).map((attribute) => bytesField(5, attribute)),
    ...(parts.domain === undefined ? [] : [bytesField(7, parts.domain)]),
  ]);
}

/** A GraphProto attribute, as `If` and `Loop` have. */
export function graphAttribute(name: string, ...nodes: readonly Uint8Array[]): Uint8Array {
  return concat([
    bytesField(1, name),
    messageField(6, ...nodes.map((node) => bytesField(1, node))),
    numberField(20, 5),
  ]);
}

export function buildOnnx(parts: OnnxParts = {}): Uint8Array {
  const weights = parts.weights ?? Float32Array.from([0.25, -0.5, 1, 2]);
  const external: readonly (readonly [string, string])[] =
    parts.external ?? (parts.externalLocation === undefined ? [] : [['location', parts.externalLocation]]);
  const tensor = concat([
    numberField(1, weights.length),
    numberField(2, 1),
    bytesField(8, 'w'),
    ...(external.length > 0
      ? [
          ...external.map(([key, value]) => messageField(13, bytesField(1, key), bytesField(2, value))),
          numberField(14, 1),
        ]
      : [bytesField(9, new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength))]),
  ]);
  const node = onnxNode(parts.op ?? 'MatMul', {
    inputs: ['x', 'w'],
    ...(parts.domain === undefined ? {} : { domain: parts.domain }),
  });
  return concat([
    numberField(1, 8),
    bytesField(2, 'sample'),
    messageField(
      7,
      bytesField(1, node),
      ...(parts.nodes ?? []).map((more) => bytesField(1, more)),
      bytesField(2, 'graph'),
      bytesField(5, tensor),
    ),
    messageField(8, bytesField(1, ''), numberField(2, 17)),
    ...(parts.metadata ?? []).map(([key, value]) =>
      messageField(14, bytesField(1, key), bytesField(2, value)),
    ),
  ]);
}
