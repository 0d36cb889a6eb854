import type { OutcomeBuilder } from '../outcome.ts';
import type { ByteSource, ScanContext } from '../types.ts';

/** Bits by which readers are made to pass over an entry: encrypted, patched, strongly encrypted, masked. */
export const ENCRYPTED_BITS = 0x1 | 0x20 | 0x40 | 0x2000;

/** Where an entry's content lies, by one of the two readings. */
export interface ZipView {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  /** -1 where nothing says it. */
  readonly size: number;
  /** Offset of the content. */
  readonly content: number;
}

export interface ZipScan {
  readonly source: ByteSource;
  readonly context: ScanContext;
  readonly outcome: OutcomeBuilder;
}
