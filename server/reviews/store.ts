import type { ReviewChange, ReviewState } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';

export interface ReviewRow {
  readonly id: string;
  readonly kind: string;
  /** Canonical JSON. */
  readonly proposal: string;
  readonly digest: string;
  readonly title: string;
  readonly subject: string;
  readonly changes: ReviewChange[];
  readonly reason: string;
  readonly state: Exclude<ReviewState, 'expired'>;
  readonly proposerKind: string;
  readonly proposerId: string;
  readonly proposerName: string;
  readonly proposerPerson: string;
  readonly proposedAt: number;
  readonly expiresAt: number;
  readonly deciderKind: string | null;
  readonly deciderId: string | null;
  readonly deciderName: string | null;
  readonly decidedAt: number | null;
  readonly decisionNote: string;
}

export type NewReview = Omit<
  ReviewRow,
  'state' | 'deciderKind' | 'deciderId' | 'deciderName' | 'decidedAt' | 'decisionNote'
>;

export interface Decision {
  readonly state: 'approved' | 'rejected' | 'withdrawn' | 'stale';
  readonly kind: string;
  readonly id: string;
  readonly name: string;
  readonly person: string | null;
  readonly at: number;
  readonly note: string;
}

export interface ReviewQuery {
  readonly state: 'open' | 'decided' | 'all';
  /** Only what this person answers for. */
  readonly person: string | null;
  readonly before: string | null;
  readonly nowMs: number;
  readonly limit: number;
}

const SELECT = sql`
  select id, kind, proposal, digest, title, subject, changes, reason, state,
    proposer_kind as "proposerKind", proposer_id as "proposerId", proposer_name as "proposerName",
    proposer_person as "proposerPerson", proposed_at as "proposedAt", expires_at as "expiresAt",
    decider_kind as "deciderKind", decider_id as "deciderId", decider_name as "deciderName",
    decided_at as "decidedAt", decision_note as "decisionNote"
  from reviews`;

export function createReviewStore(db: Database) {
  return Object.freeze({
    async add(review: NewReview): Promise<void> {
      await sql`
        insert into reviews (id, kind, proposal, digest, title, subject, changes, reason, state, proposer_kind,
          proposer_id, proposer_name, proposer_person, proposed_at, expires_at)
        values (${review.id}, ${review.kind}, ${review.proposal}, ${review.digest}, ${review.title},
          ${review.subject}, ${JSON.stringify(review.changes)}::jsonb, ${review.reason}, 'open',
          ${review.proposerKind}, ${review.proposerId}, ${review.proposerName}, ${review.proposerPerson},
          ${review.proposedAt}, ${review.expiresAt})`.execute(db);
    },

    find: async (id: string): Promise<ReviewRow | undefined> =>
      (await sql<ReviewRow>`${SELECT} where id = ${id}`.execute(db)).rows[0],

    /** Until the transaction ends nobody else decides it. */
    lock: async (id: string): Promise<ReviewRow | undefined> =>
      (await sql<ReviewRow>`${SELECT} where id = ${id} for update`.execute(db)).rows[0],

    /** Newest first. */
    async list({ state, person, before, nowMs, limit }: ReviewQuery): Promise<ReviewRow[]> {
      const open = sql`(state = 'open' and expires_at > ${nowMs}::bigint)`;
      const states = { open, decided: sql`not ${open}`, all: sql`true` };
      const { rows } = await sql<ReviewRow>`${SELECT} where ${states[state]}
        and (${person}::uuid is null or proposer_person = ${person}::uuid)
        and (${before}::uuid is null or id < ${before}::uuid)
        order by id desc limit ${limit}`.execute(db);
      return rows;
    },

    /** False when it was not open any more. */
    async decide(id: string, decision: Decision): Promise<boolean> {
      const done = await sql`
        update reviews set state = ${decision.state}, decider_kind = ${decision.kind}, decider_id = ${decision.id},
          decider_name = ${decision.name}, decider_person = ${decision.person}, decided_at = ${decision.at},
          decision_note = ${decision.note}
        where id = ${id} and state = 'open'`.execute(db);
      return done.numAffectedRows === 1n;
    },

    async fourEyes(): Promise<boolean> {
      const { rows } = await sql<{ on: boolean }>`select four_eyes as "on" from review_settings`.execute(db);
      return rows[0]?.on ?? false;
    },

    async setFourEyes(on: boolean): Promise<void> {
      await sql`insert into review_settings (four_eyes) values (${on})
        on conflict (one) do update set four_eyes = excluded.four_eyes`.execute(db);
    },
  });
}
export type ReviewStore = ReturnType<typeof createReviewStore>;
