import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { StoredModel } from '../model.ts';
import { selectVersions } from './rows.ts';
import type { Promotion, RegistryPorts } from './types.ts';

const placeOf = (to: Promotion['to']): string => ('alias' in to ? `alias ${to.alias}` : `stage ${to.stage}`);

/** Every use of the model's versions, as if the model were `after` already. */
async function usesOf(tx: Database, after: StoredModel): Promise<Promotion[]> {
  const versions = await selectVersions(
    tx,
    sql`v.model_id = ${after.id} and (v.stage in ('staging', 'production')
      or exists (select from model_aliases a where a.version_id = v.id)) order by v.version`,
  );
  return versions.flatMap((found) => {
    const version = { ...found, modelName: after.name, teamId: after.teamId };
    const inUse = version.stage === 'staging' || version.stage === 'production';
    return [
      ...version.aliases.map((alias) => ({ version, to: { alias } })),
      ...(inUse ? [{ version, to: { stage: version.stage } }] : []),
    ];
  });
}

/**
 * Rules go by a model's name and team: another name or team must not be a way around them. Throws `forbidden` where
 * the model would leave what an enforced rule is about and the caller may not manage models, and what
 * {@link RegistryPorts.demandPromotable} throws where a version in use does not fulfil the rules of the new place.
 * The model must be locked in the transaction.
 */
export async function demandMovable(
  tx: Database,
  ports: Pick<RegistryPorts, 'demandPromotable' | 'policies'>,
  caller: Pick<Caller, 'permissions'>,
  [before, after]: readonly [StoredModel, StoredModel],
): Promise<void> {
  if (before.name === after.name && before.teamId === after.teamId) return;
  if (!caller.permissions.has('models.manage')) {
    const left = await ports.policies.left(before, after, tx);
    if (left.length > 0) {
      const names = left.map((name) => `"${name}"`).join(', ');
      throw new AppError('forbidden', `the model would leave what is asked of it by ${names}`, {
        hint: 'Giving it such a name or team takes the permission models.manage.',
      });
    }
  }
  for (const use of await usesOf(tx, after)) {
    await ports.demandPromotable(use, tx).catch((cause: unknown) => {
      if (!(cause instanceof AppError)) throw cause;
      const { code, message, hint } = cause;
      const what = `version ${use.version.version} (${placeOf(use.to)}) stands in the way: ${message}`;
      throw new AppError(code, what, { ...(hint === undefined ? {} : { hint }), cause });
    });
  }
}
