import { bytesField, concat, messageField, numberField } from '../protobuf/write.ts';

/** Makes SavedModel files, for samples and tests. */
export function buildSavedModel(
  ops: readonly string[],
  more: {
    readonly functionOps?: readonly string[];
    readonly asset?: string;
    readonly kerasMetadata?: string;
  } = {},
): Uint8Array {
  const node = (op: string, index: number) => concat([bytesField(1, `n${index}`), bytesField(2, op)]);
  return concat([
    numberField(1, 1),
    messageField(
      2,
      messageField(1, bytesField(4, 'serve'), bytesField(5, '2.17.0')),
      messageField(
        2,
        ...ops.map((op, index) => bytesField(1, node(op, index))),
        messageField(
          2,
          messageField(
            1,
            messageField(1, bytesField(1, 'f')),
            ...(more.functionOps ?? []).map((op, index) => bytesField(3, node(op, index))),
          ),
        ),
      ),
      ...(more.asset === undefined ? [] : [messageField(6, bytesField(2, more.asset))]),
      ...(more.kerasMetadata === undefined
        ? []
        : [
            messageField(
              7,
              messageField(
                1,
                messageField(4, bytesField(1, '_tf_keras_layer'), bytesField(3, more.kerasMetadata)),
              ),
            ),
          ]),
    ),
  ]);
}

/** Makes a frozen graph. */
export function buildGraphDef(ops: readonly string[]): Uint8Array {
  return concat(ops.map((op, index) => messageField(1, bytesField(1, `n${index}`), bytesField(2, op))));
}
