import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startIdentity, type TestIdentity } from '../testing.ts';
import { people } from './testing.ts';

let t: TestIdentity;
let p: ReturnType<typeof people>;
let ada: { cookie: string; id: string };
const HOUR_MS = 60 * 60_000;
const EMAIL = 'glass@example.com';
beforeAll(async () => {
  t = await startIdentity();
  p = people(t);
  ada = await t.setUp();
});
afterAll(async () => t?.close());
beforeEach(async () => {
  await t.open.pool.query("update sign_in_settings set second_factor = 'nobody'");
  ada.cookie = (await p.login('ada@example.com')).cookie;
});

const add = (email = EMAIL) =>
  t.call('POST', '/people/break-glass', { cookie: ada.cookie, body: { name: 'Glass', email } });
const rotate = (id: string, cookie = ada.cookie) =>
  t.call('POST', `/people/${id}/break-glass-password`, { cookie });

test('an emergency account gets in past the demand for a second factor, once, and raises an alarm', async () => {
  const made = await add();
  expect(made.body.person).toMatchObject({ breakGlass: true, roles: ['administrator'] });
  expect(made.body.password).toMatch(/^(?:[0-9a-z]{5}-){5}[0-9a-z]{5}$/);
  await t.open.pool.query("update sign_in_settings set second_factor = 'everyone'");
  t.emitted.length = 0;
  const attempts = await Promise.all(
    Array.from({ length: 5 }, (_, i) => p.login(EMAIL, made.body.password, { address: `203.0.113.${i}` })),
  );
  const entered = attempts.filter(({ status }) => status === 200);
  expect(entered.length).toBe(1);
  const [{ cookie = '', body } = {}] = entered;
  expect(body).toMatchObject({ status: 'signed-in', me: { breakGlass: true, mustEnrol: false } });
  expect((await t.call('GET', '/people', { cookie })).status).toBe(200);
  expect(t.emitted.filter((name) => name === 'alarm.raised').length).toBe(1);
  const { rows } = await t.open.pool.query(
    "select subject, detail from audit_entries where action = 'identity.break-glass-used'",
  );
  expect(rows).toEqual([
    { subject: `person:${made.body.person.id}`, detail: expect.objectContaining({ severity: 'high' }) },
  ]);
  const alarms = await t.call('GET', '/alarms', { cookie });
  expect(alarms.body).toMatchObject({ open: 1, items: [{ kind: 'break-glass-used', severity: 'high' }] });
  expect(alarms.body.items[0].summary).toContain('The emergency account Glass was used');

  // It looks at the alarm about itself, and does not quieten it.
  const quieten = (cookie: string) =>
    t.call('POST', `/alarms/${alarms.body.items[0].id}/acknowledge`, {
      cookie,
      body: { note: 'There is nothing to see here.' },
    });
  const refused = await quieten(cookie);
  expect([refused.status, refused.body.error.code]).toEqual([403, 'forbidden']);
  await t.open.pool.query("update sign_in_settings set second_factor = 'nobody'");
  expect((await t.call('GET', '/alarms', { cookie: ada.cookie })).body.open).toBe(1);
  expect((await quieten(ada.cookie)).body).toMatchObject({ acknowledgedBy: 'Ada' });

  // Its session lasts an hour, whatever it does.
  t.time.offsetMs += HOUR_MS - 1;
  expect((await p.me(cookie)).status).toBe(200);
  t.time.offsetMs += 1;
  expect((await p.me(cookie)).status).toBe(401);
});

test('after use the password must be replaced, by it or by another administrator', async () => {
  const made = await add('used@example.com');
  const id: string = made.body.person.id;
  const inside = await p.login('used@example.com', made.body.password);
  expect((await p.login('used@example.com', made.body.password)).status).toBe(401);
  // It still confirms within its session.
  t.time.offsetMs += 11 * 60_000;
  expect((await rotate(id, inside.cookie)).body.error.code).toBe('step_up_required');
  const body = { kind: 'password', password: made.body.password };
  expect((await t.call('POST', '/auth/step-up', { cookie: inside.cookie, body })).status).toBe(200);
  const fresh = await rotate(id, inside.cookie);
  expect(fresh.status).toBe(200);
  expect((await p.me(inside.cookie)).status).toBe(200);
  expect((await p.login('used@example.com', made.body.password)).status).toBe(401);
  expect((await p.login('used@example.com', fresh.body.password)).status).toBe(200);
  ada.cookie = (await p.login('ada@example.com')).cookie;
  const again = await rotate(id);
  expect((await p.me(inside.cookie)).status).toBe(401);
  expect((await p.login('used@example.com', again.body.password)).status).toBe(200);
});

