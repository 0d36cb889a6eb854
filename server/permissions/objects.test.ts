import { ALL_ROUTES, type RouteContract } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CALLERS, PLACES, type Place, REACH, startTeamsWorld, type TeamsWorld } from './teams-world.ts';
import { type Credential, type Given, NOWHERE, routeOf } from './world.ts';

let world: TeamsWorld;
beforeAll(async () => {
  world = await startTeamsWorld();
});
afterAll(() => world?.close());

/**
 * What a route's references stand for. `endpoint`, `interaction`, `key`, `review`: things of a team, tested below
 * for each place. `model`: things of the registry, which belong to teams too; its own tests ask for each of them out of
 * reach. `instance`: things that belong to no team; who has the permission sees all of them. `own`: only
 * the caller's own. `signed`: versions, signers and policies of a team, tested beside them. `machine`: gateways and identity providers.
 */
type Stance =
  | 'endpoint'
  | 'interaction'
  | 'key'
  | 'review'
  | 'model'
  | 'system'
  | 'data'
  | 'detector'
  | 'team'
  | 'filter'
  | 'instance'
  | 'signed'
  | 'own'
  | 'machine';

const STANCES: Readonly<Record<string, Stance>> = {
  'endpoints.get': 'endpoint',
  'endpoints.create': 'team',
  'endpoints.update': 'endpoint',
  'endpoints.remove': 'endpoint',
  'endpoints.testUpstream': 'endpoint',
  'endpoints.models': 'endpoint',
  'endpoints.setModels': 'endpoint',
  'policies.try': 'endpoint',
  'policies.dryRun': 'endpoint',
  'keys.create': 'endpoint',
  'reviews.propose': 'endpoint',
  'interactions.get': 'interaction',
  'interactions.content': 'interaction',
  'interactions.raw': 'interaction',
  'interactions.list': 'filter',
  'interactions.export': 'filter',
  'keys.revoke': 'key',
  'keys.rotate': 'key',
  'keys.update': 'key',
  'reviews.get': 'review',
  'reviews.approve': 'review',
  'reviews.reject': 'review',
  'reviews.withdraw': 'review',
  'teams.get': 'team',
  'service-accounts.add': 'team',
  'service-accounts.update': 'team',
  'service-accounts.remove': 'team',
  'uploads.create': 'team',
  'uploads.get': 'own',
  'uploads.sendFile': 'own',
  'uploads.finish': 'own',
  'uploads.discard': 'own',
  'auth.revokeSession': 'own',
  'factors.passkeys.rename': 'own',
  'factors.passkeys.remove': 'own',
};
const INSTANCE =
  /^(?:people|policies|sinks|alarms|teams|sso|scim|keys|signIn|reviews|federation|audit|witnesses)\./;
/** The detector's things, tried beside it: corrections are there with their interactions, all else is the instance's. */
const DETECTOR = /^detector\./;
/** Systems: what is not in reach is not there; tried route by route beside the inventory. */
const SYSTEM = /^systems\./;
const MODEL = /^(?:models|scans|runs|experiments|mlflow)\./;
/** Datasets, their versions and sources belong to teams: out of reach is not there; tried beside them. */
const DATA = /^(?:data|datasets|cleaning|labelling|privacy|lineage|data[A-Z]\w*)\./;
const stanceOf = ({ id, access }: RouteContract): Stance | undefined => {
  if (access === 'gateway' || access === 'scim') return 'machine';
  if (MODEL.test(id)) return 'model';
  if (SYSTEM.test(id)) return 'system';
  if (DATA.test(id)) return 'data';
  if (DETECTOR.test(id)) return 'detector';
  if (id.startsWith('signing.')) return 'signed';
  return STANCES[id] ?? (INSTANCE.test(id) ? 'instance' : undefined);
};

