import { createHash } from 'node:crypto';
import { canonicalJson } from '@bartizan/contracts/tlog/canonical.ts';

/** A fact as an entry of the audit log holds it. */
export type HeldFact = string | number | boolean | null;

/** Longer texts are held as their digest, so that an entry stays small. */
const MOST_CHARS = 200;

/** SHA-256 of a text, or of the canonical JSON (RFC 8785) of another value; lower-case hexadecimal. */
export const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(typeof value === 'string' ? value : canonicalJson(JSON.parse(JSON.stringify(value ?? null))))
    .digest('hex');

/**
 * A fact of a row as the audit log holds it: short texts, numbers and truth values as they are; of longer texts, lists
 * and objects `sha256:` and their digest.
 */
export function heldFact(value: unknown): HeldFact {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string' && value.length <= MOST_CHARS) return value;
  return `sha256:${digestOf(value)}`;
}

/** {@link heldFact} of each. */
export const heldFacts = (facts: Readonly<Record<string, unknown>>): Readonly<Record<string, HeldFact>> =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, heldFact(value)]));
