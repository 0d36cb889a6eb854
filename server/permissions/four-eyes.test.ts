import { ALL_PERMISSIONS, type Proposal } from '@bartizan/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Answer, type Credential, type Given, routeOf, startWorld, type World } from './world.ts';

const WHY = 'the new rule stops what we saw on Monday';

let world: World;
let ada: Credential;
let sam: Credential;
/** A key of Ada's, and one of a service account that she answers for. */
let adasKey: Credential;
let adasAccount: Credential;
let policyId: string;
let endpointId: string;

const call = (id: string, who: Credential, given: Given = {}): Promise<Answer> =>
  world.call(routeOf(id), who, given);
const document = (mode: 'enforce' | 'shadow') => ({ mode, rules: [] });
const active = async (): Promise<number> =>
  (await world.must('policies.get', ada, { params: { id: policyId } })).body.activeVersion;
const latest = async (): Promise<number> =>
  (await world.must('policies.get', ada, { params: { id: policyId } })).body.latestVersion;
const audited = async (subject: string): Promise<string[]> => {
  const { rows } = await world.pool.query(
    'select action from audit_entries where subject = $1 order by at, id',
    [subject],
  );
  return rows.map(({ action }) => action);
};

async function saved(): Promise<number> {
  const body = { document: document('shadow'), note: '', activate: false };
  await world.must('policies.addVersion', ada, { params: { id: policyId }, body });
  return latest();
}

const propose = (proposal: Proposal, who = ada, reason = WHY): Promise<Answer> =>
  call('reviews.propose', who, { body: { proposal, reason } });

/** Proposes to put a fresh version live; answers with the review. */
async function proposed(who = ada) {
  const { status, body } = await propose(
    { kind: 'policies.activate', policyId, version: await saved() },
    who,
  );
  expect(status).toBe(200);
  return body as {
    id: string;
    digest: string;
    proposal: { version: number };
    proposedBy: { name: string };
  };
}

const approve = (id: string, digest: string, who: Credential): Promise<Answer> =>
  call('reviews.approve', who, { params: { id }, body: { digest, note: 'looks right' } });

beforeAll(async () => {
  world = await startWorld();
  ada = world.admin;
  sam = world.people.get('security') ?? {};
  adasKey = await world.keyWith(ALL_PERMISSIONS);
  const account = { name: 'pipeline', roles: ['administrator'] };
  const { id } = (await world.must('service-accounts.add', ada, { body: account })).body;
  adasAccount = await world.keyWith(ALL_PERMISSIONS, { serviceAccountId: id });
  policyId = (await world.must('policies.list', ada)).body.items[0].id;
  const body = { slug: 'guarded', name: 'Guarded' };
  endpointId = (await world.must('endpoints.create', ada, { body })).body.id;
});
afterAll(() => world?.close());

test('nothing needs a second person until somebody says so, and then nothing can be proposed', async () => {
  expect((await world.must('reviews.settings', ada)).body).toEqual({ fourEyes: false });
  const version = await saved();
  await world.must('policies.activate', ada, { params: { id: policyId }, body: { version } });
  expect((await propose({ kind: 'policies.activate', policyId, version: 1 })).code).toBe('conflict');
  expect((await call('reviews.changeSettings', sam, { body: { fourEyes: true } })).status).toBe(403);
});