/** Names of members, at any depth, that refer to something by its id. */
function references(schema: z.ZodType | undefined): string[] {
  if (!schema) return [];
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (node === null || typeof node !== 'object') return;
    if ('properties' in node && node.properties !== null && typeof node.properties === 'object') {
      for (const name of Object.keys(node.properties)) found.add(name);
    }
    Object.values(node).forEach(visit);
  };
  visit(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return [...found].filter((name) =>
    /^(?:endpoints?|key|interaction)$|(?:endpoint|team|account|key|interaction)Id$/i.test(name),
  );
}

describe('every route has a stance on whose things it touches:', () => {
  const naming = ALL_ROUTES.filter(
    (route) =>
      route.access !== 'public' &&
      (route.path.includes('/:') || [route.query, route.body].some((part) => references(part).length > 0)),
  );

  test.each(naming.map((route) => [route.id, route] as const))('%s', (_, route) => {
    expect(stanceOf(route)).toBeDefined();
  });

  test('and there is no stance on a route that is gone', () => {
    const known = new Set(ALL_ROUTES.map(({ id }) => id));
    expect(Object.keys(STANCES).filter((id) => !known.has(id))).toEqual([]);
  });
});

const UPSTREAM = { name: 'u', provider: 'openai', baseUrl: 'https://api.example.com' };
const DOCUMENT = { rules: [] };

/** Calls with which each route of the stance `endpoint` names one. */
const NAMING: Readonly<Record<string, (id: string) => Given>> = {
  'endpoints.get': (id) => ({ params: { id } }),
  'endpoints.update': (id) => ({ params: { id }, body: { slug: 'taken-over', name: 'Taken over' } }),
  'endpoints.remove': (id) => ({ params: { id } }),
  'endpoints.testUpstream': (endpointId) => ({ body: { endpointId, upstream: UPSTREAM } }),
  'endpoints.models': (id) => ({ params: { id } }),
  'endpoints.setModels': (id) => ({ params: { id }, body: { items: [] } }),
  'policies.try': (endpointId) => ({
    body: { endpointId, document: DOCUMENT, segments: [{ author: 'user', text: 'hello' }] },
  }),
  'policies.dryRun': (endpointId) => ({ body: { endpointId, document: DOCUMENT } }),
  'keys.create': (id) => ({
    body: { name: 'k', scopes: ['endpoints.read'], endpoints: [id], expiresAt: null },
  }),
  'reviews.propose': (endpointId) => ({
    body: { proposal: { kind: 'endpoints.remove', endpointId }, reason: 'we need it no more' },
  }),
};

/** What a caller may be told of something that is not there for them; equal for hidden and unknown. */
const told = ({ status, body }: { status: number; body: { error?: object } }): unknown => ({
  status,
  error: { ...body.error, requestId: '' },
});

test('every route that names an endpoint is called below', () => {
  const stated = Object.keys(STANCES).filter((id) => STANCES[id] === 'endpoint');
  expect(Object.keys(NAMING).toSorted()).toEqual(stated.toSorted());
});

