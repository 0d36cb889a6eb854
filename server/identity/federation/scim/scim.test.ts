import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startFederation, type TestFederation } from '../testing.ts';

let t: TestFederation;
let ada: { cookie: string; id: string };
let token: string;
let tokenId: string;
const CORE = 'urn:ietf:params:scim:schemas:core:2.0';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

beforeAll(async () => {
  t = await startFederation();
  ada = await t.setUp();
  const body = { name: 'Directory', expiresAt: null };
  const made = await t.good(t.ask('POST', '/api/v1/scim/tokens', { cookie: ada.cookie, body }));
  token = made.body.secret;
  tokenId = made.body.token.id;
});
afterAll(async () => t?.close());

const scim = (method: string, path: string, body?: unknown, type = 'application/scim+json') =>
  t.ask(method, `/scim/v2${path}`, { bearer: token, type, ...(body === undefined ? {} : { body }) });
const patch = (path: string, ...Operations: object[]) =>
  scim('PATCH', path, { schemas: [PATCH], Operations });
const find = async (filter: string) => (await scim('GET', `/Users?${new URLSearchParams({ filter })}`)).body;

/** As Okta provisions somebody. */
const okta = (name: string, more: object = {}) => ({
  schemas: [`${CORE}:User`],
  userName: `${name}@corp.example`,
  name: { givenName: name, familyName: 'Example' },
  emails: [{ primary: true, value: `${name}@corp.example`, type: 'work' }],
  displayName: `${name} Example`,
  locale: 'en-US',
  externalId: `okta-${name}`,
  groups: [],
  password: 'never kept',
  active: true,
  ...more,
});
/** As Entra ID does. */
const entra = (name: string, more: object = {}) => ({
  schemas: [`${CORE}:User`, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
  externalId: `entra-${name}`,
  userName: `${name}@corp.example`,
  active: true,
  emails: [{ primary: true, type: 'work', value: `${name}@corp.example` }],
  meta: { resourceType: 'User' },
  name: { formatted: `${name} formatted`, familyName: 'Family', givenName: name },
  'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { department: 'X' },
  ...more,
});
const add = async (body: object) => (await t.good(scim('POST', '/Users', body))).body;

/** A session of somebody who is provisioned and was invited to choose a password. */
async function withAccess(id: string) {
  const { rows } = await t.open.pool.query('select email from people where id = $1', [id]);
  const invited = await t.invite(ada.cookie, rows[0].email, ['viewer']);
  expect(invited.id).toBe(id);
  const body = { token: invited.token, password: 'correct horse battery' };
  return t.cookieOf(await t.good(t.ask('POST', '/api/v1/auth/invite', { body })));
}

describe('discovery', () => {
  test('says what there is', async () => {
    const config = await scim('GET', '/ServiceProviderConfig');
    expect(config.headers.get('content-type')).toMatch(/^application\/scim\+json/);
    expect(config.body).toMatchObject({ patch: { supported: true }, bulk: { supported: false } });
    expect((await scim('GET', '/ResourceTypes')).body.totalResults).toBe(2);
    expect((await scim('GET', '/ResourceTypes/User')).body.endpoint).toBe('/Users');
    expect((await scim('GET', '/Schemas')).body.Resources.map(({ id }: { id: string }) => id)).toEqual([
      `${CORE}:User`,
      `${CORE}:Group`,
    ]);
    expect((await scim('GET', `/Schemas/${CORE}:User`)).body.name).toBe('User');
    expect((await scim('GET', '/Schemas/x')).status).toBe(404);
  });
});

describe('tokens', () => {
  const open = (bearer: string, path = '/scim/v2/Users') => t.ask('GET', path, { bearer });

  test('are shown once, kept as hashes, and open provisioning and nothing else', async () => {
    expect(token).toMatch(/^bzs_[\w-]{43}$/);
    const list = await t.ask('GET', '/api/v1/scim/tokens', { cookie: ada.cookie });
    expect(JSON.stringify(list.body)).not.toContain(token.slice(12));
    const { rows } = await t.open.pool.query('select scim_tokens::text as row from scim_tokens');
    expect(JSON.stringify(rows)).not.toContain(token.slice(12));
    for (const path of ['/auth/me', '/people', '/keys', '/scim/tokens', '/openapi.json', '/endpoints']) {
      const { status } = await open(token, `/api/v1${path}`);
      // 404: not served by identity alone; never anything that was opened.
      expect([path, status === 403 || status === 404]).toEqual([path, true]);
    }
  });

  test('are no API keys, and API keys are no tokens, however they are dressed up', async () => {
    const body = { name: 'k', scopes: ['sign-in.manage', 'people.manage'], endpoints: [], expiresAt: null };
    const key = (await t.good(t.ask('POST', '/api/v1/keys', { cookie: ada.cookie, body }))).body
      .secret as string;
    expect((await open(key)).status).toBe(403);
    expect((await open(`bzs_${key.slice(3)}`)).status).toBe(401);
    expect((await open(`bz_${token.slice(4)}`, '/api/v1/keys')).status).toBe(401);
    expect((await open(token.slice(0, -1))).status).toBe(401);
    expect((await open(`${token}x`)).status).toBe(401);
    expect((await t.ask('GET', '/scim/v2/Users', { cookie: ada.cookie })).status).toBe(403);
    expect((await t.ask('GET', '/scim/v2/Users')).status).toBe(401);
    const refused = await t.ask('GET', '/scim/v2/Users');
    expect(refused.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '401',
      detail: expect.stringContaining('provisioning token'),
    });
  });

  test('end when they are revoked, or over', async () => {
    const make = async (expiresAt: number | null) =>
      (
        await t.good(
          t.ask('POST', '/api/v1/scim/tokens', { cookie: ada.cookie, body: { name: 'x', expiresAt } }),
        )
      ).body;
    const brief = await make(Date.now() + 60_000);
    const other = await make(null);
    expect((await open(brief.secret)).status).toBe(200);
    t.time.offsetMs += 61_000;
    expect((await open(brief.secret)).status).toBe(401);
    t.time.offsetMs = 0;
    expect((await open(other.secret)).status).toBe(200);
    await t.good(t.ask('DELETE', `/api/v1/scim/tokens/${other.token.id}`, { cookie: ada.cookie }));
    expect((await open(other.secret)).status).toBe(401);
    expect(await t.audited(`scim-token:${other.token.id}`)).toEqual([
      'scim.token-created',
      'scim.token-revoked',
    ]);
    await expect
      .poll(async () => {
        const { body } = await t.ask('GET', '/api/v1/scim/tokens', { cookie: ada.cookie });
        return body.items.find(({ id }: { id: string }) => id === tokenId).lastUsedAt;
      })
      .toBeGreaterThan(0);
  });

  test('are made by administrators alone', async () => {
    const sue = await t.join(ada.cookie, 'sue@example.com', ['security']);
    const body = { name: 'x', expiresAt: null };
    expect((await t.ask('POST', '/api/v1/scim/tokens', { cookie: sue.cookie, body })).status).toBe(403);
    const key = await t.good(
      t.ask('POST', '/api/v1/keys', {
        cookie: ada.cookie,
        body: { name: 'k', scopes: ['sign-in.manage'], endpoints: [], expiresAt: null },
      }),
    );
    expect((await t.ask('POST', '/api/v1/scim/tokens', { bearer: key.body.secret, body })).status).toBe(403);
  });
});

