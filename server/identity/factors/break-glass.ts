import { randomInt } from 'node:crypto';
import type { Person } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import { refuseLasting } from '../../platform/http/index.ts';
import type { IdentityDeps } from '../deps.ts';
import { toPerson } from '../model.ts';
import type { Passwords } from '../passwords.ts';
import { demandMayGrant, type Granter } from '../people.ts';
import { createPeopleStore } from '../people-store.ts';

/** Crockford's Base32: nothing on the paper looks like something else. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Six groups of five: 150 bits. */
const GROUPS = 6;
const GROUP = 5;

const newPassword = (): string =>
  Array.from({ length: GROUPS }, () =>
    Array.from({ length: GROUP }, () => ALPHABET[randomInt(ALPHABET.length)]).join(''),
  ).join('-');

const unknown = () => new AppError('not_found', 'there is no such emergency account');

/** A person, and one who could make an administrator: a key that leaked must not print itself a way in. */
function demandAdministrator(by: Granter): void {
  if (by.kind !== 'person') throw new AppError('forbidden', 'only people look after emergency accounts');
  demandMayGrant(by, ['administrator']);
}

/**
 * Accounts for the case that nobody else gets in: administrators whom neither single sign-on nor second
 * factors hold up. Their password is random, for one use and for paper; using it raises an alarm.
 */
export function createBreakGlass(deps: IdentityDeps & { readonly passwords: Passwords }) {
  const { db, audit, events, clock, passwords } = deps;
  return Object.freeze({
    async add(
      input: { name: string; email: string },
      by: Granter,
    ): Promise<{ person: Person; password: string }> {
      demandAdministrator(by);
      const password = newPassword();
      const hash = await passwords.hash(password);
      const id = uuidv7(clock.now());
      const person = await db.transaction().execute(async (transaction) => {
        const store = createPeopleStore(transaction);
        await store.lockAdministrators();
        if (await store.byEmail(input.email)) {
          throw new AppError('conflict', 'there is already an account with this e-mail address');
        }
        const at = new Date(clock.now());
        await store.add({ ...input, id, roles: ['administrator'], breakGlass: true, at });
        await store.setFirstPassword(uuidv7(clock.now()), id, hash, at);
        const actor = { kind: by.kind, id: by.id, name: by.name };
        const entry = { actor, action: 'identity.break-glass-added', subject: `person:${id}` };
        await audit.record({ ...entry, detail: { email: input.email } }, transaction);
        const row = await store.byId(id);
        if (!row) throw new Error('the account that was just made is gone');
        return toPerson(row);
      });
      events.emit('people.changed', { personId: id });
      return { person, password };
    },

    /** A new password; the old one is worth nothing, and sessions but the caller's own end. */
    async rotate(
      id: string,
      by: Granter & { readonly sessionId?: string; readonly breakGlass?: boolean },
    ): Promise<{ password: string }> {
      if (!(await createPeopleStore(db).byId(id))?.break_glass) throw unknown();
      demandAdministrator(by);
      // Its own must be replaced after use; another's would be a second way in.
      if (id !== by.id) refuseLasting(by);
      const password = newPassword();
      const hash = await passwords.hash(password);
      await db.transaction().execute(async (transaction) => {
        const store = createPeopleStore(transaction);
        const { numUpdatedRows } = await transaction
          .updateTable('people')
          .set({ break_glass_used_at: null, updated_at: new Date(clock.now()) })
          .where('id', '=', id)
          .where('break_glass', '=', true)
          .executeTakeFirstOrThrow();
        if (numUpdatedRows === 0n) throw unknown();
        await store.setPassword(id, hash, new Date(clock.now()));
        await store.endSessions(id, null, by.sessionId);
        const actor = { kind: by.kind, id: by.id, name: by.name };
        const entry = { actor, action: 'identity.break-glass-rotated', subject: `person:${id}` };
        await audit.record({ ...entry, detail: {} }, transaction);
      });
      return { password };
    },
  });
}
export type BreakGlass = ReturnType<typeof createBreakGlass>;
