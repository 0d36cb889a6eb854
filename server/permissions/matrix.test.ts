import {
  ALL_PERMISSIONS,
  ALL_ROUTES,
  allows,
  type Permission,
  ROLES,
  type Role,
  type RouteContract,
} from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Credential, INTERNAL_TOKEN, routeOf, startWorld, type World } from './world.ts';

/** Routes that even a key with their scope may not call: it has no password, session or account of its own. */
const PEOPLE_ONLY: ReadonlySet<string> = new Set(['people.addBreakGlass', 'people.rotateBreakGlass']);

let world: World;
let scim: Credential;
const keys = new Map<string, Credential>();

beforeAll(async () => {
  world = await startWorld();
  for (const scope of [...ALL_PERMISSIONS, 'gateway.invoke']) {
    keys.set(scope, await world.keyWith([scope]));
  }
  const token = { name: 'directory', expiresAt: null };
  scim = world.bearer((await world.must('scim.addToken', world.admin, { body: token })).body.secret);
});
afterAll(() => world?.close());

const isPermission = (access: string): access is Permission =>
  (ALL_PERMISSIONS as readonly string[]).includes(access);
/** Would end the session that the walk needs. */
const ENDS_IT = ['auth.logout'];
const guarded = ALL_ROUTES.filter(({ access }) => access !== 'public');
const walked = guarded.filter(({ id }) => !ENDS_IT.includes(id));