describe.each(CALLERS.map((name) => [name]))('%s', (name) => {
  const who = (): Credential => world.callers[name];
  const reach: readonly Place[] = REACH[name];
  const hidden = PLACES.filter((place) => !reach.includes(place));
  /** Ids of things that are no endpoint. */
  const strangers = () => [
    NOWHERE,
    world.interactions.ours,
    world.teams.ours,
    world.keys.ours,
    world.ids.get('judge') ?? '',
  ];

  test('is not told of endpoints that are not there for them', async () => {
    for (const [routeId, given] of Object.entries(NAMING)) {
      const route = routeOf(routeId);
      const unknown = await world.call(route, who(), given(NOWHERE));
      if (unknown.status === 403) continue;
      expect([routeId, unknown.status]).toEqual([routeId, 404]);
      for (const id of [...hidden.map((place) => world.endpoints[place]), ...strangers()]) {
        expect([routeId, told(await world.call(route, who(), given(id)))]).toEqual([routeId, told(unknown)]);
      }
    }
    const { rows } = await world.pool.query(`select slug from endpoints order by slug`);
    expect(rows.map(({ slug }) => slug)).toEqual(expect.arrayContaining([...PLACES]));
  });

  test('lists and gets the endpoints that are', async () => {
    const { items } = (await world.must('endpoints.list', who())).body;
    const slugs = items.map(({ slug }: { slug: string }) => slug).filter((slug: string) => slug !== 'demo');
    expect(slugs.toSorted()).toEqual([...reach].toSorted());
    for (const place of reach) {
      const { body } = await world.must('endpoints.get', who(), { params: { id: world.endpoints[place] } });
      expect(body).toMatchObject({ slug: place, may: { manage: body.may.reason === '' } });
    }
  });

  test('reads the interactions of these and of no others', async () => {
    for (const routeId of ['interactions.get', 'interactions.content', 'interactions.raw']) {
      const route = routeOf(routeId);
      const at = (id: string) => world.call(route, who(), { params: { id } });
      const unknown = await at(NOWHERE);
      if (unknown.status === 403) continue;
      for (const id of [...hidden.map((place) => world.interactions[place]), world.endpoints.ours]) {
        expect([routeId, told(await at(id))]).toEqual([routeId, told(unknown)]);
      }
      for (const place of reach)
        expect([routeId, (await at(world.interactions[place])).status]).toEqual([routeId, 200]);
    }
  });

  test('finds nothing of other teams, whatever they filter by', async () => {
    const list = async (query: Record<string, string>): Promise<string[]> => {
      const { body } = await world.must('interactions.list', who(), { query });
      return body.items.map(({ endpointSlug }: { endpointSlug: string }) => endpointSlug);
    };
    expect(new Set(await list({}))).toEqual(new Set(reach));
    for (const place of hidden) {
      expect(await list({ endpoint: world.endpoints[place] })).toEqual([]);
      expect(await list({ endpoint: place })).toEqual([]);
      expect(await list({ text: place })).toEqual([]);
      expect(await list({ endpoint: `${world.endpoints[place]},${NOWHERE}` })).toEqual([]);
    }
    const exported = await world.call(routeOf('interactions.export'), who());
    if (exported.status === 403) return;
    const text = typeof exported.body === 'string' ? exported.body : JSON.stringify(exported.body);
    for (const place of hidden) expect(text).not.toContain(world.endpoints[place]);
    for (const place of reach) expect(text).toContain(world.endpoints[place]);
  });

  test('counts in the overview what they see', async () => {
    const { body } = await world.must('overview.get', who());
    expect(body.totals.requests).toBe(reach.length);
    const slugs = body.topEndpoints.map(({ slug }: { slug: string }) => slug);
    expect(slugs.toSorted()).toEqual([...reach].toSorted());
  });

  test('learns from policies which of their endpoints use them', async () => {
    const { items } = (await world.must('policies.list', who())).body;
    const named = items.flatMap(({ endpointIds }: { endpointIds: string[] }) => endpointIds);
    for (const place of hidden) expect(named).not.toContain(world.endpoints[place]);
    for (const place of reach) expect(named).toContain(world.endpoints[place]);
    const { body } = await world.must('policies.get', who(), { params: { id: items[0].id } });
    expect(body.endpointIds.toSorted()).toEqual(items[0].endpointIds.toSorted());
  });

  test('sees and changes no key that reaches further', async () => {
    const listed = await world.call(routeOf('keys.list'), who());
    if (listed.status === 403) return;
    const seen = listed.body.items.map(({ id }: { id: string }) => id);
    for (const place of hidden) expect(seen).not.toContain(world.keys[place]);
    for (const place of reach) expect(seen).toContain(world.keys[place]);
    const soon = { oldEndsAt: Date.now() };
    const bodies: Record<string, object> = { 'keys.rotate': soon, 'keys.update': { name: 'mine now' } };
    for (const routeId of ['keys.revoke', 'keys.rotate', 'keys.update']) {
      const at = (id: string) =>
        world.call(routeOf(routeId), who(), { params: { id }, body: bodies[routeId] ?? {} });
      const unknown = await at(NOWHERE);
      if (unknown.status === 403) continue;
      for (const id of [...hidden.map((place) => world.keys[place]), world.endpoints.ours]) {
        expect([routeId, told(await at(id))]).toEqual([routeId, told(unknown)]);
      }
    }
  });

  test('gives no endpoint to a team that is not theirs', async () => {
    const theirs = world.teams.theirs;
    const update = await world.call(routeOf('endpoints.update'), who(), {
      params: { id: world.endpoints.ours },
      body: { slug: 'ours', name: 'ours', teamId: theirs },
    });
    const create = await world.call(routeOf('endpoints.create'), who(), {
      body: { slug: 'smuggled', name: 'smuggled', teamId: theirs },
    });
    // A key for certain endpoints may be over all teams, but makes none; it may hand on what is its own.
    if (name === 'narrowKey') expect(create.status).toBe(403);
    else for (const { status } of [update, create]) expect([400, 403, 404]).toContain(status);
    const { rows } = await world.pool.query('select slug from endpoints where team_id = $1', [theirs]);
    expect(rows.filter(({ slug }) => slug !== 'ours')).toEqual([{ slug: 'theirs' }]);
    const body = { slug: 'ours', name: 'ours', teamId: world.teams.ours, canaries: ['canary-of-ours'] };
    await world.must('endpoints.update', world.admin, { params: { id: world.endpoints.ours }, body });
  });

  test('sees no team and no service account but their own', async () => {
    const listed = (await world.must('teams.list', who())).body.items.map(
      ({ name: of }: { name: string }) => of,
    );
    if (name !== 'narrowKey') expect(listed).not.toContain('Theirs');
    const one = await world.call(routeOf('teams.get'), who(), { params: { id: world.teams.theirs } });
    if (name !== 'narrowKey') expect([403, 404]).toContain(one.status);
  });
});

