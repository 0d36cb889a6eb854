import { expect } from 'vitest';
import { codeOf } from '../../server/identity/factors/testing.ts';
import { createPasswords } from '../../server/identity/passwords.ts';
import type { Suite } from './suite.ts';
import { type Answer, PASSWORD, type Someone, type Target } from './target.ts';

const AT_ONCE = 20;
const newPassword = 'a new password for it';

/** The cookies as a browser has them on the door by https. */
const secure = (cookie: string): string =>
  cookie
    .split('; ')
    .map((pair) => `__Host-${pair}`)
    .join('; ');

/** The same at both servers by turns, all at the same moment. */
function together(
  t: Target,
  count: number,
  of: (nth: number) => { path: string; cookie: string; body?: unknown },
): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: count }, (_, nth) => {
      const { path, cookie, body } = of(nth);
      const where = nth % 2 === 0 ? { cookie } : { cookie: secure(cookie), door: t.proxied };
      return t.call('POST', path, { ...where, ...(body === undefined ? {} : { body }) });
    }),
  );
}

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);
const won = (answers: readonly Answer[]): number => answers.filter(({ status }) => status < 300).length;

const sessionsOf = async (t: Target, { id }: Pick<Someone, 'id'>): Promise<number> =>
  (await t.sql('select 1 from sessions where person_id = $1', [id])).length;

/** Somebody with an app, and as many half-finished sign-ins from browsers of their own. */
async function halfway(t: Target, name: string, count: number) {
  const vera = await t.join(name);
  const browsers: string[] = [];
  for (let nth = 0; nth < count; nth++) {
    const { cookie } = await t.signIn(vera.id, vera.email);
    browsers.push(cookie.split('; ').find((pair) => pair.includes('-device=')) ?? '');
  }
  const factors = await t.enrol(vera);
  const halves: string[] = [];
  for (const device of browsers) {
    const half = await t.login(vera.email, PASSWORD, { cookie: device });
    halves.push(`${half.cookie}; ${device}`);
  }
  await t.sql('delete from sessions where person_id = $1', [vera.id]);
  return { vera, factors, halves };
}

/** The same thing many times at the same moment, on two servers. */
export function raceAttacks(suite: Suite): void {
  factorRaces(suite);
  linkRaces(suite);
  otherRaces(suite);
}

function factorRaces({ attack }: Suite): void {
  for (const kind of ['recovery', 'totp'] as const) {
    attack(`give one ${kind} code in ${AT_ONCE} sign-ins at once`, 'get many sessions', async (t) => {
      const { vera, factors, halves } = await halfway(t, `vera-race-${kind}`, AT_ONCE);
      const code = kind === 'totp' ? codeOf(factors.secret, Date.now()) : (factors.codes[0] ?? '');
      const answers = await together(t, AT_ONCE, (nth) => ({
        path: 'auth/second-factor',
        cookie: halves[nth] ?? '',
        body: { kind, code },
      }));
      expect(won(answers)).toBe(1);
      expect(statuses(answers).filter((status) => status === 401)).toHaveLength(AT_ONCE - 1);
      expect(await sessionsOf(t, vera)).toBe(1);
    });
  }

  attack('finish one half-done sign-in many times at once', 'get many sessions for one', async (t) => {
    const { vera, factors, halves } = await halfway(t, 'vera-race-half', 1);
    const answers = await together(t, factors.codes.length, (nth) => ({
      path: 'auth/second-factor',
      cookie: halves[0] ?? '',
      body: { kind: 'recovery', code: factors.codes[nth] },
    }));
    expect(won(answers)).toBe(1);
    expect(await sessionsOf(t, vera)).toBe(1);
    const used = await t.sql(
      'select 1 from person_recovery_codes where person_id = $1 and used_at is not null',
      [vera.id],
    );
    expect(used).toHaveLength(1);
  });

  attack(
    `guess ${AT_ONCE} codes at once in one half-done sign-in`,
    'have more than five tries',
    async (t) => {
      const { vera, halves } = await halfway(t, 'vera-race-guess', 1);
      await together(t, AT_ONCE, (nth) => ({
        path: 'auth/second-factor',
        cookie: halves[0] ?? '',
        body: { kind: 'totp', code: String(100_000 + nth) },
      }));
      const judged = await t.sql(
        `select 1 from audit_entries where subject = $1 and action = 'people.second-factor-refused'`,
        [`person:${vera.id}`],
      );
      expect(judged.length).toBeGreaterThan(0);
      expect(judged.length).toBeLessThanOrEqual(5);
    },
  );

  attack('confirm with one code many times at once', 'confirm in a stolen session too', async (t) => {
    const vera = await t.join('vera-race-step');
    const { secret } = await t.enrol(vera);
    const code = codeOf(secret, Date.now());
    const answers = await together(t, 8, () => ({
      path: 'auth/step-up',
      cookie: vera.cookie,
      body: { kind: 'totp', code },
    }));
    expect(won(answers)).toBe(1);
  });
}

