import type { BaseInput } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredBase } from '../model.ts';
import { findVersion } from './rows.ts';

/**
 * A version has at most this many others above and below it, each made from the one before: what is wrong far up is
 * always found.
 */
export const MAX_BASE_STEPS = 200;

/** Number of the advisory lock under which bases are set, so that two of them cannot close a ring together. */
const BASE_LOCK = 4_211_021;

/** What a client named, as it is stored. Throws `not_found` for a version out of reach, `conflict` for an unfinished one. */
export async function resolveBase(db: Database, viewer: Viewer, input: BaseInput): Promise<StoredBase> {
  if (input.kind === 'external') {
    return { kind: 'external', name: input.name, digest: input.digest ?? null };
  }
  const version = await findVersion(db, viewer, input.model, input.version);
  if (version.status !== 'ready') {
    throw new AppError('conflict', 'the version that is named as the base has no files yet', {
      hint: 'Wait until it is ready, or name another one.',
    });
  }
  return { kind: 'version', versionId: version.id };
}

const tooLong = (): AppError =>
  new AppError('conflict', `more than ${MAX_BASE_STEPS} versions would be made one from the other`, {
    hint: 'Name a base that is nearer to where the chain begins.',
  });

/** Ids from a version up to where it begins, itself first; at most one more than may be. */
async function chainUp(db: Database, versionId: string): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    with recursive up (id, base, steps) as (
      select id, base_version_id, 1 from model_versions where id = ${versionId}
      union all
      select v.id, v.base_version_id, up.steps + 1 from up join model_versions v on v.id = up.base
      where up.steps <= ${MAX_BASE_STEPS})
    select id from up order by steps`.execute(db);
  return rows.map(({ id }) => id);
}

/** How many versions follow one after the other below this one. */
async function stepsDown(db: Database, versionId: string): Promise<number> {
  const { rows } = await sql<{ steps: number }>`
    with recursive down (id, steps) as (
      select id, 0 from model_versions where id = ${versionId}
      union all
      select v.id, down.steps + 1 from down join model_versions v on v.base_version_id = down.id
      where down.steps <= ${MAX_BASE_STEPS})
    select max(steps) as steps from down`.execute(db);
  return rows[0]?.steps ?? 0;
}

/**
 * Throws `conflict` when a version cannot be made from this base: it would come from itself, or the chain would be
 * too long. Until the transaction ends nobody else gives one to a version that is there. `versionId` null: a version
 * that is only being made, and from which nothing can come yet.
 */
export async function demandBase(db: Database, versionId: string | null, base: StoredBase): Promise<void> {
  if (base.kind === 'external') return;
  if (versionId !== null) await sql`select pg_advisory_xact_lock(${BASE_LOCK})`.execute(db);
  const above = await chainUp(db, base.versionId);
  if (versionId !== null && above.includes(versionId)) {
    throw new AppError('conflict', 'the version would be made from itself', {
      hint: 'The version that you name as the base comes, directly or not, from this one.',
    });
  }
  const below = versionId === null ? 0 : await stepsDown(db, versionId);
  if (above.length + below > MAX_BASE_STEPS) throw tooLong();
}
