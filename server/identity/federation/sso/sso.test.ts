import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBrowser, PASSWORD, startFederation, type TestFederation } from '../testing.ts';
import { CLIENT_ID, CLIENT_SECRET, type RealProvider, startRealProvider } from './test-providers.ts';

let t: TestFederation;
let real: RealProvider;
let ada: { cookie: string; id: string };
let providerId: string;
const teams: Record<string, string> = {};

const settings = (more: object = {}) => ({
  label: 'Corp',
  issuer: real.issuer,
  clientId: CLIENT_ID,
  clientSecret: CLIENT_SECRET,
  scopes: ['openid', 'email', 'profile', 'groups'],
  allowPrivateNetwork: true,
  createPeople: true,
  emailDomains: ['corp.example'],
  ...more,
});
const configure = (more: object = {}) =>
  t.good(t.ask('PUT', `/api/v1/sso/providers/${providerId}`, { cookie: ada.cookie, body: settings(more) }));
const start = (returnTo = '/') =>
  `${t.url}/api/v1/auth/sso/${providerId}/start?${new URLSearchParams({ returnTo })}`;

/** Signs in as `account` in a fresh browser; where it ended, and who the browser is then. */
async function signIn(account: string, browser = createBrowser(), returnTo = '/') {
  real.who.accountId = account;
  const end = await browser.open(start(returnTo));
  const me = await browser.fetch(`${t.url}/api/v1/auth/me`);
  return {
    end: end.pathname + end.search,
    failure: end.searchParams.get('sso'),
    status: me.status,
    me: (await me.json()) as { id: string; email: string; roles: string[]; confirmWith: string[] },
    browser,
  };
}

beforeAll(async () => {
  t = await startFederation();
  ada = await t.setUp();
  real = await startRealProvider();
  const added = await t.good(
    t.ask('POST', '/api/v1/sso/providers', { cookie: ada.cookie, body: settings() }),
  );
  providerId = added.body.id;
  await real.serve(added.body.redirectUri);
  for (const name of ['Red', 'Blue']) {
    const team = await t.good(t.ask('POST', '/api/v1/teams', { cookie: ada.cookie, body: { name } }));
    teams[name] = team.body.id;
  }
  const person = (name: string, more: object = {}) =>
    real.accounts.set(name, { email: `${name}@corp.example`, email_verified: true, name, ...more });
  for (const name of ['grace', 'heidi', 'ivan', 'judy', 'karl', 'laura', 'mfa']) person(name);
  person('evil', { email: 'ada@example.com' });
  person('unverified', { email_verified: false });
  person('abroad', { email: 'abroad@elsewhere.example' });
  person('nomail', { email: undefined });
  person('grouped', { groups: ['ops'] });
});
afterAll(async () => {
  await real?.close();
  await t?.close();
});

describe('with a real provider, a person', () => {
  test('signs in, with PKCE, and lands where they wanted, signed in', async () => {
    const first = await signIn('grace', createBrowser(), '/traffic?a=1');
    expect(first.end).toBe('/traffic?a=1');
    expect(first.status).toBe(200);
    expect(first.me).toMatchObject({
      email: 'grace@corp.example',
      name: 'grace',
      roles: ['viewer'],
      kind: 'person',
    });
    const authorize = new URL(first.browser.visited.find((url) => url.includes('code_challenge')) ?? '');
    expect(authorize.searchParams.get('code_challenge_method')).toBe('S256');
    expect(authorize.searchParams.get('nonce')).toMatch(/^[\w-]{43}$/);
    // Nothing of the way is left in the browser.
    expect(first.browser.cookie('127.0.0.1')).not.toContain('-sso=');
    expect(await t.audited(`person:${first.me.id}`)).toEqual(['people.sso-created', 'people.signed-in']);
    // The same person again is the same account.
    expect((await signIn('grace')).me.id).toBe(first.me.id);
  });

  test('is in the same session as any other: listed, ended, and asked to sign in anew to confirm', async () => {
    const { browser, me } = await signIn('heidi');
    expect(me.confirmWith).toEqual(['sign-in']);
    const sessions = await browser.fetch(`${t.url}/api/v1/auth/sessions`);
    const { items } = (await sessions.json()) as { items: { id: string }[] };
    expect(items).toHaveLength(1);
    await browser.fetch(`${t.url}/api/v1/auth/sessions/${items[0]?.id}`, { method: 'DELETE' });
    expect((await browser.fetch(`${t.url}/api/v1/auth/me`)).status).toBe(401);
  });

  test('has no password to sign in with', async () => {
    const { me } = await signIn('heidi');
    const body = { email: me.email, password: PASSWORD };
    expect((await t.ask('POST', '/api/v1/auth/login', { body })).status).toBe(401);
  });

  test('is shown the way on the sign-in page, without secrets', async () => {
    const { body } = await t.ask('GET', '/api/v1/auth/sso');
    expect(body).toEqual({ items: [{ id: providerId, label: 'Corp' }], passwords: true });
    const list = await t.ask('GET', '/api/v1/sso/providers', { cookie: ada.cookie });
    expect(JSON.stringify(list.body)).not.toContain(CLIENT_SECRET);
    expect(list.body.items[0]).toMatchObject({ hasClientSecret: true, people: 2 });
    const { rows } = await t.open.pool.query('select client_secret, settings::text from sso_providers');
    expect(JSON.stringify(rows)).not.toContain(CLIENT_SECRET);
    const audit = await t.open.pool.query('select detail::text from audit_entries');
    expect(JSON.stringify(audit.rows)).not.toContain(CLIENT_SECRET);
  });
});

