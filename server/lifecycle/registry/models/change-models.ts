import type { ModelChange } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import { constraintOf, isForeignKeyViolation, isUniqueViolation } from '../../sql-state.ts';
import { within } from '../../within.ts';
import type { NewModel, StoredModel } from '../model.ts';
import { demandMovable } from './moving.ts';
import type { ModelParts } from './parts.ts';
import { demandMove, inReach, teamOfNew, unknownTeam } from './reach.ts';
import { findModel } from './rows.ts';
import { editTags } from './tags.ts';
import { requireModelName, requireTags, requireText } from './texts.ts';
import type { RegistryActor, TagEdit } from './types.ts';

const nameTaken = (name: string, cause?: unknown): AppError =>
  new AppError('conflict', `the name "${name}" is already taken by another model`, {
    hint: 'Choose another name. It may be of a team that you are not in.',
    issues: [{ path: 'name', message: 'already taken' }],
    cause,
  });

function explain(cause: unknown, name: string): unknown {
  if (isUniqueViolation(cause) && constraintOf(cause) === 'models_name') return nameTaken(name, cause);
  if (isForeignKeyViolation(cause) && constraintOf(cause) === 'models_team') return unknownTeam(cause);
  return cause;
}

/** Which of a model's versions are in production, by stage or by an alias of that name. */
export async function inProduction(db: Database, modelId: string): Promise<number[]> {
  const { rows } = await sql<{ version: number }>`
    select v.version from model_versions v where v.model_id = ${modelId} and v.removed_at is null
      and (v.stage = 'production' or exists (
        select from model_aliases a where a.version_id = v.id and lower(a.alias) = 'production'))
    order by v.version`.execute(db);
  return rows.map(({ version }) => version);
}

