import { randomBytes } from 'node:crypto';
import type { Role } from '@bartizan/contracts';
import { codeOf } from '../../server/identity/factors/testing.ts';
import { createPasswords } from '../../server/identity/passwords.ts';
import { withTestDatabase } from '../../server/platform/database/testing.ts';
import { startDoor } from './door.ts';
import { type Answer, type Ask, ask, type Door, send } from './wire.ts';

export const PASSWORD = 'correct horse battery';
export const PUBLIC_URL = 'https://bartizan.example';

/** Somebody with an account and a session. */
export interface Someone {
  readonly id: string;
  readonly email: string;
  /** What their browser sends on the plain door: session and known browser. */
  readonly cookie: string;
  /** The session's part of it: name, equals sign, value. */
  readonly session: string;
}

/** Rows that change by themselves, or by being looked at: what a read may leave behind. */
const MOVING_TABLES =
  /^(?:audit_|sign_in_attempts$|servers$|gateways$|leaderships$|sink_feed|sink_progress$|interaction_days$|configuration_versions$)/;
const MOVING_COLUMNS = "'{last_seen_at,last_used_at,seen_at,updated_at}'::text[]";

const tokenIn = (link: string | null): string => new URL(link ?? '').searchParams.get('token') ?? '';

/**
 * One instance with two servers as processes of their own on one database, as an attacker finds them: `plain`
 * by http and no proxy, `proxied` behind one that it trusts on this machine, with a public https address.
 */
