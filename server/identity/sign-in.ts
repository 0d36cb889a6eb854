import { whyGuessable } from '@bartizan/contracts';
import { SYSTEM } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Attempt, Attempts } from './attempts.ts';
import type { Caller } from './auth.ts';
import type { IdentityDeps } from './deps.ts';
import type { Devices } from './factors/devices.ts';
import type { EntryService } from './factors/entry.ts';
import { type Entry, refused, type SignedIn, type SignedInBy } from './factors/start.ts';
import type { PersonRow } from './model.ts';
import type { Passwords } from './passwords.ts';
import { createPeopleStore, type TokenPurpose } from './people-store.ts';
import { hashToken, newToken } from './tokens.ts';

const SETUP_MS = 7 * 24 * 60 * 60_000;

export interface SignInDeps extends IdentityDeps {
  readonly entry: EntryService;
  readonly attempts: Attempts;
  readonly devices: Devices;
  readonly passwords: Passwords;
  /** Whether passwords are off. */
  readonly singleSignOnOnly: () => Promise<boolean>;
}

const expired = (what: string, hint: string) =>
  new AppError('gone', `this ${what} link was used or is too old`, { hint });
const setupExpired = () =>
  expired('setup', 'If nobody administers Bartizan yet, restart it: it prints a new link.');
const inviteExpired = () => expired('invitation', 'Ask an administrator to invite you again.');
const resetExpired = () => expired('reset', 'Ask an administrator for a new one.');

/** `invalid_input` for a password that one's own name and address nearly give away; null otherwise. */
function nearlyGivenAway(
  password: string,
  { name, email }: { readonly name?: string | null; readonly email?: string | null },
  path: 'password' | 'next',
): AppError | null {
  const why = whyGuessable(password, { name: name ?? '', email: email ?? '' });
  if (why === null) return null;
  const issues = [{ path, message: why }];
  return new AppError('invalid_input', `the body is not valid: ${path}: ${why}`, { issues });
}

/** As above, of whoever has a good link: they guess nothing, so that it does not count against them. */
async function demandNotOwnWords(
  password: string,
  owner: { readonly name: string | null; readonly email: string | null },
  attempt: Pick<Attempt, 'forgive'>,
): Promise<void> {
  const weak = nearlyGivenAway(password, owner, 'password');
  if (!weak) return;
  await attempt.forgive();
  throw weak;
}

const only = (method: SignedInBy['method']): SignedInBy => ({ method, secondFactor: false });
const subjectOf = (personId: string): string => `person:${personId}`;

