import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '../fault/kill.ts';
import { redisBinary } from '../support/redis.ts';
import { TOKENS_EACH } from './outside.ts';
import { postgresBinaries } from './postgres.ts';
import {
  arrived,
  BUDGET,
  boundWithoutRedis,
  budgetSlack,
  changeSpreads,
  compare,
  everyoneCurrent,
  killing,
  LIMIT,
  leaderFallsOver,
  mostWithin,
  openScene,
  redisMember,
  type Scene,
  SPAN_MS,
  startLoad,
} from './rounds.ts';

/** A minute of a limit, and a little. */
const WINDOW_MS = 62_000;
const missing = [
  ...(postgresBinaries() === null ? ['PostgreSQL 15 or later (Debian: postgresql)'] : []),
  ...(redisBinary() === null ? ['redis-server (Debian: redis-server)'] : []),
];
if (missing.length > 0) console.warn(`The fleet is not tested: install ${missing.join(' and ')}.`);

describe.skipIf(missing.length > 0 || process.platform !== 'linux')('two servers and three gateways', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene(() => undefined);
  });
  afterAll(() => scene?.close());

  it('shows each what it runs', async () => {
    const { gateways, servers, snapshot } = await everyoneCurrent(scene);
    expect(gateways.map(({ id }) => id).toSorted()).toEqual(['gw-1', 'gw-2', 'gw-3']);
    for (const gateway of gateways) {
      expect(gateway).toMatchObject({ snapshotVersion: snapshot.version, behindSince: null, workers: 1 });
    }
    expect(servers.filter(({ alive }) => alive)).toHaveLength(2);
    expect(servers.filter(({ leads }) => leads.includes('upkeep'))).toHaveLength(1);
  });

  it('brings a change through either server to every gateway within seconds', async () => {
    const took = [
      await changeSpreads(scene, 0, 'one'),
      await changeSpreads(scene, 1, 'two'),
      await changeSpreads(scene, 0, 'three'),
      await changeSpreads(scene, 1, 'four'),
      await changeSpreads(scene, 1, 'five'),
    ];
    // The middle one: a machine that tests may be busy with something else for a moment.
    expect(took.toSorted((a, b) => a - b)[2]).toBeLessThan(2_000);
  });

  it('lets another server lead within seconds when the leader is killed', async () => {
    expect(await leaderFallsOver(scene)).toBeLessThan(15_000);
    await everyoneCurrent(scene);
  });

  it('keeps limits and budgets, loses nothing and stores nothing twice while members are killed', async () => {
    const random = seeded(20_261);
    const load = startLoad(scene.fleet, scene.key, random);
    const { gateways, servers } = scene.fleet;
    scene.outside.setSiem(false);
    await killing(scene, [...gateways, ...servers], { rounds: 6, random, load });
    // Redis kept its memory: not one too many.
    expect(mostWithin(arrived(scene, 'limited'))).toBeLessThanOrEqual(LIMIT);
    scene.outside.setSiem(true);
    // What a killed gateway had admitted is lost where Redis forgets within the same minute: let that pass.
    await sleep(WINDOW_MS);
    const second = Date.now();
    await killing(scene, [redisMember(scene.fleet)], { rounds: 2, random, load });
    const since = arrived(scene, 'limited').filter((at) => at >= second - SPAN_MS);
    expect(mostWithin(since)).toBeLessThanOrEqual(boundWithoutRedis);
    await load.stop();
    // What was tested did happen.
    expect(arrived(scene, 'limited').length).toBeGreaterThanOrEqual(LIMIT / 2);
    expect(arrived(scene, 'budget').length * TOKENS_EACH).toBeLessThanOrEqual(BUDGET + budgetSlack(6));
    const { told, lost, duplicates, notSent } = await compare(scene, load);
    expect(told).toBeGreaterThan(100);
    expect({ lost, duplicates, notSent }).toEqual({ lost: [], duplicates: [], notSent: [] });
  });
});
