import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INTERNAL_TOKEN, startIdentity, type TestIdentity } from './testing.ts';

const ENDPOINT = '018f3b1e-7f10-7000-8000-000000000001';
const OTHER = '018f3b1e-7f10-7000-8000-000000000002';

let t: TestIdentity;
let ada: { cookie: string; id: string };
beforeAll(async () => {
  t = await startIdentity();
  ada = await t.setUp();
});
afterAll(async () => t?.close());

const create = (body: object, by: { cookie?: string; key?: string } = { cookie: ada.cookie }) =>
  t.call('POST', '/keys', { ...by, body: { name: 'key', expiresAt: null, ...body } });
const me = (key: string) => t.call('GET', '/auth/me', { key });
const gatewayIds = async () => (await t.identity.gatewayKeys()).map(({ id }) => id);

describe('a key', () => {
  test('is shown once and kept as a hash', async () => {
    const { body } = await create({ scopes: ['policies.read'] });
    expect(body.secret).toMatch(/^bz_[\w-]{43}$/);
    expect(body.key).toMatchObject({
      prefix: body.secret.slice(0, 8),
      ownerId: ada.id,
      ownerName: 'Ada',
      endpoints: [],
    });
    const { rows } = await t.open.pool.query('select api_keys::text as row from api_keys');
    expect(JSON.stringify(rows)).not.toContain(body.secret.slice(8));
    const list = await t.call('GET', '/keys', { cookie: ada.cookie });
    expect(JSON.stringify(list.body)).not.toContain(body.secret.slice(8));
    expect(list.body.items[0].id).toBe(body.key.id);
  });

  test('opens the control plane as far as its scopes go', async () => {
    const { body } = await create({ scopes: ['people.read'] });
    expect((await me(body.secret)).body).toMatchObject({
      kind: 'key',
      roles: [],
      email: null,
      permissions: ['people.read'],
    });
    expect((await t.call('GET', '/people', { key: body.secret })).status).toBe(200);
    expect((await t.call('GET', '/keys', { key: body.secret })).status).toBe(403);
    for (const path of ['/auth/logout', '/auth/password']) {
      const answer = await t.call('POST', path, {
        key: body.secret,
        body: { current: 'x', next: 'a long new password' },
      });
      expect(answer.status).toBe(403);
    }
    expect((await t.call('GET', '/auth/sessions', { key: body.secret })).status).toBe(403);
  });

  test('acts in the name of its owner, in the audit log too', async () => {
    const scopes = ['people.read', 'people.manage'];
    const { body } = await create({ scopes, name: 'Command line \u202eon vm' });
    const name = 'Ada (key Command line  on vm)';
    expect((await me(body.secret)).body).toMatchObject({ kind: 'key', id: body.key.id, name });
    expect((await t.call('POST', '/teams', { key: body.secret, body: { name: 'Made by key' } })).status).toBe(
      200,
    );
    const { rows } = await t.open.pool.query(
      "select actor_kind as kind, actor_id as id, actor_name as name from audit_entries where action = 'teams.created'",
    );
    expect(rows).toEqual([{ kind: 'key', id: body.key.id, name }]);
  });

  test('that only calls endpoints may ask who it is and nothing else', async () => {
    const { body } = await create({ scopes: ['gateway.invoke'], endpoints: [ENDPOINT] });
    expect((await me(body.secret)).body.permissions).toEqual([]);
    for (const path of ['/people', '/keys', '/auth/sessions', '/openapi.json']) {
      expect((await t.call('GET', path, { key: body.secret })).status).toBe(403);
    }
  });

  test.each([
    ['revoked', async (id: string) => void (await t.call('DELETE', `/keys/${id}`, { cookie: ada.cookie }))],
    ['expired', async () => void (t.time.offsetMs += 61_000)],
  ])('%s is nobody at once, here and for the gateways', async (_, end) => {
    const { body } = await create({
      scopes: ['gateway.invoke', 'policies.read'],
      endpoints: '*',
      expiresAt: Date.now() + t.time.offsetMs + 60_000,
    });
    expect((await me(body.secret)).status).toBe(200);
    expect(await gatewayIds()).toContain(body.key.id);
    t.emitted.length = 0;
    await end(body.key.id);
    const over = await me(body.secret);
    expect([over.status, over.body.error.message]).toEqual([401, 'this API key is not known, or has ended']);
    const other = await me(`bz_${'a'.repeat(43)}`);
    const { code, message, hint } = over.body.error;
    expect(other.body.error).toMatchObject({ code, message, hint });
    expect(await gatewayIds()).not.toContain(body.key.id);
  });

  test.each(['bz_', `bz_${'a'.repeat(43)}`, 'bz_%00', "bz_' or 1=1 --", 'x'.repeat(600), ''])(
    'that is not known is nobody: %s',
    async (key) => {
      expect((await me(key)).status).toBe(401);
      // A good cookie beside it does not help.
      expect((await t.call('GET', '/auth/me', { key, cookie: ada.cookie })).status).toBe(401);
    },
  );

  test('nor is one in another scheme, or with another letter case', async () => {
    const { body } = await create({ scopes: ['policies.read'] });
    const as = (authorization: string) => t.call('GET', '/auth/me', { headers: { authorization } });
    expect((await as(`Bearer ${body.secret}`)).status).toBe(200);
    expect((await as(`Basic ${body.secret}`)).status).toBe(401);
    expect((await as(body.secret)).status).toBe(401);
    expect((await as(`Bearer ${body.secret.toUpperCase()}`)).status).toBe(401);
    expect((await as(`Bearer ${body.secret} x`)).status).toBe(401);
  });

  test('revoking twice is no error, revoking nothing is', async () => {
    const { body } = await create({ scopes: ['policies.read'] });
    const revoke = (id: string) => t.call('DELETE', `/keys/${id}`, { cookie: ada.cookie });
    expect((await revoke(body.key.id)).status).toBe(200);
    expect((await revoke(body.key.id)).status).toBe(200);
    expect((await revoke(OTHER)).status).toBe(404);
  });

  test('notes its last use, forward only', async () => {
    const { body } = await create({ scopes: ['policies.read'] });
    const lastUsed = async () => {
      const { items } = (await t.call('GET', '/keys', { cookie: ada.cookie })).body;
      return items.find((key: { id: string }) => key.id === body.key.id).lastUsedAt;
    };
    await t.identity.touchKeys([body.key.id, OTHER], 5_000);
    expect(await lastUsed()).toBe(5_000);
    await t.identity.touchKeys([body.key.id], 4_000);
    expect(await lastUsed()).toBe(5_000);
    await me(body.secret);
    await expect.poll(lastUsed).toBeGreaterThan(1_000_000);
  });
});

