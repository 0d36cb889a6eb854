import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import { inReach } from '../datasets/reach.ts';
import { type LineageFacts, type NamedDataset, readEvent } from './event.ts';
import { type Edge, nodeId } from './model.ts';
import { claimsOfName, type ExternalName } from './naming.ts';
import type { LineageDeps } from './ports.ts';
import { createResolving } from './resolving.ts';
import { runKey, type Scope, type Sender, scopeOf, scopeOfSender, teamsIn, tellerOf } from './telling.ts';

/** By whom an event is told, of which run, and who may see it. */
interface Telling extends Scope {
  readonly teller: string;
  readonly toldBy: string;
  /** Of the node of the run; null where the event is of none. */
  readonly runKey: string | null;
  /** Whether the run is one of the registry, which names it. */
  readonly registered: boolean;
}

const HOUR_MS = 3_600_000;
/** What one owner may send in an hour. */
const AN_HOUR = { events: 100_000, datasets: 500_000, bytes: 2 * 1024 ** 3 } as const;
/** How long events are kept as they came. */
const KEPT_MS = 400 * 24 * HOUR_MS;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Keys in order, so that the same event is the same text whoever wrote it. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, canonical(inner)]),
  );
}

interface NodeRow extends ExternalName {
  readonly kind: 'job' | 'external-dataset';
  readonly digest: string;
  readonly at: number;
}

const rowOf = (kind: NodeRow['kind'], { namespace, name, version }: ExternalName, at: number): NodeRow => ({
  kind,
  namespace,
  name,
  version,
  at,
  digest: sha256(JSON.stringify([namespace, name, version])),
});

const keyOf = ({ kind, digest }: Pick<NodeRow, 'kind' | 'digest'>): string => `${kind} ${digest}`;

/** Jobs and datasets of an event, each once, in one order: two events at a time must not wait for each other. */
function rowsOf({ job, inputs, outputs, atMs }: LineageFacts): readonly NodeRow[] {
  const rows = [
    ...(job ? [rowOf('job', { ...job, version: '' }, atMs)] : []),
    ...[...inputs, ...outputs].map((dataset) => rowOf('external-dataset', dataset, atMs)),
  ];
  return [...new Map(rows.map((row) => [keyOf(row), row])).values()].sort((a, b) =>
    keyOf(a) < keyOf(b) ? -1 : 1,
  );
}

async function putNodes(
  tx: Database,
  { teamId, alsoTeams, teller }: Telling,
  rows: readonly NodeRow[],
  nowMs: number,
): Promise<ReadonlyMap<string, string>> {
  const given = rows.map((row) => ({ id: uuidv7(nowMs), ...row }));
  const { rows: stored } = await sql<{ id: string; kind: NodeRow['kind']; digest: string }>`
    insert into data_lineage_nodes as n
      (id, kind, team_id, also_teams, teller_id, digest, namespace, name, version, at)
    select id, kind, ${teamId}::uuid, ${[...alsoTeams]}::uuid[],
      case kind when 'job' then ${teller}::text else '' end, digest, namespace, name, version, at
    from json_to_recordset(${JSON.stringify(given)}::json)
      as g(id uuid, kind text, digest text, namespace text, name text, version text, at bigint)
    on conflict (kind, team_id, also_teams, teller_id, digest) do update set at = least(n.at, excluded.at)
    returning id, kind, digest`.execute(tx);
  return new Map(stored.map((row) => [keyOf(row), row.id]));
}

async function putClaims(
  tx: Database,
  datasets: readonly NamedDataset[],
  ids: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = datasets.flatMap((dataset) => {
    const id = ids.get(keyOf(rowOf('external-dataset', dataset, 0)));
    return [dataset, ...dataset.symlinks].flatMap(claimsOfName).map((claim) => ({ id, ...claim }));
  });
  if (rows.length === 0) return;
  await sql`insert into data_lineage_claims (node_id, name_key, number, root)
    select distinct id, "nameKey", number, root from json_to_recordset(${JSON.stringify(rows)}::json)
      as g(id uuid, "nameKey" text, number integer, root text)
    order by 1, 2 on conflict do nothing`.execute(tx);
}

