import { ALL_PERMISSIONS, ALL_ROUTES, type RouteContract } from '@bartizan/contracts';
import { expect } from 'vitest';
import type { Suite } from './suite.ts';
import { PASSWORD, type Someone, type Target } from './target.ts';

const NOWHERE = '018f3b1e-7f10-7000-8000-000000000000';
const guarded = ALL_ROUTES.filter(
  ({ access }) => !['public', 'signed-in', 'scim', 'gateway'].includes(access),
);

const pathOf = ({ path }: RouteContract): string => path.replace(/:\w+/g, NOWHERE).replace('*', '0');

/** What a route answers to somebody: its status and error code. */
async function answerTo(t: Target, route: RouteContract, given: { cookie?: string; key?: string }) {
  const body = route.method === 'GET' || route.method === 'DELETE' ? {} : { body: {} };
  const headers = { 'bartizan-purpose': 'the attack suite looks at it' };
  const { status, code } = await t.call(route.method, pathOf(route), { ...given, ...body, headers });
  return [route.id, status, code];
}

const update = (t: Target, { id }: Pick<Someone, 'id'>, body: object) =>
  t.must('PATCH', `people/${id}`, { cookie: t.admin.cookie, body });

/** People and keys that want more than they were given. */
export function privilegeAttacks(suite: Suite): void {
  sessions(suite);
  bodies(suite);
  ladders(suite);
  emergencies(suite);
}

function sessions({ attack, honest }: Suite): void {
  honest('an administrator who confirmed lately may do dangerous acts', async (t) => {
    expect((await t.call('GET', 'people', { cookie: t.admin.cookie })).status).toBe(200);
    await t.key(['people.read']);
  });

  attack(
    'use an administrator’s session ten minutes after it was confirmed',
    'do dangerous acts',
    async (t) => {
      const bob = await t.join('bob-unconfirmed', ['administrator']);
      const past = "now() - interval '11 minutes'";
      await t.sql(`update sessions set created_at = ${past}, confirmed_at = ${past} where person_id = $1`, [
        bob.id,
      ]);
      const before = await t.state();
      for (const route of ALL_ROUTES.filter(({ stepUp }) => stepUp)) {
        expect(await answerTo(t, route, bob)).toEqual([route.id, 403, 'step_up_required']);
      }
      expect(await t.state()).toEqual(before);
      expect(await t.whoIs({ cookie: bob.cookie })).toBe(bob.id);
    },
  );

  attack('do anything with a session that still owes a second factor', 'put it off for ever', async (t) => {
    const { cookie } = t.admin;
    const bob = await t.join('bob-owes', ['administrator', 'ml-engineer']);
    const { body: settings } = await t.must('GET', 'sign-in/settings', { cookie });
    const demand = { ...settings, secondFactor: { of: 'roles', roles: ['ml-engineer'] } };
    const { body: held } = await t.must('PUT', 'sign-in/settings', { cookie, body: demand });
    for (const route of guarded) {
      // MLflow's clients know no code for it.
      const code = route.errors === 'mlflow' ? '' : 'second_factor_required';
      expect(await answerTo(t, route, bob)).toEqual([route.id, 403, code]);
    }
    await t.enrol(bob);
    expect((await t.call('GET', 'people', { cookie: bob.cookie })).status).toBe(200);
    const free = { ...held, secondFactor: { of: 'nobody' } };
    await t.must('PUT', 'sign-in/settings', { cookie, body: free });
  });

  attack('go on in a session after the role was taken away', 'have it until the next sign-in', async (t) => {
    const bob = await t.join('bob-demoted', ['administrator', 'viewer']);
    const made = await t.must('POST', 'keys', {
      cookie: bob.cookie,
      body: { name: 'k', scopes: ['people.read'], endpoints: '*', expiresAt: null },
    });
    const key = t.keep(made.body.secret as string);
    expect((await t.call('GET', 'people', { key })).status).toBe(200);
    await update(t, bob, { roles: ['viewer'] });
    for (const given of [{ cookie: bob.cookie }, { key }]) {
      expect((await t.call('GET', 'people', given)).status).toBe(403);
    }
    expect((await answerTo(t, guarded.find(({ id }) => id === 'people.add') as RouteContract, bob))[1]).toBe(
      403,
    );
  });

  attack('keep a session over the giving of a role', 'have a stolen one grow', async (t) => {
    const bob = await t.join('bob-promoted');
    await update(t, bob, { roles: ['viewer', 'administrator'] });
    expect(await t.whoIs({ cookie: bob.cookie })).toBeNull();
  });

  attack(
    'be disabled between the two steps, and in the middle of a session',
    'finish what was begun',
    async (t) => {
      const bob = await t.join('bob-midway');
      const { codes } = await t.enrol(bob);
      const half = await t.login(bob.email);
      await update(t, bob, { disabled: true });
      const body = { kind: 'recovery', code: codes[0] };
      const second = await t.call('POST', 'auth/second-factor', { cookie: half.cookie, body });
      expect([second.status, second.cookies]).toEqual([410, []]);
      expect(await t.whoIs({ cookie: bob.cookie })).toBeNull();
      expect((await t.login(bob.email)).status).toBe(401);
    },
  );

  attack('follow every link that reads, as an administrator', 'have a GET change something', async (t) => {
    const before = await t.state();
    const reads = ALL_ROUTES.filter(({ method, access }) => method === 'GET' && access !== 'scim');
    for (const route of reads) {
      const key = route.access === 'gateway' ? { key: t.secrets.internal } : { cookie: t.admin.cookie };
      const [, status] = await answerTo(t, route, key);
      expect([route.id, Number(status) < 500]).toEqual([route.id, true]);
    }
    expect(await t.state()).toEqual(before);
  });

  attack('read protected content with a reason that says nothing', 'leave none', async (t) => {
    const routes = ALL_ROUTES.filter(({ purpose }) => purpose);
    expect(routes.length).toBeGreaterThan(0);
    for (const route of routes) {
      for (const reason of [
        '',
        'short',
        ' '.repeat(40),
        '%20'.repeat(40),
        '%E2%80%8B'.repeat(20),
        '%ff%fe',
        '%00'.repeat(20),
      ]) {
        const headers = { 'bartizan-purpose': reason };
        const { code } = await t.call(route.method, pathOf(route), { cookie: t.admin.cookie, headers });
        expect([route.id, reason, code]).toEqual([route.id, reason, 'purpose_required']);
      }
    }
  });
}