function linkRaces({ attack }: Suite): void {
  attack('set the instance up several times at once', 'become a second first administrator', async (t) => {
    expect(t.setUps.toSorted()).toEqual([200, 410, 410, 410]);
    const made = await t.sql(`select 1 from audit_entries where action = 'people.set-up'`);
    expect(made).toHaveLength(1);
  });

  for (const kind of ['invite', 'reset'] as const) {
    attack(`use one ${kind} link many times at once`, 'choose a password beside its person', async (t) => {
      const ivy = await t.invite(`ivy-race-${kind}`);
      let { token } = ivy;
      if (kind === 'reset') {
        const link = await t.must('POST', `people/${ivy.id}/reset-link`, { cookie: t.admin.cookie });
        token = t.keep(new URL(link.body.url).searchParams.get('token') ?? '');
      }
      const answers = await together(t, 6, (nth) => ({
        path: `auth/${kind}`,
        cookie: '',
        body: { token, password: `${newPassword} ${nth}` },
      }));
      expect(statuses(answers).toSorted()).toEqual([200, 410, 410, 410, 410, 410]);
      expect(await sessionsOf(t, ivy)).toBe(1);
    });
  }

  attack('sign in while the password is changed', 'have a session from the old one', async (t) => {
    const vera = await t.join('vera-race-change');
    const link = await t.must('POST', `people/${vera.id}/reset-link`, { cookie: t.admin.cookie });
    const token = t.keep(new URL(link.body.url).searchParams.get('token') ?? '');
    // A password that takes long to check: the change comes in between.
    const slow = await createPasswords({ logN: 15, p: 24 }).hash(PASSWORD);
    await t.sql('update people_credentials set password = $2 where person_id = $1', [vera.id, slow]);
    const thief = t.login(vera.email);
    const changed = await t.must('POST', 'auth/reset', { body: { token, password: newPassword } });
    const { status, cookie } = await thief;
    expect(status).toBe(401);
    expect(await t.whoIs({ cookie })).toBeNull();
    expect(await t.whoIs({ cookie: changed.cookie })).toBe(vera.id);
    expect(await sessionsOf(t, vera)).toBe(1);
  });

  attack('sign in many times while being disabled', 'keep one of the sessions', async (t) => {
    const vera = await t.join('vera-race-disabled');
    const body = { email: vera.email, password: PASSWORD };
    const logins = together(t, 9, () => ({ path: 'auth/login', cookie: '', body }));
    await t.must('PATCH', `people/${vera.id}`, { cookie: t.admin.cookie, body: { disabled: true } });
    const answers = await logins;
    expect(await sessionsOf(t, vera)).toBe(0);
    for (const { cookie } of answers) expect(await t.whoIs({ cookie })).toBeNull();
  });
}

