import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type REACH, startTeamsWorld, type TeamsWorld } from './teams-world.ts';
import { INTERNAL_TOKEN, routeOf } from './world.ts';

let world: TeamsWorld;
beforeAll(async () => {
  world = await startTeamsWorld();
});
afterAll(() => world?.close());

describe('what belongs to a team', () => {
  /** An endpoint with one interaction. */
  async function made(
    slug: string,
    teamId: string | null,
  ): Promise<{ endpoint: string; interaction: string }> {
    const body = { slug, name: slug, teamId };
    const endpoint: string = (await world.must('endpoints.create', world.admin, { body })).body.id;
    const interaction = await world.interact('ours', { endpointId: endpoint, endpointSlug: slug });
    return { endpoint, interaction };
  }
  const statusFor = async (name: keyof typeof REACH, interaction: string): Promise<number> =>
    (await world.call(routeOf('interactions.get'), world.callers[name], { params: { id: interaction } }))
      .status;

  test('stays the team’s when the endpoint is removed', async () => {
    const [hidden, open] = [await made('gone-theirs', world.teams.theirs), await made('gone', null)];
    for (const { endpoint } of [hidden, open]) {
      await world.must('endpoints.remove', world.admin, { params: { id: endpoint } });
    }
    expect(await statusFor('engineer', hidden.interaction)).toBe(404);
    expect(await statusFor('engineer', open.interaction)).toBe(200);
    expect(await statusFor('narrowKey', open.interaction)).toBe(404);
  });

  test('goes with the endpoint, at once', async () => {
    const { endpoint, interaction } = await made('wanders', null);
    expect(await statusFor('engineer', interaction)).toBe(200);
    const body = { slug: 'wanders', name: 'wanders', teamId: world.teams.theirs };
    await world.must('endpoints.update', world.admin, { params: { id: endpoint }, body });
    expect(await statusFor('engineer', interaction)).toBe(404);
    // Absent, the team stays.
    const { teamId: _, ...rest } = body;
    await world.must('endpoints.update', world.admin, { params: { id: endpoint }, body: rest });
    expect(await statusFor('engineer', interaction)).toBe(404);
  });

  test('keeps the team from being removed', async () => {
    const { status, code } = await world.call(routeOf('teams.remove'), world.admin, {
      params: { id: world.teams.theirs },
    });
    expect([status, code]).toEqual([409, 'conflict']);
    const empty = (await world.must('teams.create', world.admin, { body: { name: 'Empty' } })).body.id;
    const again = await world.call(routeOf('teams.create'), world.admin, { body: { name: 'EMPTY' } });
    expect(again.code).toBe('conflict');
    await world.must('teams.remove', world.admin, { params: { id: empty } });
  });

  test('is there for whoever joins, and gone for whoever leaves', async () => {
    const params = { id: world.teams.theirs, personId: world.ids.get('outsider') ?? '' };
    expect(await statusFor('outsider', world.interactions.theirs)).toBe(404);
    await world.must('teams.addMember', world.admin, { params });
    expect(await statusFor('outsider', world.interactions.theirs)).toBe(200);
    const { body } = await world.must('auth.me', world.callers.outsider);
    expect(body).toMatchObject({ teams: [{ name: 'Theirs' }], everyTeam: false });
    await world.must('teams.removeMember', world.admin, { params });
    expect(await statusFor('outsider', world.interactions.theirs)).toBe(404);
  });

  test('is not reached by a service account that gives itself away', async () => {
    const { teamKey } = world.callers;
    const params = { id: world.serviceAccountId };
    for (const body of [{ teamId: null }, { teamId: world.teams.theirs }]) {
      const { status } = await world.call(routeOf('service-accounts.update'), teamKey, { params, body });
      expect([403, 404]).toContain(status);
    }
    const body = { name: 'wide', roles: ['security'], teamId: null };
    expect((await world.call(routeOf('service-accounts.add'), teamKey, { body })).status).toBe(403);
    expect(await statusFor('teamKey', world.interactions.theirs)).toBe(404);
    const rename = await world.call(routeOf('service-accounts.update'), teamKey, {
      params,
      body: { name: 'p2' },
    });
    expect(rename.status).toBe(200);
  });

  test('is not told to others who watch live traffic', async () => {
    const stop = new AbortController();
    const watch = (name: keyof typeof REACH) =>
      fetch(`${world.url}/api/v1/interactions/live`, { headers: world.callers[name], signal: stop.signal });
    const [engineer, narrow] = await Promise.all([watch('engineer'), watch('narrowKey')]);
    await world.interact('theirs');
    await world.interact('everybodys');
    const last = await world.interact('ours');
    for (const [answer, slugs] of [
      [engineer, ['everybodys', 'ours']],
      [narrow, ['ours']],
    ] as const) {
      let text = '';
      const decoder = new TextDecoder();
      for await (const chunk of answer.body ?? []) {
        text += decoder.decode(chunk);
        if (text.includes(`id: ${last}`) && text.endsWith('\n\n')) break;
      }
      const told = [...text.matchAll(/"endpointSlug":"([a-z]+)"/g)].map(([, slug]) => slug);
      expect(told).toEqual(slugs);
    }
    stop.abort();
  });

  test('is not called with a key whose owner has no part in it', async () => {
    const { body } = await world.must('gateway.snapshot', world.bearer(INTERNAL_TOKEN));
    const { rows } = await world.pool.query<{ id: string; slug: string }>('select id, slug from endpoints');
    const slugOf = new Map(rows.map(({ id, slug }) => [id, slug]));
    const invoking = await world.keyWith(['gateway.invoke']);
    await world.pool.query('update api_keys set owner_id = $1 where id = $2', [
      world.ids.get('engineer'),
      invoking.id,
    ]);
    expect(body.keys.every((key: object) => !('teams' in key))).toBe(true);
    // Any change makes the next snapshot be read anew.
    await world.keyWith(['gateway.invoke']);
    const { keys } = (await world.must('gateway.snapshot', world.bearer(INTERNAL_TOKEN))).body;
    const of = (id: string) => keys.find((key: { id: string }) => key.id === id).endpoints;
    const reached = of(invoking.id).map((id: string) => slugOf.get(id));
    expect(reached).toEqual(expect.arrayContaining(['ours', 'everybodys']));
    expect(reached).not.toContain('theirs');
    expect(of(world.keys.theirs)).toEqual([world.endpoints.theirs]);
  });
});
