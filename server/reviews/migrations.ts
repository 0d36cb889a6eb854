import type { Migration } from '../platform/database/index.ts';

export const reviewMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0090-reviews-create',
    sql: `
      create table reviews (
        id uuid primary key,
        kind text not null,
        -- The exact change as canonical JSON; the digest binds it, its id and the facts that it rests on.
        proposal text not null,
        digest text not null check (length(digest) = 64),
        title text not null,
        subject text not null,
        changes jsonb not null,
        reason text not null,
        state text not null check (state in ('open', 'approved', 'rejected', 'withdrawn', 'stale')),
        proposer_kind text not null,
        proposer_id text not null,
        proposer_name text not null,
        -- The person who answers for the proposal: the proposer, or the owner of the proposing key.
        proposer_person uuid not null,
        proposed_at bigint not null,
        expires_at bigint not null,
        decider_kind text,
        decider_id text,
        decider_name text,
        decider_person uuid,
        decided_at bigint,
        decision_note text not null default '',
        check (state <> 'approved' or (decider_person is not null and decider_person <> proposer_person))
      );
      create index reviews_open on reviews (id) where state = 'open';
      create index reviews_person on reviews (proposer_person, id);
      -- What was decided stays decided, and what was proposed is never rewritten.
      create function reviews_guard() returns trigger language plpgsql as $$
      begin
        if old.state <> 'open' then
          raise exception 'a decided review is never changed';
        end if;
        if (new.id, new.kind, new.proposal, new.digest, new.proposer_person, new.expires_at)
          is distinct from (old.id, old.kind, old.proposal, old.digest, old.proposer_person, old.expires_at) then
          raise exception 'a proposal is never changed';
        end if;
        return new;
      end $$;
      create trigger reviews_guard before update on reviews for each row execute function reviews_guard();
      create table review_settings (
        one boolean primary key default true check (one),
        four_eyes boolean not null
      );
    `,
  },
]);
