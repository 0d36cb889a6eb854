import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { type AuditTrail, auditRoutes, createAuditTrail } from './audit/index.ts';
import { createIdentity, type Identity, type IdentityEvents } from './identity/index.ts';
import { systemClock } from './kernel/clock.ts';
import { createEvents } from './kernel/events.ts';
import { uuidv7 } from './kernel/id.ts';
import { createLifecycle, type Lifecycle, type LifecycleEvents } from './lifecycle/index.ts';
import { allMigrations } from './migrations.ts';
import { bindSecrets } from './operations/secrets/bind.ts';
import { type Config, demoKeyPath } from './platform/config/index.ts';
import { migrate, type OpenDatabase, openDatabase } from './platform/database/index.ts';
import { createHttpServer, type HttpServer, loggable } from './platform/http/index.ts';
import { openObjects, recordObjects } from './platform/objects/index.ts';
import {
  alarmMeasure,
  createHttpObserver,
  createJobMeasures,
  createSinkMeasures,
  createTelemetry,
  logOptions,
  measuredAudit,
  measuredIngest,
  metricsRoute,
  openTracing,
  type Telemetry,
  type Tracing,
  watchAudit,
  watchDatabase,
  watchFleet,
  watchJobs,
  watchModels,
  watchSpans,
} from './platform/telemetry/index.ts';
import { runAsProcess } from './process.ts';
import { createReviews } from './reviews/index.ts';
import { VERSION } from './version.ts';

/** A database that is just starting, or being restarted, has this long to answer: less than a supervisor waits for us. */
const DATABASE_WAIT_MS = 45_000;

const TRACE_GRACE_MS = 2_000;

export interface RunningServer {
  /** Where it listens; people may reach it under another address (`publicUrl`). */
  readonly url: string;
  /** One-time link that makes the first administrator; null once there is one. */
  readonly setupUrl: string | null;
  /** Key for the demo endpoint; null without the demo, or when people revoked it. */
  readonly demoKey: string | null;
  /** Lets running requests finish and ends everything. */
  readonly close: () => Promise<void>;
}

/** Where the server is measured, and its traces where a collector is named. */
interface Measuring {
  readonly telemetry: Telemetry;
  readonly tracing: Tracing | null;
}

interface House {
  readonly trail: AuditTrail;
  readonly identity: Identity;
  readonly lifecycle: Lifecycle;
  readonly http: HttpServer;
}

/** Wires the domains together. `address` is asked when a link for people is made. */
async function build(
  config: Config,
  open: OpenDatabase,
  { telemetry, tracing }: Measuring,
  { logger, address }: { readonly logger: Logger; readonly address: () => string },
): Promise<House> {
  const { database, pool } = open;
  const clock = systemClock;
  /** Of this process among the servers of the instance. */
  const serverId = uuidv7(clock.now());
  const failed = (name: string, error: unknown) =>
    logger.error({ event: name, error: loggable(error) }, 'a subscriber failed');
  const identityEvents = createEvents<IdentityEvents>(failed);
  const lifecycleEvents = createEvents<LifecycleEvents>(failed);
  identityEvents.on('alarm.raised', alarmMeasure(telemetry));
  identityEvents.on('keys.changed', (change) => lifecycleEvents.emit('keys.changed', change));
  const trail = createAuditTrail({
    database,
    databaseUrl: config.databaseUrl,
    serverId,
    background: config.background,
    masterKey: config.masterKey,
    dataDir: config.dataDir,
    clock,
    warn: (message, error) =>
      logger.warn({ event: 'audit', ...(error === undefined ? {} : { error: loggable(error) }) }, message),
    // One open alarm for each kind, however many servers notice it.
    onBreak: ({ kind, message }) =>
      identity.raiseAlarm(
        {
          kind: 'audit-broken',
          severity: 'critical',
          summary: `The audit log is broken. ${message}`,
          subject: `audit-break:${kind}`,
        },
        false,
      ),
  });
  const audit = measuredAudit(trail.log, telemetry);
  const identity = createIdentity({
    database,
    audit,
    endpointsSeen: async (viewer) => {
      const sight = await lifecycle.sightOf(viewer);
      return sight === '*' ? sight : sight.endpoints;
    },
    events: identityEvents,
    clock,
    masterKey: config.masterKey,
    internalToken: config.internalToken,
    publicUrl: address,
    https: config.publicUrl?.startsWith('https:') ?? false,
    version: VERSION,
  });
  const reviews = createReviews({
    database,
    audit,
    clock,
    whoMay: identity.whoMay,
    standBehind: identity.standBehind,
    alarm: ({ by, what }) =>
      identity.raiseAlarm(
        {
          kind: 'review-bypassed',
          severity: 'critical',
          summary: `${by.name}, an emergency account, changed guards without a second person (${what})`,
          subject: `person:${by.id}`,
        },
        true,
      ),
  });
  const lifecycle: Lifecycle = createLifecycle({
    database,
    pool,
    databaseUrl: config.databaseUrl,
    server: { id: serverId, version: VERSION, background: config.background },
    tidy: () => identity.tidy(),
    meter: createSinkMeasures(telemetry, clock.now),
    jobMeter: createJobMeasures(telemetry),
    masterKey: config.masterKey,
    audit,
    alarm: identity.writeAlarm,
    clearAlarm: identity.clearAlarm,
    events: lifecycleEvents,
    clock,
    logger,
    config: {
      get publicUrl() {
        return address();
      },
      gatewayUrl: config.gatewayUrl ?? '',
      demo: config.demo,
      dataDir: config.dataDir,
      maxUploadBytes: config.maxUploadBytes,
    },
    objects: recordObjects({ objects: openObjects(config), database, now: clock.now }),
    identity,
    reviews,
  });
  trail.alsoVerify(lifecycle.verdictCheck);
  const http = await createHttpServer({
    implementations: [
      ...identity.implementations,
      ...auditRoutes(trail),
      ...reviews.implementations,
      ...measuredIngest(lifecycle.implementations, telemetry),
      metricsRoute(telemetry),
    ],
    authenticate: identity.authenticate,
    config,
    logger,
    consoleDir: config.consoleDir,
    ready: async () => void (await pool.query('select 1')),
    version: VERSION,
    observe: createHttpObserver(telemetry, tracing),
  });
  watchAudit(telemetry, () => trail.status());
  watchDatabase(telemetry, pool);
  watchFleet(telemetry, lifecycle.fleet);
  watchJobs(telemetry, lifecycle.jobs);
  watchModels(telemetry, lifecycle.models);
  return { trail, identity, lifecycle, http };
}

