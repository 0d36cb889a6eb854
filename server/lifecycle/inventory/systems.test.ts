import { randomUUID } from 'node:crypto';
import type { System, SystemDetail, SystemSummary } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { principalWith, sampleRecord, shipBody, startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
let nowMs = Date.parse('2026-06-01T10:00:00Z');
beforeAll(async () => {
  server = await startTestServer({ now: () => (nowMs += 1) });
});
afterAll(async () => server?.close());

let count = 0;
const create = (fields: object = {}, principal?: ReturnType<typeof principalWith>): Promise<System> => {
  count += 1;
  return server.call('systems.create', {
    body: { key: `s-${count}`, name: `System ${count}`, ...fields },
    ...(principal ? { principal } : {}),
  });
};
const get = (id: string): Promise<SystemDetail> => server.call('systems.get', { params: { id } });
const list = async (
  query: object = {},
): Promise<{ items: SystemSummary[]; next: string | null; total: number }> =>
  server.call('systems.list', { query });

async function team(name: string): Promise<string> {
  const id = randomUUID();
  await server.open.pool.query(
    `insert into teams (id, name, description, created_at) values ($1, $2, '', now())`,
    [id, name],
  );
  return id;
}
async function person(name: string, ...teams: string[]): Promise<string> {
  const id = randomUUID();
  await server.open.pool.query(
    `insert into people (id, name, email, roles, created_at, updated_at) values ($1, $2, $3, '{viewer}', now(), now())`,
    [id, name, `${id}@example.test`],
  );
  for (const of of teams) {
    await server.open.pool.query(
      `insert into team_members (team_id, person_id, source) values ($1, $2, 'manual')`,
      [of, id],
    );
  }
  return id;
}
async function endpoint(slug: string, teamId: string | null = null): Promise<string> {
  const made: { id: string } = await server.call('endpoints.create', {
    body: { slug, name: `E ${slug}`, teamId },
  });
  return made.id;
}
const kinds = async (id: string) => (await get(id)).attention.map(({ kind }) => kind);

const ANSWERS = {
  decisions: 'none',
  harm: 'none',
  undo: 'at-once',
  people: 'nobody',
  data: 'public',
  access: 'few',
  number: 'under-100',
  inputs: 'fixed',
  actions: 'answers',
  oversight: 'each',
  roles: ['deployer'],
  practices: ['none'],
  product: 'no',
  areas: ['none'],
  transparency: ['none'],
};

describe('systems', () => {
  test('keep what is said of them, with its history and an audit entry for each change', async () => {
    const used = await endpoint('kept');
    const made = await create({
      name: 'Screening',
      purpose: 'Fewer applications to read',
      decisions: { text: 'who is invited', how: 'recommends' },
      dataSources: [{ name: 'Applications', kind: 'documents', personalData: 'yes' }],
      people: { groups: ['applicants'], band: 'under-10k', vulnerable: [] },
      owner: { kind: 'named', name: 'Vera of HR' },
      endpointIds: [used],
      tags: ['hr'],
      links: [{ title: 'Wiki', url: 'https://wiki.example.com/screening' }],
    });
    expect(made).toMatchObject({
      revision: 1,
      owner: { kind: 'named', name: 'Vera of HR', account: 'none' },
      endpoints: [{ id: used, slug: 'kept', gone: false }],
      people: { groups: ['applicants'], band: 'under-10k' },
    });
    const { owner: _, backupOwner: _b, ...rest } = made;
    const changed: System = await server.call('systems.update', {
      params: { id: made.id },
      body: { ...rest, name: 'Screening of CVs', owner: null, endpointIds: [used], revision: 1 },
    });
    expect(changed).toMatchObject({ revision: 2, name: 'Screening of CVs', owner: null });
    const { items } = (await server.call('systems.history', { params: { id: made.id } })) as never as {
      items: { action: string; changes: { field: string }[] }[];
    };
    expect(items.map(({ action }) => action)).toEqual(['updated', 'created']);
    expect(items[0]?.changes.map(({ field }) => field).toSorted()).toEqual(['name', 'owner']);
    const entries = (await server.audited()).filter(({ subject }) => subject === `system:${made.id}`);
    expect(entries.map(({ action }) => action)).toEqual(['systems.created', 'systems.updated']);
    expect(JSON.stringify(entries[1]?.detail)).not.toContain('Screening of CVs');
  });

  test('are changed from the revision that somebody saw, and by one of two at once', async () => {
    const made = await create();
    const save = (name: string) =>
      server.call('systems.update', { params: { id: made.id }, body: { key: made.key, name, revision: 1 } });
    const both = await Promise.allSettled([save('One'), save('Other')]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(save('Third')).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining('Load'),
    });
    expect((await get(made.id)).revision).toBe(2);
  });

  test('refuse a key that is taken, and what does not exist', async () => {
    await create({ key: 'mine' });
    await expect(create({ key: 'mine' })).rejects.toMatchObject({ code: 'conflict' });
    for (const [field, value] of [
      ['endpointIds', [randomUUID()]],
      ['modelIds', [randomUUID()]],
      ['teamId', randomUUID()],
      ['owner', { kind: 'person', id: randomUUID() }],
      ['owner', { kind: 'team', id: randomUUID() }],
    ] as const) {
      await expect(create({ [field]: value })).rejects.toMatchObject({ code: 'invalid_input' });
    }
  });

  test('are retired with a reason, stay on record and can come back', async () => {
    const made = await create({ state: 'production' });
    const retire = () =>
      server.call('systems.retire', { params: { id: made.id }, body: { reason: 'replaced by another' } });
    expect(await retire()).toMatchObject({ state: 'retired', retiredAt: expect.any(Number) });
    await expect(retire()).rejects.toMatchObject({ code: 'conflict' });
    const { owner: _, backupOwner: _b, ...rest } = await get(made.id);
    const back: System = await server.call('systems.update', {
      params: { id: made.id },
      body: { ...rest, state: 'pilot' },
    });
    expect(back.retiredAt).toBeNull();
    const actions = (await server.audited()).filter(({ subject }) => subject === `system:${made.id}`);
    expect(actions.map(({ action }) => action)).toEqual([
      'systems.created',
      'systems.retired',
      'systems.restored',
    ]);
  });

  test('are listed by filters, page by page, each once', async () => {
    const tag = `t-${randomUUID().slice(0, 8)}`;
    for (let at = 0; at < 5; at += 1) {
      await create({
        name: `Ä ${at % 2}`,
        tags: [tag],
        state: at === 0 ? 'pilot' : 'production',
        origin: { vendor: 'ACME Ltd' },
      });
    }
    const seen: string[] = [];
    for (let cursor: string | undefined, turns = 0; turns < 10; turns += 1) {
      const page = await list({ tag, limit: 2, ...(cursor ? { cursor } : {}) });
      expect(page.total).toBe(5);
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect((await list({ tag, state: 'pilot' })).total).toBe(1);
    expect((await list({ tag, state: 'pilot,production' })).total).toBe(5);
    expect((await list({ tag, text: 'acme ltd' })).total).toBe(5);
    expect((await list({ tag, text: '%' })).total).toBe(0);
    expect((await list({ tag, tier: 'none', class: 'none', owner: 'none', team: 'none' })).total).toBe(5);
    expect((await list({ tag, tier: 'high' })).total).toBe(0);
    expect((await list({ tag, attention: 'nothing-linked' })).total).toBe(4);
    expect((await list({ tag, attention: 'review-overdue' })).total).toBe(0);
    await expect(list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_input' });
  });
});

describe('teams', () => {
  test('see their own systems and everybody’s, and learn nothing of others', async () => {
    const [ours, theirs] = [await team('Ours'), await team('Theirs')];
    const secret = await endpoint('secret', theirs);
    const mine = { ...principalWith(), teams: new Set([ours]) };
    const system = await create({ teamId: theirs, tags: ['reach'] });
    const shared = await create({ tags: ['reach'], endpointIds: [secret] });
    const own = await create({ teamId: ours, tags: ['reach'] }, mine);
    const as = (route: string, input: object) => server.call(route, { ...input, principal: mine });
    for (const route of ['systems.get', 'systems.history', 'systems.assessments']) {
      await expect(as(route, { params: { id: system.id } })).rejects.toMatchObject({ code: 'not_found' });
    }
    const bodies: Record<string, object> = {
      'systems.update': { key: 'k', name: 'n', revision: 1 },
      'systems.retire': { reason: 'because we can' },
      'systems.review': {},
      'systems.assess': { answers: ANSWERS },
      'systems.override': { tier: 'minimal', actClass: null, reason: 'because we can' },
    };
    for (const [route, body] of Object.entries(bodies)) {
      await expect(as(route, { params: { id: system.id }, body })).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    const listed = (await as('systems.list', { query: { tag: 'reach' } })) as {
      items: { id: string }[];
      total: number;
    };
    expect(listed.items.map(({ id }) => id).toSorted()).toEqual([shared.id, own.id].toSorted());
    expect(listed.total).toBe(2);

    // What is linked and hidden is counted, not named, and stays linked when they save.
    const seen = (await as('systems.get', { params: { id: shared.id } })) as SystemDetail;
    expect(seen).toMatchObject({ endpoints: [], hidden: { endpoints: 1 } });
    const { owner: _, backupOwner: _b, ...rest } = seen;
    await as('systems.update', { params: { id: shared.id }, body: { ...rest, name: 'Renamed' } });
    expect((await get(shared.id)).endpoints.map(({ id }) => id)).toEqual([secret]);
    const history = JSON.stringify(await as('systems.history', { params: { id: shared.id } }));
    expect(history).toContain('of another team');
    expect(history).not.toContain('E secret');
    const graph = JSON.stringify(await as('systems.graph', { query: {} }));
    expect(graph).not.toContain('secret');
    expect(graph).not.toContain(system.id);

    // An endpoint of others is answered as one that never was.
    const told = async (id: string) =>
      server
        .call('systems.create', { principal: mine, body: { key: 'x', name: 'x', endpointIds: [id] } })
        .catch((error: { message: string; issues: unknown }) => [error.message, error.issues]);
    expect(await told(secret)).toEqual(await told(randomUUID()));
    await expect(create({ teamId: theirs }, mine)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(
      as('systems.update', { params: { id: shared.id }, body: { ...rest, teamId: ours, revision: 2 } }),
    ).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('keys for certain endpoints reach no system', async () => {
    const made = await create();
    const bound = { ...principalWith(), endpoints: new Set([randomUUID()]) };
    await expect(
      server.call('systems.get', { params: { id: made.id }, principal: bound }),
    ).rejects.toMatchObject({ code: 'not_found' });
    expect(await server.call('systems.list', { principal: bound })).toMatchObject({ items: [], total: 0 });
    expect(await server.call('systems.attention', { principal: bound })).toMatchObject({ items: [] });
    expect(await server.call('systems.graph', { principal: bound })).toMatchObject({ nodes: [] });
    await expect(create({}, bound)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('name owners among the people whom they know', async () => {
    const ours = await team('Knowing');
    const [mate, stranger] = [await person('Mate', ours), await person('Stranger')];
    const mine = {
      ...principalWith(['systems.read', 'systems.manage']),
      teams: new Set([ours]),
    };
    const { items } = (await server.call('systems.owners', { principal: mine, query: {} })) as {
      items: { id: string; email: string }[];
    };
    expect(items.map(({ id }) => id).toSorted()).toEqual([mate, ours].toSorted());
    expect(items.every(({ email }) => email === '')).toBe(true);
    expect(await create({ owner: { kind: 'person', id: mate } }, mine)).toMatchObject({
      owner: { name: 'Mate' },
    });
    await expect(create({ owner: { kind: 'person', id: stranger } }, mine)).rejects.toMatchObject({
      code: 'invalid_input',
    });
    expect(await create({ owner: { kind: 'person', id: stranger } })).toMatchObject({
      owner: { name: 'Stranger' },
    });
  });
});

describe('risk', () => {
  test('follows from the answers, is kept with them, and can be set by hand with a reason', async () => {
    const made = await create({ state: 'production' });
    const call = (route: string, body: object): Promise<System> =>
      server.call(route, { params: { id: made.id }, body });
    await expect(
      call('systems.override', { tier: 'high', actClass: null, reason: 'before any answer' }),
    ).rejects.toMatchObject({ code: 'conflict' });
    await expect(call('systems.assess', { answers: { harm: 'none' } })).rejects.toMatchObject({
      code: 'invalid_input',
      issues: expect.arrayContaining([{ path: 'answers.areas', message: 'not answered' }]),
    });
    await expect(call('systems.assess', { answers: { ...ANSWERS, harm: 'x' } })).rejects.toMatchObject({
      code: 'invalid_input',
    });
    const listed = { ...ANSWERS, areas: ['4a'], profiling: 'yes', exceptions: ['none'], publicService: 'no' };
    expect((await call('systems.assess', { answers: listed, note: 'first' })).risk).toMatchObject({
      tier: 'high',
      actClass: 'high-risk',
      override: null,
      assessedBy: 'Ada',
    });
    const set = await call('systems.override', {
      tier: 'limited',
      actClass: null,
      reason: 'reviewed by counsel',
    });
    expect(set.risk).toMatchObject({
      tier: 'limited',
      actClass: 'high-risk',
      suggested: { tier: 'high', actClass: 'high-risk' },
      override: { reason: 'reviewed by counsel', by: 'Ada' },
    });
    expect((await list({ tier: 'limited' })).items.map(({ id }) => id)).toContain(made.id);
    const again = await call('systems.assess', { answers: ANSWERS });
    expect(again.risk).toMatchObject({
      tier: 'limited',
      actClass: 'minimal',
      suggested: { tier: 'minimal' },
    });
    expect(again.attention.map(({ kind }) => kind)).toContain('override-outdated');
    const withdrawn = await call('systems.override', {
      tier: null,
      actClass: null,
      reason: 'no longer needed',
    });
    expect(withdrawn.risk).toMatchObject({ tier: 'minimal', override: null });
    const kept = (await server.call('systems.assessments', { params: { id: made.id } })) as {
      items: { note: string; answers: object }[];
    };
    expect(kept.items.map(({ note }) => note)).toEqual(['', 'first']);
    expect(kept.items[1]?.answers).toEqual(listed);
    const entry = (await server.audited()).findLast(({ action }) => action === 'systems.overridden');
    expect(entry?.detail).toMatchObject({ note: 'no longer needed' });
  });

  test('is not set by hand by a key that nobody answers for', async () => {
    const made = await create();
    await server.call('systems.assess', { params: { id: made.id }, body: { answers: ANSWERS } });
    const key = { ...principalWith(), kind: 'key' as const };
    const call = (ownerId: string | null) =>
      server.call('systems.override', {
        params: { id: made.id },
        body: { tier: 'high', actClass: null, reason: 'by a key' },
        principal: { ...key, ownerId },
      });
    await expect(call(null)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await call(randomUUID())).toMatchObject({ risk: { tier: 'high' } });
  });

  test('is worked out for a trial without keeping anything; unknown answers are refused', async () => {
    expect(
      await server.call('systems.tryAssessment', { body: { answers: { harm: 'grave' } } }),
    ).toMatchObject({
      impact: { highest: 5 },
      missing: expect.arrayContaining(['decisions']),
      act: { suggested: null, duties: [], missing: expect.arrayContaining([expect.any(String)]) },
    });
    expect(await server.call('systems.tryAssessment', { body: { answers: ANSWERS } })).toMatchObject({
      act: { suggested: expect.any(String), missing: [] },
    });
    await expect(
      server.call('systems.tryAssessment', { body: { answers: { nonsense: 'x' } } }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
    const { questions } = (await server.call('systems.questionnaire')) as { questions: unknown[] };
    expect(questions).toHaveLength(18);
  });
});

describe('attention', () => {
  test('is needed for owners who cannot answer any more', async () => {
    const ours = await team('Owners');
    const owner = await person('Olga', ours);
    const made = await create({ teamId: ours, owner: { kind: 'person', id: owner }, state: 'development' });
    const before = await kinds(made.id);
    expect(before).toEqual(['not-assessed']);
    await server.open.pool.query('delete from team_members where person_id = $1', [owner]);
    expect(await kinds(made.id)).toContain('owner-left-team');
    await server.open.pool.query('update people set disabled = true where id = $1', [owner]);
    expect(await kinds(made.id)).toContain('owner-disabled');
    await server.open.pool.query('delete from people where id = $1', [owner]);
    expect(await kinds(made.id)).toContain('owner-gone');
    expect((await get(made.id)).owner).toMatchObject({ name: 'Olga', account: 'gone' });
    const nobody = await create({ state: 'production' });
    expect(await kinds(nobody.id)).toEqual(
      expect.arrayContaining(['no-owner', 'nothing-linked', 'no-review-date']),
    );
    const named = await create({ owner: { kind: 'named', name: 'Somebody' } });
    expect(await kinds(named.id)).toEqual(['owner-without-account']);
  });

  test('is needed for reviews that are overdue, until somebody reviews', async () => {
    const made = await create({ state: 'production', nextReviewOn: '2026-06-01', reviewEveryDays: 30 });
    expect(await kinds(made.id)).not.toContain('review-overdue');
    nowMs += 86_400_000;
    expect(await kinds(made.id)).toContain('review-overdue');
    const reviewed: System = await server.call('systems.review', {
      params: { id: made.id },
      body: { note: 'as described' },
    });
    expect(reviewed).toMatchObject({
      nextReviewOn: '2026-07-02',
      lastReview: { by: 'Ada', note: 'as described' },
    });
    expect(await kinds(made.id)).not.toContain('review-overdue');
    await expect(
      server.call('systems.review', { params: { id: made.id }, body: { nextReviewOn: '2026-06-02' } }),
    ).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('is needed for endpoints with traffic in no system, and in a system that is retired', async () => {
    const busy = await endpoint('busy');
    const ship = () =>
      server.call('gateway.ship', {
        body: shipBody([
          sampleRecord({ endpointId: busy, endpointSlug: 'busy', at: nowMs, expiresAt: nowMs + 86_400_000 }),
        ]),
      });
    const strays = async () => {
      const { items } = (await server.call('systems.attention')) as {
        items: { kind: string; subject: { id: string } }[];
      };
      return items.filter(({ kind }) => kind === 'unclaimed-endpoint').map(({ subject }) => subject.id);
    };
    expect(await strays()).not.toContain(busy);
    await ship();
    expect(await strays()).toContain(busy);
    const made = await create({ endpointIds: [busy], state: 'production' });
    expect(await strays()).not.toContain(busy);
    nowMs += 3_600_000;
    await server.call('systems.retire', { params: { id: made.id }, body: { reason: 'switched off' } });
    expect(await kinds(made.id)).toEqual([]);
    nowMs += 120_000;
    await ship();
    expect(await kinds(made.id)).toEqual(['retired-with-traffic']);
    await server.call('endpoints.remove', { params: { id: busy } });
    expect((await get(made.id)).endpoints).toMatchObject([{ id: busy, gone: true }]);
  });
});

describe('the graph', () => {
  test('links systems through what they share, and stays within its limits', async () => {
    const shared = await endpoint('shared');
    const vendor = `Vendor ${randomUUID()}`;
    const one = await create({
      endpointIds: [shared],
      origin: { vendor },
      owner: { kind: 'named', name: 'Gina' },
    });
    const other = await create({
      endpointIds: [shared],
      vendorModels: ['gpt-x'],
      dataSources: [{ name: 'CRM' }],
    });
    const graph = (await server.call('systems.graph', {
      query: { around: `system:${one.id}`, depth: '2' },
    })) as {
      nodes: { id: string; more: number }[];
      edges: object[];
    };
    const ids = graph.nodes.map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        `system:${one.id}`,
        `endpoint:${shared}`,
        `vendor:${vendor.toLowerCase()}`,
        `system:${other.id}`,
      ]),
    );
    expect(ids).not.toContain('data:crm');
    expect(graph.nodes.find(({ id }) => id === `system:${other.id}`)?.more).toBe(2);
    expect(graph.edges).toContainEqual({
      from: `system:${one.id}`,
      to: `endpoint:${shared}`,
      label: 'served by',
    });
    const few = (await server.call('systems.graph', { query: { limit: '3' } })) as {
      nodes: { kind: string }[];
      leftOut: number;
    };
    expect(few.nodes.map(({ kind }) => kind)).toEqual(['system', 'system', 'system']);
    expect(few.leftOut).toBeGreaterThan(0);
    expect(await server.call('systems.graph', { query: { around: 'system:nothing' } })).toMatchObject({
      nodes: [],
    });
  });
});