function otherRaces({ attack }: Suite): void {
  attack('use an emergency password many times at once', 'use it twice', async (t) => {
    const given = { name: 'Emergency', email: 'race-glass@example.com' };
    const made = await t.must('POST', 'people/break-glass', { cookie: t.admin.cookie, body: given });
    const { id } = made.body.person;
    t.keep(made.body.password);
    await t.cheapen(id);
    const body = { email: given.email, password: PASSWORD };
    const answers = await together(t, 9, () => ({ path: 'auth/login', cookie: '', body }));
    expect(won(answers)).toBe(1);
    expect(await sessionsOf(t, { id })).toBe(1);
  });

  attack('rotate a key many times at once', 'keep several secrets of it alive', async (t) => {
    const { id, secret } = await t.key(['people.read']);
    const answers = await together(t, 8, () => ({
      path: `keys/${id}/rotate`,
      cookie: t.admin.cookie,
      body: { oldEndsAt: Date.now() + 3_600_000 },
    }));
    const made = answers
      .filter(({ status }) => status === 200)
      .map(({ body }) => t.keep(String(body.secret)));
    expect(made).toHaveLength(8);
    const alive: string[] = [];
    for (const each of [secret, ...made]) if ((await t.whoIs({ key: each })) !== null) alive.push(each);
    expect(alive).toHaveLength(2);
    expect(alive).not.toContain(secret);
  });

  attack('have two administrators demote each other at once', 'leave nobody who administers', async (t) => {
    const [ann, ben] = [
      await t.join('ann-race', ['administrator', 'viewer']),
      await t.join('ben-race', ['administrator', 'viewer']),
    ];
    const others = await t.sql(
      'update people set disabled = true where not disabled and id <> all($1::uuid[]) returning id',
      [[ann.id, ben.id]],
    );
    try {
      const demote = (by: Someone, whom: Someone) =>
        t.call('PATCH', `people/${whom.id}`, { cookie: by.cookie, body: { roles: ['viewer'] } });
      const answers = await Promise.all([demote(ann, ben), demote(ben, ann)]);
      expect(won(answers)).toBe(1);
      const left = await t.sql(`select 1 from people where 'administrator' = any(roles) and not disabled`);
      expect(left).toHaveLength(1);
    } finally {
      const ids = others.map(({ id }) => id);
      await t.sql('update people set disabled = false where id = any($1::uuid[])', [ids]);
      await t.sql(`update people set roles = '{viewer}' where id = any($1::uuid[])`, [[ann.id, ben.id]]);
    }
  });

  attack('guess a password from many places at once', 'be counted late', async (t) => {
    const vera = await t.join('vera-race-password');
    const guesses = Array.from({ length: 40 }, (_, nth) =>
      t.login(vera.email, `wrong guess ${nth}`, {
        door: t.proxied,
        headers: { 'x-forwarded-for': `203.0.113.${nth + 1}` },
      }),
    );
    const answers = await Promise.all(guesses);
    expect(won(answers)).toBe(0);
    expect(statuses(answers).filter((status) => status === 401).length).toBeLessThanOrEqual(10);
  });

  attack(
    'approve, reject and withdraw one change at once',
    'have it done twice, or done and not',
    async (t) => {
      const { cookie } = t.admin;
      const sam = await t.join('sam-race', ['security']);
      const policies = await t.must('GET', 'policies', { cookie });
      const policyId: string = policies.body.items[0].id;
      const before = await t.must('GET', `policies/${policyId}`, { cookie });
      const versions: number = before.body.latestVersion;
      await t.must('PUT', 'reviews/settings', { cookie, body: { fourEyes: true } });
      try {
        const proposal = { kind: 'policies.save', policyId, document: { mode: 'shadow', rules: [] } };
        const body = { proposal, reason: 'the attack suite races for it' };
        const { body: review } = await t.must('POST', 'reviews', { cookie, body });
        const acts = [
          { path: 'approve', cookie: sam.cookie, body: { digest: review.digest } },
          { path: 'reject', cookie: sam.cookie, body: {} },
          { path: 'withdraw', cookie },
          { path: 'approve', cookie: sam.cookie, body: { digest: review.digest } },
        ];
        const answers = await together(t, 12, (nth) => {
          const act = acts[nth % acts.length] ?? { path: 'withdraw', cookie };
          return { ...act, path: `reviews/${review.id}/${act.path}` };
        });
        expect(won(answers)).toBe(1);
        const { body: after } = await t.must('GET', `reviews/${review.id}`, { cookie });
        const policy = await t.must('GET', `policies/${policyId}`, { cookie });
        const saved = policy.body.latestVersion - versions;
        expect(saved).toBe(after.state === 'approved' ? 1 : 0);
        expect(['approved', 'rejected', 'withdrawn']).toContain(after.state);
      } finally {
        await t.sql('update review_settings set four_eyes = false');
      }
    },
  );
}