describe('with four eyes demanded', () => {
  beforeEach(async () => {
    await world.must('reviews.changeSettings', ada, { body: { fourEyes: true } });
  });

  test('whatever changes guards is refused with what to do', async () => {
    const version = await saved();
    const params = { id: policyId };
    const endpoint = { slug: 'guarded', name: 'Guarded' };
    const cases: [string, Given][] = [
      ['policies.activate', { params, body: { version } }],
      ['policies.addVersion', { params, body: { document: document('shadow'), activate: true } }],
      ['endpoints.update', { params: { id: endpointId }, body: { ...endpoint, policyId: null } }],
      ['endpoints.update', { params: { id: endpointId }, body: { ...endpoint, onGuardError: 'allow' } }],
      ['endpoints.update', { params: { id: endpointId }, body: { ...endpoint, slug: 'elsewhere' } }],
      ['endpoints.remove', { params: { id: endpointId } }],
      ['endpoints.create', { body: { slug: 'open', name: 'Open', policyId: null } }],
      ['endpoints.create', { body: { slug: 'open', name: 'Open', onGuardError: 'allow' } }],
      ['reviews.changeSettings', { body: { fourEyes: false } }],
    ];
    const before = await active();
    for (const who of [ada, adasKey, adasAccount]) {
      for (const [id, given] of cases) {
        const { status, code, body } = await call(id, who, given);
        expect([id, status, code]).toEqual([id, 409, 'review_required']);
        expect(body.error.hint).toContain('POST /api/v1/reviews');
      }
    }
    expect(await active()).toBe(before);
    expect((await world.must('reviews.settings', ada)).body).toEqual({ fourEyes: true });
  });

  test('another injection model goes live when somebody else approves it, and only for who sees everything', async () => {
    const digest = 'd'.repeat(64);
    await world.pool.query(
      'insert into objects (sha256, size, created_at, touched_at) values ($1, 1, 1, 1)',
      [digest],
    );
    await world.pool.query(
      `insert into detector_models (name, manifest_sha256, bytes, note, by_id, by_name, at)
       values ('candidate@1', $1, 1, '', '', '', 1)`,
      [digest],
    );
    const switches = async () =>
      (await world.pool.query('select number::int, model, sha256, by_name from detector_switches')).rows;
    const override = 'an attack is under way, there is no time';
    for (const who of [ada, adasKey, adasAccount]) {
      const { status, code, body } = await call('detector.use', who, { body: { model: digest, override } });
      expect([status, code]).toEqual([409, 'review_required']);
      expect(body.error.hint).toContain('detector.use');
    }
    expect((await propose({ kind: 'detector.use', model: 'candidate@1' })).code).toBe('conflict');
    const bounded = await world.keyWith(ALL_PERMISSIONS, { endpoints: [endpointId] });
    const proposal: Proposal = { kind: 'detector.use', model: 'candidate@1', override };
    expect((await propose(proposal, bounded)).status).toBe(404);
    expect((await call('detector.use', bounded, { body: { model: digest, override } })).status).toBe(403);
    const { body: review } = await propose(proposal);
    expect(review.title).toContain('"candidate@1" live on all gateways');
    expect(review.changes).toContainEqual({ path: 'comparison', before: null, after: `none: ${override}` });
    expect((await approve(review.id, review.digest, ada)).status).toBe(403);
    expect(await switches()).toEqual([]);
    const done = await approve(review.id, review.digest, sam);
    expect([done.status, done.body.state]).toEqual([200, 'approved']);
    expect(await switches()).toEqual([
      { number: 1, model: 'candidate@1', sha256: digest, by_name: 'administrator, approved by security' },
    ]);
    expect(await audited('detector-model:candidate@1')).toEqual(['detector.model_used']);
    // Its files are not there: the instance goes back to its own for the other tests.
    await world.pool.query('delete from detector_switches');
  });

  test('what does not change them goes on as before', async () => {
    await saved();
    const body = { slug: 'guarded', name: 'Another name', onGuardError: 'deny' };
    await world.must('endpoints.update', ada, { params: { id: endpointId }, body });
    const made = await world.must('endpoints.create', ada, { body: { slug: 'usual', name: 'Usual' } });
    expect(made.body.policyId).not.toBeNull();
    await world.must('policies.create', ada, { body: { name: 'Draft', document: document('enforce') } });
  });

  test('a change is done when somebody else approves it, once', async () => {
    const review = await proposed();
    const before = await active();
    const { body } = await world.must('reviews.get', sam, { params: { id: review.id } });
    expect(body).toMatchObject({
      state: 'open',
      stale: false,
      reason: WHY,
      proposedBy: { name: 'administrator' },
      may: { approve: { allowed: true }, withdraw: { allowed: false } },
    });
    expect(body.approvers.map(({ name }: { name: string }) => name)).toContain('security');
    expect(body.approvers.map(({ name }: { name: string }) => name)).not.toContain('administrator');
    expect(before).not.toBe(review.proposal.version);
    const done = await approve(review.id, review.digest, sam);
    expect(done.body).toMatchObject({ state: 'approved', decidedBy: { name: 'security' } });
    expect(await active()).toBe(review.proposal.version);
    expect(await audited(`review:${review.id}`)).toEqual(['reviews.proposed', 'reviews.approved']);
    expect((await audited(`policy:${policyId}`)).at(-1)).toBe('policies.activated');
    expect((await approve(review.id, review.digest, sam)).code).toBe('conflict');
    expect((await call('reviews.withdraw', ada, { params: { id: review.id } })).code).toBe('conflict');
  });

  test('nobody approves what they proposed, not with a key or an account of theirs either', async () => {
    const before = await active();
    const names = ['administrator', 'administrator (key a key)', 'pipeline (key a key)'];
    for (const [i, proposer] of [ada, adasKey, adasAccount].entries()) {
      const review = await proposed(proposer);
      expect(review.proposedBy.name).toBe(names[i]);
      for (const who of [ada, adasKey, adasAccount]) {
        const { status, body } = await approve(review.id, review.digest, who);
        expect(status).toBe(403);
        const why = who === ada ? 'somebody else decides' : 'only a person who is signed in decides';
        expect(body.error.message).toContain(why);
        expect((await call('reviews.reject', who, { params: { id: review.id } })).status).toBe(403);
      }
      const { may } = (await world.must('reviews.get', ada, { params: { id: review.id } })).body;
      expect(may.approve.reason).toContain('somebody else decides');
      await world.must('reviews.withdraw', adasKey, { params: { id: review.id } });
    }
    expect(await active()).toBe(before);
  });

  test('a key decides nothing, whoever it belongs to', async () => {
    const review = await proposed();
    const body = { name: 'k', scopes: ['policies.read', 'policies.approve'], expiresAt: null };
    const sams = world.bearer((await world.must('keys.create', sam, { body })).body.secret);
    const { status, body: refused } = await approve(review.id, review.digest, sams);
    expect([status, refused.error.message]).toEqual([
      403,
      expect.stringContaining('only a person who is signed in decides; keys propose'),
    ]);
    const params = { id: review.id };
    expect((await call('reviews.reject', sams, { params })).status).toBe(403);
    const { may } = (await world.must('reviews.get', sams, { params })).body;
    expect([may.approve.allowed, may.reject.allowed]).toEqual([false, false]);
    await world.must('reviews.reject', sam, { params });
  });

  describe('nobody decides who stands behind the key that proposed', () => {
    let eve: Credential;
    let account: string;
    const people = new Map<string, string>();
    const idOf = (name: string): string => people.get(name) ?? '';
    /** What a key proposes, `who` can neither approve nor reject, and Sam can. */
    async function standsBehind(key: Credential, who: Credential, name: string): Promise<void> {
      const before = await active();
      const review = await proposed(key);
      const params = { id: review.id };
      const answer = await approve(review.id, review.digest, who);
      expect(answer.status).toBe(403);
      expect(answer.body.error.message).toContain('somebody else decides');
      expect((await call('reviews.reject', who, { params })).status).toBe(403);
      const { body } = await world.must('reviews.get', who, { params });
      expect(body.may.approve.allowed).toBe(false);
      const names = body.approvers.map((one: { name: string }) => one.name);
      expect(names).not.toContain(name);
      expect(names).toContain('security');
      const { items } = (await world.must('reviews.list', who)).body;
      const listed = items.find(({ id }: { id: string }) => id === review.id);
      expect(listed.may.approve.allowed).toBe(false);
      expect(await active()).toBe(before);
      expect((await approve(review.id, review.digest, sam)).status).toBe(200);
      expect(await active()).toBe(review.proposal.version);
    }
    const accountKey = async (by: Credential, serviceAccountId = account): Promise<Answer> => {
      const body = { name: 'k', scopes: ALL_PERMISSIONS, endpoints: '*', expiresAt: null, serviceAccountId };
      return world.must('keys.create', by, { body });
    };
    let accounts = 0;
    const newAccount = async (by: Credential, ownerId: string): Promise<string> => {
      accounts += 1;
      const body = { name: `behind-${accounts}`, roles: ['administrator'], ownerId };
      return (await world.must('service-accounts.add', by, { body })).body.id;
    };

    beforeAll(async () => {
      eve = await world.join('eve', ['administrator']);
      const { rows } = await world.pool.query('select id, name from people');
      for (const { id, name } of rows) people.set(name, id);
    });

    test('who made the account in another’s name', async () => {
      account = await newAccount(eve, idOf('administrator'));
      await standsBehind(world.bearer((await accountKey(ada)).body.secret), eve, 'eve');
    });

    test('who made the key of it', async () => {
      account = await newAccount(ada, idOf('administrator'));
      await standsBehind(world.bearer((await accountKey(eve)).body.secret), eve, 'eve');
    });

    test('who gave the account to somebody else, or had it, at the time or since', async () => {
      account = await newAccount(ada, idOf('administrator'));
      const key = world.bearer((await accountKey(ada)).body.secret);
      const change = (by: Credential, ownerId: string) =>
        world.must('service-accounts.update', by, { params: { id: account }, body: { ownerId } });
      await change(ada, idOf('eve'));
      await standsBehind(key, eve, 'eve');
      await change(ada, idOf('administrator'));
      await standsBehind(key, eve, 'eve');
      const review = await proposed(key);
      await change(eve, idOf('security'));
      expect((await approve(review.id, review.digest, eve)).status).toBe(403);
      expect((await approve(review.id, review.digest, sam)).status).toBe(403);
      const second = await world.join('third', ['security']);
      expect((await approve(review.id, review.digest, second)).status).toBe(200);
    });

    test('who rotated it, also with another key', async () => {
      account = await newAccount(ada, idOf('administrator'));
      const made = (await accountKey(ada)).body;
      const body = { oldEndsAt: 0 };
      const next = await world.must('keys.rotate', eve, { params: { id: made.key.id }, body });
      await standsBehind(world.bearer(next.body.secret), eve, 'eve');
      const others = (await accountKey(ada)).body;
      const eves = world.bearer((await accountKey(eve)).body.secret);
      const again = await world.must('keys.rotate', eves, { params: { id: others.key.id }, body });
      await standsBehind(world.bearer(again.body.secret), eve, 'eve');
    });

    test('whose key it was before an account got it', async () => {
      account = await newAccount(ada, idOf('administrator'));
      const body = { name: 'k', scopes: ALL_PERMISSIONS, endpoints: '*', expiresAt: null };
      const made = (await world.must('keys.create', eve, { body })).body;
      const owner = { kind: 'service-account', id: account };
      await world.must('keys.update', ada, { params: { id: made.key.id }, body: { owner } });
      await standsBehind(world.bearer(made.secret), eve, 'eve');
    });

    test('but not who only ended it', async () => {
      account = await newAccount(ada, idOf('administrator'));
      const made = (await accountKey(ada)).body;
      const review = await proposed(world.bearer(made.secret));
      await world.must('keys.revoke', eve, { params: { id: made.key.id } });
      const params = { id: review.id };
      expect((await world.must('reviews.reject', eve, { params })).body.state).toBe('rejected');
    });
  });

  test('who may not approve is told why', async () => {
    const review = await proposed();
    for (const role of ['ml-engineer', 'reviewer', 'auditor', 'viewer'] as const) {
      const who = world.people.get(role) ?? {};
      expect((await approve(review.id, review.digest, who)).status).toBe(403);
      const { may } = (await world.must('reviews.get', who, { params: { id: review.id } })).body;
      expect(may.approve).toEqual({
        allowed: false,
        reason: expect.stringContaining('administrator or security'),
      });
    }
    await world.must('reviews.withdraw', ada, { params: { id: review.id } });
  });

  test('an approval counts for what was looked at and nothing else', async () => {
    const [one, other] = [await proposed(), await proposed()];
    expect((await approve(one.id, other.digest, sam)).code).toBe('conflict');
    expect((await approve(one.id, '0'.repeat(64), sam)).code).toBe('conflict');
    for (const { id } of [one, other]) {
      const { body } = await world.must('reviews.reject', sam, { params: { id }, body: { note: 'not now' } });
      expect(body).toMatchObject({ state: 'rejected', decisionNote: 'not now' });
      expect((await approve(id, one.digest, sam)).code).toBe('conflict');
    }
  });

  test('a proposal is stale once its subject changed, and does nothing', async () => {
    const [first, second] = [await proposed(), await proposed()];
    await approve(second.id, second.digest, sam);
    expect((await world.must('reviews.get', sam, { params: { id: first.id } })).body.stale).toBe(true);
    const { status, code, body } = await approve(first.id, first.digest, sam);
    expect([status, code]).toEqual([409, 'conflict']);
    expect(body.error.message).toContain('changed since');
    expect(await active()).toBe(second.proposal.version);
    expect((await world.must('reviews.get', sam, { params: { id: first.id } })).body.state).toBe('stale');
  });

  test('a proposal whose stored change was altered is not done', async () => {
    const review = await proposed();
    const update = `update reviews set proposal = replace(proposal, '"version":', '"version":1') where id = $1`;
    await expect(world.pool.query(update, [review.id])).rejects.toThrow('a proposal is never changed');
    const forge = world.pool.query(
      `update reviews set state = 'approved', decider_person = proposer_person where id = $1`,
      [review.id],
    );
    await expect(forge).rejects.toThrow();
    await world.must('reviews.withdraw', ada, { params: { id: review.id } });
    const reopen = world.pool.query(`update reviews set state = 'open' where id = $1`, [review.id]);
    await expect(reopen).rejects.toThrow('a decided review is never changed');
  });

  test('a proposal expires', async () => {
    const review = await proposed();
    await world.pool.query('alter table reviews disable trigger reviews_guard');
    await world.pool.query('update reviews set expires_at = $1 where id = $2', [Date.now() - 1, review.id]);
    await world.pool.query('alter table reviews enable trigger reviews_guard');
    expect((await approve(review.id, review.digest, sam)).status).toBeGreaterThanOrEqual(400);
    expect((await world.must('reviews.get', sam, { params: { id: review.id } })).body.state).toBe('expired');
    const { items } = (await world.must('reviews.list', sam)).body;
    expect(items.map(({ id }: { id: string }) => id)).not.toContain(review.id);
  });

  test('of two who approve at once one does it', async () => {
    const second = await world.join('second', ['security']);
    const review = await proposed();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => approve(review.id, review.digest, index % 2 ? sam : second)),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'conflict')).toHaveLength(7);
    const { rows } = await world.pool.query(
      `select count(*) as count from audit_entries where action = 'policies.activated' and detail->>'review' = $1`,
      [review.id],
    );
    expect(Number(rows[0]?.count)).toBe(1);
  });

  test('every kind of change can be proposed, shows what it changes, and is done', async () => {
    const other = (
      await world.must('policies.create', ada, { body: { name: 'Strict', document: document('enforce') } })
    ).body;
    const spare = (await world.must('endpoints.create', ada, { body: { slug: 'spare', name: 'Spare' } })).body
      .id;
    const rule = { id: 'new', check: 'text/injection', action: 'block' };
    const kinds: [Proposal, string[]][] = [
      [
        {
          kind: 'policies.save',
          policyId,
          document: { mode: 'enforce', rules: [rule] },
          note: 'n',
        } as Proposal,
        ['mode', 'rules.new'],
      ],
      [
        { kind: 'endpoints.guard', endpointId, policyId: other.id, onGuardError: 'allow' },
        ['policy', 'onGuardError'],
      ],
      [{ kind: 'endpoints.guard', endpointId, policyId: null, slug: 'moved' }, ['policy', 'slug']],
      [{ kind: 'policies.remove', policyId: other.id }, ['policy']],
      [{ kind: 'endpoints.remove', endpointId: spare }, ['endpoint']],
    ];
    for (const [proposal, paths] of kinds) {
      const { status, body } = await propose(proposal);
      expect([proposal.kind, status, body.error]).toEqual([proposal.kind, 200, undefined]);
      expect(body.changes.map(({ path }: { path: string }) => path)).toEqual(paths);
      const done = await approve(body.id, body.digest, sam);
      expect([proposal.kind, done.body.state]).toEqual([proposal.kind, 'approved']);
    }
    const { body } = await world.must('endpoints.get', ada, { params: { id: endpointId } });
    expect(body).toMatchObject({
      policyId: null,
      onGuardError: 'allow',
      slug: 'moved',
      name: 'Another name',
    });
    const { body: policy } = await world.must('policies.get', ada, { params: { id: policyId } });
    expect(policy.document.rules.map(({ id }: { id: string }) => id)).toEqual(['new']);
    const gone = await call('policies.get', ada, { params: { id: other.id } });
    expect(gone.status).toBe(404);
  });

  test('what cannot be done cannot be proposed', async () => {
    const cases: [Proposal, string][] = [
      [{ kind: 'policies.activate', policyId, version: 999 }, 'not_found'],
      [{ kind: 'policies.activate', policyId, version: await active() }, 'conflict'],
      [{ kind: 'policies.remove', policyId: endpointId }, 'not_found'],
      [{ kind: 'endpoints.remove', endpointId: policyId }, 'not_found'],
      [{ kind: 'endpoints.guard', endpointId, policyId: endpointId }, 'invalid_input'],
      [{ kind: 'endpoints.guard', endpointId }, 'conflict'],
    ];
    for (const [proposal, code] of cases) {
      expect([proposal, (await propose(proposal)).code]).toEqual([proposal, code]);
    }
    expect((await propose({ kind: 'policies.remove', policyId }, ada, 'short')).code).toBe('invalid_input');
    const engineer = world.people.get('ml-engineer') ?? {};
    expect((await propose({ kind: 'policies.remove', policyId }, engineer)).status).toBe(403);
    expect((await propose({ kind: 'reviews.relax' }, sam)).status).toBe(403);
  });

  test('an emergency account goes past it, and that raises an alarm', async () => {
    const body = { name: 'Emergency', email: 'emergency@example.com' };
    const made = (await world.must('people.addBreakGlass', ada, { body })).body;
    const login = { email: body.email, password: made.password };
    const emergency = { cookie: (await world.must('auth.login', {}, { body: login })).cookie };
    const version = await saved();
    await world.must('policies.activate', emergency, { params: { id: policyId }, body: { version } });
    expect(await active()).toBe(version);
    const { items } = (await world.must('alarms.list', ada)).body;
    expect(items.map(({ kind }: { kind: string }) => kind)).toContain('review-bypassed');
    expect(await audited('reviews')).toContain('reviews.bypassed');
  });

  test('turning it off takes two as well', async () => {
    const { body } = await propose({ kind: 'reviews.relax' });
    expect((await approve(body.id, body.digest, ada)).status).toBe(403);
    await approve(body.id, body.digest, sam);
    expect((await world.must('reviews.settings', ada)).body).toEqual({ fourEyes: false });
    expect(await audited('reviews')).toContain('reviews.four-eyes-relaxed');
  });

  test('lists are paged, and tell mine from others’', async () => {
    for (let index = 0; index < 3; index += 1) await proposed(index === 0 ? sam : ada);
    const page = async (query: Record<string, string>, who = ada) =>
      (await world.must('reviews.list', who, { query })).body;
    const first = await page({ limit: '2' });
    expect(first.items).toHaveLength(2);
    const rest = await page({ limit: '2', cursor: first.next });
    expect(rest.items).toHaveLength(1);
    expect(rest.next).toBeNull();
    expect((await page({ mine: 'true' })).items).toHaveLength(2);
    expect((await page({ mine: 'true' }, adasKey)).items).toHaveLength(2);
    expect((await page({ mine: 'true' }, sam)).items).toHaveLength(1);
    expect((await page({ state: 'decided' })).items.length).toBeGreaterThan(5);
    expect((await call('reviews.list', ada, { query: { cursor: 'x' } })).status).toBe(400);
  });
});

test('nobody demands four eyes alone', async () => {
  const { body } = await propose({ kind: 'reviews.relax' });
  await approve(body.id, body.digest, sam);
  await world.pool.query(`update people set disabled = true where roles && '{security}'`);
  await world.pool.query(`update people set disabled = true where break_glass`);
  await world.pool.query(
    `update people set disabled = true where name <> 'administrator' and roles && '{administrator}'`,
  );
  const { code } = await call('reviews.changeSettings', ada, { body: { fourEyes: true } });
  expect(code).toBe('conflict');
});
