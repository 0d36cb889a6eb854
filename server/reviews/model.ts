import { createHash } from 'node:crypto';
import type { Permission, Proposal, Review, ReviewChange, ReviewState } from '@bartizan/contracts';
import type { Actor } from '../audit/index.ts';
import type { Database } from '../platform/database/index.ts';
import type { Principal } from '../platform/http/index.ts';
import type { ReviewRow } from './store.ts';

/** Who calls, as far as reviews look. */
export type Caller = Pick<
  Principal,
  'kind' | 'id' | 'name' | 'permissions' | 'teams' | 'endpoints' | 'ownerId' | 'breakGlass' | 'confirmedAt'
>;

/** What a proposal would do, as things stand. */
export interface Description {
  /** One sentence. */
  readonly title: string;
  /** `policy:<id>`, `endpoint:<id>`, `reviews`. */
  readonly subject: string;
  readonly changes: readonly ReviewChange[];
  /** Facts (JSON) that the decision rests on: when they change, the proposal is stale. */
  readonly basis: unknown;
}

/** From which review a change comes: goes into the change's own audit entry. */
export interface Origin {
  readonly review: string;
  readonly proposedBy: Pick<Actor, 'id' | 'name'>;
  readonly approvedBy: Actor;
}

/** A kind of change that may be proposed; the domain that makes the change registers it. */
export interface ReviewKind<P extends Proposal = Proposal> {
  readonly kind: P['kind'];
  /** What the change itself takes; proposing it takes the same. */
  readonly permission: Permission;
  /** True: it needs a second person whether or not four eyes are demanded. */
  readonly always?: boolean;
  /** Whether the subject is there for the caller; a review of one that is not there is not there either. */
  readonly isThereFor: (proposal: P, caller: Caller) => Promise<boolean>;
  /**
   * Describes the change. Within a transaction it locks what the change rests on. Throws what the change itself
   * would throw (`not_found`, `invalid_input`, `conflict`).
   */
  readonly describe: (proposal: P, db: Database) => Promise<Description>;
  /** Makes the change within `tx`; the function it answers with is called after the commit. */
  readonly execute: (proposal: P, origin: Origin, tx: Database) => Promise<() => void>;
}

/** Open this long; then it has to be proposed anew. */
export const REVIEW_LIFE_MS = 7 * 24 * 60 * 60_000;

/** JSON with the members of objects in order, so that equal values have equal bytes. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

/** Binds a review to the exact change and what it rests on (SHA-256, hex). */
export function digestOf(id: string, proposal: string, basis: unknown): string {
  return createHash('sha256')
    .update(`${id}\n${proposal}\n${canonical(basis)}`)
    .digest('hex');
}

export function stateOf(row: Pick<ReviewRow, 'state' | 'expiresAt'>, nowMs: number): ReviewState {
  return row.state === 'open' && row.expiresAt <= nowMs ? 'expired' : row.state;
}

const OVER: Readonly<Record<ReviewState, string>> = {
  open: '',
  approved: 'it was approved and done',
  rejected: 'it was rejected',
  withdrawn: 'it was taken back',
  expired: 'it expired; propose it anew',
  stale: 'what it is about changed; propose it anew',
};

/**
 * Why the caller may not decide; empty when they may. `behind`: ids of the people who stand behind the proposing key,
 * besides the one who answered for it then.
 */
export function whyNotDecide(
  row: ReviewRow,
  caller: Caller,
  nowMs: number,
  behind: ReadonlySet<string>,
): string {
  const over = OVER[stateOf(row, nowMs)];
  if (over !== '') return over;
  if (caller.kind !== 'person') return 'only a person who is signed in decides; keys propose';
  if (!caller.permissions.has('policies.approve')) {
    return 'it takes a role that approves changes to policies: administrator or security';
  }
  if (row.proposerId === caller.id) return 'you proposed it yourself; somebody else decides';
  return caller.id === row.proposerPerson || behind.has(caller.id)
    ? 'you stand behind the key that proposed it; somebody else decides'
    : '';
}

/** Why the caller may not take it back; empty when they may. */
export function whyNotWithdraw(row: ReviewRow, caller: Caller, nowMs: number): string {
  const over = OVER[stateOf(row, nowMs)];
  if (over !== '') return over;
  return caller.ownerId && caller.ownerId === row.proposerPerson ? '' : 'only who proposed it takes it back';
}

const allowed = (reason: string) => ({ allowed: reason === '', reason });
const shown = (kind: string | null): 'person' | 'key' | 'system' =>
  kind === 'person' || kind === 'key' ? kind : 'system';

export function toReview(row: ReviewRow, caller: Caller, nowMs: number, behind: ReadonlySet<string>): Review {
  const decide = allowed(whyNotDecide(row, caller, nowMs, behind));
  return {
    id: row.id,
    kind: row.kind,
    title: row.title,
    subject: row.subject,
    reason: row.reason,
    state: stateOf(row, nowMs),
    digest: row.digest,
    proposedBy: { kind: shown(row.proposerKind), id: row.proposerId, name: row.proposerName },
    proposedAt: row.proposedAt,
    expiresAt: row.expiresAt,
    decidedBy:
      row.deciderId === null
        ? null
        : { kind: shown(row.deciderKind), id: row.deciderId, name: row.deciderName ?? '' },
    decidedAt: row.decidedAt,
    decisionNote: row.decisionNote,
    may: { approve: decide, reject: decide, withdraw: allowed(whyNotWithdraw(row, caller, nowMs)) },
  };
}
