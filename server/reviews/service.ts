import {
  type Permission,
  Proposal,
  type ProposalKind,
  type Review,
  type ReviewDetail,
  type ReviewSettings,
} from '@bartizan/contracts';
import type { Actor, AuditLog } from '../audit/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';
import { demandStepUp } from '../platform/http/access.ts';
import {
  type Caller,
  canonical,
  type Description,
  digestOf,
  REVIEW_LIFE_MS,
  type ReviewKind,
  toReview,
  whyNotDecide,
  whyNotWithdraw,
} from './model.ts';
import { createReviewStore, type Decision, type ReviewRow } from './store.ts';

export interface ReviewDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** People with an account in use whose roles grant `permission`. */
  readonly whoMay: (permission: Permission) => Promise<readonly { id: string; name: string }[]>;
  /** Ids of the people who stand behind a key: none of them decides on what it proposed. */
  readonly standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>;
  /** Told when an emergency account went past the rule. */
  readonly alarm: (bypass: { readonly by: Actor; readonly what: string }) => Promise<void>;
}

const APPROVE = 'policies.approve';

const noSuchReview = () =>
  new AppError('not_found', 'there is no such review', { hint: 'List the reviews to see their ids.' });

const forbidden = (reason: string) => new AppError('forbidden', `you may not do this: ${reason}`);

const stale = (row: ReviewRow, cause?: unknown) =>
  new AppError('conflict', 'what this is about changed since it was proposed; nothing was done', {
    hint: `Look at it as it is now and propose it anew: ${row.title}.`,
    cause,
  });

const NOBODY: ReadonlySet<string> = new Set();

const actorOf = ({ kind, id, name }: Caller): Actor => ({ kind, id, name });