/** What an event says, as edges that point towards where data is felt. */
function edgesOf(
  { job, inputs, outputs }: LineageFacts,
  key: string | null,
  ids: ReadonlyMap<string, string>,
): readonly Edge[] {
  const jobKey = job ? ids.get(keyOf(rowOf('job', { ...job, version: '' }, 0))) : undefined;
  if (jobKey === undefined) return [];
  const place = (dataset: ExternalName): string =>
    nodeId('external-dataset', ids.get(keyOf(rowOf('external-dataset', dataset, 0))) ?? '');
  const jobId = nodeId('job', jobKey);
  const by = key === null ? jobId : nodeId('run', key);
  return [
    ...(key === null ? [] : [{ from: jobId, to: by, relation: 'run-of' as const }]),
    ...inputs.map((dataset) => ({ from: place(dataset), to: by, relation: 'read' as const })),
    ...outputs.map((dataset) => ({ from: by, to: place(dataset), relation: 'wrote' as const })),
  ];
}

async function putEdges(tx: Database, { teamId, alsoTeams }: Scope, edges: readonly Edge[]): Promise<void> {
  if (edges.length === 0) return;
  await sql`insert into data_lineage_edges (from_id, to_id, relation, team_id, also_teams)
    select distinct "from", "to", relation, ${teamId}::uuid, ${[...alsoTeams]}::uuid[] from json_to_recordset(${JSON.stringify(edges)}::json)
      as g("from" text, "to" text, relation text)
    order by 1, 2, 3 on conflict do nothing`.execute(tx);
}

async function putRun(tx: Database, telling: Telling, { run, job, atMs }: LineageFacts): Promise<void> {
  const { runKey: key, registered, teamId, alsoTeams, teller, toldBy } = telling;
  if (!run || !job || registered) return;
  // Events may come late: the state is that of the latest by the client's clock.
  await sql`insert into data_lineage_runs as r
      (id, run_id, team_id, also_teams, teller_id, told_by, label, state, state_at, at)
    values (${key}::uuid, ${run.id}::uuid, ${teamId}::uuid, ${[...alsoTeams]}::uuid[], ${teller}, ${toldBy},
      ${job.name.slice(0, 300)}, ${run.state}, ${atMs}, ${atMs})
    on conflict (id, team_id, also_teams) do update set at = least(r.at, excluded.at),
      state = case when excluded.state_at >= r.state_at then excluded.state else r.state end,
      state_at = greatest(r.state_at, excluded.state_at)`.execute(tx);
}

