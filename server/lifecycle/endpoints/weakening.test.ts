import { ALL_PERMISSIONS, type Endpoint, type Permission } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../testing.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => server?.close());

const ago = (minutes: number) => Date.now() - minutes * 60_000;
const stale = (): Principal => ({ ...principalWith(), confirmedAt: ago(11) });
const fresh = (without?: Permission): Principal => ({
  ...principalWith(ALL_PERMISSIONS.filter((one) => one !== without)),
  confirmedAt: ago(1),
});
const upstream = { name: 'main', provider: 'openai', baseUrl: 'https://api.example.com/v1' };
let count = 0;
const create = (fields: object = {}, principal = fresh()): Promise<Endpoint> => {
  count += 1;
  const usual = {
    upstreams: [upstream],
    models: [{ name: 'large', upstreamName: 'large-1' }, { name: 'small' }],
    retention: { content: 'redacted', days: 30 },
    canaries: ['canary-of-this'],
  };
  const body = { slug: `w-${count}`, name: 'An endpoint', ...usual, ...fields };
  return server.call('endpoints.create', { body, principal });
};
const update = (id: string, body: object, principal: Principal): Promise<Endpoint> =>
  server.call('endpoints.update', { params: { id }, body, principal });
const lastDetail = async (id: string) =>
  (await server.audited()).findLast(({ subject }) => subject === `endpoint:${id}`)?.detail;

type Edit = (made: Endpoint) => object;
const first = (made: Endpoint, fields: object) => ({ upstreams: [{ ...made.upstreams[0], ...fields }] });
const DIVERTING: [string, string, Edit][] = [
  ['another host', 'upstreams.destination', (e) => first(e, { baseUrl: 'https://other.example/v1' })],
  ['another port', 'upstreams.destination', (e) => first(e, { baseUrl: 'https://api.example.com:8443/v1' })],
  ['another scheme', 'upstreams.destination', (e) => first(e, { baseUrl: 'http://api.example.com/v1' })],
  ['another path', 'upstreams.destination', (e) => first(e, { baseUrl: 'https://api.example.com/theirs' })],
  ['another provider', 'upstreams.destination', (e) => first(e, { provider: 'anthropic' })],
  ['a new upstream', 'upstreams.destination', (e) => ({ upstreams: [...e.upstreams, upstream] })],
  ['private networks', 'upstreams.allowPrivateNetwork', (e) => first(e, { allowPrivateNetwork: true })],
  ['a model removed', 'models', (e) => ({ models: e.models.slice(1) })],
  [
    'a model renamed',
    'models',
    () => ({ models: [{ name: 'huge', upstreamName: 'large-1' }, { name: 'small' }] }),
  ],
  ['a model behind a name', 'models', () => ({ models: [{ name: 'large' }, { name: 'small' }] })],
  ['every model', 'models', () => ({ models: [] })],
  ['less content', 'retention.content', () => ({ retention: { content: 'hash', days: 30 } })],
  ['fewer days', 'retention.days', () => ({ retention: { content: 'redacted', days: 29 } })],
];
const HARMLESS: [string, Edit][] = [
  ['a name', () => ({ name: 'Renamed' })],
  ['a trailing slash', (e) => first(e, { baseUrl: 'https://api.example.com:443/v1/', weight: 9 })],
  ['one more model', (e) => ({ models: [...e.models, { name: 'third' }] })],
  ['more retention', () => ({ retention: { content: 'full', days: 31 } })],
  ['one more canary', (e) => ({ canaries: [...e.canaries, 'another-canary'] })],
];

describe('a change that diverts or weakens', () => {
  test.each([...DIVERTING, ['a canary gone', 'canaries', () => ({ canaries: [] })] as const])(
    'takes a fresh confirmation and is named in the audit log: %s',
    async (_, name, edit) => {
      const made = await create();
      const body = { ...made, ...edit(made) };
      await expect(update(made.id, body, stale())).rejects.toMatchObject({ code: 'step_up_required' });
      expect(await server.call('endpoints.get', { params: { id: made.id } })).toMatchObject(made);
      await update(made.id, body, fresh());
      expect(await lastDetail(made.id)).toMatchObject({ weakened: [name] });
      const other = await create();
      await update(other.id, { ...other, ...edit(other) }, { ...stale(), kind: 'key' });
    },
  );

  test.each(HARMLESS)('is not %s', async (_, edit) => {
    const made = await create();
    await update(made.id, { ...made, ...edit(made) }, stale());
    expect(await lastDetail(made.id)).toMatchObject({ weakened: [] });
  });

  test('a new endpoint takes a confirmation only to reach the own network', async () => {
    const upstreams = [{ ...upstream, baseUrl: 'http://10.1.2.3/v1', allowPrivateNetwork: true }];
    await create({}, stale());
    await expect(create({ upstreams }, stale())).rejects.toMatchObject({ code: 'step_up_required' });
    const made = await create({ upstreams });
    expect(await lastDetail(made.id)).toMatchObject({ weakened: ['upstreams.allowPrivateNetwork'] });
    await update(made.id, { ...made, name: 'Stays in it' }, stale());
  });
});

test('only who looks after all teams gives what is everybody’s to one of them', async () => {
  const team = '018f3b1e-7f10-7000-8000-0000000000aa';
  await server.open.pool.query(
    'insert into teams (id, name, description, created_at) values ($1, $2, $2, now())',
    [team, 'T'],
  );
  const member = (): Principal => ({ ...fresh(), teams: new Set([team]) });
  const made = await create();
  await expect(update(made.id, { ...made, teamId: team }, member())).rejects.toMatchObject({
    code: 'forbidden',
    hint: expect.stringContaining('administrator or security'),
  });
  expect(await server.call('endpoints.get', { params: { id: made.id } })).toMatchObject({ teamId: null });
  expect(await create({ teamId: team }, member())).toMatchObject({ teamId: team });
  expect(await update(made.id, { ...made, teamId: team }, fresh())).toMatchObject({ teamId: team });
  expect(await update(made.id, { ...made, teamId: team, name: 'Ours' }, member())).toMatchObject({
    name: 'Ours',
  });
});

describe('with four eyes demanded', () => {
  const demand = (value: boolean) =>
    server.open.pool.query(
      'insert into review_settings (four_eyes) values ($1) on conflict (one) do update set four_eyes = $1',
      [value],
    );
  beforeAll(() => demand(true));
  afterAll(() => demand(false));

  test.each(DIVERTING)('only those who may approve: %s', async (_, _name, edit) => {
    const made = await create();
    const body = { ...made, ...edit(made) };
    for (const kind of ['person', 'key'] as const) {
      await expect(update(made.id, body, { ...fresh('policies.approve'), kind })).rejects.toMatchObject({
        code: 'forbidden',
        hint: expect.stringContaining('administrator, security'),
      });
    }
    expect(await server.call('endpoints.get', { params: { id: made.id } })).toMatchObject(made);
    await expect(update(made.id, body, stale())).rejects.toMatchObject({ code: 'step_up_required' });
    await update(made.id, body, fresh());
  });

  test.each(HARMLESS)('everybody who may change endpoints: %s', async (_, edit) => {
    const made = await create();
    await update(made.id, { ...made, ...edit(made) }, fresh('policies.approve'));
  });
});
