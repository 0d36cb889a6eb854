import type { FactorKind, Me, SignInSettings } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Auth, Caller } from '../auth.ts';
import type { IdentityDeps } from '../deps.ts';
import { meOf } from '../me.ts';
import type { PersonRow } from '../model.ts';
import { createPeopleStore } from '../people-store.ts';
import type { IdentityDatabase } from '../tables.ts';
import { newToken } from '../tokens.ts';
import type { Alarms } from './alarms.ts';
import type { Devices } from './devices.ts';
import { owesFactor, readSettings } from './settings.ts';
import type { SignInMethod } from './tables.ts';

const BREAK_GLASS_MS = 60 * 60_000;

/** How somebody showed who they are. */
export interface SignedInBy {
  readonly method: SignInMethod;
  /** A second factor came with it: a passkey, or a provider that is trusted to ask for one. */
  readonly secondFactor: boolean;
  /** The stored hash that the password fitted: where another is stored by now, it showed nothing. */
  readonly passwordHash?: string;
  /** What else the audit log is to say, e.g. the provider. Never secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Signed in, or a second factor is needed; `cookies` are Set-Cookie headers that go out in both cases. */
export type Entry =
  | { readonly status: 'signed-in'; readonly me: Me; readonly cookies: string[] }
  | {
      readonly status: 'second-factor';
      readonly methods: FactorKind[];
      readonly expiresAt: number;
      readonly cookies: string[];
    };
export type SignedIn = Extract<Entry, { status: 'signed-in' }>;

/** One answer for everything that does not fit, so that accounts cannot be probed. */
export const refused = () => new AppError('unauthenticated', 'e-mail address or password is wrong');

export interface StartDeps extends Pick<IdentityDeps, 'audit' | 'clock'> {
  readonly auth: Pick<Auth, 'sessionCookie' | 'sideCookie'>;
  readonly devices: Pick<Devices, 'remember'>;
  readonly alarms: Pick<Alarms, 'raise'>;
}

/** What beginning a session takes; all of it within the transaction that decides to begin one. */
export function createStart({ audit, clock, auth, devices, alarms }: StartDeps) {
  /** The person, who cannot be changed until the transaction ends. */
  async function hold(within: IdentityDatabase, personId: string): Promise<PersonRow> {
    // Whoever disables somebody waits for this, or this for them: no session comes after its end.
    await within.selectFrom('people').select('id').where('id', '=', personId).forNoKeyUpdate().execute();
    const person = await createPeopleStore(within).byId(personId);
    if (!person || person.disabled) throw refused();
    return person;
  }

  /** Uses up the password of an emergency account; throws when it was used before. */
  async function breakGlass(within: IdentityDatabase, person: PersonRow, caller: Caller) {
    const { numUpdatedRows } = await within
      .updateTable('people')
      .set({ break_glass_used_at: new Date(clock.now()) })
      .where('id', '=', person.id)
      .where('break_glass_used_at', 'is', null)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows === 0n) throw refused();
    const subject = `person:${person.id}`;
    await audit.record(
      {
        actor: { kind: 'person', id: person.id, name: person.name },
        action: 'identity.break-glass-used',
        subject,
        detail: { severity: 'high', address: caller.address },
      },
      within,
    );
    const summary = `The emergency account ${person.name} was used from ${caller.address}. Replace its password.`;
    return alarms.raise(within, { kind: 'break-glass-used', severity: 'high', summary, subject }, true);
  }

  function lifeOf(person: PersonRow, settings: SignInSettings): number {
    const lifeMs = settings.sessionHours * 60 * 60_000;
    return person.break_glass ? Math.min(BREAK_GLASS_MS, lifeMs) : lifeMs;
  }

  async function start(
    within: IdentityDatabase,
    person: PersonRow,
    how: SignedInBy,
    caller: Caller,
  ): Promise<SignedIn> {
    const settings = await readSettings(within);
    const at = new Date(clock.now());
    const lifeMs = lifeOf(person, settings);
    const token = newToken();
    const sessionId = uuidv7(clock.now());
    await within
      .insertInto('sessions')
      .values({
        id: sessionId,
        token,
        person_id: person.id,
        ip_address: caller.address,
        user_agent: caller.userAgent,
        method: how.method,
        second_factor: how.secondFactor,
        created_at: at,
        updated_at: at,
        expires_at: new Date(at.getTime() + lifeMs),
      })
      .execute();
    const { method, secondFactor, detail } = how;
    await audit.record(
      {
        actor: { kind: 'person', id: person.id, name: person.name },
        action: 'people.signed-in',
        subject: `person:${person.id}`,
        detail: { method, secondFactor, address: caller.address, session: sessionId, ...detail },
      },
      within,
    );
    const mustEnrol = !secondFactor && owesFactor(settings, person);
    const hasPassword = method !== 'sso';
    return {
      status: 'signed-in',
      me: meOf(person, { confirmedAt: clock.now(), mustEnrol, hasPassword }),
      cookies: [
        auth.sessionCookie(token, lifeMs / 1000),
        devices.remember(person.email),
        auth.sideCookie('pending', '', 0),
      ],
    };
  }

  return Object.freeze({ hold, breakGlass, start });
}
