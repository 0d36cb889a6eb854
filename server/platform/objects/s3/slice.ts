/** What a store says of the bytes that it sends. */
export interface Sent {
  readonly $metadata: { readonly httpStatusCode?: number | undefined };
  readonly ContentRange?: string | undefined;
}

/** Bytes from `start` up to, not including, `end`. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/** A store that answers with much more than was asked for is not read to the end: so much is passed over at most. */
const MOST_SKIPPED = 256 * 1024 * 1024;

/**
 * Where in the object the bytes begin that a store sends. One that does not heed ranges answers 200 with all of it; one
 * that heeds them says where they begin. Where it says 206 and nothing more, it is taken at its word.
 */
function beginOf({ $metadata, ContentRange }: Sent, { start }: Slice): number {
  if ($metadata.httpStatusCode !== 206) return 0;
  const begin = /^bytes\s+(\d{1,15})-/.exec(ContentRange ?? '')?.[1];
  return begin === undefined ? start : Number(begin);
}

/**
 * Of what a store sends exactly the bytes that were asked for, whatever range it gave: some answer with all of the
 * object, or with more than they were asked for. Throws where the bytes cannot be among what it sends, or end too early.
 * Nothing is read behind the end.
 */
export async function* sliced(
  body: AsyncIterable<Uint8Array>,
  sent: Sent,
  range: Slice,
): AsyncGenerator<Uint8Array> {
  let at = beginOf(sent, range);
  if (at > range.start) throw new Error('the store sent a later part of the object than was asked for');
  if (range.start - at > MOST_SKIPPED) throw new Error('the store does not send parts of objects');
  for await (const chunk of body) {
    const part = chunk.subarray(
      Math.min(Math.max(range.start - at, 0), chunk.byteLength),
      Math.max(Math.min(range.end - at, chunk.byteLength), 0),
    );
    at += chunk.byteLength;
    if (part.byteLength > 0) yield part;
    if (at >= range.end) return;
  }
  if (at < range.end) throw new Error('the store broke off');
}