describe('what a key may be made to do', () => {
  test('is never more than its maker may', async () => {
    const sue = await t.join(ada.cookie, 'sue@example.com', ['security']);
    expect((await create({ scopes: ['people.manage'] }, sue)).status).toBe(403);
    expect((await create({ scopes: ['people.read', 'people.manage'] }, sue)).status).toBe(403);
    expect((await create({ scopes: ['people.read'] }, sue)).status).toBe(200);
    const vic = await t.join(ada.cookie, 'vic@example.com', ['viewer']);
    expect((await create({ scopes: ['policies.read'] }, vic)).status).toBe(403);
  });

  test('shrinks with its owner, at use', async () => {
    const tom = await t.join(ada.cookie, 'tom@example.com', ['security']);
    const { body } = await create({ scopes: ['people.read', 'policies.read'] }, tom);
    expect((await t.call('GET', '/people', { key: body.secret })).status).toBe(200);
    await t.call('PATCH', `/people/${tom.id}`, { cookie: ada.cookie, body: { roles: ['viewer'] } });
    expect((await t.call('GET', '/people', { key: body.secret })).status).toBe(403);
    expect((await me(body.secret)).body.permissions).toEqual(['policies.read']);
  });

  test('with a key, is never wider than that key', async () => {
    const expiresAt = Date.now() + t.time.offsetMs + 3_600_000;
    const maker = await create({
      scopes: ['keys.manage', 'policies.read', 'gateway.invoke'],
      endpoints: [ENDPOINT],
      expiresAt,
    });
    const by = { key: maker.body.secret };
    const fits = { scopes: ['policies.read', 'gateway.invoke'], endpoints: [ENDPOINT], expiresAt };
    const made = await create(fits, by);
    expect([made.status, made.body.key.ownerId]).toEqual([200, ada.id]);
    for (const wide of [
      { scopes: ['people.read'] },
      { endpoints: '*' },
      { endpoints: [ENDPOINT, OTHER] },
      { expiresAt: null },
      { expiresAt: expiresAt + 1 },
    ]) {
      expect((await create({ ...fits, ...wide }, by)).status).toBe(403);
    }
    const silent = await create({ scopes: ['keys.manage'] });
    expect(
      (await create({ scopes: ['gateway.invoke'], endpoints: '*' }, { key: silent.body.secret })).status,
    ).toBe(403);
  });

  test('must make sense', async () => {
    expect((await create({ scopes: ['gateway.invoke'], endpoints: [] })).body.error.issues[0].path).toBe(
      'endpoints',
    );
    expect((await create({ scopes: ['policies.read'], expiresAt: 1 })).body.error.issues[0].path).toBe(
      'expiresAt',
    );
    expect((await create({ scopes: [] })).status).toBe(400);
    expect((await create({ scopes: ['everything'] })).status).toBe(400);
  });
});

