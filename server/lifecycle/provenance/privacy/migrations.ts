import type { Migration } from '../../../platform/database/types.ts';

export const privacyMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0450-data-privacy',
    sql: `
      -- Instants are milliseconds since the epoch.
      create table data_privacy_ledgers (
        id uuid primary key,
        dataset_id uuid not null references data_datasets on delete cascade,
        -- A budget that is changed opens the next generation, with what was spent carried over
        generation integer not null,
        created_at bigint not null,
        created_by text not null,
        unique (dataset_id, generation)
      );

      create table data_privacy_entries (
        ledger_id uuid not null references data_privacy_ledgers on delete cascade,
        sequence integer not null,
        entry jsonb not null,
        at bigint not null,
        primary key (ledger_id, sequence)
      );
      create function data_privacy_append_only() returns trigger language plpgsql as $$
      begin
        raise exception 'the ledger of privacy is only ever added to';
      end $$;
      create trigger data_privacy_entries_append_only before update on data_privacy_entries
        for each row execute function data_privacy_append_only();
      create trigger data_privacy_entries_no_truncate before truncate on data_privacy_entries
        for each statement execute function data_privacy_append_only();

      create table data_privacy_releases (
        id uuid primary key,
        dataset_id uuid not null references data_datasets on delete cascade,
        -- The caller and what they call it: the same again is the same release
        request text not null,
        query jsonb not null,
        -- Null from when noise is drawn until it is given out; what never is stays spent
        answer jsonb,
        purpose text not null,
        created_by text not null,
        created_at bigint not null,
        unique (dataset_id, request)
      );
      create index data_privacy_releases_newest on data_privacy_releases (dataset_id, created_at, id);
    `,
  },
  {
    id: '0451-data-privacy-kept',
    sql: `
      -- What was spent and given out stays, whatever becomes of the dataset.
      create trigger data_privacy_entries_no_delete before delete on data_privacy_entries
        for each row execute function data_privacy_append_only();
      create trigger data_privacy_ledgers_append_only before update or delete on data_privacy_ledgers
        for each row execute function data_privacy_append_only();
      create trigger data_privacy_ledgers_no_truncate before truncate on data_privacy_ledgers
        for each statement execute function data_privacy_append_only();
      create function data_privacy_releases_kept() returns trigger language plpgsql as $$
      begin
        -- An answer is given once.
        if tg_op = 'UPDATE' and old.answer is null
          and (to_jsonb(new) - 'answer') = (to_jsonb(old) - 'answer') then return new; end if;
        raise exception 'what was released is never altered or taken back';
      end $$;
      create trigger data_privacy_releases_kept before update or delete on data_privacy_releases
        for each row execute function data_privacy_releases_kept();
      create trigger data_privacy_releases_no_truncate before truncate on data_privacy_releases
        for each statement execute function data_privacy_append_only();
    `,
  },
]);