test('it has no other way in: no factor, no chosen password, no link, no key', async () => {
  const made = await add('only@example.com');
  const id: string = made.body.person.id;
  const { cookie } = await p.login('only@example.com', made.body.password);
  const post = (path: string, body?: object) => t.call('POST', path, body ? { cookie, body } : { cookie });
  expect((await post('/auth/factors/totp')).status).toBe(409);
  expect((await post('/auth/factors/passkeys/options')).status).toBe(409);
  const change = { current: made.body.password, next: 'a password of my own' };
  expect((await post('/auth/password', change)).status).toBe(403);
  expect((await t.call('POST', `/people/${id}/reset-link`, { cookie: ada.cookie })).status).toBe(409);
  const invite = { name: 'x', email: 'only@example.com', roles: ['viewer'] };
  expect((await t.call('POST', '/people', { cookie: ada.cookie, body: invite })).status).toBe(409);
  const key = { name: 'k', scopes: ['people.read'], endpoints: [], expiresAt: null };
  expect((await post('/keys', key)).status).toBe(403);
  expect((await rotate(ada.id)).status).toBe(404);
});

test('it does not count as the administrator who must be left', async () => {
  await add('left@example.com');
  const change = await t.call('PATCH', `/people/${ada.id}`, { cookie: ada.cookie, body: { disabled: true } });
  expect(change.status).toBe(409);
});

test('where single sign-on is all that is left, it alone gets in, and the answer tells nobody else', async () => {
  const made = await add('sso@example.com');
  const { authenticator } = await p.enrolPasskey(ada.cookie);
  await t.open.pool.query('update federation_settings set sso_only = true');
  try {
    const right = await p.login('ada@example.com');
    const wrong = await p.login('nobody@example.com', 'wrong password');
    expect([right.status, right.body.error.message]).toEqual([401, wrong.body.error.message]);
    const options = await t.call('POST', '/auth/passkey/options');
    const body = { assertion: authenticator.get(options.body) };
    expect((await t.call('POST', '/auth/passkey', { cookie: options.cookie, body })).status).toBe(401);
    const reset = { token: 'x'.repeat(43), password: 'a password of my own' };
    expect((await t.call('POST', '/auth/reset', { body: reset })).status).toBe(409);
    expect((await p.login('sso@example.com', made.body.password)).body.status).toBe('signed-in');
  } finally {
    await t.open.pool.query('update federation_settings set sso_only = false');
    await t.open.pool.query('delete from person_passkeys');
  }
});

test('it can be disabled, and then does not get in', async () => {
  const made = await add('off@example.com');
  await t.call('PATCH', `/people/${made.body.person.id}`, { cookie: ada.cookie, body: { disabled: true } });
  expect((await p.login('off@example.com', made.body.password)).status).toBe(401);
});