test('who looks after the whole instance sees everything, and is told of nothing where there is nothing', async () => {
  for (const role of ['administrator', 'security', 'auditor'] as const) {
    const who = world.people.get(role) ?? {};
    const { items } = (await world.must('endpoints.list', who)).body;
    expect(items.map(({ slug }: { slug: string }) => slug)).toEqual(expect.arrayContaining([...PLACES]));
    const { body } = await world.must('overview.get', who);
    expect(body.totals.requests).toBe(PLACES.length);
  }
  for (const route of ALL_ROUTES.filter(({ path, access }) => path.includes('/:') && access !== 'public')) {
    const stance = stanceOf(route);
    if (stance === 'machine' || stance === undefined) continue;
    const ids = [NOWHERE, world.endpoints.ours, world.interactions.ours].filter(
      (id) =>
        id !==
        (stance === 'endpoint'
          ? world.endpoints.ours
          : stance === 'interaction'
            ? world.interactions.ours
            : ''),
    );
    const statuses = await Promise.all(
      ids.map(async (id) => {
        const params = { id, personId: NOWHERE, sessionId: NOWHERE, seq: NOWHERE };
        return (await world.call(route, world.admin, { params })).status;
      }),
    );
    for (const status of statuses) {
      // Without the body that a route wants it says so first.
      expect([
        route.id,
        [400, 404, 403, 409].includes(status) ||
        route.id === 'people.sessions' ||
        route.id === 'people.endSessions'
          ? 404
          : status,
      ]).toEqual([route.id, 404]);
    }
  }
  // Hundreds of calls, and more with each domain.
}, 180_000);

test('sessions are one’s own', async () => {
  const { body } = await world.must('auth.sessions', world.admin);
  const route = routeOf('auth.revokeSession');
  for (const name of ['engineer', 'reviewer', 'outsider'] as const) {
    const { status } = await world.call(route, world.callers[name], { params: { id: body.items[0].id } });
    expect(status).toBe(404);
  }
});
