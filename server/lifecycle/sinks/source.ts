import type { Severity } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';
import type { EndpointService } from '../endpoints/index.ts';
import type { InteractionService } from '../interactions/index.ts';
import {
  type AuditFacts,
  type InteractionFacts,
  passes,
  type SinkEvent,
  severityOfVerdict,
  type Wanted,
} from './event.ts';
import type { Ref } from './feed.ts';

export interface SourceDeps {
  readonly database: Database;
  readonly interactions: Pick<InteractionService, 'lookup'>;
  readonly endpoints: Pick<EndpointService, 'stored'>;
  readonly now: () => number;
}

/** What a record of the feed became: events that pass the filter, or nothing but the count of what is gone. */
export interface Loaded {
  readonly events: readonly SinkEvent[];
  /** Records that expired before they could be sent. */
  readonly gone: number;
}

interface AuditRow extends AuditFacts {
  readonly id: string;
  readonly atMs: number;
}
interface AlarmRow {
  readonly id: string;
  readonly atMs: number;
  readonly kind: string;
  readonly severity: string;
  readonly summary: string;
  readonly subject: string;
}

/** Names of upstreams are looked up again after this. */
const PROVIDERS_FOR_MS = 30_000;

const asSeverity = (value: string): Severity =>
  value === 'critical' || value === 'high' || value === 'medium' || value === 'low' ? value : 'high';

/** Turns records of the feed into events. */
export function createSource({ database, interactions, endpoints, now }: SourceDeps) {
  let providers: { readonly atMs: number; readonly names: ReadonlyMap<string, string> } | undefined;

  async function providerNames(): Promise<ReadonlyMap<string, string>> {
    if (providers && Math.abs(now() - providers.atMs) < PROVIDERS_FOR_MS) return providers.names;
    const names = new Map(
      (await endpoints.stored()).map((endpoint) => [
        endpoint.id,
        [...new Set(endpoint.upstreams.map(({ settings }) => settings.name))].join(', '),
      ]),
    );
    providers = { atMs: now(), names };
    return names;
  }

  type Options = Wanted & { readonly includeExcerpts: boolean };

  async function facts(refs: readonly Ref[], options: Options): Promise<Map<string, InteractionFacts>> {
    const rows = await interactions.lookup.rows(refs);
    const names = await providerNames();
    const excerpts = options.includeExcerpts
      ? await interactions.lookup.maskedExcerpts(rows)
      : new Map<string, string>();
    return new Map(
      rows.map((row) => [
        row.id,
        {
          ...row,
          provider: (row.endpointId && names.get(row.endpointId)) || 'unknown',
          excerpt: excerpts.get(row.id) ?? null,
        },
      ]),
    );
  }

  async function fromInteractions(refs: readonly Ref[], options: Options): Promise<Map<string, SinkEvent[]>> {
    const found = await facts(refs, options);
    const withFindings = options.kinds.includes('findings')
      ? [...found.values()].filter(({ checks }) => checks.length > 0)
      : [];
    const findings = await interactions.lookup.findings(withFindings);
    return new Map(
      [...found.values()].map((interaction) => {
        const common = { at: interaction.at, subjectId: interaction.id };
        const own: SinkEvent = {
          ...common,
          kind: 'interactions',
          uid: interaction.id,
          severity: severityOfVerdict(interaction.verdict),
          interaction,
        };
        const acted = [...(findings.get(interaction.id) ?? []).entries()];
        return [
          interaction.id,
          [
            own,
            ...acted
              .filter(([, finding]) => finding.action !== 'allow')
              .map(
                ([index, finding]): SinkEvent => ({
                  ...common,
                  kind: 'findings',
                  uid: `${interaction.id}:${index}`,
                  severity: severityOfVerdict(finding.action),
                  interaction,
                  finding,
                }),
              ),
          ],
        ];
      }),
    );
  }

  async function fromAudit(refs: readonly Ref[]): Promise<Map<string, SinkEvent[]>> {
    const { rows } = await sql<AuditRow>`
      select id, (extract(epoch from at) * 1000)::bigint as "atMs", actor_kind as "actorKind",
        actor_id as "actorId", actor_name as "actorName", action, subject, detail
      from audit_entries where id = any(${refs.map(({ id }) => id)}::uuid[])`.execute(database);
    return new Map(
      rows.map(({ id, atMs, ...entry }): [string, SinkEvent[]] => {
        const common = { uid: id, at: atMs, subjectId: id };
        return [id, [{ ...common, kind: 'audit', severity: 'informational', entry }]];
      }),
    );
  }

  async function fromAlarms(refs: readonly Ref[]): Promise<Map<string, SinkEvent[]>> {
    const { rows } = await sql<AlarmRow>`
      select id, (extract(epoch from at) * 1000)::bigint as "atMs", kind, severity, summary, subject
      from alarms where id = any(${refs.map(({ id }) => id)}::uuid[])`.execute(database);
    return new Map(
      rows.map(({ id, atMs, ...alarm }): [string, SinkEvent[]] => {
        const severity = asSeverity(alarm.severity);
        const common = { uid: id, at: atMs, subjectId: id, severity };
        return [id, [{ ...common, kind: 'alarms', alarm: { ...alarm, severity } }]];
      }),
    );
  }

  const LOADERS = { interactions: fromInteractions, audit: fromAudit, alarms: fromAlarms };

  return Object.freeze({
    /** The events of these records that pass the filter, in the order of the records. */
    async load(refs: readonly Ref[], options: Options): Promise<Loaded> {
      const { kinds } = options;
      const bySource = new Map<string, ReadonlyMap<string, SinkEvent[]>>();
      const skipped = new Set<string>();
      for (const [source, loader] of Object.entries(LOADERS)) {
        const mine = refs.filter((ref) => ref.source === source);
        if (mine.length === 0) continue;
        const wanted =
          source === 'interactions'
            ? kinds.includes('interactions') || kinds.includes('findings')
            : source === 'audit'
              ? kinds.includes('audit')
              : kinds.includes('alarms');
        if (wanted) bySource.set(source, await loader(mine, options));
        else skipped.add(source);
      }
      const events: SinkEvent[] = [];
      let gone = 0;
      for (const ref of refs) {
        if (skipped.has(ref.source)) continue;
        const made = bySource.get(ref.source)?.get(ref.id);
        if (made) events.push(...made.filter((event) => passes(event, options)));
        else gone += 1;
      }
      return { events, gone };
    },
  });
}
export type Source = ReturnType<typeof createSource>;
