import { concat } from '../protobuf/write.ts';

/** Makes GGUF files, for samples and tests. */

export interface GgufParts {
  readonly version?: 1 | 2 | 3;
  readonly bigEndian?: boolean;
  readonly template?: string;
  /** More text values, in order. */
  readonly texts?: readonly (readonly [string, string])[];
  readonly arrays?: readonly (readonly [string, readonly string[]])[];
  readonly tensors?: readonly { name: string; dims: readonly number[]; type: number; offset: number }[];
  readonly data?: Uint8Array;
  /** What the file says how many tensors it has, where that is a lie. */
  readonly tensorCount?: number;
}

export function buildGguf(parts: GgufParts = {}): Uint8Array {
  const version = parts.version ?? 3;
  const little = parts.bigEndian !== true;
  const u32 = (value: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, little);
    return bytes;
  };
  const u64 = (value: number) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(value), little);
    return bytes;
  };
  const count = version === 1 ? u32 : u64;
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    return concat([count(bytes.length), bytes]);
  };
  const texts: (readonly [string, string])[] = [
    ['general.architecture', 'llama'],
    ...(parts.template === undefined ? [] : [['tokenizer.chat_template', parts.template] as const]),
    ...(parts.texts ?? []),
  ];
  const arrays = parts.arrays ?? [['tokenizer.ggml.tokens', ['<s>', '</s>', 'a']] as const];
  const tensors = parts.tensors ?? [{ name: 'token_embd.weight', dims: [4, 2], type: 0, offset: 0 }];
  const head = concat([
    new TextEncoder().encode('GGUF'),
    u32(version),
    count(parts.tensorCount ?? tensors.length),
    count(texts.length + arrays.length),
    ...texts.map(([key, value]) => concat([text(key), u32(8), text(value)])),
    ...arrays.map(([key, values]) =>
      concat([text(key), u32(9), u32(8), count(values.length), ...values.map(text)]),
    ),
    ...tensors.map(({ name, dims, type, offset }) =>
      concat([text(name), u32(dims.length), ...dims.map(count), u32(type), u64(offset)]),
    ),
  ]);
  const padding = new Uint8Array((32 - (head.length % 32)) % 32);
  return concat([head, padding, parts.data ?? new Uint8Array(32)]);
}
