import type { Cluster, Find } from './clusters.ts';
import { clusterAt, fromFirstDigit } from './clusters.ts';
import { emailAt, findPhones } from './contact.ts';
import { findBirthDates, unfinishedDateFrom } from './dates.ts';
import { findCryptoAddresses, findDocuments } from './documents.ts';
import { findNames, unfinishedNameFrom } from './names.ts';
import { findIds } from './national-ids.ts';
import { findNetworkAddresses } from './network.ts';
import { findBankCodes, findPayments } from './payments.ts';
import { findAddresses, unfinishedAddressFrom } from './places.ts';

/** Which groups of personal data are looked for. */
export interface Wanted {
  readonly emails: boolean;
  readonly phones: boolean;
  readonly payments: boolean;
  readonly nationalIds: boolean;
  readonly documents: boolean;
  readonly birthDates: boolean;
  readonly postalAddresses: boolean;
  readonly cryptoAddresses: boolean;
  readonly names: boolean;
  readonly networkAddresses: boolean;
  /** ISO codes; empty means all. */
  readonly countries: ReadonlySet<string>;
}

function visitCluster(text: string, cluster: Cluster, wanted: Wanted, finds: Find[]): void {
  if (wanted.nationalIds) findIds(text, cluster, wanted.countries, finds);
  if (wanted.payments) findPayments(text, cluster, finds);
  const digits = fromFirstDigit(cluster);
  if (wanted.phones) findPhones(text, digits, finds);
  if (wanted.birthDates) findBirthDates(text, digits, finds);
  if (wanted.documents) findDocuments(text, cluster, finds);
  if (wanted.postalAddresses) findAddresses(text, digits, finds);
  if (wanted.cryptoAddresses) findCryptoAddresses(text, cluster, finds);
}

/** Of overlapping finds the surest stays, then the longest. Costs as much as the finds are long together. */
function settle(finds: readonly Find[], length: number): Find[] {
  if (finds.length < 2) return [...finds];
  const best = [...finds].sort(
    (a, b) => b.score - a.score || b.end - b.start - (a.end - a.start) || a.start - b.start,
  );
  const covered = new Uint8Array(length);
  const kept: Find[] = [];
  for (const find of best) {
    // Kept finds cover all their characters, so a find without a covered one overlaps none of them.
    if (covered.subarray(find.start, find.end).includes(1)) continue;
    covered.fill(1, find.start, find.end);
    kept.push(find);
  }
  return kept.sort((a, b) => a.start - b.start);
}

/**
 * All personal data of the wanted groups, in order and without overlaps. Finds from `settled` on are unfinished
 * and do not compete. One pass; text without digits,
 * `@` or `:` costs little more than that pass.
 */
export function findPersonalData(text: string, wanted: Wanted, settled = text.length): Find[] {
  const finds: Find[] = [];
  const colons: number[] = [];
  let digits = false;
  let floor = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 58 || code === 0xff1a) colons.push(i);
    else if (code === 64 && wanted.emails) {
      const email = emailAt(text, i);
      if (email !== null) finds.push(email);
    } else if (code >= 48 && code <= 57) {
      digits = true;
      const cluster = clusterAt(text, i, floor);
      if (cluster.parts !== null) visitCluster(text, cluster, wanted, finds);
      // An e-mail address may lie within the cluster's reach only after its end.
      i = Math.max(i, cluster.end - 1);
      floor = cluster.end;
    }
  }
  if (wanted.names) findNames(text, colons, finds);
  if (wanted.payments) findBankCodes(text, finds);
  if (wanted.networkAddresses && (digits || colons.length > 1)) findNetworkAddresses(text, finds);
  return settle(settled < text.length ? finds.filter(({ start }) => start < settled) : finds, text.length);
}

const TOKEN_LIMIT = 400;
const WALK_LIMIT = 160;
const isWide = (code: number): boolean => code >= 0x3000 && code <= 0xffef;
const isSpace = (code: number): boolean => code === 32 || code === 0xa0 || code === 0x2009 || code === 0x202f;

/** Start of the last run without white space; East Asian characters end it, for no find holds any. */
function lastTokenFrom(text: string): number {
  let from = text.length;
  const floor = Math.max(0, text.length - TOKEN_LIMIT);
  while (from > floor) {
    const code = text.charCodeAt(from - 1);
    if (code <= 32 || isSpace(code) || isWide(code)) break;
    from--;
  }
  return from;
}

/** A word that ends in what may be a part of a written number, whatever it begins with. */
const NUMBER_WORD =
  /\d[0-9A-Za-z+()\-./,\u2011]{0,80}$|(?:^|[^0-9A-Za-z])[A-Z]{2,4}$|(?:^|[^0-9A-Za-z])[+()/.-]{1,3}$/;

/** Goes back over words that may be parts of one written number. */
function numberFrom(text: string, token: number): number {
  let from = token;
  while (text.length - from < WALK_LIMIT) {
    let end = from;
    while (end > 0 && from - end < 3 && isSpace(text.charCodeAt(end - 1))) end--;
    if (end === from && from !== token) break;
    let start = end;
    while (start > 0 && end - start < 80) {
      const code = text.charCodeAt(start - 1);
      if (code <= 32 || isSpace(code) || isWide(code)) break;
      start--;
    }
    const word = text.slice(start, end);
    if (!NUMBER_WORD.test(word)) break;
    from = start;
  }
  return from;
}

/** Smallest index from which a growing text may still become (part of) a find. */
export function unfinishedFrom(text: string, wanted: Wanted): number {
  const token = lastTokenFrom(text);
  let from = numberFrom(text, token);
  if (wanted.birthDates)
    from = Math.min(from, unfinishedDateFrom(text, token), unfinishedDateFrom(text, text.length));
  if (wanted.postalAddresses)
    from = Math.min(from, unfinishedAddressFrom(text, token), unfinishedAddressFrom(text, text.length));
  if (wanted.names) from = Math.min(from, unfinishedNameFrom(text, token));
  return from;
}