function bodies({ attack }: Suite): void {
  attack('add roles, flags and ids to bodies that do not take them', 'be made more', async (t) => {
    const extra = {
      roles: ['administrator'],
      id: NOWHERE,
      breakGlass: true,
      break_glass: true,
      confirmedAt: 9e15,
      teams: ['*'],
      disabled: false,
      secondFactor: true,
      mustEnrol: false,
      email: 'other@example.com',
      permissions: ALL_PERMISSIONS,
    };
    const { id, token } = await t.invite('ivy-mass');
    const joined = await t.must('POST', 'auth/invite', { body: { ...extra, token, password: PASSWORD } });
    const { body: me } = await t.must('GET', 'auth/me', { cookie: joined.cookie });
    expect(me).toMatchObject({ id, roles: ['viewer'], breakGlass: false, email: 'ivy-mass@example.com' });
    const { roles: _, ...rest } = extra;
    const wanted = { ...rest, name: 'Max', email: 'max-mass@example.com', roles: ['viewer'] };
    const { body: added } = await t.must('POST', 'people', { cookie: t.admin.cookie, body: wanted });
    expect(added.person).toMatchObject({
      roles: ['viewer'],
      breakGlass: false,
      teams: [],
      secondFactor: false,
    });
    expect(added.person.id).not.toBe(NOWHERE);
    t.keep(new URL(added.inviteUrl).searchParams.get('token') ?? '');
    const made = await t.key(['people.read'], {
      ownerId: id,
      owner_id: id,
      hash: 'x',
      secret: 'bz_x',
      id: NOWHERE,
    });
    expect([made.id === NOWHERE, made.secret === 'bz_x']).toEqual([false, false]);
    expect(await t.whoIs({ key: 'bz_x' })).toBeNull();
    const [row] = await t.sql('select owner_id from api_keys where id = $1', [made.id]);
    expect(row).toEqual({ owner_id: t.admin.id });
  });

  attack('send keys of prototypes in JSON', 'make everybody an administrator', async (t) => {
    const vera = await t.join('vera-proto');
    const evil =
      '{"isAdmin":true,"roles":["administrator"],"mustEnrol":false,"confirmedAt":9e15,"setUp":false}';
    for (const text of [
      `{"__proto__":${evil},"email":"a@example.com","password":"x"}`,
      `{"constructor":{"prototype":${evil}},"email":"a@example.com","password":"x"}`,
      `{"\\u005f_proto__":${evil},"email":"a@example.com","password":"x"}`,
      `{"email":{"__proto__":${evil}},"password":"x"}`,
      `[{"__proto__":${evil}}]`,
    ]) {
      const answer = await t.call('POST', 'auth/login', { text });
      expect([text.slice(0, 20), [400, 401].includes(answer.status)]).toEqual([text.slice(0, 20), true]);
    }
    const query = await t.call(
      'GET',
      '/api/v1/auth/state?__proto__[setUp]=false&constructor[prototype][a]=1',
    );
    expect(query.body.setUp).toBe(true);
    expect((await t.call('GET', 'people', { cookie: vera.cookie })).status).toBe(403);
    const { body } = await t.must('GET', 'auth/me', { cookie: vera.cookie });
    expect(body.roles).toEqual(['viewer']);
  });

  attack(
    'name a field twice, and send objects where texts are',
    'have one checked and another used',
    async (t) => {
      const vera = await t.join('vera-twice');
      const shapes = [
        `{"email":["${vera.email}"],"password":"${PASSWORD}"}`,
        `{"email":"${vera.email}","password":{"$ne":null}}`,
        `{"email":"${vera.email}","password":["${PASSWORD}"]}`,
        `{"email":"${vera.email}' or '1'='1","password":"x"}`,
        `{"email":"${vera.email}\\u0000","password":"${PASSWORD}"}`,
        `{"email":"${vera.email}","password":"${'x'.repeat(100_000)}"}`,
        `{"email":"${vera.email}","password":"${PASSWORD}","email":"nobody@example.com"}`,
      ];
      for (const text of shapes) {
        const answer = await t.call('POST', 'auth/login', { text });
        expect([answer.status === 400 || answer.status === 401, answer.cookies]).toEqual([true, []]);
      }
    },
  );
}