test('nothing that would outlast its hour can be given with it, whether or not it confirmed', async () => {
  const made = await add('door@example.com');
  const other = await add('other-door@example.com');
  const { cookie } = await p.login('door@example.com', made.body.password);
  const asGlass = (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object) =>
    t.call(method, path, body ? { cookie, body } : { cookie });
  const asAda = (method: 'POST' | 'PUT' | 'PATCH', path: string, body: object) =>
    t.call(method, path, { cookie: ada.cookie, body });

  const provider = {
    label: 'Provider',
    issuer: 'https://id.example.com',
    clientId: 'bartizan',
    clientSecret: 'a secret of the client',
  };
  const sso = (await asAda('POST', '/sso/providers', provider)).body;
  const { clientSecret: _, ...kept } = provider;
  const account = (await asAda('POST', '/service-accounts', { name: 'robot', roles: ['viewer'] })).body;
  expect([sso.id, account.id]).toEqual([expect.any(String), expect.any(String)]);

  const refused = async (...given: Parameters<typeof asGlass>) => {
    const answer = await asGlass(...given);
    expect([given[1], answer.status, answer.body.error?.code]).toEqual([given[1], 403, 'forbidden']);
    expect(answer.body.error.message).toContain('outlast its hour');
  };
  await refused('POST', '/scim/tokens', { name: 'directory', expiresAt: null });
  await refused('PUT', '/scim/settings', { defaultRoles: ['administrator'] });
  await refused('PUT', '/scim/groups/0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee', { roles: [], teams: [] });
  await refused('POST', '/sso/providers', provider);
  await refused('PUT', `/sso/providers/${sso.id}`, { ...kept, issuer: 'https://evil.example.net' });
  await refused('PUT', `/sso/providers/${sso.id}`, { ...kept, enabled: false, trustedForMfa: true });
  await refused('PUT', `/sso/providers/${sso.id}`, { ...provider, enabled: false });
  await refused('POST', '/people/break-glass', { name: 'Second', email: 'second@example.com' });
  await refused('POST', `/people/${other.body.person.id}/break-glass-password`);
  await refused('POST', '/service-accounts', { name: 'robot 2', roles: ['viewer'] });
  await refused('PATCH', `/service-accounts/${account.id}`, { roles: ['administrator'] });
  await refused('PATCH', `/service-accounts/${account.id}`, { disabled: true, roles: ['administrator'] });
  await refused('PATCH', `/service-accounts/${account.id}`, { disabled: false });
  const { rows } = await t.open.pool.query('select count(*)::int as n from scim_tokens');
  expect(rows).toEqual([{ n: 0 }]);
  t.time.offsetMs += 11 * 60_000;
  await refused('POST', '/scim/tokens', { name: 'directory', expiresAt: null });
  t.time.offsetMs -= 11 * 60_000;

  // What an emergency needs: taking away, and bringing people back.
  const status = async (...given: Parameters<typeof asGlass>) => (await asGlass(...given)).status;
  expect(await status('PUT', `/sso/providers/${sso.id}`, { ...kept, enabled: false })).toBe(200);
  expect(await status('PATCH', `/service-accounts/${account.id}`, { disabled: true })).toBe(200);
  expect(await status('DELETE', `/service-accounts/${account.id}`)).toBe(200);
  expect(await status('DELETE', `/sso/providers/${sso.id}`)).toBe(200);
  expect(await status('PUT', '/sso/settings', { only: false })).toBe(200);
  const back = { name: 'Back', email: 'back@example.com', roles: ['administrator'] };
  const invited = await asGlass('POST', '/people', back);
  expect(invited.status).toBe(200);
  expect(await status('POST', `/people/${ada.id}/reset-factors`)).toBe(200);
  expect(await status('POST', `/people/${ada.id}/reset-link`)).toBe(200);
  expect(await status('PATCH', `/people/${invited.body.person.id}`, { disabled: true })).toBe(200);
  expect(await status('POST', `/people/${made.body.person.id}/break-glass-password`)).toBe(200);
});

test('it answers for nothing that lasts: no service account, no key', async () => {
  const ownerId = (await add('answers@example.com')).body.person.id;
  const asAda = (method: 'POST' | 'PATCH', path: string, body: object) =>
    t.call(method, path, { cookie: ada.cookie, body });
  const refused = async (...given: Parameters<typeof asAda>) => {
    const { status, body } = await asAda(...given);
    expect([given[1], status, body.error?.message]).toEqual([
      given[1],
      400,
      'an emergency account answers for nothing that lasts',
    ]);
  };
  const robot = { name: 'robot 3', roles: ['viewer'] };
  await refused('POST', '/service-accounts', { ...robot, ownerId });
  const account = (await asAda('POST', '/service-accounts', robot)).body;
  await refused('PATCH', `/service-accounts/${account.id}`, { ownerId });
  const key = (await asAda('POST', '/keys', { name: 'k', scopes: ['people.read'], expiresAt: null })).body;
  // No key is handed to any person.
  const handed = await asAda('PATCH', `/keys/${key.key.id}`, { owner: { kind: 'person', id: ownerId } });
  expect(handed.status).toBe(409);
  const { body } = await t.call('GET', '/service-accounts', { cookie: ada.cookie });
  expect(body.items.map((one: { ownerId: string }) => one.ownerId)).toEqual([ada.id]);
});
