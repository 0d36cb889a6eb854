import { expect } from 'vitest';
import { codeOf } from '../../server/identity/factors/testing.ts';
import type { Suite } from './suite.ts';
import { type Answer, PASSWORD, type Someone, type Target } from './target.ts';

const newPassword = 'a new password for it';
const STEP_MS = 30_000;

/** The second step with a typed code. */
const second = (t: Target, cookie: string, kind: 'totp' | 'recovery', code: string): Promise<Answer> =>
  t.call('POST', 'auth/second-factor', { cookie, body: { kind, code } });

async function resetLink(t: Target, { id }: Pick<Someone, 'id'>): Promise<string> {
  const { body } = await t.must('POST', `people/${id}/reset-link`, { cookie: t.admin.cookie });
  return t.keep(new URL(body.url).searchParams.get('token') ?? '');
}

/** Things that are good once, used again or too late. */
export function replayAttacks(suite: Suite): void {
  links(suite);
  codes(suite);
  halves(suite);
}

function links({ attack, honest }: Suite): void {
  honest('an invitation and a reset link each lead in once', async (t) => {
    const { id, token } = await t.invite('ivy-honest');
    const joined = await t.call('POST', 'auth/invite', { body: { token, password: PASSWORD } });
    expect(await t.whoIs({ cookie: joined.cookie })).toBe(id);
    const body = { token: await resetLink(t, { id }), password: newPassword };
    const reset = await t.call('POST', 'auth/reset', { body });
    expect(await t.whoIs({ cookie: reset.cookie })).toBe(id);
    expect(await t.whoIs({ cookie: joined.cookie })).toBeNull();
  });

  attack('use the setup link again', 'become an administrator of a running instance', async (t) => {
    const body = { token: t.setupToken, name: 'Eve', email: 'eve@evil.example', password: newPassword };
    const before = await t.state();
    const answer = await t.call('POST', 'auth/setup', { body });
    expect([answer.status, answer.cookies]).toEqual([410, []]);
    expect(await t.state()).toEqual(before);
  });

  attack('use an invitation again', 'choose another password for its person', async (t) => {
    const { token, email } = await t.invite('ivy-again');
    await t.must('POST', 'auth/invite', { body: { token, password: PASSWORD } });
    const again = await t.call('POST', 'auth/invite', { body: { token, password: newPassword } });
    expect([again.status, again.cookies]).toEqual([410, []]);
    expect((await t.login(email, newPassword)).status).toBe(401);
  });

  attack('use an expired invitation, and one that a newer one replaced', 'still get in', async (t) => {
    const old = await t.invite('ivy-replaced');
    const fresh = await t.invite('ivy-replaced');
    const use = (token: string) => t.call('POST', 'auth/invite', { body: { token, password: newPassword } });
    expect((await use(old.token)).status).toBe(410);
    await t.sql(`update one_time_tokens set expires_at = now() - interval '1 second' where person_id = $1`, [
      fresh.id,
    ]);
    expect((await use(fresh.token)).status).toBe(410);
  });

  attack('use a reset link again, an older one, and one that expired', 'take the account', async (t) => {
    const vera = await t.join('vera-reset');
    const older = await resetLink(t, vera);
    const newer = await resetLink(t, vera);
    const use = (token: string) => t.call('POST', 'auth/reset', { body: { token, password: newPassword } });
    expect((await use(older)).status).toBe(410);
    await t.must('POST', 'auth/reset', { body: { token: newer, password: PASSWORD } });
    expect((await use(newer)).status).toBe(410);
    const late = await resetLink(t, vera);
    await t.sql(`update one_time_tokens set expires_at = now() where person_id = $1`, [vera.id]);
    expect((await use(late)).status).toBe(410);
    expect((await t.login(vera.email, newPassword)).status).toBe(401);
  });

  attack('use a reset link of somebody with a second factor', 'be in without it', async (t) => {
    const vera = await t.join('vera-reset-factor');
    await t.enrol(vera);
    const body = { token: await resetLink(t, vera), password: newPassword };
    const answer = await t.call('POST', 'auth/reset', { body });
    expect(answer.body.status).toBe('second-factor');
    expect(await t.whoIs({ cookie: answer.cookie })).toBeNull();
  });

  attack('use the link of somebody who was disabled meanwhile', 'come back', async (t) => {
    const [vera, ivy] = [await t.join('vera-gone'), await t.invite('ivy-gone')];
    const token = await resetLink(t, vera);
    for (const { id } of [vera, ivy]) {
      await t.must('PATCH', `people/${id}`, { cookie: t.admin.cookie, body: { disabled: true } });
    }
    const password = newPassword;
    expect((await t.call('POST', 'auth/reset', { body: { token, password } })).status).toBe(410);
    expect((await t.call('POST', 'auth/invite', { body: { token: ivy.token, password } })).status).toBe(410);
  });
}

