import { textChecks } from '@bartizan/checks';
import { defaultPolicy } from '@bartizan/checks/policy/default.ts';
import { PolicyDocument, type SnapshotKey } from '@bartizan/contracts';
import type { FurtherCheck } from '../audit/index.ts';
import { isDatabaseUnavailable, type Listener, listen, type Migration } from '../platform/database/index.ts';
import { loggable } from '../platform/http/index.ts';
import type { RouteImplementation } from '../platform/http/types.ts';
import { createJobs, type Jobs, jobMigrations } from '../platform/jobs/index.ts';
import { leadershipMigrations } from '../platform/leadership/index.ts';
import { objectMigrations } from '../platform/objects/index.ts';
import { createDetector, type Detector, detectorMigrations, detectorQueues } from './detector/index.ts';
import {
  createEndpointService,
  createGateways,
  createNumbering,
  createSnapshots,
  endpointMigrations,
  endpointRoutes,
  registerEndpointProposals,
  type SnapshotContent,
  snapshotRoutes,
  toSnapshotEndpoint,
} from './endpoints/index.ts';
import { createFleetService, createServers, type FleetService, fleetRoutes } from './fleet/index.ts';
import { createInteractionService, interactionMigrations, interactionRoutes } from './interactions/index.ts';
import { createInventory, inventoryMigrations } from './inventory/index.ts';
import { createPolicyService, policyMigrations, policyRoutes } from './policies/index.ts';
import type { LifecycleDeps } from './ports.ts';
import { createProvenance, provenanceMigrations, provenanceQueues } from './provenance/index.ts';
import { createRegistry, type Registry, registryMigrations, scanQueues } from './registry/index.ts';
import { reaches, type Sight, type Viewer } from './sight.ts';
import { createSinkService, sinkMigrations, sinkRoutes } from './sinks/index.ts';
import { createUpkeep } from './upkeep.ts';

export type { LifecycleDeps, LifecycleEvents } from './ports.ts';
export { sinkSecretsContext } from './sinks/index.ts';

/** Of every stage; run them before `start`. */
export const migrations: readonly Migration[] = Object.freeze([
  ...inventoryMigrations,
  ...policyMigrations,
  ...endpointMigrations,
  ...interactionMigrations,
  ...jobMigrations,
  ...leadershipMigrations,
  ...objectMigrations,
  ...registryMigrations,
  ...detectorMigrations,
  ...sinkMigrations,
  ...provenanceMigrations,
]);

const UPKEEP_EVERY_MS = 3_600_000;

const EVERYBODY: Viewer = Object.freeze({ teams: '*' });
/** What the injection check makes of a text by itself. */
const INJECTION_ALONE = PolicyDocument.parse({
  rules: [{ id: 'injection', check: 'text/injection', authors: ['user', 'third_party'], action: 'block' }],
});

export interface Lifecycle {
  readonly implementations: readonly RouteImplementation[];
  readonly migrations: readonly Migration[];
  /** What is there for a caller of all that hangs on endpoints. */
  readonly sightOf: (viewer: Viewer) => Promise<Sight>;
  /** After the migrations: makes the standard policy and today's partitions, then listens and keeps house. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** What gateways and servers there are. */
  readonly fleet: Pick<FleetService, 'get'>;
  readonly jobs: Pick<Jobs, 'counts'>;
  /** What the registry of models holds. */
  readonly models: Pick<Registry['models'], 'counts'>;
  /** Compares stored verdicts with the audit log, when that is verified. */
  readonly verdictCheck: FurtherCheck;
  /** The endpoint of the demo assistant, made if there is none. Call after `start`. */
  readonly seedDemo: () => Promise<{ readonly endpointId: string }>;
}

/** A key as gateways get it: for no endpoint beyond the teams that bound it. */
function withinTeams(
  { teams, ...key }: SnapshotKey & { readonly teams: ReadonlySet<string> | '*' },
  endpoints: readonly { readonly id: string; readonly teamId: string | null }[],
): SnapshotKey {
  if (teams === '*') return key;
  const there = endpoints.filter((endpoint) => reaches({ teams }, endpoint)).map(({ id }) => id);
  const named = key.endpoints;
  return { ...key, endpoints: named === '*' ? there : there.filter((id) => named.includes(id)) };
}

