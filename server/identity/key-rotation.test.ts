import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig, startServer } from '../index.ts';
import { withTestDatabase } from '../platform/database/testing.ts';
import { startFederation, type TestFederation } from './federation/testing.ts';

const DAY = 86_400_000;
const ENDPOINT = '018f3b1e-7f10-7000-8000-000000000001';
const NOBODY = '018f3b1e-7f10-7000-8000-000000000009';

let t: TestFederation;
let ada: { cookie: string; id: string };
beforeAll(async () => {
  t = await startFederation();
  ada = await t.setUp();
});
afterAll(async () => t?.close());

type By = { cookie?: string; bearer?: string };
const asAda = (): By => ({ cookie: ada.cookie });
const make = async (more: object = {}, by: By = asAda()) =>
  (
    await t.good(
      t.ask('POST', '/api/v1/keys', {
        ...by,
        body: { name: 'key', scopes: ['policies.read'], expiresAt: null, ...more },
      }),
    )
  ).body;
const rotate = (id: string, more: object = {}, by: By = asAda()) =>
  t.ask('POST', `/api/v1/keys/${id}/rotate`, { ...by, body: { oldEndsAt: Date.now() + DAY, ...more } });
const update = (id: string, body: object, by: By = asAda()) =>
  t.ask('PATCH', `/api/v1/keys/${id}`, { ...by, body });
const works = async (secret: string) =>
  (await t.ask('GET', '/api/v1/auth/me', { bearer: secret })).status === 200;
const snapshotOf = async (id: string) => (await t.identity.gatewayKeys()).filter((key) => key.id === id);
const sha = (secret: string) => hash('sha256', secret, 'hex');
const shown = async (id: string) => {
  const { body } = await t.ask('GET', '/api/v1/keys', { cookie: ada.cookie });
  return body.items.find((key: { id: string }) => key.id === id);
};

