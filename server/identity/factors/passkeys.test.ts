import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthenticator, type Deviation } from '../../../tests/support/authenticator.ts';
import { startIdentity, type TestIdentity } from '../testing.ts';
import { addressForPeople, relyingPartyOf } from './relying-party.ts';
import { ORIGIN, people } from './testing.ts';

let t: TestIdentity;
let p: ReturnType<typeof people>;
let ada: { cookie: string; id: string };
let n = 0;
beforeAll(async () => {
  t = await startIdentity();
  p = people(t);
  ada = await t.setUp();
});
afterAll(async () => t?.close());

async function someone() {
  ada.cookie = (await p.login('ada@example.com')).cookie;
  const email = `person${++n}@example.com`;
  return { email, ...(await t.join(ada.cookie, email, ['viewer'])) };
}
const address = () => `203.0.113.${++n % 250}`;

/** Asks for a challenge and answers it, alone. */
async function alone(authenticator: ReturnType<typeof createAuthenticator>, deviation: Deviation = {}) {
  const options = await t.call('POST', '/auth/passkey/options', { address: address() });
  const body = { assertion: authenticator.get(options.body, deviation) };
  return { body, cookie: options.cookie, answer: await send(body, options.cookie) };
}
const send = (body: object, cookie: string) =>
  t.call('POST', '/auth/passkey', { cookie, body, address: address() });

describe('signing in with a passkey alone', () => {
  test('works, and counts as two factors', async () => {
    const bob = await someone();
    const { authenticator, codes } = await p.enrolPasskey(bob.cookie);
    expect(codes.length).toBe(10);
    const { answer } = await alone(authenticator);
    expect(answer.body).toMatchObject({
      status: 'signed-in',
      me: { id: bob.id, factors: ['passkey', 'recovery'] },
    });
    expect((await p.me(answer.cookie)).status).toBe(200);
    const { rows } = await t.open.pool.query(
      "select second_factor from sessions where person_id = $1 and method = 'passkey'",
      [bob.id],
    );
    expect(rows).toEqual([{ second_factor: true }]);
  });

  test('an answer is good once, for the browser that asked, for five minutes', async () => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    const { body, cookie, answer } = await alone(authenticator);
    expect(answer.status).toBe(200);
    expect((await send(body, cookie)).status).toBe(401);
    const options = await t.call('POST', '/auth/passkey/options');
    const other = await t.call('POST', '/auth/passkey/options');
    const stolen = { assertion: authenticator.get(options.body) };
    expect((await send(stolen, other.cookie)).status).toBe(401);
    expect((await send(stolen, '')).status).toBe(401);
    const late = await t.call('POST', '/auth/passkey/options');
    const assertion = authenticator.get(late.body);
    t.time.offsetMs += 5 * 60_000 + 1;
    expect((await send({ assertion }, late.cookie)).status).toBe(401);
  });

  test('of ten requests at once with one answer exactly one gets in', async () => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    const options = await t.call('POST', '/auth/passkey/options');
    const body = { assertion: authenticator.get(options.body) };
    const answers = await Promise.all(Array.from({ length: 10 }, () => send(body, options.cookie)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
  });

  const wrongs: [string, Deviation][] = [
    ['another origin', { origin: 'https://localhost.evil.example' }],
    ['the same name on another port', { origin: 'http://localhost:7601' }],
    ['another relying party', { rpId: 'evil.example' }],
    ['a user who was not verified', { userVerified: false }],
    ['a foreign frame', { crossOrigin: true }],
    ['a challenge that was never given', { challenge: 'A'.repeat(43) }],
    ['a key that is not the credential', { foreignKey: true }],
    ["somebody else's handle", { userHandle: 'AAAAAAAA' }],
    ['no handle', { userHandle: null }],
  ];
  test.each(wrongs)('%s is refused', async (_, deviation) => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    expect((await alone(authenticator, deviation)).answer.status).toBe(401);
    expect((await alone(authenticator)).answer.status).toBe(200);
  });

  test('a counter that goes back is refused and raises an alarm', async () => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    expect((await alone(authenticator, { counter: 7 })).answer.status).toBe(200);
    t.emitted.length = 0;
    expect((await alone(authenticator, { counter: 7 })).answer.status).toBe(401);
    expect((await alone(authenticator, { counter: 3 })).answer.status).toBe(401);
    expect((await alone(authenticator, { counter: 0 })).answer.status).toBe(401);
    // One alarm stands for all three, until somebody looked into it.
    expect(t.emitted.filter((name) => name === 'alarm.raised').length).toBe(1);
    const { body } = await t.call('GET', '/alarms', { cookie: ada.cookie });
    expect(body.items[0]).toMatchObject({
      kind: 'passkey-cloned',
      severity: 'critical',
      subject: `person:${bob.id}`,
    });
    expect((await alone(authenticator, { counter: 8 })).answer.status).toBe(200);
  });

  test('an authenticator that does not count is taken', async () => {
    const bob = await someone();
    const synced = createAuthenticator(ORIGIN, { counts: false });
    const { authenticator } = await p.enrolPasskey(bob.cookie, synced);
    expect((await alone(authenticator)).answer.status).toBe(200);
    expect((await alone(authenticator)).answer.status).toBe(200);
  });

  test('a disabled person does not get in', async () => {
    const bob = await someone();
    const { authenticator } = await p.enrolPasskey(bob.cookie);
    await t.call('PATCH', `/people/${bob.id}`, { cookie: ada.cookie, body: { disabled: true } });
    expect((await alone(authenticator)).answer.status).toBe(401);
  });

  test('whatever else is sent is refused, and never a fault', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), async (a, b) => {
        const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url') || 'AA';
        const assertion = {
          id: 'AAAA',
          rawId: 'AAAA',
          type: 'public-key',
          response: { clientDataJSON: text(a), authenticatorData: text(b), signature: text(a) },
        };
        const answer = await send({ assertion }, '');
        expect([401, 429]).toContain(answer.status);
      }),
      { numRuns: 60 },
    );
  });
});