/** Puts the stages together: the later ones told of the earlier, the earlier through ports. */
function createStages(deps: LifecycleDeps) {
  const { database, pool, identity } = deps;
  const policies = createPolicyService({
    ...deps,
    checks: textChecks,
    ports: {
      endpoints: {
        usage: () => endpoints.usage(),
        context: (id) => endpoints.context(id),
        sightOf: (viewer) => endpoints.sightOf(viewer),
      },
      recordings: { newest: (query) => interactions.recordings(query) },
      injectionModel: () => detector.localFolder(),
    },
  });
  const endpoints = createEndpointService({ ...deps, policies });
  registerEndpointProposals({ ...deps, policies });
  const gateways = createGateways(database);
  const snapshots = createSnapshots({
    read: createNumbering(pool, async (): Promise<SnapshotContent> => {
      const [keys, stored, active, model] = await Promise.all([
        identity.gatewayKeys(),
        endpoints.stored(),
        policies.active(),
        detector.forGateways(),
      ]);
      return {
        keys: keys.map((key) => withinTeams(key, stored)),
        endpoints: stored.map(toSnapshotEndpoint),
        policies: active,
        detector: model,
      };
    }),
  });
  const interactions = createInteractionService({
    ...deps,
    endpoints,
    gateways,
    snapshots,
    instance: deps.server.id,
  });
  const inventory = createInventory({
    ...deps,
    directory: identity.directory,
    ports: {
      models: { all: () => registry.known() },
      endpoints: {
        all: async () =>
          (await endpoints.stored()).map(({ id, fields: { slug, name }, teamId, demo }) => ({
            id,
            slug,
            name,
            teamId,
            demo,
          })),
        traffic: (sinceMs) => interactions.traffic(sinceMs),
      },
    },
  });
  const jobs = createJobs({
    pool,
    background: deps.server.background,
    queues: [...scanQueues, ...detectorQueues, ...provenanceQueues],
    now: deps.clock.now,
    onError(error, message) {
      // Told where the database is waited for; jobs go on once it is there again.
      if (!isDatabaseUnavailable(error)) deps.logger.warn({ error: loggable(error) }, message);
    },
    ...(deps.jobMeter ? { meter: deps.jobMeter } : {}),
  });
  const registry = createRegistry({
    ...deps,
    jobs,
    ports: {
      endpoints: { names: (viewer, ids) => endpoints.names(viewer, ids) },
      systems: {
        using: (viewer, modelIds) => inventory.using(viewer, modelIds),
        show: (caller, id) => inventory.show(caller, id),
      },
    },
  });
  const detector: Detector = createDetector({
    ...deps,
    jobs,
    dataDir: deps.config.dataDir,
    ports: {
      interactions,
      sightOf: endpoints.sightOf,
      recordings: (query) => interactions.recordings(query),
      judge: (segment) =>
        policies.tryOut(EVERYBODY, {
          document: INJECTION_ALONE,
          direction: 'input',
          segments: [segment],
        }),
    },
  });
  const provenance = createProvenance({
    ...deps,
    jobs,
    ports: {
      registry: registry.dataUses,
      endpoints: async () =>
        (await endpoints.stored()).map(({ id, fields: { slug }, teamId }) => ({ id, slug, teamId })),
      systems: { links: inventory.links, named: inventory.named },
      interactions: {
        sightOf: interactions.sightOf,
        place: interactions.place,
        traffic: interactions.traffic,
      },
    },
  });
  return {
    inventory,
    registry,
    jobs,
    policies,
    endpoints,
    gateways,
    snapshots,
    interactions,
    detector,
    provenance,
  };
}

function listenUrl({ databaseUrl, pool }: Pick<LifecycleDeps, 'databaseUrl' | 'pool'>): string {
  const url = databaseUrl ?? pool.options.connectionString;
  if (url) return url;
  throw new TypeError('the lifecycle needs the database URL to listen for notifications');
}