function ladders({ attack }: Suite): void {
  attack('make keys, accounts and people wider than oneself', 'climb', async (t) => {
    const sam = await t.join('sam-climbs', ['security']);
    const viewer = await t.join('vera-climbs');
    const wide = await t.key(ALL_PERMISSIONS);
    const key = { name: 'k', scopes: ['people.manage'], endpoints: '*', expiresAt: null };
    const account = { name: 'a', roles: ['administrator'] };
    const person = { name: 'n', email: 'n@example.com', roles: ['administrator'] };
    const before = await t.state();
    for (const { cookie } of [sam, viewer]) {
      for (const [method, path, body] of [
        ['POST', 'keys', key],
        ['POST', 'service-accounts', account],
        ['POST', 'people', person],
        ['PATCH', `people/${sam.id}`, { roles: ['administrator'] }],
        ['POST', `keys/${wide.id}/rotate`, { oldEndsAt: 0 }],
        ['PATCH', `keys/${wide.id}`, { expiresAt: null }],
        ['POST', `people/${t.admin.id}/reset-link`, undefined],
        ['POST', `people/${t.admin.id}/reset-factors`, undefined],
        ['POST', 'scim/tokens', { name: 's', expiresAt: null }],
      ] as const) {
        const answer = await t.call(method, path, { cookie, ...(body === undefined ? {} : { body }) });
        expect([path, answer.status]).toEqual([path, 403]);
      }
    }
    expect(await t.state()).toEqual(before);
  });

  attack('approve one’s own change by one’s own key or service account', 'be two persons', async (t) => {
    const { cookie } = t.admin;
    const own = await t.key(ALL_PERMISSIONS);
    const { body: account } = await t.must('POST', 'service-accounts', {
      cookie,
      body: { name: 'second-me', roles: ['administrator'] },
    });
    const theirs = await t.key(ALL_PERMISSIONS, { serviceAccountId: account.id });
    await t.must('PUT', 'reviews/settings', { cookie, body: { fourEyes: true } });
    try {
      const body = { proposal: { kind: 'reviews.relax' }, reason: 'nobody else shall look at it' };
      const { body: review } = await t.must('POST', 'reviews', { cookie, body });
      for (const given of [{ cookie }, { key: own.secret }, { key: theirs.secret }]) {
        const act = { ...given, body: { digest: review.digest } };
        const answer = await t.call('POST', `reviews/${review.id}/approve`, act);
        expect(answer.status).toBe(403);
      }
      const { body: settings } = await t.must('GET', 'reviews/settings', { cookie });
      expect(settings).toEqual({ fourEyes: true });
    } finally {
      await t.sql('update review_settings set four_eyes = false');
    }
  });
}

function emergencies({ attack }: Suite): void {
  attack('make, keep and use emergency accounts quietly', 'have a way in that nobody knows', async (t) => {
    const { cookie } = t.admin;
    const { secret } = await t.key(ALL_PERMISSIONS);
    const given = { name: 'Glass', email: 'glass@example.com' };
    expect((await t.call('POST', 'people/break-glass', { key: secret, body: given })).status).toBe(403);
    const made = await t.must('POST', 'people/break-glass', { cookie, body: given });
    const password: string = t.keep(made.body.password);
    const { id } = made.body.person;
    expect((await t.call('POST', `people/${id}/reset-link`, { cookie })).status).toBe(409);
    expect((await t.call('POST', `people/${id}/break-glass-password`, { key: secret })).status).toBe(403);
    const used = await t.login(given.email, password);
    expect(used.body.status).toBe('signed-in');
    const alarms = await t.sql('select kind from alarms where subject = $1', [`person:${id}`]);
    expect(alarms).toEqual([{ kind: 'break-glass-used' }]);
    expect((await t.login(given.email, password)).status).toBe(401);
    const glass = { cookie: used.cookie };
    const key = { name: 'k', scopes: ['people.read'], endpoints: '*', expiresAt: null };
    expect((await t.call('POST', 'keys', { ...glass, body: key })).status).toBe(403);
    const change = { current: password, next: 'chosen by the thief' };
    expect((await t.call('POST', 'auth/password', { ...glass, body: change })).status).toBe(403);
    expect((await t.call('POST', 'auth/factors/totp', glass)).status).toBe(409);
    const [session] = await t.sql(
      'select extract(epoch from expires_at - created_at) as life from sessions where person_id = $1',
      [id],
    );
    expect(Number(session?.life)).toBeLessThanOrEqual(3_600);
  });
}