describe('who does not get in', () => {
  test.each([
    ['evil', 'no-account', 'an address of another domain that is somebody else’s account'],
    ['unverified', 'email-not-verified', 'an address that is not verified'],
    ['abroad', 'no-account', 'an address of another domain'],
    ['nomail', 'no-account', 'no address'],
  ])('%s: %s (%s)', async (account, reason) => {
    const { failure, status } = await signIn(account);
    expect([failure, status]).toEqual([reason, 401]);
  });

  test('somebody with the verified address of an account that has a password', async () => {
    const bob = await t.join(ada.cookie, 'ivan@corp.example', ['security']);
    await configure({ linkByEmail: true });
    expect(await signIn('ivan')).toMatchObject({ failure: 'email-taken', status: 401 });
    // Whoever had it before has it still.
    expect((await t.ask('GET', '/api/v1/auth/me', { cookie: bob.cookie })).body.id).toBe(bob.id);
    await configure();
  });

  test('somebody invited, unless linking is allowed, and then their invitation is used up', async () => {
    const { id, token } = await t.invite(ada.cookie, 'judy@corp.example', ['auditor']);
    expect(await signIn('judy')).toMatchObject({ failure: 'email-taken', status: 401 });
    await configure({ linkByEmail: true });
    const judy = await signIn('judy');
    expect(judy.me).toMatchObject({ id, roles: ['auditor'] });
    const late = await t.ask('POST', '/api/v1/auth/invite', { body: { token, password: PASSWORD } });
    expect(late.status).toBe(410);
    // Linked by subject now: another subject with the same address is somebody else.
    real.accounts.set('judy2', { email: 'judy@corp.example', email_verified: true, name: 'judy' });
    expect(await signIn('judy2')).toMatchObject({ failure: 'email-taken', status: 401 });
    await configure();
  });

  test('somebody disabled here', async () => {
    const { me, browser } = await signIn('karl');
    await t.good(t.ask('PATCH', `/api/v1/people/${me.id}`, { cookie: ada.cookie, body: { disabled: true } }));
    expect((await browser.fetch(`${t.url}/api/v1/auth/me`)).status).toBe(401);
    expect(await signIn('karl')).toMatchObject({ failure: 'disabled', status: 401 });
    expect(await t.audited(`person:${me.id}`)).toContain('people.sso-refused');
  });

  test('anybody, while accounts are not made', async () => {
    await configure({ createPeople: false });
    expect(await signIn('laura')).toMatchObject({ failure: 'no-account', status: 401 });
    await configure({ enabled: false });
    expect(await signIn('grace')).toMatchObject({ failure: 'not-found', status: 401 });
    await configure();
  });
});