export async function startTarget() {
  const open = await withTestDatabase();
  const secrets = {
    master: randomBytes(32).toString('hex'),
    internal: randomBytes(32).toString('hex'),
  };
  /** Everything that must never be seen in a log or an error. */
  const kept = new Set<string>([...Object.values(secrets), PASSWORD]);
  const answers: Answer[] = [];
  const base = {
    DATABASE_URL: open.url,
    BARTIZAN_MASTER_KEY: secrets.master,
    BARTIZAN_INTERNAL_TOKEN: secrets.internal,
  };
  const first = await startDoor(base);
  const second = await startDoor({
    ...base,
    BARTIZAN_PUBLIC_URL: PUBLIC_URL,
    BARTIZAN_TRUSTED_PROXIES: '127.0.0.1',
    BARTIZAN_BACKGROUND: 'off',
  });
  const doors = { plain: first.door, proxied: second.door };
  const cheap = await createPasswords({ logN: 10, p: 1 }).hash(PASSWORD);

  const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await open.pool.query(text, values)).rows;

  /** A request on the plain door, or the one that it names. */
  async function call(method: string, path: string, given: Ask & { door?: Door } = {}): Promise<Answer> {
    const { door = doors.plain, ...rest } = given;
    const answer = await ask(door, method, path.startsWith('/') ? path : `/api/v1/${path}`, rest);
    answers.push(answer);
    return answer;
  }

  /** As {@link call}, for what an honest caller may. */
  async function must(method: string, path: string, given: Ask & { door?: Door } = {}): Promise<Answer> {
    const answer = await call(method, path, given);
    if (answer.status < 300) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  }

  const keep = <T extends string>(secret: T): T => {
    kept.add(secret);
    return secret;
  };
  const someoneOf = (id: string, email: string, cookie: string): Someone => {
    const [session = ''] = cookie.split('; ');
    keep(session.slice(session.indexOf('=') + 1));
    return { id, email, cookie, session };
  };

  const setupToken = keep(tokenIn(first.setupUrl));
  // Several at once, through both servers: one may win.
  const setUps = await Promise.all(
    [1, 2, 3, 4].map((nth) =>
      call('POST', 'auth/setup', {
        body: { token: setupToken, name: 'Ada', email: `ada${nth}@example.com`, password: PASSWORD },
        door: nth % 2 === 0 ? doors.plain : doors.proxied,
      }),
    ),
  );
  const set = setUps.find(({ status }) => status === 200);
  if (!set) throw new Error(`nobody could set it up: ${setUps[0]?.text}`);
  const admin = someoneOf(set.body.id, set.body.email, set.cookie.replaceAll('__Host-', ''));
  // What a person of the tests costs is not what is tested: a cheap hash, but for the one with the real one.
  const cheapen = (id: string) =>
    sql('update people_credentials set password = $2 where person_id = $1', [id, cheap]);

  async function login(email: string, password = PASSWORD, given: Ask & { door?: Door } = {}) {
    return call('POST', 'auth/login', { body: { email, password }, ...given });
  }

  /** Adds somebody who has not chosen a password; answers with the token of the link. */
  async function invite(name: string, roles: readonly Role[] = ['viewer']) {
    const email = `${name}@example.com`;
    const { body } = await must('POST', 'people', { cookie: admin.cookie, body: { name, email, roles } });
    return { id: body.person.id as string, email, token: keep(tokenIn(body.inviteUrl)) };
  }

  /** Somebody new, signed in. */
  async function join(name: string, roles: readonly Role[] = ['viewer']): Promise<Someone> {
    const { id, email } = await invite(name, roles);
    await sql('delete from one_time_tokens where person_id = $1', [id]);
    await sql(
      `insert into people_credentials (id, person_id, provider_id, account_id, password, created_at, updated_at)
       values (gen_random_uuid(), $1::uuid, 'credential', ($1::uuid)::text, $2, now(), now())`,
      [id, cheap],
    );
    return signIn(id, email);
  }

  /** A further session of somebody, from another browser. */
  async function signIn(id: string, email: string): Promise<Someone> {
    const answer = await login(email);
    if (answer.body.status !== 'signed-in') throw new Error(`no session: ${answer.text}`);
    return someoneOf(id, email, answer.cookie);
  }

  /** Sets up an authenticator app; its next code is one that was not used. */
  async function enrol({ id, cookie }: Pick<Someone, 'id' | 'cookie'>) {
    const { body } = await must('POST', 'auth/factors/totp', { cookie });
    const secret = keep(body.secret as string);
    const done = await must('POST', 'auth/factors/totp/confirm', {
      cookie,
      body: { code: codeOf(secret, Date.now()) },
    });
    const codes: string[] = done.body.recoveryCodes;
    for (const code of codes) keep(code);
    await sql('update person_totp set last_step = 0 where person_id = $1', [id]);
    return { secret, codes };
  }

  /** A key of the administrator's. */
  async function key(scopes: readonly string[], rest: object = {}) {
    const body = { name: 'a key', scopes, endpoints: '*', expiresAt: null, ...rest };
    const made = await must('POST', 'keys', { cookie: admin.cookie, body });
    return { id: made.body.key.id as string, secret: keep(made.body.secret as string) };
  }

  async function scimToken(): Promise<string> {
    const body = { name: 'directory', expiresAt: null };
    return keep((await must('POST', 'scim/tokens', { cookie: admin.cookie, body })).body.secret as string);
  }

  /** A digest of everything that the instance remembers, by table; what reading leaves behind aside. */
  async function state(): Promise<Record<string, string>> {
    const tables = await sql("select tablename from pg_tables where schemaname = 'public' order by 1");
    const names = tables
      .map(({ tablename }) => String(tablename))
      .filter((name) => !MOVING_TABLES.test(name));
    const parts = names.map(
      (name) => `select '${name}' as name, md5(coalesce(string_agg(line, ',' order by line), '')) as digest
        from (select (to_jsonb(t) - ${MOVING_COLUMNS})::text as line from "${name}" t) lines`,
    );
    const rows = await sql(parts.join(' union all '));
    return Object.fromEntries(rows.map(({ name, digest }) => [String(name), String(digest)]));
  }

  /** Every row that is kept, as text; sessions aside, whose tokens are worth nothing without the master key. */
  async function dump(): Promise<string> {
    const tables = await sql("select tablename from pg_tables where schemaname = 'public' order by 1");
    const names = tables.map(({ tablename }) => String(tablename)).filter((name) => name !== 'sessions');
    const texts: string[] = [];
    for (const name of names) {
      const rows = await sql(
        `select coalesce(string_agg(to_jsonb(t)::text, ' '), '') as text from "${name}" t`,
      );
      texts.push(String(rows[0]?.text));
    }
    return texts.join('\n');
  }

  /** Who a cookie or key is to the plain door; null for nobody. */
  async function whoIs(given: Ask & { door?: Door }): Promise<string | null> {
    const answer = await call('GET', 'auth/me', given);
    return answer.status === 200 ? (answer.body.id as string) : null;
  }

  return {
    ...doors,
    secrets,
    kept,
    answers,
    admin,
    setupToken,
    /** What each of those who set it up at the same moment was answered. */
    setUps: setUps.map(({ status }) => status),
    sql,
    call,
    must,
    keep,
    login,
    invite,
    join,
    signIn,
    enrol,
    key,
    scimToken,
    state,
    dump,
    whoIs,
    cheapen,
    someoneOf,
    send,
    log: () => first.log() + second.log(),
    /** Process id of the server behind the plain door. */
    pid: first.pid,
    alive: () => first.alive() && second.alive(),
    forgetGuesses: () => sql('delete from sign_in_attempts'),
    async close() {
      await first.stop();
      await second.stop();
      await open.close();
    },
  };
}
export type Target = Awaited<ReturnType<typeof startTarget>>;
export type { Answer, Ask };