describe('a key that is rotated', () => {
  test('has two secrets until the old one ends, then one', async () => {
    const made = await make({ scopes: ['gateway.invoke', 'policies.read'], endpoints: [ENDPOINT] });
    const oldEndsAt = Date.now() + DAY;
    const rotated = (await t.good(rotate(made.key.id, { oldEndsAt }))).body;
    expect(rotated.secret).toMatch(/^bz_[\w-]{43}$/);
    expect(rotated.key).toMatchObject({
      id: made.key.id,
      prefix: rotated.secret.slice(0, 8),
      previous: { prefix: made.key.prefix, endsAt: oldEndsAt },
    });
    expect([await works(made.secret), await works(rotated.secret)]).toEqual([true, true]);
    expect(await snapshotOf(made.key.id)).toMatchObject([
      { hash: sha(rotated.secret), expiresAt: null },
      { hash: sha(made.secret), expiresAt: oldEndsAt },
    ]);
    t.time.offsetMs = DAY + 1_000;
    expect([await works(made.secret), await works(rotated.secret)]).toEqual([false, true]);
    expect((await snapshotOf(made.key.id)).map((key) => key.hash)).toEqual([sha(rotated.secret)]);
    t.time.offsetMs = 0;
    const { rows } = await t.open.pool.query('select api_keys::text as row from api_keys');
    for (const { secret } of [made, rotated]) expect(JSON.stringify(rows)).not.toContain(secret.slice(8));
    expect(await t.audited(`key:${made.key.id}`)).toEqual(['keys.created', 'keys.rotated']);
  });

  test('at once has one; rotated twice, the oldest ends at once', async () => {
    const made = await make();
    const second = (await t.good(rotate(made.key.id))).body;
    const third = (await t.good(rotate(made.key.id))).body;
    expect([await works(made.secret), await works(second.secret), await works(third.secret)]).toEqual([
      false,
      true,
      true,
    ]);
    const last = (await t.good(rotate(made.key.id, { oldEndsAt: 0 }))).body;
    expect([await works(second.secret), await works(third.secret), await works(last.secret)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(last.key.previous).toBeNull();
  });

  test('and revoked has none; nor is the old secret good beyond the key’s own end', async () => {
    const made = await make({ scopes: ['gateway.invoke'], endpoints: '*', expiresAt: Date.now() + DAY / 2 });
    const next = (await t.good(rotate(made.key.id))).body;
    expect((await snapshotOf(made.key.id)).map((key) => key.expiresAt)).toEqual([
      made.key.expiresAt,
      made.key.expiresAt,
    ]);
    await t.good(t.ask('DELETE', `/api/v1/keys/${made.key.id}`, asAda()));
    expect([await works(made.secret), await works(next.secret)]).toEqual([false, false]);
    expect(await snapshotOf(made.key.id)).toEqual([]);
    expect((await rotate(made.key.id)).status).toBe(409);
  });

  test('by many at once has exactly the secrets that it says', async () => {
    const made = await make();
    const answers = await Promise.all(Array.from({ length: 5 }, () => rotate(made.key.id)));
    const secrets = [made.secret, ...answers.map(({ body }) => body.secret as string)];
    const good = await Promise.all(secrets.map(works));
    expect(good.filter(Boolean)).toHaveLength(2);
    const key = await shown(made.key.id);
    const prefixes = secrets.filter((_, index) => good[index]).map((secret) => secret.slice(0, 8));
    expect(prefixes.toSorted()).toEqual([key.prefix, key.previous.prefix].toSorted());
  });

  test.each([
    [{ oldEndsAt: Date.now() + 32 * DAY }, 400],
    [{ oldEndsAt: -1 }, 400],
    [{ oldEndsAt: 'tomorrow' }, 400],
    [{ expiresAt: 1 }, 400],
  ])('not for too long or to the past: %j', async (more, status) => {
    const made = await make();
    expect((await rotate(made.key.id, more)).status).toBe(status);
    expect(await works(made.secret)).toBe(true);
  });

  test('needs a person to have confirmed, and a key that is there', async () => {
    const made = await make();
    expect((await rotate(NOBODY)).status).toBe(404);
    t.time.offsetMs = 11 * 60_000;
    expect((await rotate(made.key.id)).body.error.code).toBe('step_up_required');
    t.time.offsetMs = 0;
  });
});

describe('nobody is given more', () => {
  test('by rotating what is another person’s; others can only end it', async () => {
    const made = await make();
    const eve = await t.join(ada.cookie, 'eve-rotates@example.com', ['administrator']);
    const scopes = ['keys.manage', 'policies.read'];
    const hers = await make({ scopes }, { cookie: eve.cookie });
    for (const by of [{ cookie: eve.cookie }, { bearer: hers.secret }]) {
      const answer = await rotate(made.key.id, {}, by);
      expect([answer.status, answer.body.error.hint]).toEqual([403, expect.stringContaining('Revoke it')]);
    }
    expect(await works(made.secret)).toBe(true);
    const mine = await make({ scopes });
    expect((await rotate(made.key.id, {}, { bearer: mine.secret })).status).toBe(200);
    await t.good(t.ask('DELETE', `/api/v1/keys/${made.key.id}`, { cookie: eve.cookie }));
    expect(await works(made.secret)).toBe(false);
  });

  test('than they have, by rotating or changing what others may do', async () => {
    const strong = await make({ scopes: ['people.manage'] });
    const sue = await t.join(ada.cookie, 'sue@example.com', ['security']);
    expect((await rotate(strong.key.id, {}, sue)).status).toBe(403);
    expect((await update(strong.key.id, { expiresAt: null }, sue)).status).toBe(403);
    expect(await works(strong.secret)).toBe(true);
  });

  test('with a key, than that key has: in scopes, endpoints, limits and time', async () => {
    const limits = { requestsPerMinute: 10, tokensPerMinute: null, tokensPerDay: null, concurrent: null };
    const shape = {
      scopes: ['keys.manage', 'gateway.invoke', 'policies.read'],
      endpoints: [ENDPOINT],
      limits,
      expiresAt: Date.now() + DAY,
    };
    const maker = await make(shape);
    const by = { bearer: maker.secret as string };
    const fits = { ...shape, scopes: ['gateway.invoke'] };
    const own = await make(fits, by);
    for (const wide of [
      { limits: { ...limits, requestsPerMinute: 11 } },
      { limits: { ...limits, requestsPerMinute: null } },
      { expiresAt: null },
      { endpoints: '*' },
      { scopes: ['people.read'] },
    ]) {
      const body = { name: 'k', ...fits, ...wide };
      expect([wide, (await t.ask('POST', '/api/v1/keys', { ...by, body })).status]).toEqual([wide, 403]);
    }
    expect((await update(own.key.id, { limits: { ...limits, requestsPerMinute: 100 } }, by)).status).toBe(
      403,
    );
    expect((await update(own.key.id, { expiresAt: null }, by)).status).toBe(403);
    expect((await update(own.key.id, { limits: { ...limits, requestsPerMinute: 5 } }, by)).status).toBe(200);
    expect((await update(own.key.id, { owner: { kind: 'person', id: ada.id } }, by)).status).toBe(403);
    const wider = await make({ scopes: ['gateway.invoke'], endpoints: '*' });
    expect([403, 404]).toContain((await rotate(wider.key.id, {}, by)).status);
    expect([403, 404]).toContain((await update(wider.key.id, { name: 'mine' }, by)).status);
  });

  test('a key rotates itself within its life, and changes nothing else of itself', async () => {
    const made = await make({ scopes: ['keys.manage'], expiresAt: Date.now() + DAY });
    const by = { bearer: made.secret as string };
    expect((await update(made.key.id, { name: 'other' }, by)).status).toBe(403);
    expect((await rotate(made.key.id, { expiresAt: null }, by)).status).toBe(403);
    expect((await rotate(made.key.id, { expiresAt: Date.now() + 2 * DAY }, by)).status).toBe(403);
    const next = await t.good(rotate(made.key.id, {}, by));
    expect(await works(next.body.secret)).toBe(true);
  });
});

describe('a key that is changed', () => {
  test('is never handed to a person, by whoever it may be', async () => {
    const made = await make();
    const eve = await t.join(ada.cookie, 'eve@example.com', ['administrator']);
    const account = { name: 'handed', roles: ['viewer'] };
    const { id } = (await t.good(t.ask('POST', '/api/v1/service-accounts', { ...asAda(), body: account })))
      .body;
    const shared = await make({ serviceAccountId: id });
    for (const key of [made.key.id, shared.key.id]) {
      for (const [to, by] of [
        [eve.id, asAda()],
        [eve.id, { cookie: eve.cookie }],
        [NOBODY, asAda()],
      ] as const) {
        const answer = await update(key, { owner: { kind: 'person', id: to } }, by);
        expect(answer.status).toBe(409);
        expect(answer.body.error.hint).toContain('a key of their own');
      }
    }
    expect((await shown(made.key.id)).ownerId).toBe(ada.id);
    expect((await update(made.key.id, { owner: { kind: 'person', id: ada.id } })).status).toBe(200);
    const handed = await t.good(update(made.key.id, { owner: { kind: 'service-account', id } }));
    expect(handed.body).toMatchObject({ ownerKind: 'service-account', ownerId: id });
  });

  test('has another name, limits and end', async () => {
    const bob = await t.join(ada.cookie, 'bob@example.com', ['security']);
    const invoking = { scopes: ['gateway.invoke'], endpoints: [ENDPOINT] };
    const made = await make(invoking, { cookie: bob.cookie });
    const limits = { requestsPerMinute: 3, tokensPerMinute: null, tokensPerDay: null, concurrent: null };
    const expiresAt = Date.now() + DAY;
    const answer = await t.good(update(made.key.id, { name: 'renamed', limits, expiresAt }));
    expect(answer.body).toMatchObject({
      name: 'renamed',
      limits,
      expiresAt,
      ownerId: bob.id,
      ownerKind: 'person',
    });
    expect(await snapshotOf(made.key.id)).toMatchObject([{ name: 'renamed', limits, expiresAt }]);
    // With its owner it goes.
    await t.good(
      t.ask('PATCH', `/api/v1/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: true } }),
    );
    expect(await works(made.secret)).toBe(false);
    expect((await update(made.key.id, { name: 'x' })).status).toBe(409);
  });

  test('warns of what somebody should look at', async () => {
    expect((await make()).key.warnings).toEqual(['never-expires']);
    expect((await make({ expiresAt: Date.now() + 3 * DAY })).key.warnings).toEqual(['expires-soon']);
    const quiet = await make({ expiresAt: Date.now() + 200 * DAY });
    expect(quiet.key.warnings).toEqual([]);
    await t.open.pool.query("update api_keys set created_at = now() - interval '91 days' where id = $1", [
      quiet.key.id,
    ]);
    expect((await shown(quiet.key.id)).warnings).toEqual(['unused']);
  });

  test('lives no longer than the settings let it, once they say so', async () => {
    const settings = (maxLifetimeDays: number | null) =>
      t.good(t.ask('PUT', '/api/v1/key-settings', { cookie: ada.cookie, body: { maxLifetimeDays } }));
    const before = await make();
    await settings(30);
    expect((await t.ask('GET', '/api/v1/key-settings', asAda())).body).toEqual({ maxLifetimeDays: 30 });
    const body = { name: 'k', scopes: ['policies.read'] };
    for (const expiresAt of [null, Date.now() + 31 * DAY]) {
      const answer = await t.ask('POST', '/api/v1/keys', {
        cookie: ada.cookie,
        body: { ...body, expiresAt },
      });
      expect([answer.status, answer.body.error.issues[0].path]).toEqual([400, 'expiresAt']);
    }
    await make({ expiresAt: Date.now() + 30 * DAY });
    expect((await update(before.key.id, { expiresAt: Date.now() + 40 * DAY })).status).toBe(400);
    expect((await update(before.key.id, { name: 'still here' })).status).toBe(200);
    await settings(null);
  });
});

describe('a service account', () => {
  const accounts = '/api/v1/service-accounts';
  const add = async (more: object = {}, by: By = asAda()) =>
    t.ask('POST', accounts, { ...by, body: { name: `ci-${randomBytes(4).toString('hex')}`, ...more } });
  const listed = async (id: string) =>
    (await t.ask('GET', accounts, asAda())).body.items.find((one: { id: string }) => one.id === id);

  test('owns keys, which may do what its roles and their scopes both let them', async () => {
    const account = (await t.good(add({ roles: ['auditor'] }))).body;
    const refused = await t.ask('POST', '/api/v1/keys', {
      ...asAda(),
      body: { name: 'k', scopes: ['people.manage'], expiresAt: null, serviceAccountId: account.id },
    });
    expect([refused.status, refused.body.error.issues[0].path]).toEqual([400, 'scopes']);
    const made = await make({ scopes: ['people.read'], serviceAccountId: account.id });
    expect(made.key).toMatchObject({
      ownerKind: 'service-account',
      ownerId: account.id,
      ownerName: account.name,
    });
    expect((await t.ask('GET', '/api/v1/people', { bearer: made.secret })).status).toBe(200);
    await t.good(t.ask('PATCH', `${accounts}/${account.id}`, { ...asAda(), body: { roles: ['viewer'] } }));
    expect((await t.ask('GET', '/api/v1/people', { bearer: made.secret })).status).toBe(403);
  });

  test('stays when the person who answers for it leaves, and is shown to be nobody’s; their own keys die', async () => {
    const bob = await t.join(ada.cookie, 'owner@example.com', ['security']);
    const account = (await t.good(add({ roles: ['viewer'], ownerId: bob.id }))).body;
    expect(account).toMatchObject({ ownerId: bob.id, orphaned: false });
    const shared = await make({ serviceAccountId: account.id, expiresAt: Date.now() + 100 * DAY });
    const personal = await make({}, { cookie: bob.cookie });
    await t.good(
      t.ask('PATCH', `/api/v1/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: true } }),
    );
    expect([await works(shared.secret), await works(personal.secret)]).toEqual([true, false]);
    expect(await listed(account.id)).toMatchObject({ orphaned: true, keys: 1 });
    expect((await shown(shared.key.id)).warnings).toEqual(['orphaned']);
    await t.good(t.ask('PATCH', `${accounts}/${account.id}`, { ...asAda(), body: { ownerId: ada.id } }));
    expect(await listed(account.id)).toMatchObject({ orphaned: false, ownerId: ada.id });
  });

  test('disabled opens nothing, here and at the gateways; removed, for good', async () => {
    const account = (await t.good(add())).body;
    const made = await make({ scopes: ['gateway.invoke'], endpoints: '*', serviceAccountId: account.id });
    const set = (disabled: boolean) =>
      t.good(t.ask('PATCH', `${accounts}/${account.id}`, { ...asAda(), body: { disabled } }));
    await set(true);
    expect([await works(made.secret), (await snapshotOf(made.key.id)).length]).toEqual([false, 0]);
    const more = { name: 'k', scopes: ['gateway.invoke'], endpoints: '*', expiresAt: null };
    const late = await t.ask('POST', '/api/v1/keys', {
      ...asAda(),
      body: { ...more, serviceAccountId: account.id },
    });
    expect(late.status).toBe(409);
    await set(false);
    expect([await works(made.secret), (await snapshotOf(made.key.id)).length]).toEqual([true, 1]);
    await t.good(t.ask('DELETE', `${accounts}/${account.id}`, asAda()));
    expect([await works(made.secret), (await snapshotOf(made.key.id)).length]).toEqual([false, 0]);
    expect(await listed(account.id)).toBeUndefined();
    expect((await t.ask('DELETE', `${accounts}/${account.id}`, asAda())).status).toBe(404);
    expect(await t.audited(`service-account:${account.id}`)).toEqual([
      'service-accounts.created',
      'service-accounts.changed',
      'service-accounts.changed',
      'service-accounts.removed',
    ]);
  });

  test('gets no roles that its maker does not have, and its keys make keys for it alone', async () => {
    const sue = await t.join(ada.cookie, 'sue2@example.com', ['security']);
    expect((await add({ roles: ['administrator'] }, sue)).status).toBe(403);
    const account = (await t.good(add({ roles: ['security'] }, sue))).body;
    expect((await add({ name: account.name })).status).toBe(409);
    expect((await add({ teamId: NOBODY })).status).toBe(404);
    expect((await add({ ownerId: NOBODY })).status).toBe(404);
    const maker = await make({ scopes: ['keys.manage', 'policies.read'], serviceAccountId: account.id });
    const child = await make({}, { bearer: maker.secret });
    expect(child.key).toMatchObject({ ownerKind: 'service-account', ownerId: account.id });
    const other = (await t.good(add({ roles: ['viewer'] }))).body;
    const body = { name: 'k', scopes: ['policies.read'], expiresAt: null, serviceAccountId: other.id };
    expect((await t.ask('POST', '/api/v1/keys', { bearer: maker.secret, body })).status).toBe(403);
    // A key is nobody's session, whoever owns it.
    expect((await t.ask('GET', '/api/v1/auth/sessions', { bearer: maker.secret })).status).toBe(403);
  });
});

