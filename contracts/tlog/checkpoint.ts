import { HASH_BYTES } from './hash.ts';
import { fromBase64, type Note, parseNote, parseVerifierKey, signedBy, type Verifier } from './note.ts';

/** C2SP tlog-checkpoint: whose log, how many leaves, and their root. */
export interface CheckpointBody {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** When it was made, in ms; from our extension line, null where there is none. */
  readonly at: number | null;
}

/** Our extension line: `time <ms since the epoch>`. */
export function checkpointText({ origin, size, root, at }: CheckpointBody): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n${at === null ? '' : `time ${at}\n`}`;
}

/** Reads the text of a checkpoint; null when it is none. Unknown extension lines are left aside. */
export function parseCheckpointText(text: string): CheckpointBody | null {
  const [origin = '', count = '', hash = '', ...more] = text.split('\n');
  if (origin === '' || more.at(-1) !== '' || more.slice(0, -1).includes('')) return null;
  if (!/^(?:0|[1-9]\d{0,15})$/.test(count) || !Number.isSafeInteger(Number(count))) return null;
  const root = fromBase64(hash);
  if (root?.length !== HASH_BYTES) return null;
  const time = /^time (0|[1-9]\d{0,15})$/.exec(more.find((line) => line.startsWith('time ')) ?? '');
  return { origin, size: Number(count), root, at: time ? Number(time[1]) : null };
}

export interface SignedCheckpoint extends CheckpointBody {
  readonly note: Note;
  /** Of the key that signed. */
  readonly keyId: string;
}

/** Reads a checkpoint and verifies that one of `keys` signed it, under its origin as name; null otherwise. */
export function openCheckpoint(text: string, keys: readonly Verifier[]): SignedCheckpoint | null {
  const note = parseNote(text);
  const body = note && parseCheckpointText(note.text);
  if (!note || !body) return null;
  const key = keys.find((known) => known.name === body.origin && signedBy(note, known) !== null);
  return key ? { ...body, note, keyId: key.keyId } : null;
}

/** First line of a note in which one key vouches for the next. */
const VOUCHER = 'bartizan.audit/key-rotation/v1';

/** What the key in use until now signs when another takes over. */
export const voucherText = (voucher: { readonly next: string; readonly size: number }): string =>
  `${VOUCHER}\n${voucher.next}\n${voucher.size}\n`;

/** A key with the note in which the one before it vouches for it. */
export interface VouchedKey {
  readonly verifierKey: string;
  readonly vouchedBy: string | null;
}

/**
 * The keys that follow from `first` (a verifier key that one trusts): itself, and each that a key of the chain
 * vouched for. Order does not matter; keys that nobody vouched for are left out.
 */
export function keyChain(first: string, all: readonly VouchedKey[]): Verifier[] {
  const root = parseVerifierKey(first);
  if (root === null) return [];
  const chain = [root];
  const left = new Set(all.filter(({ vouchedBy }) => vouchedBy !== null));
  for (let grown = true; grown; ) {
    grown = false;
    for (const key of left) {
      const next = parseVerifierKey(key.verifierKey);
      if (!next || next.name !== root.name || !isVouched(key, chain)) continue;
      left.delete(key);
      grown = true;
      if (!chain.some(({ keyId }) => keyId === next.keyId)) chain.push(next);
    }
  }
  return chain;
}

function isVouched({ verifierKey, vouchedBy }: VouchedKey, chain: readonly Verifier[]): boolean {
  const note = parseNote(vouchedBy ?? '');
  const [kind, next] = note?.text.split('\n') ?? [];
  if (!note || kind !== VOUCHER || next !== verifierKey) return false;
  return chain.some((known) => signedBy(note, known) !== null);
}