/** Changes that wait for a second person. */
export function createReviewService(deps: ReviewDeps) {
  const { database, audit, clock } = deps;
  const store = createReviewStore(database);
  const kinds = new Map<string, ReviewKind>();

  function kindOf(name: string): ReviewKind {
    const kind = kinds.get(name);
    if (!kind) throw new TypeError(`nobody registered what a review of ${name} does`);
    return kind;
  }

  const proposalOf = (row: ReviewRow): Proposal => Proposal.parse(JSON.parse(row.proposal));

  /** The review, when what it is about is there for the caller. */
  async function visible(id: string, caller: Caller): Promise<ReviewRow> {
    const row = await store.find(id);
    if (!row || !(await kindOf(row.kind).isThereFor(proposalOf(row), caller))) throw noSuchReview();
    return row;
  }

  /** Who stands behind the key that proposed it, where that still matters. */
  const behind = async (row: ReviewRow, db: Database): Promise<ReadonlySet<string>> =>
    row.state === 'open' && row.proposerKind === 'key' ? deps.standBehind(row.proposerId, db) : NOBODY;

  const shown = async (row: ReviewRow, caller: Caller): Promise<Review> =>
    toReview(row, caller, clock.now(), await behind(row, database));

  /** As things stand now; null when the change could not be made any more. */
  async function describeNow(row: ReviewRow, db: Database): Promise<Description | null> {
    try {
      return await kindOf(row.kind).describe(proposalOf(row), db);
    } catch (error) {
      if (error instanceof AppError && error.status < 500) return null;
      throw error;
    }
  }

  const isFresh = (row: ReviewRow, now: Description | null): boolean =>
    now !== null && digestOf(row.id, row.proposal, now.basis) === row.digest;

  async function detail(id: string, caller: Caller): Promise<ReviewDetail> {
    const row = await visible(id, caller);
    const [now, able, backers] = await Promise.all([
      row.state === 'open' ? describeNow(row, database) : null,
      deps.whoMay(APPROVE),
      behind(row, database),
    ]);
    return {
      ...toReview(row, caller, clock.now(), backers),
      proposal: proposalOf(row),
      changes: row.changes,
      stale: row.state === 'open' && !isFresh(row, now),
      approvers: able.filter(({ id: one }) => one !== row.proposerPerson && !backers.has(one)),
    };
  }

  const decisionBy = (caller: Caller, state: Decision['state'], note: string): Decision => ({
    state,
    kind: caller.kind,
    id: caller.id,
    name: caller.name,
    person: caller.ownerId ?? null,
    at: clock.now(),
    note,
  });

  /** Ends an open review in one transaction with its entry. */
  async function close(
    id: string,
    caller: Caller,
    decision: { state: 'rejected' | 'withdrawn'; note: string; whyNot: typeof whyNotDecide },
  ): Promise<Review> {
    await visible(id, caller);
    await database.transaction().execute(async (tx) => {
      const within = createReviewStore(tx);
      const row = await within.lock(id);
      if (!row) throw noSuchReview();
      const reason = decision.whyNot(row, caller, clock.now(), await behind(row, tx));
      if (reason !== '') throw row.state === 'open' ? forbidden(reason) : new AppError('conflict', reason);
      await within.decide(id, decisionBy(caller, decision.state, decision.note));
      const detail = {
        subject: row.subject,
        kind: row.kind,
        proposedBy: row.proposerName,
        note: decision.note,
      };
      const entry = { actor: actorOf(caller), action: `reviews.${decision.state}`, subject: `review:${id}` };
      await audit.record({ ...entry, detail }, tx);
    });
    return shown(await visible(id, caller), caller);
  }

  /** Locks, judges and carries out; `null` when the subject changed and nothing was done. */
  async function carryOut(tx: Database, id: string, caller: Caller, given: { digest: string; note: string }) {
    const within = createReviewStore(tx);
    const row = await within.lock(id);
    if (!row) throw noSuchReview();
    const reason = whyNotDecide(row, caller, clock.now(), await behind(row, tx));
    if (reason !== '') throw row.state === 'open' ? forbidden(reason) : new AppError('conflict', reason);
    if (given.digest !== row.digest) {
      throw new AppError('conflict', 'this is not the review that you looked at', { hint: 'Load it again.' });
    }
    if (!isFresh(row, await describeNow(row, tx))) return null;
    const approvedBy = actorOf(caller);
    const proposedBy = { id: row.proposerId, name: row.proposerName };
    await within.decide(id, decisionBy(caller, 'approved', given.note));
    const done = await kindOf(row.kind).execute(proposalOf(row), { review: id, proposedBy, approvedBy }, tx);
    const detail = { subject: row.subject, kind: row.kind, digest: row.digest, proposedBy, note: given.note };
    await audit.record(
      { actor: approvedBy, action: 'reviews.approved', subject: `review:${id}`, detail },
      tx,
    );
    return done;
  }

  async function setAside(id: string, caller: Caller): Promise<void> {
    await database.transaction().execute(async (tx) => {
      if (!(await createReviewStore(tx).decide(id, decisionBy(caller, 'stale', '')))) return;
      const entry = { actor: actorOf(caller), action: 'reviews.stale', subject: `review:${id}` };
      await audit.record({ ...entry, detail: {} }, tx);
    });
  }

  /** Lets an emergency account past the rule, loudly. */
  async function bypass(caller: Caller, what: string): Promise<void> {
    const by = actorOf(caller);
    await audit.record({ actor: by, action: 'reviews.bypassed', subject: 'reviews', detail: { what } });
    await deps.alarm({ by, what });
  }

  const needsSecond = async (kind: string): Promise<boolean> =>
    kinds.get(kind)?.always === true || (await store.fourEyes());

  /**
   * Throws `review_required` while four eyes are demanded, and for kinds that always need them: the change has to
   * be proposed as `kind`. An emergency account passes, with an audit entry and an alarm. Whoever needs no second
   * person must have proved lately who they are; else it throws `step_up_required`.
   */
  async function demandFree(caller: Caller, kind: ProposalKind): Promise<void> {
    const isNeeded = await needsSecond(kind);
    if (!isNeeded || caller.breakGlass) demandStepUp(caller, clock.now());
    if (!isNeeded) return;
    if (caller.breakGlass) return bypass(caller, kind);
    throw new AppError('review_required', 'this change needs a second person', {
      hint: `Propose it with a reason (POST /api/v1/reviews, kind "${kind}"); somebody else approves it.`,
    });
  }

  return Object.freeze({
    /** Says what a kind of proposal does. Called once for each kind when the parts are put together. */
    register<P extends Proposal>(kind: ReviewKind<P>): void {
      kinds.set(kind.kind, kind as unknown as ReviewKind);
    },

    /** Whether changes to guards need a second person. */
    settings: async (): Promise<ReviewSettings> => ({ fourEyes: await store.fourEyes() }),

    demandFree,

    /** Demands four eyes. Throws `conflict` when nobody could ever approve what somebody proposes. */
    async demandFourEyes(caller: Caller): Promise<ReviewSettings> {
      if ((await deps.whoMay(APPROVE)).length < 2) {
        throw new AppError('conflict', 'nobody else could approve: fewer than two people may', {
          hint: 'Give somebody else the role administrator or security first.',
        });
      }
      await database.transaction().execute(async (tx) => {
        if (await createReviewStore(tx).fourEyes()) return;
        await createReviewStore(tx).setFourEyes(true);
        const entry = { actor: actorOf(caller), action: 'reviews.four-eyes-demanded', subject: 'reviews' };
        await audit.record({ ...entry, detail: {} }, tx);
      });
      return { fourEyes: true };
    },

    /** Turns four eyes off: without a review only where they are off, or for an emergency account. */
    async relax(caller: Caller): Promise<ReviewSettings> {
      await demandFree(caller, 'reviews.relax');
      await store.setFourEyes(false);
      return { fourEyes: false };
    },

    /** Newest first; pages go on before the id `cursor`. */
    async list(
      caller: Caller,
      query: { state: 'open' | 'decided' | 'all'; mine: boolean; cursor?: string | undefined; limit: number },
    ): Promise<{ items: Review[]; next: string | null }> {
      const { state, mine, cursor, limit } = query;
      const person = mine ? (caller.ownerId ?? '00000000-0000-0000-0000-000000000000') : null;
      const nowMs = clock.now();
      const rows = await store.list({ state, person, before: cursor ?? null, nowMs, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const there = await Promise.all(
        page.map((row) => kindOf(row.kind).isThereFor(proposalOf(row), caller)),
      );
      return {
        items: await Promise.all(page.filter((_, index) => there[index]).map((row) => shown(row, caller))),
        next: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },

    get: detail,

    /** Throws what the change itself would throw, and `conflict` where it needs nobody else. */
    async propose(caller: Caller, proposal: Proposal, reason: string): Promise<ReviewDetail> {
      const kind = kindOf(proposal.kind);
      if (!caller.permissions.has(kind.permission)) {
        throw new AppError('forbidden', `you may not do this: it needs "${kind.permission}"`, {
          hint: 'An administrator can give you a role, or a key a scope, that includes it.',
        });
      }
      if (!caller.ownerId) throw forbidden('nobody answers for this key');
      const person = caller.ownerId;
      if (!(await kind.isThereFor(proposal, caller))) {
        throw new AppError('not_found', 'there is no such thing to change');
      }
      if (!(await needsSecond(proposal.kind))) {
        throw new AppError('conflict', 'nothing needs a second person at the moment; just do it', {
          hint: 'Proposals are for when four eyes are demanded.',
        });
      }
      const now = clock.now();
      const id = uuidv7(now);
      const text = canonical(proposal);
      await database.transaction().execute(async (tx) => {
        const { title, subject, changes, basis } = await kind.describe(proposal, tx);
        const digest = digestOf(id, text, basis);
        const who = { proposerKind: caller.kind, proposerId: caller.id, proposerName: caller.name };
        const times = { proposedAt: now, expiresAt: now + REVIEW_LIFE_MS };
        const what = { kind: proposal.kind, proposal: text, digest, title, subject, changes: [...changes] };
        await createReviewStore(tx).add({ id, ...what, reason, ...who, proposerPerson: person, ...times });
        const detail = { kind: proposal.kind, subject, title, digest, reason };
        const entry = { actor: actorOf(caller), action: 'reviews.proposed', subject: `review:${id}`, detail };
        await audit.record(entry, tx);
      });
      return detail(id, caller);
    },

    /**
     * Approves and does it, in one transaction. Throws `forbidden` for who may not decide, and `conflict` when the
     * review is over or what it is about changed; then nothing was done.
     */
    async approve(
      id: string,
      caller: Caller,
      given: { readonly digest: string; readonly note: string },
    ): Promise<Review> {
      const row = await visible(id, caller);
      let done: (() => void) | null;
      try {
        done = await database.transaction().execute((tx) => carryOut(tx, id, caller, given));
      } catch (error) {
        // The change itself is refused now: it will not be taken later either.
        if (!(error instanceof AppError) || !['invalid_input', 'not_found'].includes(error.code)) throw error;
        await setAside(id, caller);
        throw stale(row, error);
      }
      if (done === null) {
        await setAside(id, caller);
        throw stale(row);
      }
      done();
      return shown(await visible(id, caller), caller);
    },

    reject: (id: string, caller: Caller, note: string): Promise<Review> =>
      close(id, caller, { state: 'rejected', note, whyNot: whyNotDecide }),

    withdraw: (id: string, caller: Caller): Promise<Review> =>
      close(id, caller, { state: 'withdrawn', note: '', whyNot: whyNotWithdraw }),
  });
}
export type ReviewService = ReturnType<typeof createReviewService>;
/** What the domains whose changes are reviewed need. */
export type ReviewGate = Pick<ReviewService, 'register' | 'demandFree'>;
