import { randomUUID } from 'node:crypto';
import type { InteractionDetail, InteractionRecord, InteractionSummary } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  principalWith,
  type SampleRecord,
  sampleFinding,
  sampleRecord,
  shipBody,
  startTestServer,
  type TestServer,
} from '../testing.ts';

const DAY = 86_400_000;
const viewer = principalWith(['interactions.read']);

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => server?.close());

type List = { items: InteractionSummary[]; next: string | null };
const ship = (records: readonly InteractionRecord[]): Promise<{ stored: number; known: number }> =>
  server.call('gateway.ship', { body: shipBody(records) });
const list = (query: object, principal = principalWith()): Promise<List> =>
  server.call('interactions.list', { query, principal });

/** Every page, following the cursor; `between` runs after each. */
async function everyPage(query: object, between: () => Promise<unknown> = async () => undefined) {
  const items: InteractionSummary[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < 200; page += 1) {
    const { items: some, next }: List = await list({ ...query, cursor });
    items.push(...some);
    if (next === null) return items;
    cursor = next;
    await between();
  }
  throw new Error('the pages never end');
}

const many = (count: number, given: (index: number) => SampleRecord): InteractionRecord[] =>
  Array.from({ length: count }, (_, index) => sampleRecord(given(index)));

describe('shipping', () => {
  test('stores each interaction once, however often and from wherever it is sent', async () => {
    const slug = 'once';
    const batch = many(40, () => ({ endpointSlug: slug, keyId: randomUUID() }));
    const results = await Promise.all([ship(batch), ship(batch.toReversed()), ship([...batch, ...batch])]);
    expect(results.reduce((sum, { stored }) => sum + stored, 0)).toBe(40);
    expect(await ship(batch)).toEqual({ stored: 0, known: 40 });
    expect(await everyPage({ endpoint: slug })).toHaveLength(40);
    expect(server.touched.flatMap(({ ids }) => ids)).toEqual(
      expect.arrayContaining(batch.map(({ keyId }) => keyId)),
    );
  });

  test('counts what it stored in the overview once', async () => {
    const before: { totals: { requests: number; blocked: number } } = await server.call('overview.get');
    const batch = many(7, (index) => ({
      verdict: index < 3 ? 'block' : 'allow',
      endpointSlug: 'counted',
      endpointId: '01890000-0000-7000-8000-00000000c0de',
      findings: index < 3 ? [sampleFinding(0, 2, 'text/counted')] : [],
      timings: { totalMs: 100, guardMs: 0, upstreamMs: 0, firstTokenMs: null, guards: [] },
    }));
    await Promise.all([ship(batch), ship(batch)]);
    const after: {
      totals: { requests: number; blocked: number };
      points: { requests: number }[];
      topChecks: { check: string; count: number }[];
      topEndpoints: object[];
      gateways: { id: string; current: boolean }[];
    } = await server.call('overview.get');
    expect(after.totals.requests - before.totals.requests).toBe(7);
    expect(after.totals.blocked - before.totals.blocked).toBe(3);
    expect(after.points.reduce((sum, point) => sum + point.requests, 0)).toBe(after.totals.requests);
    expect(after.topChecks).toContainEqual({ check: 'text/counted', count: 3 });
    expect(after.topEndpoints).toContainEqual(
      expect.objectContaining({ slug: 'counted', requests: 7, blocked: 3 }),
    );
    expect(after.gateways).toEqual([expect.objectContaining({ id: 'gateway-1', current: false })]);
  });

  test('takes what a database column cannot hold, and any time', async () => {
    const slug = 'odd';
    const odd = [
      sampleRecord({
        endpointSlug: slug,
        user: 'nul\0and \ud800 lone',
        model: '\0',
        said: 'nul \0 here \ud800',
      }),
      sampleRecord({ endpointSlug: slug, at: 0 }),
      sampleRecord({ endpointSlug: slug, at: 0, expiresAt: 1 }),
      sampleRecord({ endpointSlug: slug, at: Date.now() + 3650 * DAY }),
      sampleRecord({ endpointSlug: slug, at: Date.now() - 20 * DAY }),
      sampleRecord({
        endpointSlug: slug,
        usage: { inputTokens: Number.MAX_SAFE_INTEGER, outputTokens: Number.MAX_SAFE_INTEGER },
      }),
    ];
    expect(await ship(odd)).toEqual({ stored: 6, known: 0 });
    const found = await everyPage({ endpoint: slug });
    expect(found.map(({ id }) => id).sort()).toEqual(odd.map(({ id }) => id).sort());
    const first = odd[0] as InteractionRecord;
    const detail: InteractionDetail = await server.call('interactions.get', { params: { id: first.id } });
    expect(detail.segments[0]?.text).toBe('nul \0 here \ud800');
  });

  test('one that the database refuses does not keep the others out', async () => {
    const slug = 'poison';
    const good = many(5, () => ({ endpointSlug: slug, policyVersion: -Number.MAX_SAFE_INTEGER }));
    // Too long for an index entry, and not to be compressed below that.
    const name = Array.from({ length: 300 }, () => randomUUID()).join('');
    const bad = sampleRecord({ endpointSlug: slug, findings: [sampleFinding(0, 1, name)] });
    await expect(ship([...good.slice(0, 2), bad, ...good.slice(2)])).rejects.toMatchObject({
      code: 'invalid_input',
      issues: [{ path: 'interactions.2', message: expect.any(String) }],
    });
    expect(await everyPage({ endpoint: slug })).toHaveLength(5);
    expect(await ship(good)).toEqual({ stored: 0, known: 5 });
  });

  test('makes a day’s partition around rows that already lie in the default one', async () => {
    const slug = 'late';
    const at = Date.now() - 100 * DAY;
    await ship([sampleRecord({ endpointSlug: slug, at })]);
    const name = `interactions_${new Date(at).toISOString().slice(0, 10).replaceAll('-', '')}`;
    const { rows } = await server.open.pool.query(`select count(*)::int as n from ${name}`);
    expect(rows).toEqual([{ n: 1 }]);
    expect(await everyPage({ endpoint: slug })).toHaveLength(1);
  });
});