/** What each route answered, by its id, eight at a time. */
async function walk(
  routes: readonly RouteContract[],
  who: Credential,
  purpose?: string | null,
): Promise<Map<string, { status: number; code: string }>> {
  const answers = new Map<string, { status: number; code: string }>();
  const left = [...routes];
  const next = async (): Promise<void> => {
    for (let route = left.shift(); route; route = left.shift()) {
      answers.set(route.id, await world.call(route, who, purpose === undefined ? {} : { purpose }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, next));
  return answers;
}

/** The routes whose answer was not what it must be. */
async function wrong(
  routes: readonly RouteContract[],
  who: Credential,
  fits: (route: RouteContract, status: number, code: string) => boolean,
): Promise<string[]> {
  const answers = await walk(routes, who);
  return routes.flatMap((route) => {
    const { status = 0, code = '' } = answers.get(route.id) ?? {};
    // 501 is an answer: clients then do without.
    return fits(route, status, code) && (status < 500 || status === 501)
      ? []
      : [`${route.id}: ${status} ${code}`];
  });
}

const let_in = (status: number): boolean => status !== 401 && status !== 403;

test('what is served is what the contracts say, no more and no less', async () => {
  const { body } = await world.call(routeOf('auth.me'), world.admin);
  expect(body.roles).toEqual(['administrator']);
  const answer = await fetch(`${world.url}/api/v1/openapi.json`, { headers: { ...world.admin } });
  const document = (await answer.json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const served = Object.values(document.paths)
    .flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId))
    .filter((id) => id !== 'openapi.get');
  const external = ALL_ROUTES.filter(({ access }) => access !== 'gateway').map(({ id }) => id);
  expect(served.toSorted()).toEqual(external.toSorted());
});

test('no two routes are called the same or stand at the same place', () => {
  expect(new Set(ALL_ROUTES.map(({ id }) => id)).size).toBe(ALL_ROUTES.length);
  const places = ALL_ROUTES.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`);
  expect(new Set(places).size).toBe(ALL_ROUTES.length);
});

test('every permission is used by a route, and every route names a known access', () => {
  const used = new Set(ALL_ROUTES.map(({ access }) => access));
  const others = ['public', 'signed-in', 'gateway', 'scim'];
  expect([...used].filter((access) => !isPermission(access) && !others.includes(access))).toEqual([]);
});

test('what is public is public on purpose', () => {
  const open = ALL_ROUTES.filter(({ access }) => access === 'public').map(({ id }) => id);
  const known = /^auth\.(?:state|setup|login|acceptInvite|secondFactor|passkey|reset|sso)/;
  expect(open.filter((id) => !known.test(id))).toEqual([]);
});

describe('without a good credential every route but the public ones is 401:', () => {
  const revoked = async (): Promise<Credential> => {
    const key = await world.keyWith(ALL_PERMISSIONS);
    await world.must('keys.revoke', world.admin, { params: { id: key.id } });
    return key;
  };
  const expired = async (): Promise<Credential> => {
    const key = await world.keyWith(ALL_PERMISSIONS);
    await world.pool.query(`update api_keys set expires_at = now() - interval '1 second' where id = $1`, [
      key.id,
    ]);
    return key;
  };
  const disabled = async (what: 'session' | 'key'): Promise<Credential> => {
    const name = `disabled-${what}`;
    const cookie = await world.join(name, ['administrator']);
    const id = world.ids.get(name) ?? '';
    const key = await world.keyWith(ALL_PERMISSIONS);
    await world.pool.query('update api_keys set owner_id = $1 where id = $2', [id, key.id]);
    await world.must('people.update', world.admin, { params: { id }, body: { disabled: true } });
    return what === 'key' ? key : cookie;
  };
  const ofRemovedAccount = async (): Promise<Credential> => {
    const account = { name: 'short-lived', roles: ['administrator'] };
    const { id } = (await world.must('service-accounts.add', world.admin, { body: account })).body;
    const key = await world.keyWith(ALL_PERMISSIONS, { serviceAccountId: id });
    await world.must('service-accounts.remove', world.admin, { params: { id } });
    return key;
  };
  const ended = async (): Promise<Credential> => {
    const cookie = await world.join('left', ['administrator']);
    await world.must('auth.logout', cookie);
    return cookie;
  };
  const revokedScim = async (): Promise<Credential> => {
    const made = await world.must('scim.addToken', world.admin, { body: { name: 'old', expiresAt: null } });
    await world.must('scim.revokeToken', world.admin, { params: { id: made.body.token.id } });
    return world.bearer(made.body.secret);
  };
  const cookieAsBearer = async (): Promise<Credential> =>
    world.bearer((world.admin.cookie ?? '').replace(/^[^=]*=/, '').slice(0, 500));
  const keyAsCookie = async (): Promise<Credential> => ({
    cookie: (world.admin.cookie ?? '').replace(
      /=.*$/,
      `=${(keys.get('people.manage')?.authorization ?? '').slice(7)}`,
    ),
  });
  const cases: [string, () => Promise<Credential>][] = [
    ['none at all', async () => ({})],
    ['a forged cookie', async () => ({ cookie: 'bartizan-00000000=a.b; better-auth.session_token=a.b' })],
    ['an unknown key', async () => world.bearer(`bz_${'a'.repeat(43)}`)],
    ['a revoked key', revoked],
    ['an expired key', expired],
    ['the key of a disabled person', () => disabled('key')],
    ['the session of a disabled person', () => disabled('session')],
    ['a session that was ended', ended],
    ['the key of a removed service account', ofRemovedAccount],
    ['a revoked provisioning token', revokedScim],
    ['another token', async () => world.bearer('a'.repeat(64))],
    ['the internal token in capitals', async () => world.bearer(INTERNAL_TOKEN.toUpperCase())],
    ['a session in the place of a key', cookieAsBearer],
    ['a key in the place of a session', keyAsCookie],
    ['basic credentials', async () => ({ authorization: `Basic ${btoa('administrator@example.com:x')}` })],
    ['an empty bearer beside a good session', async () => ({ ...world.admin, authorization: 'Bearer ' })],
    [
      'headers of a proxy',
      async () => ({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-user': 'administrator',
        'x-original-url': '/healthz',
        'x-http-method-override': 'GET',
      }),
    ],
  ];
  test.each(cases)('%s', async (_, make) => {
    await world.forgetGuesses();
    expect(await wrong(guarded, await make(), (_route, status) => status === 401)).toEqual([]);
    await world.forgetGuesses();
  });
});

test('an emergency account may do what an administrator may, but for what outlasts its hour', async () => {
  const lasting = walked.filter((route) => route.lasting).map(({ id }) => id);
  expect(lasting.toSorted()).toEqual([
    'people.addBreakGlass',
    'scans.accept',
    'scans.changeSettings',
    'scim.addToken',
    'scim.mapGroup',
    'scim.updateSettings',
    'service-accounts.add',
    'signing.addPolicy',
    'signing.addSigner',
    'signing.updatePolicy',
    'sinks.create',
    'sinks.update',
    'sso.add',
  ]);
  const account = { name: 'Glass', email: 'glass@example.com' };
  const made = await world.must('people.addBreakGlass', world.admin, { body: account });
  const { password } = made.body;
  const { cookie } = await world.must('auth.login', {}, { body: { email: account.email, password } });
  const may = ({ access }: RouteContract) =>
    access === 'signed-in' || (isPermission(access) && allows(['administrator'], access));
  // Refused by what is changed, not by the route: it may only switch off.
  const others = walked.filter(({ id }) => id !== 'service-accounts.update');
  expect(
    await wrong(others, { cookie }, (route, status, code) =>
      route.lasting ? status === 403 && code === 'forbidden' : may(route) ? let_in(status) : status === 403,
    ),
  ).toEqual([]);
});

describe('a person', () => {
  test.each(ROLES.map((role) => [role]))('who is %s may do what the table says', async (role: Role) => {
    const may = ({ access }: RouteContract) =>
      access === 'signed-in' || (isPermission(access) && allows([role], access));
    const who = world.people.get(role) ?? {};
    expect(
      await wrong(walked, who, (route, status) => (may(route) ? let_in(status) : status === 403)),
    ).toEqual([]);
  });

  test.each(ROLES.map((role) => [role]))('who is %s is told the same by auth.permissions', async (role) => {
    const { body } = await world.must('auth.permissions', world.people.get(role) ?? {});
    for (const answer of body.items) {
      expect([answer.permission, answer.granted]).toEqual([
        answer.permission,
        allows([role], answer.permission),
      ]);
      expect(answer.through).toEqual(answer.granted ? [role] : []);
      expect(answer.grantedBy).toEqual(ROLES.filter((one) => allows([one], answer.permission)));
      expect(answer.reason).not.toBe('');
    }
    expect(body.items).toHaveLength(ALL_PERMISSIONS.length);
  });

  test('with two roles may do what either may', async () => {
    const who = await world.join('both', ['reviewer', 'ml-engineer']);
    const may = ({ access }: RouteContract) =>
      access === 'signed-in' || (isPermission(access) && allows(['reviewer', 'ml-engineer'], access));
    expect(
      await wrong(walked, who, (route, status) => (may(route) ? let_in(status) : status === 403)),
    ).toEqual([]);
  });

  test('who confirmed too long ago is asked again wherever a route says so, and nowhere else', async () => {
    const who = await world.join('stale', ['administrator']);
    await world.pool.query(
      `update sessions set confirmed_at = now() - interval '11 minutes' where person_id = $1`,
      [world.ids.get('stale')],
    );
    expect(
      await wrong(
        walked.filter(({ access }) => access !== 'gateway' && access !== 'scim'),
        who,
        ({ stepUp }, _, code) => (code === 'step_up_required') === (stepUp ?? false),
      ),
    ).toEqual([]);
  });

  test('who gives no reason reads nothing that asks for one', async () => {
    const asking = walked.filter(({ purpose }) => purpose);
    expect(asking.length).toBeGreaterThan(2);
    for (const purpose of [null, '', 'short', ' '.repeat(40), 'x'.repeat(501)]) {
      const answers = await walk(asking, world.admin, purpose);
      expect([...answers].map(([id, { code }]) => [id, code])).toEqual(
        [...answers].map(([id]) => [id, 'purpose_required']),
      );
    }
  });
});

describe('a key', () => {
  test.each([...ALL_PERMISSIONS].map((name) => [name]))('with %s alone opens just that', async (scope) => {
    const routes = walked.filter(({ access }) => access !== 'signed-in');
    const rest = routes.filter(({ id }) => !PEOPLE_ONLY.has(id));
    expect(
      await wrong(rest, keys.get(scope) ?? {}, ({ access }, status) =>
        access === scope ? let_in(status) : status === 403,
      ),
    ).toEqual([]);
  });

  test('opens nothing that is for people alone, whatever its scopes', async () => {
    const who = await world.keyWith(ALL_PERMISSIONS);
    const body = { name: 'Emergency', email: 'emergency@example.com' };
    const made = await world.must('people.addBreakGlass', world.admin, { body });
    const params = { id: made.body.person.id };
    for (const id of PEOPLE_ONLY) {
      expect([id, (await world.call(routeOf(id), who, { body, params })).status]).toEqual([id, 403]);
    }
  });

  test('that calls endpoints opens nothing but who it is', async () => {
    const who = keys.get('gateway.invoke') ?? {};
    expect(
      await wrong(guarded, who, ({ id }, status) => (id === 'auth.me' ? status === 200 : status === 403)),
    ).toEqual([]);
  });

  test('is never asked to confirm', async () => {
    const who = await world.keyWith(ALL_PERMISSIONS);
    expect(await wrong(walked, who, (_, _status, code) => code !== 'step_up_required')).toEqual([]);
  });

  test('loses with its owner what the owner loses', async () => {
    await world.join('demoted', ['administrator']);
    const id = world.ids.get('demoted') ?? '';
    const key = await world.keyWith(ALL_PERMISSIONS);
    await world.pool.query('update api_keys set owner_id = $1 where id = $2', [id, key.id]);
    await world.must('people.update', world.admin, { params: { id }, body: { roles: ['viewer'] } });
    const may = ({ access }: RouteContract) => isPermission(access) && allows(['viewer'], access);
    const routes = walked.filter(({ access }) => access !== 'signed-in');
    expect(
      await wrong(routes, key, (route, status) => (may(route) ? let_in(status) : status === 403)),
    ).toEqual([]);
  });
});

describe('a machine', () => {
  test('that is a gateway opens its own routes and no others', async () => {
    const fits = ({ access }: RouteContract, status: number) => (status === 403) === (access !== 'gateway');
    expect(await wrong(guarded, world.bearer(INTERNAL_TOKEN), fits)).toEqual([]);
  });

  test('that is an identity provider opens its own routes and no others', async () => {
    const fits = ({ access }: RouteContract, status: number) => (status === 403) === (access !== 'scim');
    expect(await wrong(guarded, scim, fits)).toEqual([]);
  });
});

test('a person who owes a second factor may do nothing but look after their own account', async () => {
  const who = await world.join('owing', ['auditor', 'administrator']);
  const { body: now } = await world.must('signIn.settings', world.admin);
  const { idleMinutes, sessionHours } = now;
  const secondFactor = { of: 'roles', roles: ['auditor'] };
  await world.must('signIn.changeSettings', world.admin, {
    body: { ...now, idleMinutes, sessionHours, secondFactor },
  });
  // MLflow's clients know no code for it: those routes answer that it is not permitted.
  const fits = ({ access, errors }: RouteContract, status: number, code: string) =>
    (errors === 'mlflow' ? status === 403 : code === 'second_factor_required') === (access !== 'signed-in');
  // To provisioning and gateways' routes no person comes at all; provisioning has errors of its own (RFC 7644).
  const people = walked.filter(({ access }) => access !== 'scim' && access !== 'gateway');
  expect(await wrong(people, who, fits)).toEqual([]);
  const { body } = await world.must('auth.permissions', who);
  expect(body.items.filter(({ granted }: { granted: boolean }) => granted)).toEqual([]);
});

test('signing out closes', async () => {
  const who = world.people.get('viewer') ?? {};
  await world.must('auth.logout', who);
  expect(await wrong(guarded, who, (_, status) => status === 401)).toEqual([]);
});
