/** Makes safetensors files, for samples and tests. */

export interface SafetensorsParts {
  /** JSON text of the header; by default one tensor `w` of 4 numbers. */
  readonly header?: string;
  /** What the header says its length is, where that is a lie. */
  readonly headerLength?: number;
  readonly data?: Uint8Array;
  readonly after?: Uint8Array;
}

export function buildSafetensors(parts: SafetensorsParts = {}): Uint8Array {
  const header = new TextEncoder().encode(
    parts.header ?? '{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}',
  );
  const data = parts.data ?? new Uint8Array(new Float32Array([0.5, -0.25, 0.125, 1]).buffer);
  const after = parts.after ?? new Uint8Array(0);
  const file = new Uint8Array(8 + header.length + data.length + after.length);
  new DataView(file.buffer).setBigUint64(0, BigInt(parts.headerLength ?? header.length), true);
  file.set(header, 8);
  file.set(data, 8 + header.length);
  file.set(after, 8 + header.length + data.length);
  return file;
}