export function createModelChanges({ database, audit, clock, ports }: ModelParts) {
  const witness = (
    actor: RegistryActor,
    modelId: string,
    tx: Database,
    [action, detail]: readonly [string, object],
  ) => audit.record({ actor, action, subject: `model:${modelId}`, detail: { ...detail } }, tx);

  /** Null when the name is taken. */
  async function insert(tx: Database, actor: RegistryActor, input: NewModel): Promise<StoredModel | null> {
    requireModelName(input.name);
    requireText('description', input.description ?? '', 10_000);
    requireTags(input.tags ?? {});
    const now = clock.now();
    const model: StoredModel = {
      id: uuidv7(now),
      name: input.name,
      description: input.description ?? '',
      teamId: teamOfNew(actor, input.teamId),
      tags: input.tags ?? {},
      createdBy: actor.name,
      createdAt: now,
      updatedAt: now,
    };
    const done =
      await sql`insert into models (id, name, description, team_id, created_by, created_at, updated_at)
      values (${model.id}, ${model.name}, ${model.description}, ${model.teamId}, ${model.createdBy}, ${now}, ${now})
      on conflict (name) where removed_at is null do nothing`
        .execute(tx)
        .catch((cause: unknown) => {
          throw explain(cause, input.name);
        });
    if (Number(done.numAffectedRows ?? 0) === 0) return null;
    await editTags(tx, 'model', model.id, { set: model.tags, remove: [] });
    await witness(actor, model.id, tx, [
      'models.registered',
      { name: model.name, teamId: model.teamId, tags: Object.keys(model.tags) },
    ]);
    return model;
  }

  return Object.freeze({
    createModel: (actor: RegistryActor, input: NewModel, given: Database = database) =>
      within(given, async (tx) => {
        const model = await insert(tx, actor, input);
        if (!model) throw nameTaken(input.name);
        return model;
      }),

    ensureModel: (actor: RegistryActor, input: NewModel, given: Database = database) =>
      within(given, async (tx) => {
        requireModelName(input.name);
        teamOfNew(actor, undefined);
        const known = await sql<{
          id: string;
          teamId: string | null;
        }>`select id, team_id as "teamId" from models
          where name = ${input.name} and removed_at is null`.execute(tx);
        const [there] = known.rows;
        if (there && !inReach(actor, there.teamId)) throw nameTaken(input.name);
        if (there) return { model: await findModel(tx, actor, there.id), created: false };
        const made = await insert(tx, actor, input);
        if (made) return { model: made, created: true };
        // Somebody was quicker in this instant; the row is seen now, for the insert waited for it.
        const theirs = await findModel(tx, actor, input.name).catch(() => null);
        if (!theirs) throw nameTaken(input.name);
        return { model: theirs, created: false };
      }),

    updateModel: (actor: Caller, idOrName: string, change: ModelChange): Promise<StoredModel> =>
      within(database, async (tx) => {
        const before = await findModel(tx, actor, idOrName, true);
        const name = change.name ?? before.name;
        const description = change.description ?? before.description;
        const teamId = change.teamId === undefined ? before.teamId : change.teamId;
        requireModelName(name);
        requireText('description', description, 10_000);
        demandMove(actor, before.teamId, teamId);
        const after: StoredModel = {
          ...before,
          name,
          description,
          teamId,
          updatedAt: Math.max(clock.now(), before.updatedAt + 1),
        };
        await demandMovable(tx, ports, actor, [before, after]);
        await sql`update models set name = ${name}, description = ${description}, team_id = ${teamId},
            updated_at = ${after.updatedAt} where id = ${before.id}`
          .execute(tx)
          .catch((cause: unknown) => {
            throw explain(cause, name);
          });
        await witness(actor, before.id, tx, [
          'models.changed',
          {
            name,
            ...(name === before.name ? {} : { nameBefore: before.name }),
            ...(teamId === before.teamId ? {} : { teamBefore: before.teamId, teamId }),
            descriptionChanged: description !== before.description,
          },
        ]);
        return after;
      }),

    tagModel: (actor: RegistryActor, idOrName: string, edit: TagEdit, given: Database = database) =>
      within(given, async (tx): Promise<StoredModel> => {
        const model = await findModel(tx, actor, idOrName, true);
        await editTags(tx, 'model', model.id, edit);
        await sql`update models set updated_at = ${clock.now()} where id = ${model.id}`.execute(tx);
        await witness(actor, model.id, tx, [
          'models.tagged',
          { name: model.name, set: Object.keys(edit.set), removed: edit.remove },
        ]);
        return model;
      }),

    removeModel: (actor: RegistryActor, idOrName: string, force: boolean): Promise<void> =>
      within(database, async (tx) => {
        const model = await findModel(tx, actor, idOrName, true);
        const live = await inProduction(tx, model.id);
        const served = await sql<{ n: number }>`select count(*)::int as n from endpoint_models
          where model_id = ${model.id}`.execute(tx);
        const endpoints = served.rows[0]?.n ?? 0;
        if (!force && (live.length > 0 || endpoints > 0)) throw stillUsed(model.name, live, endpoints);
        const now = clock.now();
        const gone = await sql`update model_versions set removed_at = ${now}, updated_at = ${now}
          where model_id = ${model.id} and removed_at is null`.execute(tx);
        await sql`delete from model_version_files where version_id in (
          select id from model_versions where model_id = ${model.id})`.execute(tx);
        await sql`delete from model_aliases where model_id = ${model.id}`.execute(tx);
        await sql`delete from endpoint_models where model_id = ${model.id}`.execute(tx);
        await sql`update models set removed_at = ${now}, updated_at = ${now} where id = ${model.id}`.execute(
          tx,
        );
        await witness(actor, model.id, tx, [
          'models.removed',
          {
            name: model.name,
            versions: Number(gone.numAffectedRows ?? 0),
            inProduction: live,
            endpoints,
            force,
          },
        ]);
      }),
  });
}

const stillUsed = (name: string, live: readonly number[], endpoints: number): AppError =>
  new AppError(
    'conflict',
    live.length > 0
      ? `${name} has versions in production: ${live.slice(0, 10).join(', ')}`
      : `${endpoints} ${endpoints === 1 ? 'endpoint says that it serves' : 'endpoints say that they serve'} ${name}`,
    { hint: 'Take it out of use first, or remove it with force=true (--force).' },
  );
