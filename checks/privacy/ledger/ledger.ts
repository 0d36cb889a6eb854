import { compare, parseRational, rational } from '../rational.ts';
import { PrivacyInputError } from '../types.ts';
import { balanceOf, NOTHING, plus, readCost, type Totals, within } from './balance.ts';
import type {
  Ledger,
  LedgerEntry,
  LedgerStep,
  LedgerTerms,
  Refusal,
  RequestState,
  Reservation,
} from './types.ts';

interface Held {
  readonly state: RequestState;
  readonly reservation: Reservation;
}

/** What a ledger is inside; a ledger that did not come from here is not a ledger. */
interface Book {
  readonly held: ReadonlyMap<string, Held>;
  readonly totals: Totals;
}

const books = new WeakMap<Ledger, Book>();

/** A new ledger; its one entry (`open`) is to be stored. PrivacyInputError for terms that make no sense. */
export function openLedger(terms: LedgerTerms): Ledger {
  const { unit, neighbours, composition, epsilon, delta } = terms;
  const own: LedgerTerms = Object.freeze({ unit, neighbours, composition, epsilon, delta });
  if (unit.trim() === '' || unit.length > 200)
    throw new PrivacyInputError('Say what one neighbour changes: a record, a person (1 to 200 characters)');
  if (neighbours !== 'add-remove' && neighbours !== 'replace')
    throw new PrivacyInputError("Neighbours are 'add-remove' or 'replace'");
  if (composition !== 'basic' && composition !== 'zcdp')
    throw new PrivacyInputError("Composition is 'basic' or 'zcdp'");
  const [zero, one] = [rational(0n), rational(1n)];
  const deltaValue = parseRational(delta);
  if (compare(parseRational(epsilon), zero) <= 0) throw new PrivacyInputError('The budget ε is above 0');
  if (compare(deltaValue, zero) < 0 || compare(deltaValue, one) >= 0)
    throw new PrivacyInputError('The budget δ is 0 or more and below 1');
  if (composition === 'zcdp' && compare(deltaValue, zero) === 0)
    throw new PrivacyInputError('Composition by ρ needs a budget δ above 0');
  return ledger(own, [Object.freeze({ sequence: 0, kind: 'open', ...own })], {
    held: new Map(),
    totals: NOTHING,
  });
}

/**
 * The ledger that stored entries come to, each step checked as when it was taken. O(entries). PrivacyInputError where an
 * entry is missing, altered, out of order or was never allowed: then nothing may be released from it.
 */
export function replayLedger(entries: readonly LedgerEntry[]): Ledger {
  const [first, ...rest] = entries;
  if (first?.kind !== 'open' || first.sequence !== 0)
    throw new PrivacyInputError('A ledger begins with the entry that opened it, sequence 0');
  let at: { terms: LedgerTerms; held: Map<string, Held>; totals: Totals } = {
    terms: openLedger(first).terms,
    held: new Map(),
    totals: NOTHING,
  };
  for (const [place, entry] of rest.entries()) {
    const step = entry.sequence === place + 1 ? judge(at, entry) : refuse('conflict', 'out of sequence');
    if ('reason' in step || step.held === null)
      throw new PrivacyInputError(
        `Entry ${place + 1} of the ledger does not follow from those before it (${'reason' in step ? step.message : 'repeated'}): it was altered, or entries are missing`,
      );
    at.held.set(...step.held);
    at = { ...at, totals: step.totals };
    if (entry.kind === 'expire') at.totals = totalsOf(at.held, at.terms);
  }
  return ledger(at.terms, Object.freeze([...entries]), at);
}

/** Sets a cost aside. The same id with the same cost changes nothing and stores nothing. */
export function reserve(ledger: Ledger, reservation: Reservation): LedgerStep {
  const { request, neighbours, cost } = reservation;
  const { epsilon, delta, rho } = cost;
  const own: PrivacyCostCopy = rho === undefined ? { epsilon, delta } : { epsilon, delta, rho };
  return step(ledger, { kind: 'reserve', request, neighbours, cost: Object.freeze(own) });
}

type PrivacyCostCopy = Reservation['cost'];

/**
 * Says that noise is about to be drawn: store it first, then draw. Once only: a second draw for one request would be a
 * second release for one cost (`already-drawn`), so a release that failed after this is asked for anew, under a new id.
 */
export const draw = (ledger: Ledger, request: string): LedgerStep => step(ledger, { kind: 'draw', request });

/** Says that the value was given. Again for the same id: nothing changes. */
export const release = (ledger: Ledger, request: string): LedgerStep =>
  step(ledger, { kind: 'release', request });

/** Gives a reservation back, where no noise was drawn for it. Again for the same id: nothing changes. */
export const expire = (ledger: Ledger, request: string): LedgerStep =>
  step(ledger, { kind: 'expire', request });

type Move = LedgerEntry extends infer Entry
  ? Entry extends LedgerEntry
    ? Omit<Entry, 'sequence'>
    : never
  : never;
