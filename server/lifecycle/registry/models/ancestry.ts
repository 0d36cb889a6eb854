import type { InheritedFinding } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { poisons, type ScanNote, type StoredBase, type StoredVersion } from '../model.ts';
import { MAX_BASE_STEPS } from './base.ts';
import { inReach } from './reach.ts';
import { toBase } from './rows.ts';

/** A version as lineage walks over it: also one that was removed, or that the viewer may not see. */
export interface Link
  extends Pick<
      StoredVersion,
      'id' | 'modelId' | 'modelName' | 'teamId' | 'version' | 'digest' | 'status' | 'stage' | 'runId' | 'base'
    >,
    Pick<ScanNote, 'verdict' | 'quarantined' | 'severities'> {
  readonly removed: boolean;
}

interface Row extends Omit<Link, 'base'> {
  readonly baseVersionId: string | null;
  readonly baseName: string | null;
  readonly baseDigest: string | null;
}

async function select(db: Database, where: ReturnType<typeof sql>): Promise<Link[]> {
  const { rows } = await sql<Row>`
    select v.id, v.model_id as "modelId", m.name as "modelName", m.team_id as "teamId", v.version, v.digest,
      v.status, v.stage, v.run_id as "runId", v.scan_verdict as verdict, v.quarantined, v.severities,
      v.removed_at is not null as removed,
      v.base_version_id as "baseVersionId", v.base_name as "baseName", v.base_digest as "baseDigest"
    from model_versions v join models m on m.id = v.model_id where ${where}`.execute(db);
  return rows.map(({ baseVersionId, baseName, baseDigest, ...row }) => ({
    ...row,
    base: toBase({ baseVersionId, baseName, baseDigest }),
  }));
}

export const linksById = async (db: Database, ids: readonly string[]): Promise<Link[]> =>
  ids.length === 0 ? [] : await select(db, sql`v.id = any(${[...ids]}::uuid[])`);

/**
 * Versions in reach whose content is one of these digests. Others are not told of: who names a digest must not
 * learn by it what other teams have.
 */
export async function linksByDigest(
  db: Database,
  viewer: Viewer,
  digests: readonly string[],
  limit: number,
): Promise<Link[]> {
  if (digests.length === 0) return [];
  const found = await select(
    db,
    sql`v.digest = any(${[...digests]}) order by v.created_at, v.id limit ${limit}`,
  );
  return found.filter(({ teamId }) => inReach(viewer, teamId));
}

/** Versions that were made from one of these, or from a base elsewhere with the digest of one of these. */
export async function linksBelow(
  db: Database,
  ids: readonly string[],
  digests: readonly string[],
  limit: number,
): Promise<Link[]> {
  return await select(
    db,
    sql`v.removed_at is null and v.id in (
      select id from model_versions where base_version_id = any(${[...ids]}::uuid[])
      union select id from model_versions where base_digest = any(${[...digests]}::text[]))
    order by v.created_at, v.id limit ${limit}`,
  );
}

export interface Step {
  readonly link: Link;
  /** How many steps up. */
  readonly distance: number;
  /** What leads here: the version below, and the base from elsewhere that has the same digest, where it is one. */
  readonly from: string;
  readonly through: Extract<StoredBase, { kind: 'external' }> | null;
}

/** Of two versions that walk up to the same one, each is a step. */
export interface Ancestry {
  readonly steps: readonly Step[];
  /** Every version met, by id, with the one that was begun from. */
  readonly links: ReadonlyMap<string, Link>;
  readonly truncated: boolean;
}

/**
 * What a version comes from, nearest first, over versions out of reach and removed ones too. Stops at `depth` steps
 * and `limit` versions.
 */
export async function walkUp(
  db: Database,
  viewer: Viewer,
  root: Link,
  { depth, limit }: { readonly depth: number; readonly limit: number },
): Promise<Ancestry> {
  const links = new Map([[root.id, root]]);
  const steps: Step[] = [];
  let level: readonly Link[] = [root];
  let truncated = false;
  for (let distance = 1; level.length > 0; distance += 1) {
    if (distance > depth || links.size > limit) {
      truncated = level.some(({ base }) => base !== null);
      break;
    }
    const ids = level.flatMap(({ base }) => (base?.kind === 'version' ? [base.versionId] : []));
    const digests = level.flatMap(({ base }) => (base?.kind === 'external' ? (base.digest ?? []) : []));
    const room = limit - links.size + 1;
    const [named, same] = await Promise.all([
      linksById(db, [...new Set(ids)]),
      linksByDigest(db, viewer, [...new Set(digests)], room),
    ]);
    const next: Link[] = [];
    for (const below of level) {
      for (const above of aboveOf(below, named, same)) {
        const { base } = below;
        steps.push({
          link: above,
          distance,
          from: below.id,
          through: base?.kind === 'external' ? base : null,
        });
        if (links.has(above.id)) continue;
        links.set(above.id, above);
        next.push(above);
      }
    }
    level = next;
  }
  return { steps, links, truncated };
}

function aboveOf({ id, base }: Link, named: readonly Link[], same: readonly Link[]): readonly Link[] {
  if (base === null) return [];
  if (base.kind === 'version') return named.filter((link) => link.id === base.versionId);
  return base.digest === null ? [] : same.filter((link) => link.digest === base.digest && link.id !== id);
}

/** What is wrong with what a version comes from, nearest first; whose it is, is told only within reach. */
export function inheritedFrom(
  viewer: Viewer,
  root: Link,
  { steps }: Pick<Ancestry, 'steps'>,
): InheritedFinding[] {
  const told = new Set([root.id]);
  const found: InheritedFinding[] = [];
  for (const { link, distance } of steps) {
    if (told.has(link.id) || !poisons(link)) continue;
    told.add(link.id);
    const open = inReach(viewer, link.teamId);
    found.push({
      versionId: open ? link.id : null,
      modelId: open ? link.modelId : null,
      modelName: open ? link.modelName : '',
      version: open ? link.version : 0,
      removed: link.removed,
      distance,
      verdict: link.verdict,
      quarantined: link.quarantined,
      severities: link.severities,
    });
  }
  return found;
}

/** As far up as chains go: {@link MAX_BASE_STEPS} each, and a few that are joined by their digests. */
const FULL = { depth: 2 * MAX_BASE_STEPS, limit: 5 * MAX_BASE_STEPS } as const;

/** As {@link inheritedFrom}, of a version by id, at any depth. */
export async function inheritedBy(
  db: Database,
  viewer: Viewer,
  versionId: string,
): Promise<InheritedFinding[]> {
  const [root] = await linksById(db, [versionId]);
  if (!root) return [];
  return inheritedFrom(viewer, root, await walkUp(db, viewer, root, FULL));
}
