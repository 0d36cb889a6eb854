/** Bytes of an object from `start` up to, not including, `end` (its size where absent). Both in bytes from 0. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

export interface StoredObject {
  /** Lower-case hexadecimal, 64 digits. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

export interface PutOptions {
  /** More bytes than this are refused with `too_large`. */
  readonly maxBytes?: number;
  /** The sha256 that the bytes must have; anything else is refused with `invalid_input` and nothing is kept. */
  readonly expect?: string;
  readonly signal?: AbortSignal;
}

/**
 * Content by its sha256: what is stored under a digest never changes. Every method rejects with `invalid_input` for
 * what is no digest, and with `unavailable` (with the reason in plain words) when the store cannot be used: no
 * space, no permission, not reachable.
 */
export interface ObjectStore {
  /**
   * Stores the bytes under their digest, in constant memory. Once it resolves they outlast a crash. Storing what is
   * there already changes nothing, and heals it where it was damaged. When `chunks` throws, that error comes through and nothing is kept.
   */
  put(chunks: AsyncIterable<Uint8Array>, options?: PutOptions): Promise<StoredObject>;
  /**
   * The bytes, or a part of them, as a stream; throws `not_found` at the first read. Whole reads are compared with
   * the digest before their last chunk is given: a stream that ends without an error was right, and one of damaged
   * content never gives all of its bytes. Parts are as they lie in the store.
   */
  open(sha256: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** Up to `length` bytes from `offset` (fewer at the end); throws `not_found`. For small reads, such as headers. */
  read(sha256: string, offset: number, length: number): Promise<Uint8Array>;
  has(sha256: string): Promise<boolean>;
  /** In bytes; throws `not_found`. */
  size(sha256: string): Promise<number>;
  /** What is not there is no error. */
  remove(sha256: string): Promise<void>;
}

/** Where a piece of content that arrives in parts lies until it is whole; given out by {@link Staging.begin}. */
export type StagingId = string;

/**
 * Content that comes in parts, perhaps with crashes in between, perhaps through several servers. One part of a
 * piece at a time: that is the caller's to see to.
 */
export interface Staging {
  /** A new, empty piece. */
  begin(): Promise<StagingId>;
  /** How many bytes of it are kept for good; throws `not_found`. */
  offset(id: StagingId): Promise<number>;
  /**
   * Adds bytes at `offset`, which must be what {@link Staging.offset} tells (`conflict` otherwise); gives the new
   * offset. When `chunks` throws, what came before it is kept and the error comes through. Throws `too_large` past
   * `maxBytes` in all, and then keeps no more than that.
   */
  append(
    id: StagingId,
    offset: number,
    chunks: AsyncIterable<Uint8Array>,
    options: { readonly maxBytes: number },
  ): Promise<number>;
  /** Makes the piece an object. Wrong bytes (`expect`) are thrown away with `invalid_input`. */
  finish(id: StagingId, options?: Pick<PutOptions, 'expect' | 'signal'>): Promise<StoredObject>;
  /** What is not there is no error. */
  discard(id: StagingId): Promise<void>;
}

/** A place for objects, as the process that runs it sees it. */
export interface Objects extends ObjectStore {
  readonly staging: Staging;
  /** In words for people, without credentials: a folder, or a bucket and its address. */
  readonly place: string;
  /** Writes, reads and removes a small object; rejects with `unavailable` and the reason when that fails. */
  check(): Promise<void>;
  /** Removes what writers that died left behind and nobody has touched since `beforeMs` (ms since the epoch). */
  sweep(beforeMs: number): Promise<{ readonly removed: number }>;
}