describe('making a passkey', () => {
  const make = async (
    cookie: string,
    deviation: Deviation,
    change: (registration: ReturnType<ReturnType<typeof createAuthenticator>['create']>) => object = (same) =>
      same,
  ) => {
    const options = await t.call('POST', '/auth/factors/passkeys/options', { cookie });
    const registration = change(createAuthenticator(ORIGIN).create(options.body, deviation));
    return t.call('POST', '/auth/factors/passkeys', { cookie, body: { name: 'X', registration } });
  };

  const certificate = { fmt: 'packed', statement: new Map([['x5c', Buffer.from('certificate')]]) };
  const wrongs: [string, Deviation][] = [
    ['on another origin', { origin: 'https://evil.example' }],
    ['for another relying party', { rpId: 'evil.example' }],
    ['without its user verified', { userVerified: false }],
    ['in a foreign frame', { crossOrigin: true }],
    ['for another challenge', { challenge: 'B'.repeat(43) }],
    ['with certificates that would be followed', { attestation: certificate }],
    ['with an attestation of a maker', { attestation: { fmt: 'apple', statement: new Map() } }],
  ];
  test.each(wrongs)('%s is refused', async (_, deviation) => {
    const bob = await someone();
    expect((await make(bob.cookie, deviation)).status).toBe(400);
    expect((await p.me(bob.cookie)).body.factors).toEqual([]);
  });

  test('garbage is refused, and never a fault', async () => {
    const bob = await someone();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 400 }), async (bytes) => {
        const answer = await make(bob.cookie, {}, (registration) => ({
          ...registration,
          response: { ...registration.response, attestationObject: Buffer.from(bytes).toString('base64url') },
        }));
        expect(answer.status).toBe(400);
      }),
      { numRuns: 60 },
    );
  });

  test('the challenge of one session is nothing in another, nor for another purpose', async () => {
    const bob = await someone();
    const other = await p.login(bob.email);
    const options = await t.call('POST', '/auth/factors/passkeys/options', { cookie: bob.cookie });
    const registration = createAuthenticator(ORIGIN).create(options.body);
    const add = (cookie: string, given: object) =>
      t.call('POST', '/auth/factors/passkeys', { cookie, body: { name: 'X', registration: given } });
    expect((await add(other.cookie, registration)).status).toBe(400);
    expect((await add(bob.cookie, registration)).status).toBe(200);
    // Used up.
    expect((await add(bob.cookie, registration)).status).toBe(400);
    const confirm = await t.call('POST', '/auth/step-up/passkey-options', { cookie: bob.cookie });
    const crossed = createAuthenticator(ORIGIN).create({
      ...options.body,
      challenge: confirm.body.challenge,
    });
    expect((await add(bob.cookie, crossed)).status).toBe(400);
  });

  test('a credential belongs to one person only', async () => {
    const [bob, eve] = [await someone(), await someone()];
    await p.enrolPasskey(bob.cookie);
    const options = await t.call('POST', '/auth/factors/passkeys/options', { cookie: eve.cookie });
    const registration = createAuthenticator(ORIGIN).create(options.body);
    // As if his were the one that she brings.
    await t.open.pool.query('update person_passkeys set credential_id = $1 where person_id = $2', [
      registration.id,
      bob.id,
    ]);
    const answer = await t.call('POST', '/auth/factors/passkeys', {
      cookie: eve.cookie,
      body: { name: 'X', registration },
    });
    expect(answer.status).toBe(409);
  });
});