describe('lists', () => {
  const slug = 'lists';
  const [endpointId, keyId] = [randomUUID(), randomUUID()];
  const start = Date.now() - 3 * DAY;
  let records: InteractionRecord[];
  beforeAll(async () => {
    records = many(300, (index) => ({
      at: start + index * 60_000 * 10,
      endpointSlug: slug,
      endpointId,
      keyId: index % 3 === 0 ? keyId : null,
      keyName: index % 3 === 0 ? 'mine' : 'other',
      user: index % 5 === 0 ? 'grace' : null,
      verdict: (['allow', 'allow', 'flag', 'redact', 'block'] as const)[index % 5] ?? 'allow',
      outcome: index % 5 === 4 ? 'blocked' : 'answered',
      findings: index % 10 === 4 ? [sampleFinding(0, 5), sampleFinding(1, 2, 'text/injection')] : [],
      said: `number ${index} of the Café ${index % 7 === 0 ? 'zebra' : 'horse'} 東京都`,
    }));
    await ship(records);
  });
  const expected = (keep: (record: InteractionRecord, index: number) => boolean): string[] =>
    records
      .filter(keep)
      .map(({ id }) => id)
      .toReversed();

  test.each<[string, object, (record: InteractionRecord, index: number) => boolean]>([
    ['everything', {}, () => true],
    ['an endpoint by id', { endpoint: endpointId }, () => true],
    ['a key', { key: keyId }, ({ keyId: key }) => key === keyId],
    ['a key by name, or another', { key: 'mine,other' }, () => true],
    ['a user', { user: 'grace' }, ({ user }) => user === 'grace'],
    ['a verdict', { verdict: 'block' }, ({ verdict }) => verdict === 'block'],
    ['several verdicts', { verdict: 'allow,flag' }, ({ verdict }) => ['allow', 'flag'].includes(verdict)],
    ['an outcome', { outcome: ['blocked'] }, ({ outcome }) => outcome === 'blocked'],
    ['a check', { check: 'text/injection' }, ({ findings }) => findings.length > 0],
    ['a word', { text: 'zebra' }, (_, index) => index % 7 === 0],
    ['words, whatever their case and accents', { text: 'CAFE  Zebra!' }, (_, index) => index % 7 === 0],
    ['words without spaces', { text: '京都' }, () => true],
    ['words that never stand together', { text: 'zebra horse' }, () => false],
    ['a word and a verdict', { text: 'zebra', verdict: 'block' }, (_, i) => i % 7 === 0 && i % 5 === 4],
    [
      'a time',
      { from: start + 600_000 * 10, to: start + 600_000 * 20 },
      (_, index) => index >= 10 && index < 20,
    ],
  ])('finds by %s', async (_, query, keep) => {
    const found = await everyPage({ endpoint: slug, ...query, limit: 37 });
    expect(found.map(({ id }) => id)).toEqual(expected(keep));
  });

  test('shows every row once while others arrive', async () => {
    const found = await everyPage({ endpoint: slug, limit: 25 }, () =>
      ship(many(5, () => ({ endpointSlug: slug, endpointId, said: 'newcomer' }))),
    );
    expect(found.map(({ id }) => id)).toEqual(expected(() => true));
  });

  test.each([
    { cursor: 'nonsense' },
    { cursor: Buffer.from('1.x').toString('base64url') },
    { verdict: 'maybe' },
    { outcome: 'x' },
    { text: '!!!' },
    { endpoint: 'x'.repeat(600) },
    { user: 'a\0b' },
  ])('refuses %o', async (query) => {
    await expect(list(query)).rejects.toMatchObject({ code: 'invalid_input' });
  });

  test('a cursor from the far future starts at now', async () => {
    const cursor = Buffer.from(`${Number.MAX_SAFE_INTEGER}.${randomUUID()}`).toString('base64url');
    expect((await list({ endpoint: slug, cursor, limit: 3 })).items).toHaveLength(3);
  });
});