describe('groups', () => {
  const groups = [
    { group: 'ops', roles: ['ml-engineer'], teams: [] as string[] },
    { group: 'sec', roles: ['security'], teams: [] as string[] },
  ];
  const own = (more: object = {}) =>
    configure({
      groups: [
        { ...groups[0], teams: [teams.Red] },
        { ...groups[1], teams: [teams.Blue] },
      ],
      ...more,
    });
  const setGroups = (list: string[] | undefined) =>
    real.accounts.set('grouped', { email: 'grouped@corp.example', email_verified: true, groups: list });
  const inTeams = async (id: string) => {
    const { rows } = await t.open.pool.query('select team_id from team_members where person_id = $1', [id]);
    return rows.map((row) => row.team_id);
  };

  test('give roles and teams, anew at each sign-in', async () => {
    await own();
    const { me } = await signIn('grouped');
    expect(me.roles).toEqual(['ml-engineer']);
    expect(await inTeams(me.id)).toEqual([teams.Red]);
    setGroups(['sec', 'unknown']);
    expect((await signIn('grouped')).me).toMatchObject({ id: me.id, roles: ['security'] });
    expect(await inTeams(me.id)).toEqual([teams.Blue]);
    setGroups([]);
    expect((await signIn('grouped')).me.roles).toEqual(['viewer']);
    expect(await inTeams(me.id)).toEqual([]);
  });

  test('decide alone: roles are not changed by hand then', async () => {
    setGroups(['ops']);
    const { me } = await signIn('grouped');
    const change = (body: object) => t.ask('PATCH', `/api/v1/people/${me.id}`, { cookie: ada.cookie, body });
    expect((await change({ roles: ['administrator'] })).status).toBe(409);
    expect((await change({ name: 'Renamed' })).status).toBe(200);
  });

  test('where they are required, losing the last one ends access: session and keys die', async () => {
    setGroups(['sec']);
    await own({ groupsRequired: true });
    const { me, browser } = await signIn('grouped');
    expect(me.roles).toEqual(['security']);
    const made = await browser.fetch(`${t.url}/api/v1/keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'k',
        scopes: ['gateway.invoke', 'people.read'],
        endpoints: '*',
        expiresAt: null,
      }),
    });
    const key = (await made.json()) as { key: { id: string }; secret: string };
    expect((await t.ask('GET', '/api/v1/people', { bearer: key.secret })).status).toBe(200);
    setGroups([]);
    expect(await signIn('grouped')).toMatchObject({ failure: 'no-access', status: 401 });
    expect((await browser.fetch(`${t.url}/api/v1/auth/me`)).status).toBe(401);
    expect((await t.ask('GET', '/api/v1/people', { bearer: key.secret })).status).toBe(401);
    expect((await t.identity.gatewayKeys()).map(({ id }) => id)).not.toContain(key.key.id);
    // Nobody new gets in without a group either, and no account is made.
    expect(await signIn('laura')).toMatchObject({ failure: 'no-access', status: 401 });
    const { rows } = await t.open.pool.query("select 1 from people where email = 'laura@corp.example'");
    expect(rows).toHaveLength(0);
    setGroups(['ops']);
    expect((await signIn('grouped')).me.roles).toEqual(['ml-engineer']);
    await configure();
  });

  test('can come from the UserInfo endpoint alone, and by a path', async () => {
    const deep = { userInfo: true, claims: { groups: 'realm_access.roles' }, groups: [groups[0]] };
    setGroups(undefined);
    real.accounts.set('grouped', {
      email: 'grouped@corp.example',
      email_verified: true,
      realm_access: { roles: ['ops'] },
    });
    await configure({ ...deep, userInfo: false });
    expect((await signIn('grouped')).me.roles).toEqual(['viewer']);
    await configure(deep);
    expect((await signIn('grouped')).me.roles).toEqual(['ml-engineer']);
    await configure();
  });
});

describe('a second factor', () => {
  test('of the provider counts only where it is trusted for it', async () => {
    real.who.amr = ['pwd', 'mfa'];
    const { me } = await signIn('mfa');
    const second = async () => {
      const { rows } = await t.open.pool.query(
        'select second_factor from sessions where person_id = $1 order by created_at desc limit 1',
        [me.id],
      );
      return rows[0].second_factor;
    };
    expect(await second()).toBe(false);
    await configure({ trustedForMfa: true });
    await signIn('mfa');
    expect(await second()).toBe(true);
    real.who.amr = ['pwd'];
    await signIn('mfa');
    expect(await second()).toBe(false);
    await configure();
  });
});

describe('the way there and back', () => {
  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/%5Cevil.example\\',
    '\\/evil.example',
    'javascript:alert(1)',
    '/\t/evil.example',
    '/a\r\nset-cookie: x=y',
    '/./\\/evil.example',
    '/x/..//evil.example',
    '/api/v1/auth/logout',
    'sign-in',
    '',
  ])('never leads elsewhere: %j', async (returnTo) => {
    const browser = createBrowser();
    real.who.accountId = 'grace';
    const end = await browser.open(start(returnTo));
    expect(end.origin).toBe(t.url);
    expect(end.pathname.startsWith('//')).toBe(false);
    expect(end.pathname).not.toMatch(/^\/(?:api|\\)/);
    expect(end.href).not.toContain('javascript');
  });

  const stopAtCallback = (url: URL) => url.pathname.endsWith('/callback');

  test('is bound to the browser: somebody else’s answer signs nobody in (login CSRF)', async () => {
    const attacker = createBrowser();
    real.who.accountId = 'grace';
    const answer = await attacker.open(start(), stopAtCallback);
    const victim = createBrowser();
    expect((await victim.open(answer.href)).searchParams.get('sso')).toBe('start-again');
    expect((await victim.fetch(`${t.url}/api/v1/auth/me`)).status).toBe(401);
    // Nor one who is on a way of their own.
    const busy = createBrowser();
    await busy.open(start(), stopAtCallback);
    expect((await busy.open(answer.href)).searchParams.get('sso')).toBe('start-again');
    expect((await busy.fetch(`${t.url}/api/v1/auth/me`)).status).toBe(401);
  });

  test('is gone once: the same answer again does nothing, and the state belongs to its own attempt', async () => {
    const browser = createBrowser();
    real.who.accountId = 'grace';
    const answer = await browser.open(start(), stopAtCallback);
    const kept = browser.cookie('127.0.0.1');
    expect((await browser.open(answer.href)).pathname).toBe('/');
    expect((await browser.open(answer.href)).searchParams.get('sso')).toBe('start-again');
    // Even with the cookie of the attempt kept aside.
    const replay = await fetch(answer, { redirect: 'manual', headers: { cookie: kept } });
    expect(replay.headers.get('location')).toMatch(/^\/sign-in\?sso=(?:refused|start-again)/);
    expect(replay.headers.getSetCookie().join()).not.toMatch(/bartizan-[0-9a-f]{8}=[^;]/);
  });

  test('takes no changed state, no state of another attempt, no parameter twice, and ends after ten minutes', async () => {
    const browser = createBrowser();
    real.who.accountId = 'grace';
    const answer = await browser.open(start(), stopAtCallback);
    const cookie = browser.cookie('127.0.0.1');
    const send = async (url: string) =>
      (await fetch(url, { redirect: 'manual', headers: { cookie } })).headers.get('location');
    const other = new URL(answer);
    other.searchParams.set('state', 'x'.repeat(43));
    expect(await send(other.href)).toBe('/sign-in?sso=start-again');
    expect(await send(`${answer.href}&state=again`)).toBe('/sign-in?sso=start-again');
    expect(await send(answer.href.replace(/state=[^&]+/, ''))).toBe('/sign-in?sso=start-again');
    expect(await send(answer.href.replace(providerId, ada.id))).toBe('/sign-in?sso=start-again');
    t.time.offsetMs += 11 * 60_000;
    expect(await send(answer.href)).toBe('/sign-in?sso=start-again');
    t.time.offsetMs = 0;
  });

  test('takes no cookie that was not made here, nor two of them', async () => {
    const browser = createBrowser();
    real.who.accountId = 'grace';
    const answer = await browser.open(start(), stopAtCallback);
    const cookie = browser.cookie('127.0.0.1');
    const [name = ''] = cookie.split('=', 1);
    for (const forged of [
      `${name}=bzs1.aa.bb.cc`,
      `${name}=`,
      `${cookie}; ${name}=x`,
      `${cookie.slice(0, -3)}AAA`,
    ]) {
      const back = await fetch(answer, { redirect: 'manual', headers: { cookie: forged } });
      expect(back.headers.get('location')).toBe('/sign-in?sso=start-again');
    }
  });

  test('says that the person said no', async () => {
    const browser = createBrowser();
    real.who.accountId = 'grace';
    const answer = await browser.open(start('/x'), stopAtCallback);
    answer.searchParams.delete('code');
    answer.searchParams.set('error', 'access_denied');
    const end = await browser.open(answer.href);
    expect(end.pathname + end.search).toBe('/sign-in?sso=cancelled&next=%2Fx');
  });

  test('begins at the public address, so that the cookie is where the answer comes', async () => {
    const browser = createBrowser();
    const port = new URL(t.url).port;
    const wrong = start().replace('127.0.0.1', 'localhost');
    const end = await browser.open(wrong, (url) => url.port !== port);
    expect(end.origin).toBe(real.issuer);
    expect(browser.visited[1]).toMatch(/^http:\/\/127\.0\.0\.1:.*here=1$/);
  });

  test('leads to no provider that is not there', async () => {
    for (const id of [ada.id, 'x', '%00', '..%2f..', `${providerId}'`]) {
      const answer = await fetch(`${t.url}/api/v1/auth/sso/${id}/start`, { redirect: 'manual' });
      expect([id, answer.headers.get('location')]).toEqual([id, '/sign-in?sso=not-found']);
    }
  });
});

