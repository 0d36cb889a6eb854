import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  endpointRoutes,
  type Fleet as FleetView,
  fleetRoutes,
  identityRoutes,
  interactionRoutes,
  NO_LIMITS,
  sinkRoutes,
} from '@bartizan/contracts';
import type { Client } from '@bartizan/contracts/client.ts';
import { ADMIN, cookieClient, eventually } from '../support/instance.ts';
import { CLIENTS, call, type Load, startLoad } from './load.ts';
import { type Fleet, type Member, startFleet } from './members.ts';
import { type Outside, openOutside, TOKENS_EACH } from './outside.ts';

export const LIMIT = 60;
export const BUDGET = 5_000;
const GATEWAYS = 3;
/** What is under way between gateway and provider may come a little closer together than it was admitted. */
export const SPAN_MS = 58_000;
const SETTLE_MS = 180_000;

export interface Scene {
  readonly fleet: Fleet;
  readonly outside: Outside;
  /** Signed in at each server. */
  readonly clients: readonly [Client, Client];
  readonly key: string;
  readonly log: (line: string) => void;
  readonly close: () => Promise<void>;
}

/** Brings everything up: endpoints with limits, a key, a sink. */
export async function openScene(log: (line: string) => void): Promise<Scene> {
  const outside = await openOutside();
  const fleet = await startFleet().catch(async (error: unknown) => {
    await outside.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await fleet.close();
    await outside.close();
  };
  try {
    const clients = [cookieClient(fleet.servers[0].url), cookieClient(fleet.servers[1].url)] as const;
    const token = new URL(fleet.setupUrl()).searchParams.get('token') ?? '';
    await clients[0].call(identityRoutes.setup, { body: { token, ...ADMIN } });
    await clients[1].call(identityRoutes.login, { body: { email: ADMIN.email, password: ADMIN.password } });
    await endpoint(clients[0], outside, { slug: 'free' });
    await endpoint(clients[1], outside, { slug: 'limited', limits: { requestsPerMinute: LIMIT } });
    await endpoint(clients[0], outside, { slug: 'budget', limits: { tokensPerDay: BUDGET } });
    const made = await clients[0].call(identityRoutes.createKey, {
      body: { name: 'load', scopes: ['gateway.invoke'], endpoints: '*', expiresAt: null },
    });
    await clients[0].call(sinkRoutes.create, {
      body: {
        name: 'siem',
        filter: { kinds: ['interactions'] },
        target: {
          type: 'https',
          url: `${outside.siem}/events`,
          body: 'ndjson',
          allowPrivateNetwork: true,
          allowPlaintext: true,
        },
      },
    });
    const scene = { fleet, outside, clients, key: made.secret, log, close };
    await everyoneCurrent(scene);
    return Object.freeze(scene);
  } catch (error) {
    await close();
    throw error;
  }
}

async function endpoint(
  client: Client,
  outside: Outside,
  fields: { readonly slug: string; readonly limits?: object },
): Promise<void> {
  await client.call(endpointRoutes.create, {
    body: {
      slug: fields.slug,
      name: fields.slug,
      policyId: null,
      retry: { maxAttempts: 1 },
      limits: { ...NO_LIMITS, ...fields.limits },
      upstreams: [
        {
          name: 'provider',
          provider: 'openai',
          baseUrl: `${outside.upstream}/${fields.slug}/v1`,
          allowPrivateNetwork: true,
        },
      ],
    },
  });
}

/** What some server that lives says of all. */
export async function view(scene: Pick<Scene, 'clients'>): Promise<FleetView> {
  return await Promise.any(scene.clients.map((client) => client.call(fleetRoutes.get, {})));
}

export async function everyoneCurrent(scene: Pick<Scene, 'clients'>): Promise<FleetView> {
  return await eventually(
    'all gateways serve by the newest configuration and share limits',
    async () => {
      const seen = await view(scene);
      const good = seen.gateways.filter(
        ({ alive, current, limits }) => alive && current && limits === 'shared',
      );
      return good.length === GATEWAYS && seen;
    },
    60_000,
  );
}

/** Makes an endpoint through one server and gives how long it took until every gateway knew it, in ms. */
export async function changeSpreads(scene: Scene, through: 0 | 1, slug: string): Promise<number> {
  await endpoint(scene.clients[through], scene.outside, { slug });
  const since = performance.now();
  await Promise.all(
    scene.fleet.gateways.map((gateway) =>
      eventually(
        `${gateway.name} knows the endpoint ${slug}`,
        async () =>
          (await call(gateway.url, scene.key, { endpoint: slug, id: `change-${randomUUID()}` })) === 200,
        30_000,
      ),
    ),
  );
  return performance.now() - since;
}

/** Kills the server that leads and gives how long it took until the other did, in ms. */
export async function leaderFallsOver(scene: Scene): Promise<number> {
  const leading = async (): Promise<string | null> =>
    (await view(scene)).servers.find(({ leads }) => leads.includes('upkeep'))?.id ?? null;
  const before = await eventually('a server leads', leading, 30_000);
  const self = await scene.clients[0].call(fleetRoutes.get, {});
  const first = self.servers.find(({ answering }) => answering)?.id === before;
  const victim = scene.fleet.servers[first ? 0 : 1];
  const other = scene.clients[first ? 1 : 0];
  await victim.kill();
  const since = performance.now();
  await eventually(
    'the other server leads',
    async () => {
      const { servers } = await other.call(fleetRoutes.get, {});
      return servers.find(({ answering }) => answering)?.leads.includes('upkeep');
    },
    30_000,
  );
  const took = performance.now() - since;
  await victim.start();
  return took;
}

/** Kills one of `members` after the other at random moments and starts it again. */
export async function killing(
  scene: Scene,
  members: readonly Member[],
  options: { readonly rounds: number; readonly random: () => number; readonly load: Load },
): Promise<void> {
  const { rounds, random, load } = options;
  for (let round = 0; round < rounds; round++) {
    const before = load.answered();
    await eventually('calls go through', async () => load.answered() >= before + 10, 60_000);
    const victim = members[Math.floor(random() * members.length)] as Member;
    await sleep(random() * 1_500);
    await victim.kill();
    await sleep(random() * 1_500);
    await victim.start();
    scene.log(`round ${round + 1}: killed ${victim.name}; ${load.answered()} answered so far`);
  }
}

/** The Redis of a fleet as one of those that can be killed. */
export const redisMember = ({ redis }: Fleet): Member => ({
  name: 'Redis',
  url: redis.url,
  start: redis.start,
  kill: redis.kill,
  log: () => '',
});

/** Most requests that arrived at the provider within any such span. */
export function mostWithin(times: readonly number[], spanMs = SPAN_MS): number {
  let most = 0;
  let from = 0;
  const sorted = times.toSorted((a, b) => a - b);
  for (const [index, at] of sorted.entries()) {
    while ((sorted[from] as number) <= at - spanMs) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

export const arrived = (scene: Scene, name: string): readonly number[] =>
  scene.outside.arrivals.get(name) ?? [];

/** Where limits may be after Redis was away: see docs/guide/fleet.md. */
export const boundWithoutRedis = LIMIT + Math.floor((LIMIT * (GATEWAYS - 1)) / GATEWAYS);

/**
 * Tokens that a budget may be overshot by: those of requests under way when it is reached, and for each gateway
 * that was killed those that it had under way or not told yet, and with a Redis that forgot, its last second.
 */
export const budgetSlack = (gatewayKills: number): number =>
  TOKENS_EACH * CLIENTS * (1 + 2 * gatewayKills) + gatewayKills * TOKENS_EACH * Math.ceil(1000 / 20) * 2;

export interface Outcome {
  readonly told: number;
  readonly lost: readonly string[];
  readonly duplicates: readonly string[];
  /** Stored interactions that never reached the SIEM. */
  readonly notSent: readonly string[];
}

/** Waits until everything is stored and sent, or time is up, and compares. */
export async function compare(scene: Scene, load: Load): Promise<Outcome> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const rows = await exported(scene).catch(() => []);
    const stored = new Map<string, number>();
    for (const { requestId } of rows) stored.set(requestId, (stored.get(requestId) ?? 0) + 1);
    const lost = [...load.told.keys()].filter((id) => !stored.has(id));
    const notSent = rows.filter(({ id }) => !scene.outside.received.has(id)).map(({ id }) => id);
    if ((lost.length === 0 && notSent.length === 0 && rows.length > 0) || Date.now() > deadline) {
      const duplicates = [...stored].filter(([, times]) => times > 1).map(([id]) => id);
      return { told: load.told.size, lost, duplicates, notSent };
    }
    await sleep(1_000);
  }
}

async function exported(scene: Scene): Promise<{ id: string; requestId: string }[]> {
  const options = { query: {}, purpose: 'comparing what clients were told with what is stored' };
  const response = await scene.clients[0].stream(interactionRoutes.export, options);
  const lines = (await response.text()).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as { id: string; requestId: string });
}

export { type Load, startLoad };