interface Refused {
  readonly reason: Refusal;
  readonly message: string;
}
/** `held` is null where the move was made before. */
interface Judged {
  readonly held: readonly [string, Held] | null;
  readonly totals: Totals;
}

const refuse = (reason: Refusal, message: string): Refused => ({ reason, message });

function step(from: Ledger, move: Move): LedgerStep {
  const book = bookOf(from);
  const judged = judge({ terms: from.terms, ...book }, move);
  if ('reason' in judged) return Object.freeze({ ok: false, ...judged });
  if (judged.held === null) return Object.freeze({ ok: true, ledger: from, entries: [] });
  const held = new Map(book.held).set(...judged.held);
  const totals = move.kind === 'expire' ? totalsOf(held, from.terms) : judged.totals;
  const entry: LedgerEntry = Object.freeze({ sequence: from.entries.length, ...move });
  const next = ledger(from.terms, Object.freeze([...from.entries, entry]), { held, totals });
  return Object.freeze({ ok: true, ledger: next, entries: Object.freeze([entry]) });
}

function judge(at: Book & { terms: LedgerTerms }, move: Move): Judged | Refused {
  if (move.kind === 'open') return refuse('conflict', 'A ledger is opened once');
  if (move.kind === 'reserve') return judgeReservation(at, move);
  const held = at.held.get(move.request);
  if (!held) return refuse('unknown-request', `Nothing is reserved for ${shown(move.request)}`);
  const { state, reservation } = held;
  const become = (next: RequestState): Judged => ({
    held: [move.request, { state: next, reservation }],
    totals: at.totals,
  });
  const same: Judged = { held: null, totals: at.totals };
  if (move.kind === 'draw') {
    if (state === 'reserved') return become('drawn');
    return state === 'expired'
      ? refuse('expired', 'The reservation has expired; reserve anew, under a new id')
      : refuse('already-drawn', 'Noise was drawn for this request; ask anew, under a new id');
  }
  if (move.kind === 'release') {
    if (state === 'released') return same;
    return state === 'drawn'
      ? become('released')
      : refuse(state === 'expired' ? 'expired' : 'not-drawn', 'Noise is drawn before a value is released');
  }
  if (state === 'expired') return same;
  return state === 'reserved'
    ? become('expired')
    : refuse('already-drawn', 'Noise was drawn: the cost is spent, whatever became of the value');
}

function judgeReservation(at: Book & { terms: LedgerTerms }, move: Reservation): Judged | Refused {
  const { request, neighbours, cost } = move;
  if (typeof request !== 'string' || request === '' || request.length > 200)
    throw new PrivacyInputError('The id of a request has 1 to 200 characters');
  readCost(cost);
  const held = at.held.get(request);
  if (held) {
    if (!sameCost(held.reservation, move))
      return refuse('conflict', `The id ${shown(request)} was used for another cost; take a new one`);
    return held.state === 'expired'
      ? refuse('expired', 'The reservation has expired; reserve anew, under a new id')
      : { held: null, totals: at.totals };
  }
  if (neighbours !== at.terms.neighbours)
    return refuse('other-neighbours', `This ledger is kept for neighbours by '${at.terms.neighbours}'`);
  const totals = plus(at.totals, cost, at.terms);
  if (!within(totals, at.terms))
    return refuse(
      'over-budget',
      `With this release the budget of ε ${at.terms.epsilon}, δ ${at.terms.delta} would be passed; lower its ε`,
    );
  return { held: [request, { state: 'reserved', reservation: move }], totals };
}

const shown = (request: string): string => JSON.stringify(request.slice(0, 80));

function sameCost(a: Reservation, b: Reservation): boolean {
  const equal = (one: string | undefined, other: string | undefined) =>
    one === other ||
    (one !== undefined && other !== undefined && compare(parseRational(one), parseRational(other)) === 0);
  return (
    a.neighbours === b.neighbours &&
    equal(a.cost.epsilon, b.cost.epsilon) &&
    equal(a.cost.delta, b.cost.delta) &&
    equal(a.cost.rho, b.cost.rho)
  );
}

/** Everything that was not given back. */
function totalsOf(held: ReadonlyMap<string, Held>, terms: LedgerTerms): Totals {
  let totals = NOTHING;
  for (const { state, reservation } of held.values())
    if (state !== 'expired') totals = plus(totals, reservation.cost, terms);
  return totals;
}

function bookOf(from: Ledger): Book {
  const book = books.get(from);
  if (!book) throw new PrivacyInputError('Make the ledger with openLedger or replayLedger');
  return book;
}

function ledger(terms: LedgerTerms, entries: readonly LedgerEntry[], book: Book): Ledger {
  const made: Ledger = Object.freeze({
    terms,
    entries,
    balance: balanceOf(book.totals, terms),
    stateOf: (request: string) => book.held.get(request)?.state ?? null,
  });
  books.set(made, book);
  return made;
}
