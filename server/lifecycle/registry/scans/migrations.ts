import type { Migration } from '../../../platform/database/types.ts';

const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';

export const scanMigrations: readonly Migration[] = Object.freeze([
  {
    id: '0241-scans-create',
    sql: `
      -- Instants are milliseconds since the epoch. Texts that come from files have no NUL: see text.ts.

      -- Scanners that servers of this instance have had; the newest is the one seen first last.
      create table scanners (
        version text primary key,
        first_seen_at bigint not null
      );

      create table scan_settings (
        single boolean primary key default true check (single),
        settings jsonb not null,
        updated_at bigint not null,
        updated_by text not null
      );

      -- What a scanner says of content, whichever files have it.
      create table content_scans (
        sha256 text not null,
        scanner text not null,
        -- Of several scanners the one that was here last: what counts.
        latest boolean not null,
        size bigint not null,
        format text not null,
        verdict text not null check (verdict in ('clean', 'suspicious', 'malicious', 'error', 'skipped')),
        severities jsonb not null,
        errors jsonb not null,
        skipped integer not null,
        -- Given up on for a limit, or by a fault of ours: another scan reads it again.
        limited boolean not null,
        first_seen_at bigint not null,
        scanned_at bigint not null,
        duration_ms bigint not null,
        primary key (sha256, scanner)
      );
      create unique index content_scans_latest on content_scans (sha256) where latest;

      create table content_findings (
        sha256 text not null,
        scanner text not null,
        -- The same for the same finding in the same content, whatever the scanner.
        finding text not null,
        check_id text not null,
        kind text not null,
        severity text not null,
        -- 0 info to 4 critical
        rank smallint not null,
        -- Puts a version in quarantine
        strikes boolean not null,
        message text not null,
        member text not null,
        byte_offset bigint not null,
        evidence jsonb not null,
        primary key (sha256, scanner, finding),
        foreign key (sha256, scanner) references content_scans on delete cascade
      );

      create table version_scans (
        id uuid primary key,
        version_id uuid not null references model_versions on delete cascade,
        state text not null check (state in ('queued', 'running', 'done', 'failed')),
        reason text not null,
        -- Read files again whose content is known
        everything boolean not null default false,
        requested_by text,
        scanner text not null default '',
        verdict text,
        attempts integer not null default 0,
        files_total integer not null default 0,
        files_known integer not null default 0,
        bytes_total bigint not null default 0,
        -- Ids of its findings of severity low or more, to compare with the next scan
        found text[] not null default '{}',
        difference jsonb,
        problem text not null default '',
        queued_at bigint not null,
        started_at bigint,
        ended_at bigint
      );
      create unique index version_scans_open on version_scans (version_id) where state in ('queued', 'running');
      create index version_scans_of on version_scans (version_id, queued_at desc, id desc);
      create index version_scans_newest on version_scans (queued_at desc, id desc);
      create index version_scans_waiting on version_scans (state, queued_at) where state in ('queued', 'running');

      -- What is known of a version now. None: it was never scanned to the end.
      create table version_standings (
        version_id uuid primary key references model_versions on delete cascade,
        scan_id uuid not null,
        scanner text not null,
        -- Of the files as they are
        verdict text not null check (verdict in ('clean', 'suspicious', 'malicious', 'error')),
        severities jsonb not null,
        formats text[] not null,
        -- Findings for which it is in quarantine, and others of severity low or more: those accepted left out
        quarantined_for integer not null,
        suspicious_for integer not null,
        accepted integer not null,
        -- When the first acceptance ends that keeps it out of quarantine; it is in quarantine from then on.
        released_until bigint,
        scanned_at bigint not null
      );
      create index version_standings_verdict on version_standings (verdict);

      create table finding_acceptances (
        id uuid primary key,
        version_id uuid not null references model_versions on delete cascade,
        sha256 text not null,
        finding text not null,
        -- The worst severity that is accepted
        rank smallint not null,
        reason text not null,
        accepted_by text not null,
        accepted_by_id text not null,
        accepted_at bigint not null,
        expires_at bigint not null,
        ended_at bigint,
        ended text check (ended in ('expired', 'withdrawn', 'worse'))
      );
      create unique index finding_acceptances_open on finding_acceptances (version_id, finding)
        where ended_at is null;
      create index finding_acceptances_content on finding_acceptances (sha256) where ended_at is null;

      -- Numbers of a version's weights, as they were measured last
      create table version_weights (
        version_id uuid primary key references model_versions on delete cascade,
        scanner text not null,
        report jsonb not null,
        measured_at bigint not null
      );

      -- Content that arrived outside of versions and waits for a scan; made by the trigger below.
      create table content_scan_requests (
        sha256 text primary key,
        size bigint not null,
        -- What it arrived with: files of one run or logged model are read together
        batch text not null,
        requested_at bigint not null,
        attempts integer not null default 0
      );
      create index content_scan_requests_batch on content_scan_requests (batch);

      -- A version that becomes ready has its scan in the same transaction, whoever makes it.
      create function version_scan_due() returns trigger language plpgsql as $$
      begin
        insert into version_scans (id, version_id, state, reason, queued_at)
        values (gen_random_uuid(), new.id, 'queued', 'created', ${NOW_MS})
        on conflict (version_id) where state in ('queued', 'running') do nothing;
        return null;
      end $$;
      create trigger version_scan_due_made after insert on model_versions
        for each row when (new.status = 'ready') execute function version_scan_due();
      create trigger version_scan_due_ready after update of status on model_versions
        for each row when (new.status = 'ready' and old.status is distinct from 'ready')
        execute function version_scan_due();

      create function artifact_scan_due() returns trigger language plpgsql as $$
      begin
        insert into content_scan_requests (sha256, size, batch, requested_at)
        select distinct on (fresh.sha256) fresh.sha256, fresh.size, fresh.root_kind || ':' || fresh.root_id,
          ${NOW_MS}
        from fresh
        where not exists (select from content_scans c where c.sha256 = fresh.sha256)
        order by fresh.sha256
        on conflict (sha256) do nothing;
        return null;
      end $$;
      create trigger artifact_scan_due_made after insert on artifact_files
        referencing new table as fresh for each statement execute function artifact_scan_due();
      create trigger artifact_scan_due_changed after update on artifact_files
        referencing new table as fresh for each statement execute function artifact_scan_due();
    `,
  },
  {
    id: '0242-scans-weights',
    sql: `
      drop table version_weights;

      -- What was measured of the weights of content, and beside the base's (delta)
      create table content_weights (
        sha256 text not null,
        scanner text not null,
        tensors jsonb,
        total integer not null default 0,
        -- Files beside it in which parts of its weights lie, by their path from its folder
        asked text[] not null default '{}',
        delta jsonb,
        primary key (sha256, scanner),
        foreign key (sha256, scanner) references content_scans on delete cascade
      );

      -- Files of a version that were judged together; what came of it is kept under a digest that names all of them.
      create table version_groups (
        version_id uuid not null references model_versions on delete cascade,
        kind text not null check (kind in ('external', 'delta')),
        -- Those of the version
        files text[] not null,
        sha256 text not null,
        size bigint not null,
        base_version_id uuid references model_versions on delete set null,
        primary key (version_id, kind, files)
      );
      create index version_groups_content on version_groups (sha256);

      -- All that findings of a version may be of
      create view version_contents as
        select version_id, sha256, size, array[path] as files, false as grouped from model_version_files
        union all select version_id, sha256, size, files, true from version_groups;

      -- A version that comes from another base than was thought is compared with that one.
      create function version_base_changed() returns trigger language plpgsql as $$
      begin
        insert into version_scans (id, version_id, state, reason, queued_at)
        values (gen_random_uuid(), new.id, 'queued', 'base', ${NOW_MS})
        on conflict (version_id) where state in ('queued', 'running') do nothing;
        return null;
      end $$;
      create trigger version_base_changed after update of base_version_id on model_versions
        for each row when (new.status = 'ready' and old.status = 'ready'
          and new.base_version_id is distinct from old.base_version_id)
        execute function version_base_changed();
    `,
  },
  {
    // The order of a table's columns is that of the names, which jsonb does not keep.
    id: '0243-scans-weights-in-order',
    sql: `
      alter table content_weights
        alter column tensors type json using tensors::json,
        alter column delta type json using delta::json;
    `,
  },
  {
    id: '0244-scans-cut',
    sql: `
      -- Files that were not read to their end, and files of which a part could not be judged
      alter table version_standings
        add column cut integer not null default 0,
        add column failures integer not null default 0;
      update version_standings t set cut = x.cut, failures = x.failures
      from (
        select f.version_id, count(*) filter (where c.sha256 is null or c.limited) as cut,
          count(*) filter (where c.sha256 is null or c.errors <> '[]') as failures
        from model_version_files f left join content_scans c on c.sha256 = f.sha256 and c.latest
        group by f.version_id) x
      where x.version_id = t.version_id;
    `,
  },
  {
    id: '0245-scans-turns',
    sql: `
      -- When its job was put into the queue; null while it waits for its owner's turn.
      alter table version_scans add column sent_at bigint;
      create index version_scans_started on version_scans (started_at) where started_at is not null;
    `,
  },
]);
