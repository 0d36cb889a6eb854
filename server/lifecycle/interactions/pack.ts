import type { Prepared } from './seal-record.ts';

/** Sealed bytes sent in one statement; one larger row goes alone. */
const STATEMENT_BYTES = 8 * 1024 * 1024;
/** Of a word's hash as text. */
const WORD_BYTES = 20;

/**
 * The contents of some rows as few large parameters: the driver sends one buffer as it is, while it would turn an
 * array of them into hexadecimal text, element by element.
 */
export interface PackedContents {
  /** Excerpts, bodies and raws, end to end. */
  readonly bytes: Buffer;
  /** The words of all rows as one array literal. */
  readonly words: string;
  /** Where each row's parts lie; places count from 1, as in SQL. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
}

/** Splits a batch into parts that one statement can carry. */
export function* bySize(batch: readonly Prepared[]): Iterable<Prepared[]> {
  let chunk: Prepared[] = [];
  let bytes = 0;
  for (const item of batch) {
    const size = item.sealedBody.length + (item.raw?.length ?? 0) + item.words.length * WORD_BYTES;
    if (chunk.length > 0 && bytes + size > STATEMENT_BYTES) {
      yield chunk;
      chunk = [];
      bytes = 0;
    }
    chunk.push(item);
    bytes += size;
  }
  if (chunk.length > 0) yield chunk;
}

export function packContents(batch: readonly Prepared[]): PackedContents {
  const parts: Buffer[] = [];
  const words: string[] = [];
  const rows: Readonly<Record<string, string | number>>[] = [];
  let start = 1;
  for (const { record, keyDay, excerpt, sealedBody, raw, words: own } of batch) {
    const [excerptBytes, rawBytes] = [excerpt?.length ?? 0, raw?.length ?? 0];
    rows.push({
      at: record.at,
      id: record.id,
      expires_at: record.expiresAt,
      key_day: keyDay,
      start,
      excerpt_bytes: excerptBytes,
      body_bytes: sealedBody.length,
      raw_bytes: rawBytes,
      first_word: words.length + 1,
      word_count: own.length,
    });
    if (excerpt) parts.push(excerpt);
    parts.push(sealedBody);
    if (raw) parts.push(raw);
    for (const word of own) words.push(word);
    start += excerptBytes + sealedBody.length + rawBytes;
  }
  return { bytes: Buffer.concat(parts), words: `{${words.join(',')}}`, rows };
}
