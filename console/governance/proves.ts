import type { EntryWithProof } from '@bartizan/contracts';

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

async function sha256(...parts: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', whole));
}

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * True when the entry's bytes lead, by its inclusion proof, to the root that stands in the checkpoint
 * (RFC 9162 §2.1.3.2). The checkpoint's signature is not looked at here: the browser does not know the key.
 */
export async function proves({ leaf, inclusion, checkpoint, entry }: EntryWithProof): Promise<boolean> {
  if (inclusion === null || checkpoint === null) return false;
  const [, size, root] = checkpoint.split('\n');
  if (size !== String(inclusion.size) || root !== inclusion.root) return false;
  if (!leaf.includes(entry.id)) return false;
  let hash = await sha256(LEAF, new TextEncoder().encode(leaf));
  let first = inclusion.index;
  let last = inclusion.size - 1;
  if (first > last) return false;
  for (const sibling of inclusion.proof) {
    if (last === 0) return false;
    const other = fromBase64(sibling);
    if (first % 2 === 1 || first === last) {
      hash = await sha256(NODE, other, hash);
      while (first % 2 === 0 && first !== 0) {
        first = Math.floor(first / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await sha256(NODE, hash, other);
    }
    first = Math.floor(first / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && toBase64(hash) === inclusion.root;
}