/** Signing in with a password, and the links that lead to one. */
export function createSignInService(deps: SignInDeps) {
  const { db, audit, events, clock, entry, attempts, devices, passwords } = deps;
  const people = createPeopleStore(db);

  /** Whose password this is, and the hash that it fits; the same work is done whoever is asked for. */
  async function personWith(email: string, password: string): Promise<{ id: string; hash: string } | null> {
    const account = await people.credentialOf(email);
    const hash = account?.password ?? null;
    const right = await passwords.verify({ hash: hash ?? passwords.decoy, password });
    return account && hash !== null && right && !account.disabled ? { id: account.id, hash } : null;
  }

  /** Sets a password with a one-time link, and begins to sign in. */
  async function byLink(
    input: { token: string; password: string },
    link: { purpose: TokenPurpose; gone: () => AppError; set: SetPassword },
    caller: Caller,
  ): Promise<Entry> {
    if (await deps.singleSignOnOnly()) {
      throw new AppError('conflict', 'passwords are off here', {
        hint: 'Sign in with your organisation’s account.',
      });
    }
    const attempt = await attempts.take({ kind: 'token', address: caller.address });
    const hash = hashToken(input.token);
    const owner = await people.ownerOfToken(hash, link.purpose, new Date(clock.now()));
    if (!owner) throw link.gone();
    await demandNotOwnWords(input.password, owner, attempt);
    const passwordHash = await passwords.hash(input.password);
    const person = await db.transaction().execute(async (transaction) => {
      const store = createPeopleStore(transaction);
      // First the person, then what hangs on them; whoever signs in with the old password at this moment waits
      // for this, and then finds that it is old.
      const ofToken = transaction.selectFrom('one_time_tokens').select('person_id').where('hash', '=', hash);
      const held = transaction.selectFrom('people').select('id').where('id', 'in', ofToken);
      await held.forNoKeyUpdate().execute();
      const taken = await store.takeToken(hash, link.purpose, new Date(clock.now()));
      const invited = taken?.person_id ? await store.byId(taken.person_id) : undefined;
      if (!invited || invited.disabled || invited.break_glass) throw link.gone();
      const action = await link.set(store, invited, passwordHash);
      const actor = { kind: 'person', id: invited.id, name: invited.name } as const;
      await audit.record({ actor, action, subject: subjectOf(invited.id), detail: {} }, transaction);
      return invited;
    });
    await attempt.forgive();
    events.emit('people.changed', { personId: person.id });
    return entry.begin(person.id, only(link.purpose), caller);
  }
  type SetPassword = (
    store: ReturnType<typeof createPeopleStore>,
    person: PersonRow,
    hash: string,
  ) => Promise<string>;

  /** Whether this is the person's password. Counts as a guess when it is not. */
  async function checkPassword(personId: string, password: string, caller: Caller): Promise<boolean> {
    const person = await people.byId(personId);
    const hash = person && (await people.passwordHash(personId));
    if (!person || !hash) return false;
    const device = devices.known(person.email, caller);
    const at = { kind: 'password', address: caller.address, account: person.email, device } as const;
    const attempt = await attempts.take(at);
    const right = await passwords.verify({ hash, password });
    if (right) await attempt.forgive();
    return right;
  }

  return Object.freeze({
    isSetUp: async (): Promise<boolean> => (await people.countAdministrators(null)) > 0,

    /**
     * A new one-time link that makes the first administrator, good for 7 days; null once there is one.
     * Links printed earlier stay good too, until one is used.
     */
    async ensureSetupToken(): Promise<string | null> {
      const now = new Date(clock.now());
      await people.dropExpiredTokens(now);
      if ((await people.countAdministrators(null)) > 0) return null;
      const token = newToken();
      await people.addToken(hashToken(token), 'setup', null, new Date(clock.now() + SETUP_MS));
      return `${deps.publicUrl()}/setup?token=${token}`;
    },

    /** Makes the first administrator. Of several at once exactly one succeeds; the others get `gone`. */
    async setUp(
      input: { token: string; name: string; email: string; password: string },
      caller: Caller,
    ): Promise<SignedIn> {
      const attempt = await attempts.take({ kind: 'token', address: caller.address });
      const hash = hashToken(input.token);
      if (!(await people.ownerOfToken(hash, 'setup', new Date(clock.now())))) throw setupExpired();
      await demandNotOwnWords(input.password, input, attempt);
      const passwordHash = await passwords.hash(input.password);
      const id = uuidv7(clock.now());
      await db.transaction().execute(async (transaction) => {
        const store = createPeopleStore(transaction);
        await store.lockAdministrators();
        const at = new Date(clock.now());
        if ((await store.countAdministrators(null)) > 0) throw setupExpired();
        if (!(await store.takeToken(hash, 'setup', at))) throw setupExpired();
        await store.dropTokens(null);
        await store.add({ id, name: input.name, email: input.email, roles: ['administrator'], at });
        await store.setFirstPassword(uuidv7(clock.now()), id, passwordHash, at);
        const change = { actor: SYSTEM, action: 'people.set-up', subject: subjectOf(id) };
        await audit.record({ ...change, detail: { email: input.email } }, transaction);
      });
      await attempt.forgive();
      events.emit('people.changed', { personId: id });
      const entered = await entry.begin(id, only('setup'), caller);
      if (entered.status !== 'signed-in') throw refused();
      return entered;
    },

    /** Signs in. One answer for everything that does not fit, so that accounts cannot be probed. */
    async login(input: { email: string; password: string }, caller: Caller): Promise<Entry> {
      const { email, password } = input;
      const device = devices.known(email, caller);
      const at = { kind: 'password', address: caller.address, account: email, device } as const;
      const attempt = await attempts.take(at);
      const found = await personWith(email, password);
      if (found === null) {
        // The same for an account that is not there; what was typed may be anything, a password too.
        const subject = `person:${(await people.credentialOf(email))?.id ?? 'unknown'}`;
        const detail = { address: caller.address };
        await audit.record({ actor: SYSTEM, action: 'people.sign-in-refused', subject, detail });
        throw refused();
      }
      const how = { ...only('password'), passwordHash: found.hash };
      const entered = await entry.begin(found.id, how, caller);
      await attempt.forgive();
      return entered;
    },

    /** Sets the first password of an invited person and lets them in. */
    acceptInvite: (input: { token: string; password: string }, caller: Caller): Promise<Entry> =>
      byLink(
        input,
        {
          purpose: 'invite',
          gone: inviteExpired,
          async set(store, person, hash) {
            if (await store.hasPassword(person.id)) throw inviteExpired();
            await store.setFirstPassword(uuidv7(clock.now()), person.id, hash, new Date(clock.now()));
            return 'people.joined';
          },
        },
        caller,
      ),

    /** Sets a new password with the link that an administrator gave; all sessions end. */
    reset: (input: { token: string; password: string }, caller: Caller): Promise<Entry> =>
      byLink(
        input,
        {
          purpose: 'reset',
          gone: resetExpired,
          async set(store, person, hash) {
            const at = new Date(clock.now());
            if (await store.hasPassword(person.id)) await store.setPassword(person.id, hash, at);
            else await store.setFirstPassword(uuidv7(clock.now()), person.id, hash, at);
            await store.endSessions(person.id, null);
            await store.dropTokens(person.id);
            return 'people.password-reset';
          },
        },
        caller,
      ),

    checkPassword,

    /** Changes one's own password and ends all sessions; a fresh one begins, as far along as the old. */
    async changePassword(
      { person, sessionId }: { person: { id: string; name: string }; sessionId: string },
      input: { current: string; next: string },
      caller: Caller,
    ): Promise<string[]> {
      const row = await people.byId(person.id);
      if (row?.break_glass) {
        throw new AppError('forbidden', 'the password of an emergency account is replaced, not chosen');
      }
      if (!(await checkPassword(person.id, input.current, caller))) {
        throw new AppError('invalid_input', 'the current password is wrong', {
          issues: [{ path: 'current', message: 'this is not your current password' }],
        });
      }
      const weak = nearlyGivenAway(input.next, row ?? person, 'next');
      if (weak) throw weak;
      const hash = await passwords.hash(input.next);
      return entry.renew(person.id, sessionId, caller, async (transaction) => {
        await createPeopleStore(transaction).setPassword(person.id, hash, new Date(clock.now()));
        const actor = { kind: 'person', id: person.id, name: person.name } as const;
        const change = { actor, action: 'people.password-changed', subject: subjectOf(person.id) };
        await audit.record({ ...change, detail: {} }, transaction);
      });
    },
  });
}
export type SignInService = ReturnType<typeof createSignInService>;
