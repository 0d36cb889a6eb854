import type { Role, SignInSettings, SignInSettingsInput } from '@bartizan/contracts';
import type { z } from 'zod';
import type { Actor } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import type { IdentityDeps } from '../deps.ts';
import type { PersonRow } from '../model.ts';
import type { IdentityDatabase } from '../tables.ts';

type SettingsInput = z.output<typeof SignInSettingsInput>;

/** The rules for signing in, as they are now. `db` may be a transaction. */
export async function readSettings(db: IdentityDatabase): Promise<SignInSettings> {
  const row = await db.selectFrom('sign_in_settings').selectAll().executeTakeFirstOrThrow();
  return {
    secondFactor:
      row.second_factor === 'roles'
        ? { of: 'roles', roles: row.second_factor_roles }
        : { of: row.second_factor },
    idleMinutes: row.idle_minutes,
    sessionHours: row.session_hours,
    version: row.version,
    updatedAt: row.updated_at?.getTime() ?? null,
  };
}

/** Whether the rules demand a second factor of somebody with these roles. */
export function demandsFactor(
  { secondFactor }: Pick<SignInSettings, 'secondFactor'>,
  roles: readonly Role[],
): boolean {
  if (secondFactor.of === 'roles') return roles.some((role) => secondFactor.roles.includes(role));
  return secondFactor.of === 'everyone';
}

type Holder = Pick<PersonRow, 'factors' | 'break_glass' | 'roles'>;

/** Recovery codes alone are none: they stand in for a factor that was lost. */
export const hasFactor = ({ factors }: Pick<Holder, 'factors'>): boolean =>
  factors.includes('totp') || factors.includes('passkey');

/** Whether a person, who gave no second factor on the way in, owes one. Emergency accounts never do. */
export const owesFactor = (settings: Pick<SignInSettings, 'secondFactor'>, person: Holder): boolean =>
  !person.break_glass && !hasFactor(person) && demandsFactor(settings, person.roles);

export function createSettingsService({ db, audit, clock }: Pick<IdentityDeps, 'db' | 'audit' | 'clock'>) {
  return Object.freeze({
    read: (): Promise<SignInSettings> => readSettings(db),

    /** Throws `conflict` when somebody else changed the rules since `version`. */
    async change({ version, ...input }: SettingsInput & { version: number }, by: Actor) {
      return db.transaction().execute(async (transaction) => {
        await transaction.selectFrom('sign_in_settings').select('version').forUpdate().execute();
        const before = await readSettings(transaction);
        if (before.version !== version) {
          throw new AppError('conflict', 'somebody else changed these rules in the meantime', {
            hint: 'Look at them as they are now, then change them again.',
          });
        }
        await transaction
          .updateTable('sign_in_settings')
          .set({
            version: version + 1,
            second_factor: input.secondFactor.of,
            second_factor_roles:
              input.secondFactor.of === 'roles' ? [...new Set(input.secondFactor.roles)] : [],
            idle_minutes: input.idleMinutes,
            session_hours: input.sessionHours,
            updated_at: new Date(clock.now()),
          })
          .execute();
        const { version: _, updatedAt: __, ...was } = before;
        const entry = { actor: by, action: 'sign-in.settings-changed', subject: 'sign-in:settings' };
        await audit.record({ ...entry, detail: { before: was, after: input } }, transaction);
        return readSettings(transaction);
      });
    },
  });
}
export type SettingsService = ReturnType<typeof createSettingsService>;