function codes({ attack, honest }: Suite): void {
  honest('a code of the app, and a recovery code, each lead in', async (t) => {
    const vera = await t.join('vera-codes');
    const { secret, codes: recovery } = await t.enrol(vera);
    for (const [kind, code] of [
      ['totp', codeOf(secret, Date.now())],
      ['recovery', recovery[0] ?? ''],
    ] as const) {
      const half = await t.login(vera.email);
      const answer = await second(t, half.cookie, kind, code);
      expect([kind, await t.whoIs({ cookie: answer.cookie })]).toEqual([kind, vera.id]);
    }
  });

  attack('watch a code of the app and use it again', 'be in with it', async (t) => {
    const vera = await t.join('vera-totp');
    const { secret } = await t.enrol(vera);
    const code = codeOf(secret, Date.now());
    const [one, two] = [await t.login(vera.email), await t.login(vera.email)];
    expect((await second(t, one.cookie, 'totp', code)).status).toBe(200);
    expect((await second(t, two.cookie, 'totp', code)).status).toBe(401);
    expect((await second(t, two.cookie, 'totp', ` ${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(401);
  });

  attack('use a code that confirmed an act, to sign in', 'be in with it', async (t) => {
    const vera = await t.join('vera-crosswise');
    const { secret } = await t.enrol(vera);
    const code = codeOf(secret, Date.now());
    const body = { kind: 'totp', code };
    expect((await t.call('POST', 'auth/step-up', { cookie: vera.cookie, body })).status).toBe(200);
    const half = await t.login(vera.email);
    expect((await second(t, half.cookie, 'totp', code)).status).toBe(401);
  });

  attack('use codes of minutes ago and of minutes to come', 'have more than a minute', async (t) => {
    const vera = await t.join('vera-window');
    const { secret } = await t.enrol(vera);
    const half = await t.login(vera.email);
    const now = Date.now();
    // Five steps: what a slow machine takes to answer changes nothing.
    for (const steps of [-20, -5, 5, 20]) {
      const answer = await second(t, half.cookie, 'totp', codeOf(secret, now + steps * STEP_MS));
      expect([steps, answer.status]).toEqual([steps, 401]);
    }
  });

  attack('use a recovery code again, spelt otherwise, and of an older list', 'be in with it', async (t) => {
    const vera = await t.join('vera-recovery');
    const { codes: old } = await t.enrol(vera);
    const [first = '', unused = ''] = old;
    const use = async (code: string) =>
      (await second(t, (await t.login(vera.email)).cookie, 'recovery', code)).status;
    expect(await use(first)).toBe(200);
    for (const spelt of [first, first.toUpperCase(), first.replaceAll('-', ''), first.replaceAll('-', ' ')]) {
      expect(await use(spelt)).toBe(401);
    }
    await t.must('POST', 'auth/factors/recovery-codes', { cookie: vera.cookie });
    expect(await use(unused)).toBe(401);
  });

  attack(
    'use one’s own app and recovery codes in another’s sign-in',
    'give a factor that one has',
    async (t) => {
      const [vera, mallory] = [await t.join('vera-others'), await t.join('mallory-others')];
      await t.enrol(vera);
      const own = await t.enrol(mallory);
      const half = await t.login(vera.email);
      expect((await second(t, half.cookie, 'totp', codeOf(own.secret, Date.now()))).status).toBe(401);
      expect((await second(t, half.cookie, 'recovery', own.codes[0] ?? '')).status).toBe(401);
    },
  );

  attack(
    'confirm a dangerous act with the password, or with another’s code',
    'skip the factor',
    async (t) => {
      const [vera, mallory] = [await t.join('vera-step'), await t.join('mallory-step')];
      await t.enrol(vera);
      const own = await t.enrol(mallory);
      for (const body of [
        { kind: 'password', password: PASSWORD },
        { kind: 'totp', code: codeOf(own.secret, Date.now()) },
        { kind: 'recovery', code: own.codes[1] },
      ]) {
        const answer = await t.call('POST', 'auth/step-up', { cookie: vera.cookie, body });
        expect([body.kind, answer.status]).toEqual([body.kind, 400]);
      }
    },
  );
}

function halves({ attack }: Suite): void {
  attack('use the cookie of the second step again after it was done', 'get a session more', async (t) => {
    const vera = await t.join('vera-half-again');
    const { codes: recovery } = await t.enrol(vera);
    const half = await t.login(vera.email);
    expect((await second(t, half.cookie, 'recovery', recovery[0] ?? '')).status).toBe(200);
    expect((await second(t, half.cookie, 'recovery', recovery[1] ?? '')).status).toBe(410);
  });

  attack('guess five times, then give the right code', 'guess without end', async (t) => {
    const vera = await t.join('vera-five');
    const { codes: recovery } = await t.enrol(vera);
    const half = await t.login(vera.email);
    for (let tries = 0; tries < 5; tries++) {
      const answer = await second(t, half.cookie, 'recovery', 'aaaa-bbbb-cccc');
      expect(answer.status).toBe(tries < 4 ? 401 : 410);
    }
    expect((await second(t, half.cookie, 'recovery', recovery[0] ?? '')).status).toBe(410);
    const alarms = await t.sql(`select kind from alarms where subject = $1`, [`person:${vera.id}`]);
    expect(alarms).toEqual([{ kind: 'second-factor-guessing' }]);
  });

  attack(
    'take the second step too late, and after the password was changed',
    'go on where one was',
    async (t) => {
      const vera = await t.join('vera-late');
      const { codes: recovery } = await t.enrol(vera);
      const late = await t.login(vera.email);
      await t.sql(`update pending_sign_ins set expires_at = now() where person_id = $1`, [vera.id]);
      expect((await second(t, late.cookie, 'recovery', recovery[0] ?? '')).status).toBe(410);
      const thief = await t.login(vera.email);
      const body = { current: PASSWORD, next: newPassword };
      await t.must('POST', 'auth/password', { cookie: vera.cookie, body });
      expect((await second(t, thief.cookie, 'recovery', recovery[1] ?? '')).status).toBe(410);
    },
  );

  attack('send two cookies of the second step, or one made up', 'have the better one count', async (t) => {
    const [vera, mallory] = [await t.join('vera-two'), await t.join('mallory-two')];
    const own = await t.enrol(mallory);
    await t.enrol(vera);
    const [theirs, mine] = [await t.login(vera.email), await t.login(mallory.email)];
    const name = theirs.cookie.slice(0, theirs.cookie.indexOf('='));
    for (const cookie of [
      `${theirs.cookie}; ${mine.cookie}`,
      `${mine.cookie}; ${theirs.cookie}`,
      `${name}=${'A'.repeat(43)}`,
      `${name}=`,
    ]) {
      const answer = await second(t, cookie, 'recovery', own.codes[2] ?? '');
      expect([answer.status, answer.cookies]).toEqual([410, []]);
    }
  });
}