async function measure(logger: Logger): Promise<Measuring> {
  const telemetry = createTelemetry({ version: VERSION, role: 'server' });
  const tracing = await openTracing({
    env: process.env,
    service: 'bartizan-server',
    version: VERSION,
    instance: hostname(),
    log: logger,
  });
  if (tracing !== null) watchSpans(telemetry, tracing);
  return { telemetry, tracing };
}

/** Runs the steps that `started` collected, last first, each whatever the others do. */
async function unwind(started: readonly (() => Promise<void> | void)[], logger: Logger): Promise<void> {
  for (const end of started.toReversed()) {
    try {
      await end();
    } catch (error) {
      logger.warn({ error: loggable(error) }, 'a part did not stop cleanly');
    }
  }
}

/**
 * Starts the control plane: waits for the database, brings it forward, wires the domains and listens.
 * Rejects, with everything stopped again, when it cannot.
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const logger = pino(logOptions({ level: config.logLevel, role: 'server' }), pino.destination(2));
  const open = openDatabase(config.databaseUrl, {
    onError: (error) => logger.warn({ error: loggable(error) }, 'a database connection was lost'),
  });
  const started: (() => Promise<void> | void)[] = [() => open.close()];
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= unwind(started, logger));
  try {
    let url = '';
    const measuring = await measure(logger);
    started.push(async () => measuring.tracing?.close(TRACE_GRACE_MS));
    const address = () => config.publicUrl ?? url;
    const { trail, identity, lifecycle, http } = await build(config, open, measuring, { logger, address });
    started.push(() => http.close());
    await open.waitUntilReady(DATABASE_WAIT_MS, (reason) => {
      logger.warn(
        { error: loggable(reason) },
        `the database does not answer; trying for ${DATABASE_WAIT_MS / 1000} s`,
      );
    });
    const applied = await migrate(open.pool, allMigrations);
    if (applied.length > 0) logger.info({ migrations: applied }, 'the database was brought forward');
    started.push(() => trail.stop());
    await trail.start();
    const bound = await bindSecrets({
      database: open.database,
      audit: trail.log,
      masterKey: config.masterKey,
    });
    if (bound) logger.info({ secrets: bound }, 'stored secrets were bound to where they are sent');
    started.push(() => lifecycle.stop());
    await lifecycle.start();
    const demoKey = config.demo
      ? await identity.ensureDemoKey(
          async () => (await lifecycle.seedDemo()).endpointId,
          demoKeyPath(config.dataDir),
        )
      : null;
    ({ url } = await http.listen(config));
    const setupUrl = await identity.ensureSetupToken();
    return Object.freeze({ url, setupUrl, demoKey, close });
  } catch (error) {
    await close();
    throw error;
  }
}

if (import.meta.main) await runAsProcess(startServer);
