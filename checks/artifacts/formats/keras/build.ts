/**
 * Makes the least of an HDF5 file, for samples and tests: a version 0 superblock with its end address, and `json` as
 * an attribute's value would lie. The HDF5 library would not open it; everything looked at is where it would be.
 */
export function buildHdf5(json: string, after: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(json);
  const end = 96 + text.length + 40;
  const file = new Uint8Array(end + after.length);
  file.set([0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0]);
  const view = new DataView(file.buffer);
  view.setBigUint64(32, 0xffffffffffffffffn, true);
  view.setBigUint64(40, BigInt(end), true);
  file.set(new TextEncoder().encode('model_config\0'), 80);
  file.set(text, 96);
  file.set(after, end);
  return file;
}
