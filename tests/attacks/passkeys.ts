import { expect } from 'vitest';
import { type Authenticator, createAuthenticator, type Deviation } from '../support/authenticator.ts';
import type { Suite } from './suite.ts';
import type { Answer, Someone, Target } from './target.ts';

const originOf = (t: Target): string => `http://localhost:${t.plain.port}`;

/** Somebody with a passkey, and the device that holds it. */
async function withPasskey(t: Target, name: string) {
  const vera = await t.join(name);
  const device = createAuthenticator(originOf(t));
  const options = await t.must('POST', 'auth/factors/passkeys/options', { cookie: vera.cookie });
  const body = { name: 'Laptop', registration: device.create(options.body) };
  const { body: made } = await t.must('POST', 'auth/factors/passkeys', { cookie: vera.cookie, body });
  for (const code of made.recoveryCodes) t.keep(code);
  return { vera, device };
}

/** What a browser gets that begins to sign in with a passkey alone. */
const begin = (t: Target): Promise<Answer> => t.must('POST', 'auth/passkey/options');

async function signIn(t: Target, device: Authenticator, deviation: Deviation = {}): Promise<Answer> {
  const begun = await begin(t);
  const body = { assertion: device.get(begun.body, deviation) };
  return t.call('POST', 'auth/passkey', { cookie: begun.cookie, body });
}

const stepUp = (t: Target, { cookie }: Pick<Someone, 'cookie'>, assertion: unknown): Promise<Answer> =>
  t.call('POST', 'auth/step-up', { cookie, body: { kind: 'passkey', assertion } });

/** Passkeys that are shown again, elsewhere or wrongly. */
export function passkeyAttacks({ attack, honest }: Suite): void {
  honest('a passkey signs in alone, and confirms', async (t) => {
    const { vera, device } = await withPasskey(t, 'vera-key-honest');
    expect(await t.whoIs({ cookie: (await signIn(t, device)).cookie })).toBe(vera.id);
    const options = await t.must('POST', 'auth/step-up/passkey-options', { cookie: vera.cookie });
    expect((await stepUp(t, vera, device.get(options.body))).status).toBe(200);
  });

  attack('send a passkey’s answer again', 'sign in with what was overheard', async (t) => {
    const { device } = await withPasskey(t, 'vera-key-replay');
    const begun = await begin(t);
    const body = { assertion: device.get(begun.body) };
    expect((await t.call('POST', 'auth/passkey', { cookie: begun.cookie, body })).status).toBe(200);
    const again = await t.call('POST', 'auth/passkey', { cookie: begun.cookie, body });
    expect([again.status, again.cookies]).toEqual([401, []]);
  });

  attack('send a passkey’s answer from another browser than asked', 'use what was phished', async (t) => {
    const { device } = await withPasskey(t, 'vera-key-browser');
    const [begun, mine] = [await begin(t), await begin(t)];
    for (const cookie of [mine.cookie, '', `${begun.cookie}; ${mine.cookie}`]) {
      const body = { assertion: device.get(begun.body) };
      const answer = await t.call('POST', 'auth/passkey', { cookie, body });
      expect([answer.status, answer.cookies]).toEqual([401, []]);
    }
  });

  attack('use the challenge of one purpose for another', 'turn a confirmation into a sign-in', async (t) => {
    const { vera, device } = await withPasskey(t, 'vera-key-purpose');
    const step = await t.must('POST', 'auth/step-up/passkey-options', { cookie: vera.cookie });
    const begun = await begin(t);
    const body = { assertion: device.get({ ...begun.body, challenge: step.body.challenge }) };
    expect((await t.call('POST', 'auth/passkey', { cookie: begun.cookie, body })).status).toBe(401);
    expect((await stepUp(t, vera, device.get(begun.body))).status).toBe(400);
    const half = await t.login(vera.email);
    const proof = {
      kind: 'passkey',
      assertion: device.get({ ...begun.body, challenge: step.body.challenge }),
    };
    const second = await t.call('POST', 'auth/second-factor', { cookie: half.cookie, body: proof });
    expect([second.status, second.cookies]).toEqual([401, []]);
  });

  attack(
    'confirm with a challenge of another session',
    'open a stolen session’s dangerous acts',
    async (t) => {
      const { vera, device } = await withPasskey(t, 'vera-key-session');
      const other = await signIn(t, device);
      const options = await t.must('POST', 'auth/step-up/passkey-options', { cookie: vera.cookie });
      expect((await stepUp(t, { cookie: other.cookie }, device.get(options.body))).status).toBe(400);
    },
  );

  attack('answer a challenge that is too old, or of one’s own making', 'prepare answers', async (t) => {
    const { device } = await withPasskey(t, 'vera-key-old');
    const begun = await begin(t);
    await t.sql('update passkey_challenges set expires_at = now()');
    const body = { assertion: device.get(begun.body) };
    expect((await t.call('POST', 'auth/passkey', { cookie: begun.cookie, body })).status).toBe(401);
    expect((await signIn(t, device, { challenge: 'A'.repeat(43) })).status).toBe(401);
  });

  const lies: readonly [string, Deviation][] = [
    ['on another site', { origin: 'https://evil.example' }],
    ['on another port', { origin: 'http://localhost:1' }],
    ['for another site', { rpId: 'evil.example' }],
    ['in a foreign frame', { crossOrigin: true }],
    ['without PIN or finger', { userVerified: false }],
    ['with another key', { foreignKey: true }],
    ['without saying whose', { userHandle: null }],
    ['for the administrator', { userHandle: 'administrator' }],
  ];
  for (const [how, deviation] of lies) {
    attack(`make a passkey’s answer ${how}`, 'sign in', async (t) => {
      const { device } = await withPasskey(t, `vera-key-${how.replaceAll(' ', '-')}`);
      const answer = await signIn(t, device, deviation);
      expect([answer.status, answer.cookies]).toEqual([401, []]);
    });
  }

  attack('use a copy of a passkey', 'go unnoticed', async (t) => {
    const { vera, device } = await withPasskey(t, 'vera-key-copy');
    expect((await signIn(t, device)).status).toBe(200);
    expect((await signIn(t, device, { counter: 1 })).status).toBe(401);
    const alarms = await t.sql('select kind from alarms where subject = $1', [`person:${vera.id}`]);
    expect(alarms).toEqual([{ kind: 'passkey-cloned' }]);
  });

  attack(
    'add a passkey with the challenge of another’s session',
    'have a key to their account',
    async (t) => {
      const [vera, mallory] = [await t.join('vera-key-add'), await t.join('mallory-key-add')];
      const device = createAuthenticator(originOf(t));
      const options = await t.must('POST', 'auth/factors/passkeys/options', { cookie: mallory.cookie });
      const body = { name: 'Mine', registration: device.create(options.body) };
      const added = await t.call('POST', 'auth/factors/passkeys', { cookie: vera.cookie, body });
      expect(added.status).toBe(400);
      expect(await t.sql('select 1 from person_passkeys where person_id = $1', [vera.id])).toEqual([]);
    },
  );
}