describe('content', () => {
  const secret = 'sk-verysecret42';
  const said = `my key is ${secret} ok`;
  const from = said.indexOf(secret);
  const record = sampleRecord({
    endpointSlug: 'content',
    said,
    findings: [sampleFinding(from, from + secret.length)],
    rawRequest: `{"raw":"${secret}"}`,
    rawResponse: 'raw answer',
  });
  beforeAll(() => ship([record]));

  test('lies in the database only sealed', async () => {
    const { rows } = await server.open.pool.query(
      'select i::text as i, c::text as c, encode(c.body, $2) as body from interactions i join interaction_contents c using (at, id) where i.id = $1',
      [record.id, 'escape'],
    );
    expect(JSON.stringify(rows)).not.toContain('verysecret42');
    expect(JSON.stringify(rows)).not.toContain(Buffer.from('verysecret42').toString('hex'));
    expect(rows[0]?.c).toMatch(/\\x/);
  });

  const why = { 'bartizan-purpose': 'a customer complained about this answer' };

  test('is unmasked only for who says why, and that is recorded', async () => {
    const masked: InteractionDetail = await server.call('interactions.get', {
      params: { id: record.id },
    });
    expect(masked.segments[0]?.text).toBe(said.replace(secret, '█'.repeat(secret.length)));
    expect(masked).toMatchObject({ hasRaw: true });
    expect(JSON.stringify(masked)).not.toContain('verysecret42');
    const count = async () =>
      (await server.audited()).filter(({ subject }) => subject === `interaction:${record.id}`).length;
    expect(await count()).toBe(0);

    const call = { params: { id: record.id }, headers: why };
    const full: InteractionDetail = await server.call('interactions.content', call);
    expect(full.segments[0]?.text).toBe(said);
    expect(await count()).toBe(1);
    expect((await server.audited()).at(-1)).toMatchObject({
      action: 'interactions.content_read',
      detail: { purpose: why['bartizan-purpose'] },
    });
    expect(await server.call('interactions.raw', call)).toEqual({
      request: record.rawRequest,
      response: record.rawResponse,
    });
    expect(await count()).toBe(2);
    expect(JSON.stringify(await server.audited())).not.toContain('verysecret42');
  });

  test('a masked span is neither shown in lists nor found by search, whoever looks', async () => {
    for (const principal of [principalWith(), viewer]) {
      const [first] = (await list({ endpoint: 'content' }, principal)).items;
      expect(first?.excerpt).toContain('my key is');
      expect(first?.excerpt).not.toContain('verysecret42');
      const found = async (text: string) =>
        (await list({ endpoint: 'content', text }, principal)).items.length;
      expect(await found('verysecret42')).toBe(0);
      expect(await found('my key')).toBe(1);
    }
  });

  test('an unknown interaction is not found', async () => {
    await expect(server.call('interactions.get', { params: { id: randomUUID() } })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  test('moved to another row it does not open', async () => {
    const [a, b] = [sampleRecord({ said: 'a' }), sampleRecord({ said: 'b' })];
    await ship([a, b]);
    await server.open.pool.query(
      `update interaction_contents set body = (select body from interaction_contents where id = $1) where id = $2`,
      [a.id, b.id],
    );
    await expect(server.call('interactions.get', { params: { id: b.id } })).rejects.toThrow();
  });
});

describe('export and live', () => {
  const lines = async (query: object, principal = principalWith(), signal?: AbortSignal) => {
    const stream: AsyncIterable<string> = await server.call('interactions.export', {
      query,
      principal,
      headers: { 'bartizan-purpose': 'looking into an incident' },
      ...(signal ? { signal } : {}),
    });
    let text = '';
    for await (const chunk of stream) text += chunk;
    return text.split('\n').filter((line) => line !== '');
  };

  test('exports everything that matches, masked unless content is asked for', async () => {
    const batch = many(450, (index) => ({
      endpointSlug: 'export',
      said: `secret${index} word`,
      findings: [sampleFinding(0, 7)],
    }));
    await ship(batch);
    const reader = { ...principalWith(), confirmedAt: Date.now() };
    const full = await lines({ endpoint: 'export', content: 'full' }, reader);
    expect(full).toHaveLength(450);
    expect(new Set(full.map((line) => (JSON.parse(line) as InteractionDetail).id)).size).toBe(450);
    expect(full.join('')).toContain('secret7');
    const masked = await lines({ endpoint: 'export' }, viewer);
    expect(masked).toHaveLength(450);
    expect(masked.join('')).not.toContain('secret7');
    const audited = (await server.audited()).filter(({ action }) => action.startsWith('interactions.export'));
    expect(audited.map(({ action }) => action)).toEqual([
      'interactions.exported',
      'interactions.export_ended',
      'interactions.exported',
      'interactions.export_ended',
    ]);
    expect(audited[1]?.detail).toMatchObject({
      count: 450,
      complete: true,
      unmasked: true,
      purpose: 'looking into an incident',
    });
    expect(audited[2]?.detail).toMatchObject({ unmasked: false });
  });

  test('exports content only for who may read it and has just confirmed', async () => {
    await expect(lines({ endpoint: 'export', content: 'full' }, viewer)).rejects.toMatchObject({
      code: 'forbidden',
    });
    const stale = { ...principalWith(), confirmedAt: Date.now() - 11 * 60_000 };
    await expect(lines({ endpoint: 'export', content: 'full' }, stale)).rejects.toMatchObject({
      code: 'step_up_required',
    });
  });

  test('stops when the client leaves', async () => {
    const leave = new AbortController();
    const stream: AsyncIterable<string> = await server.call('interactions.export', {
      query: { endpoint: 'export' },
      signal: leave.signal,
    });
    let chunks = 0;
    for await (const _ of stream) {
      chunks += 1;
      leave.abort();
    }
    expect(chunks).toBe(1);
    const ended = (await server.audited()).findLast(({ action }) => action === 'interactions.export_ended');
    expect(ended?.detail).toMatchObject({ complete: false });
  });

  test('tells who watches of new interactions, on every server, masked', async () => {
    const other = await startTestServer({ beside: server });
    const leave = new AbortController();
    const read = async (stream: AsyncIterable<string>): Promise<string> => {
      for await (const chunk of stream) return chunk;
      return '';
    };
    const watch = (at: TestServer, principal = principalWith()): Promise<AsyncIterable<string>> =>
      at.call('interactions.live', { principal, signal: leave.signal });
    const watched = await Promise.all([watch(server), watch(server, viewer), watch(other)]);
    const chunks = Promise.all(watched.map(read));
    const record = sampleRecord({
      endpointSlug: 'live',
      said: 'topsecret thing',
      findings: [sampleFinding(0, 9)],
    });
    // The other server may not be listening yet.
    const again = setInterval(() => void ship([sampleRecord({ endpointSlug: 'live' })]), 500);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ship([record]);
    const [mine, masked, elsewhere] = await chunks;
    clearInterval(again);
    leave.abort();
    await other.close();
    expect(mine).toMatch(/^event: interaction\nid: \S+\ndata: \{.* thing.*\}\n\n/);
    expect(masked).toContain('█'.repeat(9));
    expect(masked).not.toContain('topsecret');
    expect(elsewhere).toContain('event: interaction');
  });
});