describe('as Okta does it', () => {
  test('a person is looked for, made, found, renamed and deprovisioned', async () => {
    expect(await find('userName eq "olga@corp.example"')).toMatchObject({ totalResults: 0, Resources: [] });
    const made = await scim('POST', '/Users', okta('olga'));
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(`${t.url}/scim/v2/Users/${made.body.id}`);
    expect(made.body).toMatchObject({ userName: 'olga@corp.example', externalId: 'okta-olga', active: true });
    expect(JSON.stringify(made.body)).not.toContain('never kept');
    const people = await t.ask('GET', '/api/v1/people', { cookie: ada.cookie });
    expect(people.body.items.find(({ id }: { id: string }) => id === made.body.id)).toMatchObject({
      name: 'olga Example',
      email: 'olga@corp.example',
      roles: ['viewer'],
    });
    expect((await find('userName eq "OLGA@corp.example"')).Resources[0].id).toBe(made.body.id);
    const renamed = await scim('PUT', `/Users/${made.body.id}`, okta('olga', { displayName: 'Olga New' }));
    expect(renamed.body.displayName).toBe('Olga New');
    const off = await patch(`/Users/${made.body.id}`, { op: 'replace', value: { active: false } });
    expect([off.status, off.body.active]).toEqual([200, false]);
    expect((await scim('POST', '/Users', okta('olga'))).body).toMatchObject({
      status: '409',
      scimType: 'uniqueness',
    });
    const on = await patch(`/Users/${made.body.id}`, { op: 'replace', value: { active: true } });
    expect(on.body.active).toBe(true);
    expect(await t.audited(`person:${made.body.id}`)).toEqual([
      'scim.user-created',
      'scim.user-changed',
      'scim.user-changed',
      'scim.user-changed',
    ]);
  });

  test('groups are pushed with their members and patched', async () => {
    const one = await add(okta('gina'));
    const two = await add(okta('hugo'));
    const body = {
      schemas: [`${CORE}:Group`],
      displayName: 'Okta group',
      members: [{ value: one.id, display: 'g' }],
    };
    const group = (await t.good(scim('POST', '/Groups', body))).body;
    expect(group.members).toHaveLength(1);
    const changed = await patch(
      `/Groups/${group.id}`,
      { op: 'remove', path: `members[value eq "${one.id}"]` },
      { op: 'add', path: 'members', value: [{ value: two.id, display: 'h' }] },
      { op: 'replace', value: { id: group.id, displayName: 'Okta group renamed' } },
    );
    expect(changed.body).toMatchObject({ displayName: 'Okta group renamed', members: [{ value: two.id }] });
    expect((await find(`id eq "${two.id}"`)).Resources[0].groups).toMatchObject([{ value: group.id }]);
    expect((await scim('DELETE', `/Groups/${group.id}`)).status).toBe(204);
    expect((await scim('GET', `/Groups/${group.id}`)).status).toBe(404);
  });
});