/** Endpoints, policies, interactions and the gateways' snapshot, ready to be served. */
export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const { database, pool, clock, logger, events } = deps;
  const stages = createStages(deps);
  const { inventory, registry, jobs, policies, endpoints, gateways, snapshots, interactions } = stages;
  const { detector, provenance } = stages;
  const url = listenUrl(deps);
  const servers = createServers({
    database,
    self: deps.server,
    now: clock.now,
    onError: (error) => logger.warn({ error: loggable(error) }, 'this server could not be noted as alive'),
  });
  const fleet = createFleetService({
    database,
    gateways,
    servers,
    snapshots,
    serverId: deps.server.id,
    now: clock.now,
  });
  const sinks = createSinkService({
    ...deps,
    databaseUrl: url,
    interactions,
    endpoints,
    dataDir: deps.config.dataDir,
    version: deps.server.version,
  });
  const upkeep = createUpkeep({
    url,
    serverId: deps.server.id,
    enabled: deps.server.background,
    everyMs: UPKEEP_EVERY_MS,
    async run() {
      const done = await interactions.upkeep.run(clock.now());
      await gateways.forget(clock.now());
      await servers.forget();
      await deps.tidy?.();
      await registry.upkeep();
      await detector.upkeep();
      await provenance.upkeep();
      const garbage = await deps.objects.collect();
      if (garbage.objects + garbage.leftovers > 0)
        logger.info({ ...garbage }, 'content that nothing refers to was removed');
      if (done.droppedDays + done.deletedRows > 0)
        logger.info({ ...done }, 'expired interactions were removed');
    },
    onError: (error) => logger.warn({ error: loggable(error) }, 'upkeep failed; it is tried again'),
  });
  const ends: (() => void)[] = [];
  const listeners: Listener[] = [];

  /** The playground judges by the model that gateways run. */
  const followDetector = (): void =>
    void detector
      .refresh()
      .catch((error: unknown) =>
        logger.warn({ error: loggable(error) }, 'the live model of the detector is not here'),
      );

  function subscribe(): void {
    ends.push(events.on('configuration.changed', () => snapshots.invalidate()));
    ends.push(
      events.on('keys.changed', () => {
        snapshots.invalidate();
        pool
          .query("select pg_notify('bartizan_configuration', 'keys')")
          .catch((error: unknown) =>
            logger.warn({ error: loggable(error) }, 'other servers were not told of changed keys'),
          );
      }),
    );
    listeners.push(
      listen({
        url,
        channel: 'bartizan_configuration',
        onMessage: (message) => {
          snapshots.invalidate();
          if (message === 'detector') followDetector();
        },
        onConnected: () => {
          snapshots.invalidate({ renumber: true });
          followDetector();
        },
      }),
      listen({
        url,
        channel: 'bartizan_interactions',
        onMessage: (message) =>
          void interactions
            .onNotified(message)
            .catch((error: unknown) =>
              logger.warn({ error: loggable(error) }, 'another server’s interactions were not shown'),
            ),
      }),
    );
  }

  return Object.freeze({
    sightOf: endpoints.sightOf,
    implementations: Object.freeze([
      ...inventory.implementations,
      ...registry.implementations,
      ...policyRoutes(policies),
      ...endpointRoutes(endpoints),
      ...snapshotRoutes({ snapshots, gateways, logger, now: clock.now }),
      ...interactionRoutes(interactions, clock.now),
      ...detector.implementations,
      ...provenance.implementations,
      ...fleetRoutes(fleet),
      ...sinkRoutes(sinks),
    ]),
    migrations,
    fleet,
    jobs,
    models: registry.models,
    verdictCheck: interactions.verdictCheck,
    async start() {
      await policies.ensureStandard(PolicyDocument.parse(defaultPolicy()));
      await interactions.prepareStorage();
      subscribe();
      await servers.start();
      await registry.scans.start();
      await jobs.start();
      registry.scans.run();
      upkeep.start();
      await sinks.start({ deliver: deps.server.background });
    },
    async stop() {
      for (const end of ends.splice(0)) end();
      await Promise.all(listeners.splice(0).map((listener) => listener.close()));
      policies.close();
      await detector.close();
      registry.close();
      await registry.scans.stop();
      await jobs.stop();
      await sinks.stop();
      await upkeep.stop();
      await servers.stop();
    },
    seedDemo: async () => ({ endpointId: await endpoints.seedDemo() }),
  });
}
