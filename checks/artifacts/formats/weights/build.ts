import { buildSafetensors } from '../safetensors/build.ts';

/** Makes models out of tensors, for samples and tests. */

export type Tensors = Readonly<
  Record<string, { readonly dtype: string; readonly shape: readonly number[]; readonly bytes: Uint8Array }>
>;

export function buildModel(tensors: Tensors): Uint8Array {
  const header: Record<string, unknown> = {};
  let at = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + bytes.length] };
    at += bytes.length;
  }
  const data = new Uint8Array(at);
  at = 0;
  for (const { bytes } of Object.values(tensors)) {
    data.set(bytes, at);
    at += bytes.length;
  }
  return buildSafetensors({ header: JSON.stringify(header), data });
}

export const bytesOf = (values: ArrayBufferView): Uint8Array =>
  new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);

/** Uniform numbers in (0, 1) by mulberry32, the same ones for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
}

/** Normal numbers (Box and Muller). */
export function normals(count: number, seed: number, scale = 0.02): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from(
    { length: count },
    () => scale * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()),
  );
}

export const float32 = (values: Float32Array, shape: readonly number[] = [values.length]) => ({
  dtype: 'F32',
  shape,
  bytes: bytesOf(values),
});

/** Writes `payload` into the lowest `bits` (1, 2, 4 or 8) of the numbers from `from` on, upper bits of a byte first. */
export function hide(values: Float32Array, payload: Uint8Array, bits: number, from = 0): Float32Array {
  const words = new Uint32Array(values.slice().buffer);
  const mask = 2 ** bits - 1;
  const per = 8 / bits;
  for (let at = 0; at < payload.length * per && from + at < words.length; at += 1) {
    const part = ((payload[Math.floor(at / per)] as number) >> (8 - bits * ((at % per) + 1))) & mask;
    words[from + at] = (((words[from + at] as number) & ~mask) | part) >>> 0;
  }
  return new Float32Array(words.buffer);
}

const layers = (): Record<string, Tensors[string]> =>
  Object.fromEntries(
    [0, 1, 2].map((layer) => [`layers.${layer}.weight`, float32(normals(16_384, layer + 1), [128, 128])]),
  );

export const soundModel = (): Uint8Array => buildModel(layers());

export function hiddenText(): Uint8Array {
  const text = 'import os\nfor name in os.listdir("."):\n    print(name, os.path.getsize(name))\n'.repeat(12);
  const values = hide(normals(16_384, 2), new TextEncoder().encode(text), 1);
  return buildModel({ ...layers(), 'layers.1.weight': float32(values, [128, 128]) });
}
