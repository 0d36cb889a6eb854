import type { TraceOrigin } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Viewer } from '../../sight.ts';
import { reachSql } from '../datasets/reach.ts';
import type { LineageDeps, Suspect } from './ports.ts';

/** Records of a version that one version brought in. */
interface Share {
  readonly versionId: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly number: number;
  /** The version in which they came. */
  readonly originId: string;
  readonly originNumber: number;
  readonly rows: number;
  readonly batch: string | null;
  readonly sourceId: string | null;
  readonly source: string | null;
}

/** Which records are asked about; all where nothing is said. */
export interface Wanted {
  readonly batch?: { readonly datasetId: string; readonly batch: string };
  readonly sourceId?: string;
}

const TOP = 10;
/** Records that a scan suspects and that are told by their origin; the most suspicious where there are more. */
const MOST_SUSPECTS = 20_000;

/** Told by origin: places in the list of suspects, the most suspicious first. */
async function suspectsByOrigin(
  datasets: LineageDeps['datasets'],
  versionId: string,
  suspects: readonly Suspect[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const places = suspects.map(({ row }, place) => ({ row, place }));
  // In the order of the file, as origins are read in blocks.
  const inOrder = places.toSorted((a, b) => a.row - b.row);
  const { origins, of } = await datasets.originsOf(
    versionId,
    inOrder.map(({ row }) => row),
  );
  const found = new Map<string, number[]>();
  for (const [index, { place }] of inOrder.entries()) {
    const origin = origins[of[index] ?? -1];
    if (!origin) continue;
    const held = found.get(origin.versionId);
    if (held) held.push(place);
    else found.set(origin.versionId, [place]);
  }
  return new Map([...found].map(([id, held]) => [id, held.toSorted((a, b) => a - b)]));
}

/** How many times more of the batch is suspected than of the rest; Infinity where nothing of the rest is. */
function liftOf(part: { records: number; suspected: number }, all: { records: number; suspected: number }) {
  const rest = { records: all.records - part.records, suspected: all.suspected - part.suspected };
  if (part.records === 0 || rest.records === 0 || all.suspected === 0) return null;
  return part.suspected / part.records / (rest.suspected / rest.records);
}

/** Nothing of what no scan suspects. */
const toRow = (suspect: Suspect | undefined): TraceOrigin['rows'] =>
  suspect ? [{ row: suspect.row, score: suspect.score, reason: suspect.reason }] : [];

/** What the newest scan holds against a version. */
interface Suspicion {
  readonly suspects: readonly Suspect[];
  readonly byOrigin: ReadonlyMap<string, readonly number[]>;
  readonly all: { readonly records: number; readonly suspected: number };
}

interface Ranked {
  readonly origin: TraceOrigin;
  readonly lift: number;
}

/** Where records of versions came in, and which of them the newest scans suspect. */
export function createGroundZero({ database, datasets, scans }: LineageDeps) {
  async function shares(viewer: Viewer, versionIds: readonly string[]): Promise<readonly Share[]> {
    if (versionIds.length === 0) return [];
    const { rows } = await sql<Share>`
      select v.id as "versionId", d.id as "datasetId", d.name as dataset, v.number, b.id as "originId",
        b.number as "originNumber", o.rows, b.batch, b.source_id as "sourceId", b.source_name as source
      from data_versions v join data_datasets d on d.id = v.dataset_id and ${reachSql(viewer, sql`d.team_id`)}
      cross join lateral jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
      join data_versions b on b.id = o.version
      where v.id = any(${[...versionIds]}::uuid[]) and o.rows > 0
      order by v.id, b.number`.execute(database);
    return rows;
  }

  function originOf(group: readonly Share[], rank: Suspicion | null): readonly Ranked[] {
    const [first] = group;
    if (!first) return [];
    const records = group.reduce((sum, { rows }) => sum + rows, 0);
    const places = group
      .flatMap(({ originId }) => rank?.byOrigin.get(originId) ?? [])
      .toSorted((a, b) => a - b);
    const lift = rank ? liftOf({ records, suspected: places.length }, rank.all) : null;
    const rows = places.slice(0, TOP).flatMap((place) => toRow(rank?.suspects[place]));
    const ranked: Ranked = {
      lift: lift ?? 0,
      origin: {
        datasetId: first.datasetId,
        dataset: first.dataset,
        version: first.number,
        batch: first.batch,
        source: first.source,
        records,
        suspected: rank ? places.length : null,
        lift: lift === null || !Number.isFinite(lift) ? null : lift,
        rows,
      },
    };
    return [ranked];
  }

  async function suspicionOf(versionId: string, all: readonly Share[]): Promise<Suspicion | null> {
    const suspects = (await scans?.suspects(versionId, MOST_SUSPECTS)) ?? null;
    if (!suspects) return null;
    const byOrigin = await suspectsByOrigin(datasets, versionId, suspects);
    const suspected = [...byOrigin.values()].reduce((sum, places) => sum + places.length, 0);
    return { suspects, byOrigin, all: { records: all.reduce((sum, { rows }) => sum + rows, 0), suspected } };
  }

  return Object.freeze({
    /** Of each version by batch and source, the most suspicious first. */
    async of(
      viewer: Viewer,
      versionIds: readonly string[],
      wanted: Wanted = {},
    ): Promise<readonly TraceOrigin[]> {
      const ranked: Ranked[] = [];
      for (const [versionId, all] of Map.groupBy(await shares(viewer, versionIds), (one) => one.versionId)) {
        const rank = await suspicionOf(versionId, all);
        const asked = all.filter(
          ({ datasetId, batch, sourceId }) =>
            (wanted.batch === undefined ||
              (wanted.batch.datasetId === datasetId && wanted.batch.batch === batch)) &&
            (wanted.sourceId === undefined || wanted.sourceId === sourceId),
        );
        const groups = Map.groupBy(asked, ({ batch, sourceId }) => JSON.stringify([batch, sourceId]));
        for (const group of groups.values()) ranked.push(...originOf(group, rank));
      }
      return ranked
        .toSorted(
          (a, b) =>
            (b.lift === a.lift ? 0 : b.lift - a.lift) ||
            (b.origin.suspected ?? 0) - (a.origin.suspected ?? 0) ||
            b.origin.records - a.origin.records,
        )
        .map(({ origin }) => origin);
    },

    /** Of one record: what brought it in, and what the newest scan says of it. Empty where that is not known. */
    async ofRecord(
      viewer: Viewer,
      versionId: string,
      row: number,
    ): Promise<{ readonly origins: readonly TraceOrigin[]; readonly originId: string | null }> {
      const { origins, of } = await datasets.originsOf(versionId, [row]);
      const origin = origins[of[0] ?? -1];
      if (!origin) return { origins: [], originId: null };
      const here = await shares(viewer, [versionId]);
      const [share] = here.filter(({ originId }) => originId === origin.versionId);
      if (!share) return { origins: [], originId: origin.versionId };
      const rank = await suspicionOf(versionId, here);
      const found = originOf([share], rank)[0]?.origin;
      const rows = toRow(rank?.suspects.find((suspect) => suspect.row === row));
      // The version that brought it in, with how many records it brought that this one still has.
      return {
        origins: found ? [{ ...found, version: share.originNumber, rows }] : [],
        originId: origin.versionId,
      };
    },

    /** Versions that hold records of these, with the datasets that they are of. */
    async holders(
      originIds: readonly string[],
    ): Promise<readonly { readonly id: string; readonly datasetId: string }[]> {
      if (originIds.length === 0) return [];
      const { rows } = await sql<{ id: string; datasetId: string }>`
        select distinct v.id, v.dataset_id as "datasetId" from data_versions v
        cross join lateral jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
        where v.dataset_id in (select b.dataset_id from data_versions b where b.id = any(${[...originIds]}::uuid[]))
          and v.state not in ('processing', 'failed') and o.rows > 0
          and o.version = any(${[...originIds]}::uuid[]) limit 10000`.execute(database);
      return rows;
    },

    /** Versions in which a batch, or a source, brought records in. */
    async arrivals({ batch, sourceId }: Wanted): Promise<readonly string[]> {
      const { rows } = await sql<{ id: string }>`select v.id from data_versions v
        where v.state not in ('processing', 'failed') and ${
          batch
            ? sql`v.dataset_id = ${batch.datasetId} and v.batch = ${batch.batch}`
            : sql`v.source_id = ${sourceId ?? null}::uuid`
        } order by v.created_at desc limit 10000`.execute(database);
      return rows.map(({ id }) => id);
    },
  });
}
export type GroundZero = ReturnType<typeof createGroundZero>;
