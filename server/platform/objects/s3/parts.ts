import type { Bucket, UploadedPart } from './bucket.ts';

const PART_BYTES = 16 * 1024 * 1024;
/** S3 takes 10,000 parts: later ones are larger, so that 900 GiB fit. */
const GROWS_EVERY = 2_000;

/** Joins chunks to pieces of exactly this size, the last one smaller. When the source throws, the rest is given first. */
export async function* pieces(
  chunks: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number = () => PART_BYTES,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  let index = 0;
  let failure: { readonly error: unknown } | null = null;
  try {
    for await (const chunk of chunks) {
      let rest = chunk;
      while (bytes + rest.byteLength >= sizeOf(index)) {
        const missing = sizeOf(index) - bytes;
        held.push(rest.subarray(0, missing));
        rest = rest.subarray(missing);
        yield Buffer.concat(held);
        [held, bytes] = [[], 0];
        index++;
      }
      if (rest.byteLength > 0) held.push(rest);
      bytes += rest.byteLength;
    }
  } catch (error) {
    failure = { error };
  }
  if (bytes > 0) yield Buffer.concat(held);
  if (failure) throw failure.error;
}

export const growing = (index: number): number => PART_BYTES * 2 ** Math.floor(index / GROWS_EVERY);

/** Sends pieces as parts of one upload: one is on its way while the next one is collected. */
export async function sendParts(
  bucket: Bucket,
  { key, id }: { readonly key: string; readonly id: string },
  parts: AsyncIterable<Uint8Array>,
): Promise<readonly UploadedPart[]> {
  const sent: Promise<UploadedPart>[] = [];
  for await (const body of parts) {
    await sent.at(-1);
    const part = bucket.part(key, id, sent.length + 1, body);
    // Awaited with the next one; a failure until then is not lost.
    part.catch(() => undefined);
    sent.push(part);
  }
  return await Promise.all(sent);
}