/** Keeps OpenLineage events and what they say. The same event again changes nothing; order does not matter. */
export function createReceiving({
  database,
  clock,
  ports,
}: Pick<LineageDeps, 'database' | 'clock' | 'ports'>) {
  const resolving = createResolving(database);

  /** Teams of datasets here that the event names: callers over all teams have no team of their own. */
  async function teamsNamed(actor: Sender, { inputs, outputs }: LineageFacts): Promise<readonly string[]> {
    const claims = [...inputs, ...outputs]
      .flatMap((dataset) => [dataset, ...dataset.symlinks])
      .flatMap(claimsOfName)
      .map((claim, index) => ({ key: String(index), ...claim }));
    const versions = [...new Set((await resolving.resolve(actor, claims)).values())];
    if (versions.length === 0) return [];
    const { rows } = await sql<{ teamId: string }>`select distinct d.team_id as "teamId"
      from data_versions v join data_datasets d on d.id = v.dataset_id
      where v.id = any(${versions}::uuid[]) and d.team_id is not null`.execute(database);
    return rows.map(({ teamId }) => teamId);
  }

  /**
   * A run of the registry is spoken for by those who reach its experiment, and what they say is seen by nobody outside
   * its team. Of every other run each teller has their own: nobody adds to what another told, or learns that it is there.
   */
  async function tellingOf(actor: Sender, facts: LineageFacts): Promise<Telling> {
    const sender = scopeOfSender(actor);
    const teller = tellerOf(actor);
    const toldBy = actor.name;
    const { run } = facts;
    const [known] = run ? await ports.registry.runs([run.id]) : [];
    const registered = known !== undefined && inReach(actor, known.teamId);
    const further = actor.teams === '*' ? await teamsNamed(actor, facts) : [];
    const key = registered ? known.id : run ? runKey(run.id, teller) : null;
    const ofRun = registered && known.teamId !== null ? [known.teamId] : [];
    return {
      ...scopeOf([...teamsIn(sender), ...further, ...ofRun]),
      teller,
      toldBy,
      runKey: key,
      registered,
    };
  }

  async function demandRoom(actor: Sender, { inputs, outputs }: LineageFacts, bytes: number): Promise<void> {
    // Keys are made at will: what counts is who answers for them.
    const owner = tellerOf(actor);
    const hour = Math.floor(clock.now() / HOUR_MS);
    const { rows } = await sql<{ events: number; datasets: number; bytes: number }>`
      insert into data_lineage_sent as s (owner_id, hour, events, datasets, bytes)
      values (${owner}, ${hour}, 1, ${inputs.length + outputs.length}, ${bytes})
      on conflict (owner_id, hour) do update set events = s.events + 1,
        datasets = s.datasets + excluded.datasets, bytes = s.bytes + excluded.bytes
      returning events, datasets, bytes`.execute(database);
    const sent = rows[0];
    if (!sent || (['events', 'datasets', 'bytes'] as const).every((what) => sent[what] <= AN_HOUR[what]))
      return;
    throw new AppError('too_many_requests', 'more lineage came from here than is taken in an hour', {
      hint: `At most ${AN_HOUR.events} events with ${AN_HOUR.datasets} datasets; START and COMPLETE of each run are enough.`,
      retryAfterMs: (hour + 1) * HOUR_MS - clock.now(),
    });
  }

  return Object.freeze({
    /**
     * Throws `invalid_input` or `too_large` for what is no event, `forbidden` for keys of endpoints,
     * `too_many_requests` past {@link AN_HOUR}.
     */
    async receive(actor: Sender, body: unknown): Promise<void> {
      scopeOfSender(actor);
      const facts = readEvent(body);
      const now = clock.now();
      const text = JSON.stringify(canonical(body));
      await demandRoom(actor, facts, Buffer.byteLength(text));
      const telling = await tellingOf(actor, facts);
      const { teamId, alsoTeams, teller } = telling;
      await database.transaction().execute(async (tx) => {
        const kept = await sql`insert into data_lineage_events
            (id, team_id, also_teams, teller_id, digest, body, by_id, by_name, received_at)
          values (${uuidv7(now)}, ${teamId}::uuid, ${[...alsoTeams]}::uuid[], ${teller}, ${sha256(text)}, ${text},
            ${actor.id}, ${actor.name}, ${now})
          on conflict (team_id, also_teams, teller_id, digest) do nothing`.execute(tx);
        if (Number(kept.numAffectedRows ?? 0) === 0) return;
        const ids = await putNodes(tx, telling, rowsOf(facts), now);
        await putClaims(tx, [...facts.inputs, ...facts.outputs], ids);
        await putRun(tx, telling, facts);
        await putEdges(tx, telling, edgesOf(facts, telling.runKey, ids));
      });
    },

    /** Forgets events as they came after 400 days; what they say stays. */
    async upkeep(): Promise<void> {
      const hour = Math.floor(clock.now() / HOUR_MS);
      await sql`delete from data_lineage_sent where hour < ${hour}`.execute(database);
      await sql`delete from data_lineage_events where received_at < ${clock.now() - KEPT_MS}`.execute(
        database,
      );
    },
  });
}
export type Receiving = ReturnType<typeof createReceiving>;