test('a running server hands gateways both secrets while they overlap', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rotation-'));
  const open = await withTestDatabase();
  const internal = randomBytes(32).toString('hex');
  const server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: internal,
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  try {
    const send = async (path: string, body: object, cookie = '') => {
      const answer = await fetch(`${server.url}/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(body),
      });
      const set = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
      const result = (await answer.json()) as { key: { id: string }; secret: string };
      return { cookie: set.join('; '), body: result };
    };
    const snapshot = async (): Promise<Snapshot> => {
      const answer = await fetch(`${server.url}/internal/v1/snapshot`, {
        headers: { authorization: `Bearer ${internal}`, 'x-bartizan-gateway': 'test' },
      });
      return (await answer.json()) as Snapshot;
    };
    const token = new URL(server.setupUrl ?? '').searchParams.get('token');
    const who = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
    const { cookie } = await send('/auth/setup', { token, ...who });
    const key = { name: 'k', scopes: ['gateway.invoke'], endpoints: '*', expiresAt: null };
    const made = (await send('/keys', key, cookie)).body;
    const oldEndsAt = Date.now() + DAY;
    const next = (await send(`/keys/${made.key.id}/rotate`, { oldEndsAt }, cookie)).body;
    await expect
      .poll(async () => (await snapshot()).keys.map(({ hash: known, expiresAt }) => [known, expiresAt]))
      .toEqual(
        expect.arrayContaining([
          [sha(next.secret), null],
          [sha(made.secret), oldEndsAt],
        ]),
      );
    await send(`/keys/${made.key.id}/rotate`, { oldEndsAt: 0 }, cookie);
    await expect.poll(async () => (await snapshot()).keys.length).toBe(1);
  } finally {
    await server.close();
    await open.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