describe('as second factor', () => {
  test('works for the half-finished sign-in that asked, and for nobody else', async () => {
    const [bob, eve] = [await someone(), await someone()];
    const his = await p.enrolPasskey(bob.cookie);
    const hers = await p.enrolPasskey(eve.cookie);
    const first = await p.login(bob.email);
    expect(first.body.methods).toEqual(['passkey', 'recovery']);
    const ask = () => t.call('POST', '/auth/second-factor/passkey-options', { cookie: first.cookie });
    const give = (assertion: object, cookie = first.cookie) =>
      t.call('POST', '/auth/second-factor', { cookie, body: { kind: 'passkey', assertion } });
    const options = await ask();
    expect(options.body.allowCredentials.map(({ id }: { id: string }) => id)).toEqual([
      his.authenticator.credentials[0]?.id,
    ]);
    // Somebody else's passkey, a challenge of another sign-in, a challenge of signing in alone.
    expect((await give(hers.authenticator.get(options.body))).status).toBe(401);
    const elsewhere = await p.login(bob.email);
    const otherOptions = await t.call('POST', '/auth/second-factor/passkey-options', {
      cookie: elsewhere.cookie,
    });
    expect((await give(his.authenticator.get(otherOptions.body))).status).toBe(401);
    const single = await t.call('POST', '/auth/passkey/options');
    expect((await give(his.authenticator.get(single.body))).status).toBe(401);
    expect((await give(his.authenticator.get((await ask()).body, { userHandle: null }))).status).toBe(200);
  });

  test('without a half-finished sign-in there is nothing to ask', async () => {
    expect((await t.call('POST', '/auth/second-factor/passkey-options')).status).toBe(410);
  });
});

describe('looking after passkeys', () => {
  test('they are listed, renamed and removed by their owner only', async () => {
    const [bob, eve] = [await someone(), await someone()];
    const { id, authenticator } = await p.enrolPasskey(bob.cookie);
    const { id: second } = await p.enrolPasskey(bob.cookie);
    const list = async () =>
      (await t.call('GET', '/auth/factors', { cookie: bob.cookie })).body.passkeys.map(
        (one: { name: string }) => one.name,
      );
    expect(await list()).toEqual(['Laptop', 'Laptop']);
    const path = `/auth/factors/passkeys/${id}`;
    const rename = (cookie: string) => t.call('PATCH', path, { cookie, body: { name: ' Phone ' } });
    expect((await rename(eve.cookie)).status).toBe(404);
    expect((await rename(bob.cookie)).body.name).toBe('Phone');
    expect((await t.call('DELETE', path, { cookie: eve.cookie })).status).toBe(404);
    expect((await t.call('DELETE', path, { cookie: bob.cookie })).status).toBe(200);
    expect(await list()).toEqual(['Laptop']);
    expect((await alone(authenticator, {})).answer.status).toBe(401);
    expect((await t.call('DELETE', `/auth/factors/passkeys/${second}`, { cookie: bob.cookie })).status).toBe(
      200,
    );
    // With the last factor its recovery codes go.
    expect((await p.me(bob.cookie)).body.factors).toEqual([]);
  });
});

test.each([
  ['https://bartizan.example', 'bartizan.example', 'https://bartizan.example'],
  ['https://bartizan.example:8443', 'bartizan.example', 'https://bartizan.example:8443'],
  ['http://localhost:7600', 'localhost', 'http://localhost:7600'],
  ['http://127.0.0.1:7600', 'localhost', 'http://localhost:7600'],
  ['http://[::1]:7600', 'localhost', 'http://localhost:7600'],
])('%s makes passkeys of %s', (url, id, origin) => {
  expect(relyingPartyOf(url)).toEqual({ id, origin });
});

test('a bare address has no passkeys, and says what to do', () => {
  expect(() => relyingPartyOf('https://192.0.2.7')).toThrow('bare address');
});

test.for([
  ['http://127.0.0.1:7600', 'http://localhost:7600'],
  ['http://[::1]:7600', 'http://localhost:7600'],
  ['http://localhost:7600', 'http://localhost:7600'],
  ['http://192.0.2.7:7600', 'http://192.0.2.7:7600'],
  ['http://127.example.com', 'http://127.example.com'],
  ['https://bartizan.example.com', 'https://bartizan.example.com'],
])('links for people at %s begin with %s, where passkeys work', ([url = '', shown]) => {
  expect(addressForPeople(url)).toBe(shown);
});