describe('as Entra ID does it', () => {
  test('a person is made, patched by paths with filters, and disabled with a text', async () => {
    const made = await add(entra('emil'));
    expect(await find('externalId eq "entra-emil"')).toMatchObject({ totalResults: 1 });
    const byWork = (value: string) => find(`emails[type eq "work"].value eq "${value}"`);
    expect(await byWork('emil@corp.example')).toMatchObject({ totalResults: 1 });
    expect(await byWork('emil@elsewhere.example')).toMatchObject({ totalResults: 0 });
    expect(await find('emails.value eq "EMIL@corp.example"')).toMatchObject({ totalResults: 1 });
    const patched = await patch(
      `/Users/${made.id}`,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'emil.new@corp.example' },
      { op: 'Add', path: 'name.familyName', value: 'Married' },
      { op: 'Replace', path: 'displayName', value: 'Emil M' },
      {
        op: 'Add',
        path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department',
        value: 'Y',
      },
    );
    expect(patched.body).toMatchObject({
      displayName: 'Emil M',
      name: { familyName: 'Married', givenName: 'emil' },
      emails: [{ value: 'emil.new@corp.example', type: 'work', primary: true }],
    });
    const { rows } = await t.open.pool.query('select email from people where id = $1', [made.id]);
    expect(rows[0].email).toBe('emil.new@corp.example');
    const off = await patch(`/Users/${made.id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(off.body.active).toBe(false);
    const on = await patch(`/Users/${made.id}`, {
      op: 'replace',
      value: { active: 'True', 'name.givenName': 'E' },
    });
    expect(on.body).toMatchObject({ active: true, name: { givenName: 'E' } });
  });

  test('members come and go by value, and groups are asked for without them', async () => {
    const one = await add(entra('fritz'));
    const two = await add(entra('gerda'));
    const body = {
      schemas: [`${CORE}:Group`],
      externalId: 'g-1',
      displayName: 'Entra group',
      meta: { resourceType: 'Group' },
    };
    const group = (await t.good(scim('POST', '/Groups', body))).body;
    await t.good(
      patch(`/Groups/${group.id}`, {
        op: 'Add',
        path: 'members',
        value: [{ value: one.id }, { value: two.id }],
      }),
    );
    // Again, as it does after a lost answer.
    const again = await patch(`/Groups/${group.id}`, {
      op: 'Add',
      path: 'members',
      value: [{ value: one.id }],
    });
    expect(again.body.members).toHaveLength(2);
    const cut = await patch(`/Groups/${group.id}`, {
      op: 'Remove',
      path: 'members',
      value: [{ value: one.id }],
    });
    expect(cut.body.members).toMatchObject([{ value: two.id }]);
    const query = new URLSearchParams({
      filter: 'displayName eq "Entra group"',
      excludedAttributes: 'members',
    });
    const listed = await scim('GET', `/Groups?${query}`);
    expect(listed.body.Resources[0]).toMatchObject({ id: group.id });
    expect(listed.body.Resources[0]).not.toHaveProperty('members');
    expect((await scim('GET', `/Groups/${group.id}?excludedAttributes=members`)).body).not.toHaveProperty(
      'members',
    );
  });

  test('JSON without the media type of SCIM will do, and that type is for SCIM alone', async () => {
    expect((await scim('POST', '/Users', entra('hans'), 'application/json; charset=utf-8')).status).toBe(201);
    const login = await t.ask('POST', '/api/v1/auth/login', {
      body: { email: 'ada@example.com', password: 'x' },
      type: 'application/scim+json',
    });
    expect(login.status).toBe(400);
    expect((await scim('POST', '/Users', '<user/>', 'application/xml')).status).toBe(400);
  });
});

describe('deprovisioned', () => {
  test.each([
    ['with active false', (id: string) => patch(`/Users/${id}`, { op: 'replace', value: { active: false } })],
    [
      'with active "False"',
      (id: string) => patch(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' }),
    ],
    ['with DELETE', (id: string) => scim('DELETE', `/Users/${id}`)],
  ])('%s, sessions and keys die at once, at the gateways too', async (how, end) => {
    const { id } = await add(okta(`gone-${how.length}`));
    const group = await t.good(
      scim('POST', '/Groups', { displayName: `grp ${how}`, members: [{ value: id }] }),
    );
    const map = `/api/v1/scim/groups/${group.body.id}`;
    await t.good(t.ask('PUT', map, { cookie: ada.cookie, body: { roles: ['security'], teams: [] } }));
    const cookie = await withAccess(id);
    const body = { name: 'k', scopes: ['gateway.invoke', 'people.read'], endpoints: '*', expiresAt: null };
    const key = (await t.good(t.ask('POST', '/api/v1/keys', { cookie, body }))).body;
    expect((await t.ask('GET', '/api/v1/people', { bearer: key.secret })).status).toBe(200);
    expect((await t.identity.gatewayKeys()).map((each) => each.id)).toContain(key.key.id);
    t.emitted.length = 0;
    const answer = await end(id);
    expect(answer.status).toBeLessThan(300);
    expect((await t.ask('GET', '/api/v1/auth/me', { cookie })).status).toBe(401);
    expect((await t.ask('GET', '/api/v1/people', { bearer: key.secret })).status).toBe(401);
    expect((await t.identity.gatewayKeys()).map((each) => each.id)).not.toContain(key.key.id);
    expect(t.emitted).toContain('keys.changed');
    // And stay dead when the person comes back.
    await patch(`/Users/${id}`, { op: 'replace', value: { active: true } });
    expect((await t.ask('GET', '/api/v1/auth/me', { cookie })).status).toBe(401);
    expect((await t.ask('GET', '/api/v1/people', { bearer: key.secret })).status).toBe(401);
  });

  test('and deleted, somebody is not there, and may come back as the same account', async () => {
    const { id } = await add(okta('back'));
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204);
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(404);
    expect((await scim('GET', `/Users/${id}`)).status).toBe(404);
    expect(await find('userName eq "back@corp.example"')).toMatchObject({ totalResults: 0 });
    const again = await scim('POST', '/Users', okta('back', { externalId: 'new' }));
    expect([again.status, again.body.id, again.body.active]).toEqual([201, id, true]);
  });

  test('here, nobody is enabled again by the directory', async () => {
    const { id } = await add(okta('held'));
    await t.good(t.ask('PATCH', `/api/v1/people/${id}`, { cookie: ada.cookie, body: { disabled: true } }));
    for (const change of [
      () => scim('PUT', `/Users/${id}`, okta('held')),
      () => patch(`/Users/${id}`, { op: 'replace', value: { active: true } }),
      () => patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Boss' }),
    ])
      expect((await change()).body.active).toBe(false);
    await scim('DELETE', `/Users/${id}`);
    expect((await scim('POST', '/Users', okta('held'))).body.active).toBe(false);
  });
});

describe('who is not the directory’s', () => {
  test('the last administrator is neither disabled nor removed, nor loses the role', async () => {
    expect((await find('userName eq "ada@example.com"')).Resources[0].id).toBe(ada.id);
    expect((await scim('DELETE', `/Users/${ada.id}`)).body).toMatchObject({
      status: '409',
      scimType: 'mutability',
    });
    expect((await patch(`/Users/${ada.id}`, { op: 'replace', value: { active: false } })).status).toBe(409);
    const group = await t.good(
      scim('POST', '/Groups', { displayName: 'demote', members: [{ value: ada.id }] }),
    );
    const map = { cookie: ada.cookie, body: { roles: ['viewer'], teams: [] } };
    await t.good(t.ask('PUT', `/api/v1/scim/groups/${group.body.id}`, map));
    expect((await t.ask('GET', '/api/v1/auth/me', { cookie: ada.cookie })).body.roles).toEqual([
      'administrator',
    ]);
    await t.good(scim('DELETE', `/Groups/${group.body.id}`));
  });

  test('break-glass accounts are not there for it', async () => {
    const made = await t.join(ada.cookie, 'glass@example.com', ['administrator']);
    await t.open.pool.query('update people set break_glass = true where id = $1', [made.id]);
    expect(await find('userName eq "glass@example.com"')).toMatchObject({ totalResults: 0 });
    expect((await scim('GET', `/Users/${made.id}`)).status).toBe(404);
    expect((await scim('DELETE', `/Users/${made.id}`)).status).toBe(404);
    expect((await patch(`/Users/${made.id}`, { op: 'replace', value: { active: false } })).status).toBe(404);
    expect((await scim('PUT', `/Users/${made.id}`, okta('x'))).status).toBe(404);
    expect(
      (await scim('POST', '/Users', okta('glass', { emails: [{ value: 'glass@example.com' }] }))).status,
    ).toBe(409);
    const group = await scim('POST', '/Groups', { displayName: 'glass', members: [{ value: made.id }] });
    expect([group.status, group.body.scimType]).toEqual([400, 'invalidValue']);
  });

  test('an account with a password keeps the address that it signs in with', async () => {
    const bob = await t.join(ada.cookie, 'bob@example.com', ['security']);
    const change = okta('bob', {
      userName: 'bob@example.com',
      emails: [{ value: 'mallory@corp.example', primary: true }],
    });
    expect((await scim('PUT', `/Users/${bob.id}`, change)).status).toBe(200);
    const me = await t.ask('GET', '/api/v1/auth/me', { cookie: bob.cookie });
    expect(me.body).toMatchObject({ email: 'bob@example.com', roles: ['security'] });
  });
});

describe('groups', () => {
  test('give roles and teams from the moment they are mapped, and take them with them', async () => {
    const { id } = await add(okta('rita'));
    const team = await t.good(
      t.ask('POST', '/api/v1/teams', { cookie: ada.cookie, body: { name: 'Green' } }),
    );
    const group = await t.good(scim('POST', '/Groups', { displayName: 'sec', members: [{ value: id }] }));
    const roles = async () => {
      const { body } = await t.ask('GET', '/api/v1/people', { cookie: ada.cookie });
      const found = body.items.find((each: { id: string }) => each.id === id);
      return [found.roles, found.teams.map(({ name }: { name: string }) => name)];
    };
    // A group that nobody mapped gives nothing, whatever it is called.
    expect(await roles()).toEqual([['viewer'], []]);
    const map = { cookie: ada.cookie, body: { roles: ['security', 'reviewer'], teams: [team.body.id] } };
    await t.good(t.ask('PUT', `/api/v1/scim/groups/${group.body.id}`, map));
    expect(await roles()).toEqual([['reviewer', 'security'], ['Green']]);
    await t.good(patch(`/Groups/${group.body.id}`, { op: 'remove', path: `members[value eq "${id}"]` }));
    expect(await roles()).toEqual([['viewer'], []]);
    const settings = await t.ask('GET', '/api/v1/scim/settings', { cookie: ada.cookie });
    expect(settings.body.baseUrl).toBe(`${t.url}/scim/v2`);
    expect(settings.body.groups.find((each: { name: string }) => each.name === 'sec')).toMatchObject({
      roles: ['security', 'reviewer'],
      members: 0,
    });
    const body = { defaultRoles: ['auditor'] };
    await t.good(t.ask('PUT', '/api/v1/scim/settings', { cookie: ada.cookie, body }));
    expect(await roles()).toEqual([['auditor'], []]);
    await t.good(
      t.ask('PUT', '/api/v1/scim/settings', { cookie: ada.cookie, body: { defaultRoles: ['viewer'] } }),
    );
  });
});

describe('lists', () => {
  test('come in pages that fit together', async () => {
    const { totalResults } = (await scim('GET', '/Users?count=0')).body;
    expect(totalResults).toBeGreaterThan(5);
    const ids: string[] = [];
    for (let startIndex = 1; startIndex <= totalResults; startIndex += 3) {
      const { body } = await scim('GET', `/Users?startIndex=${startIndex}&count=3`);
      expect(body).toMatchObject({ startIndex, totalResults });
      ids.push(...body.Resources.map(({ id }: { id: string }) => id));
    }
    expect(new Set(ids).size).toBe(totalResults);
    expect((await scim('GET', '/Users?startIndex=-5&count=-1')).body).toMatchObject({
      startIndex: 1,
      Resources: [],
    });
    expect((await scim('GET', '/Users?startIndex=9999')).body.Resources).toEqual([]);
    expect((await scim('GET', '/Users?count=many')).status).toBe(400);
  });

  test.each([
    ['userName sw "olga"', 1],
    ['userName co "OLGA" and active eq true', 1],
    ['(userName eq "olga@corp.example" or userName eq "nobody") and not (active eq false)', 1],
    ['emails[type eq "work" and value ew "olga@corp.example"]', 1],
    [`urn:ietf:params:scim:schemas:core:2.0:User:userName eq "olga@corp.example"`, 1],
    ['externalId eq "OKTA-OLGA"', 0],
    ['userName eq "olga@corp.example" and nothing pr', 0],
  ])('are filtered by %s', async (filter, count) => {
    expect((await find(filter)).totalResults).toBe(count);
  });

  test.each([
    'userName',
    'userName eq',
    'userName eq x',
    'eq "a"',
    '(userName pr',
    'a.b.c pr',
    '__proto__ pr',
    'userName pr pr',
    'x'.repeat(1_001),
  ])('are not filtered by %s', async (filter) => {
    expect(await find(filter)).toMatchObject({ status: '400', scimType: 'invalidFilter' });
  });
});

describe('what makes no sense', () => {
  test.each<[unknown, string]>([
    [{ schemas: [] }, 'invalidValue'],
    [okta('bad', { userName: '' }), 'invalidValue'],
    [okta('bad', { userName: 7 }), 'invalidValue'],
    [okta('bad', { userName: 'x'.repeat(300) }), 'invalidValue'],
    [okta('bad', { emails: [{ value: 'no address' }] }), 'invalidValue'],
    [okta('bad', { emails: Array.from({ length: 30 }, () => ({ value: 'a@b.example' })) }), 'tooMany'],
    [okta('bad', { active: 'maybe' }), 'invalidValue'],
    [okta('bad', { displayName: 'a\u0000b' }), 'invalidValue'],
    [okta('bad', { displayName: { deep: true } }), 'invalidValue'],
  ])('makes nobody: %#', async (body, scimType) => {
    const answer = await scim('POST', '/Users', body);
    expect([answer.status, answer.body.scimType]).toEqual([400, scimType]);
  });

  test.each<[object[], string]>([
    [[], 'invalidSyntax'],
    [[{ op: 'explode', path: 'active', value: true }], 'invalidSyntax'],
    [[{ op: 'remove' }], 'noTarget'],
    [[{ op: 'replace', path: 'active' }], 'invalidValue'],
    [[{ op: 'replace', path: 'a.b.c', value: 1 }], 'invalidPath'],
    [[{ op: 'replace', path: '__proto__.admin', value: 1 }], 'invalidPath'],
    [[{ op: 'replace', path: 'emails[type eq', value: 1 }], 'invalidPath'],
    [
      [
        { op: 'replace', path: 'emails[type pr].value', value: 'a@b.example' },
        { op: 'replace', path: 'emails[type gt 3].value', value: 'x' },
      ],
      'noTarget',
    ],
    [Array.from({ length: 201 }, () => ({ op: 'replace', path: 'title', value: 'x' })), 'tooMany'],
  ])('changes nothing: %#', async (operations, scimType) => {
    const [user] = (await find('userName eq "olga@corp.example"')).Resources;
    const answer = await patch(`/Users/${user.id}`, ...operations);
    expect([answer.status, answer.body.scimType]).toEqual([400, scimType]);
    expect((await scim('GET', `/Users/${user.id}`)).body).toEqual(user);
  });

  test('of ids, sizes and depths is answered in SCIM’s own words', async () => {
    for (const id of ['x', '%00', "'", ada.id.replace(/^.{8}/, '00000000')])
      expect([id, (await scim('GET', `/Users/${id}`)).status]).toEqual([id, 404]);
    const huge = await scim('POST', '/Users', okta('huge', { title: 'x'.repeat(300 * 1024) }));
    expect([huge.status, huge.body.status]).toEqual([413, '413']);
    const deep = `${'{"a":'.repeat(80)}1${'}'.repeat(80)}`;
    expect((await scim('POST', '/Users', deep)).body).toMatchObject({ status: '400' });
    expect((await scim('POST', '/Users', '{"__proto__":{"active":true}}')).status).toBe(400);
    expect((await scim('POST', '/Users', '[]')).status).toBe(400);
  });
});