describe('single sign-on only', () => {
  const only = (value: boolean) =>
    t.ask('PUT', '/api/v1/sso/settings', { cookie: ada.cookie, body: { only: value } });
  const login = (email: string) =>
    t.ask('POST', '/api/v1/auth/login', { body: { email, password: PASSWORD } });

  test('switches passwords off for everybody, and says so', async () => {
    expect((await only(true)).status).toBe(200);
    expect((await t.ask('GET', '/api/v1/auth/sso')).body.passwords).toBe(false);
    expect((await login('ada@example.com')).status).toBe(401);
    expect((await signIn('grace')).status).toBe(200);
    expect((await only(false)).status).toBe(200);
    expect((await login('ada@example.com')).status).toBe(200);
  });

  test('is refused while nobody could sign in with it', async () => {
    await configure({ enabled: false });
    expect((await only(true)).status).toBe(409);
    await configure();
  });
});

describe('settings', () => {
  const add = (body: object, cookie = ada.cookie) =>
    t.ask('POST', '/api/v1/sso/providers', { cookie, body: settings(body) });

  test.each([
    [{ issuer: 'http://169.254.169.254' }, 'issuer'],
    [{ issuer: 'http://127.0.0.1:1', allowPrivateNetwork: false }, 'issuer'],
    [{ issuer: 'http://issuer.example', allowPrivateNetwork: false }, 'issuer'],
    [{ issuer: 'https://issuer.example/?a=b' }, 'issuer'],
    [{ issuer: 'https://user:pw@issuer.example' }, 'issuer'],
    [{ issuer: 'file:///etc/passwd' }, 'issuer'],
    [{ emailDomains: [] }, 'emailDomains'],
    [{ groupsRequired: true }, 'groups'],
    [{ scopes: ['email'] }, 'scopes'],
  ])('are refused where they cannot be safe: %j', async (body, path) => {
    const answer = await add(body);
    expect([answer.status, answer.body.error.issues?.[0].path]).toEqual([400, path]);
  });

  test('belong to people who may change them, after a confirmation', async () => {
    const sue = await t.join(ada.cookie, 'sue@example.com', ['security']);
    expect((await add({}, sue.cookie)).status).toBe(403);
    t.time.offsetMs += 11 * 60_000;
    expect((await add({})).body.error.code).toBe('step_up_required');
    t.time.offsetMs = 0;
  });

  test('give nothing that a limited key does not have', async () => {
    const made = await t.good(
      t.ask('POST', '/api/v1/keys', {
        cookie: ada.cookie,
        body: { name: 'k', scopes: ['sign-in.manage', 'sign-in.read'], endpoints: [], expiresAt: null },
      }),
    );
    const by = (body: object) =>
      t.ask('POST', '/api/v1/sso/providers', { bearer: made.body.secret, body: settings(body) });
    expect((await by({ defaultRoles: ['administrator'] })).status).toBe(403);
    expect((await by({ groups: [{ group: 'g', roles: ['administrator'] }], defaultRoles: [] })).status).toBe(
      403,
    );
    expect((await by({ linkByEmail: true, defaultRoles: [] })).status).toBe(403);
  });

  test('keep the secret for the server that it was given for', async () => {
    const { clientSecret: _, ...without } = settings({ issuer: 'https://evil.example' });
    const answer = await t.ask('PUT', `/api/v1/sso/providers/${providerId}`, {
      cookie: ada.cookie,
      body: without,
    });
    expect(answer.body.error.issues[0].path).toBe('clientSecret');
  });

  test('can be tried: the provider’s documents are read, and what is wrong is said', async () => {
    const probe = (issuer: string, allowPrivateNetwork = true) =>
      t.ask('POST', '/api/v1/sso/test', { cookie: ada.cookie, body: { issuer, allowPrivateNetwork } });
    const good = await probe(real.issuer);
    expect(good.body.ok).toBe(true);
    expect(good.body.steps.map((step: { title: string }) => step.title)).toContain('PKCE');
    for (const [issuer, words] of [
      [`${real.issuer}/other`, /./],
      [`${t.url}`, /./],
      ['http://169.254.169.254/latest', /metadata/],
      [`${real.issuer}/.well-known/openid-configuration`, /without/],
    ] as const) {
      const bad = await probe(issuer);
      expect([issuer, bad.body.ok]).toEqual([issuer, false]);
      expect(bad.body.steps[0].message).toMatch(words);
    }
    expect((await probe(real.issuer, false)).body.steps[0].message).toMatch(/private network/);
  });
});