test('gateways know a key by its hash, its endpoints and its limits', async () => {
  const limits = { requestsPerMinute: 5, tokensPerMinute: null, tokensPerDay: null, concurrent: null };
  const { body } = await create({ scopes: ['gateway.invoke'], endpoints: [ENDPOINT], limits });
  const key = (await t.identity.gatewayKeys()).find(({ id }) => id === body.key.id);
  const { createHash } = await import('node:crypto');
  expect(key).toEqual({
    id: body.key.id,
    name: 'key',
    hash: createHash('sha256').update(body.secret).digest('hex'),
    endpoints: [ENDPOINT],
    limits,
    expiresAt: null,
    teams: '*',
  });
});

test('the internal token makes a gateway and nothing else', async () => {
  const who = (token: string) =>
    t.identity.authenticate({
      header: (name) => (name === 'authorization' ? `Bearer ${token}` : undefined),
      address: '127.0.0.1',
    });
  expect(await who(INTERNAL_TOKEN)).toMatchObject({ kind: 'gateway', roles: [] });
  expect((await who(INTERNAL_TOKEN))?.permissions.size).toBe(0);
  expect(await who(INTERNAL_TOKEN.slice(1))).toBeNull();
  expect(await who(`${INTERNAL_TOKEN}0`)).toBeNull();
  expect((await t.call('GET', '/people', { key: INTERNAL_TOKEN })).status).toBe(403);
  expect((await me(INTERNAL_TOKEN)).status).toBe(403);
});

describe('the demo key', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'demo-key-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test('is made once, for one endpoint, readable by us alone, and not again after it was revoked', async () => {
    const path = join(directory, 'deep', 'demo-key');
    let made = 0;
    const endpoint = async () => {
      made++;
      return ENDPOINT;
    };
    const first = await t.identity.ensureDemoKey(endpoint, path);
    expect(first).toMatch(/^bz_/);
    expect(await t.identity.ensureDemoKey(endpoint, path)).toBe(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8').trim()).toBe(first);
    const demoKeys = async () => {
      const { items } = (await t.call('GET', '/keys', { cookie: ada.cookie })).body;
      return items.filter((one: { name: string }) => one.name === 'demo');
    };
    const [key] = await demoKeys();
    expect(key).toMatchObject({ scopes: ['gateway.invoke'], endpoints: [ENDPOINT], ownerName: 'Bartizan' });
    expect((await me(first ?? '')).body.permissions).toEqual([]);
    expect(await gatewayIds()).toContain(key.id);
    await t.call('DELETE', `/keys/${key.id}`, { cookie: ada.cookie });
    expect(await t.identity.ensureDemoKey(endpoint, path)).toBeNull();
    expect((await demoKeys()).length).toBe(1);
    expect(made).toBe(1);
  });

  test('of another database is replaced, and nothing is written through a link', async () => {
    const path = join(directory, 'other');
    writeFileSync(path, 'bz_of-another-database\n');
    const key = await t.identity.ensureDemoKey(async () => OTHER, path);
    expect(readFileSync(path, 'utf8').trim()).toBe(key);
    const link = join(directory, 'link');
    symlinkSync(join(directory, 'elsewhere'), link);
    await expect(t.identity.ensureDemoKey(async () => OTHER, link)).rejects.toThrow('EEXIST');
  });
});
