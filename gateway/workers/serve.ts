import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import type { GatewayAbout, GatewayDetector, LimitsMode } from '@bartizan/contracts';
import { logOptions, openTracing, type Telemetry, watchSpans } from '@bartizan/contracts/telemetry/index.ts';
import { type Logger, pino } from 'pino';
import { createModelFetcher } from '../aside/fetch-model.ts';
import { openGuards } from '../aside/injection.ts';
import { createJudges } from '../aside/judges.ts';
import { createSwitchingGuards } from '../aside/switching.ts';
import type { GatewayConfig } from '../config.ts';
import { createGateway } from '../gateway.ts';
import {
  adoptOrphans,
  DirectoryLocked,
  type JournalStore,
  openJournal,
  startShipper,
} from '../journal/index.ts';
import type { LocalLimiter } from '../limits/index.ts';
import { type OpenShared, openSharedLimiter } from '../limits/shared/index.ts';
import type { Limiter } from '../ports.ts';
import { openConfiguration } from '../snapshot/index.ts';
import { warmed } from '../snapshot/warm.ts';
import { createRequestMeasures, measuredLimiter } from '../telemetry/measure.ts';
import { createExchangeTraces } from '../telemetry/trace.ts';
import { shipMeasures, watchProcess } from '../telemetry/watch.ts';
import { createUpstreams } from '../upstream/index.ts';
import { VERSION } from '../version.ts';
import { listen } from './listener.ts';

export interface Served {
  readonly url: string;
  /** Where metrics are, where they are served. */
  readonly metricsUrl: string | null;
  /** Finishes what is under way (up to 10 s), ships and closes the journal. */
  readonly close: () => Promise<void>;
}

export interface ServeOptions {
  readonly config: GatewayConfig;
  /** Counts by itself; through Redis where one is configured. */
  readonly limiter: LocalLimiter;
  /** Where this process is measured. */
  readonly telemetry: Telemetry;
  /** This process's journal, e.g. the gateway id, or `<gateway id>-w2`. */
  readonly name: string;
  /** Journals of this gateway's other processes. */
  readonly siblings: readonly string[];
  /** True in the one process that ships journals left behind. */
  readonly adopts: boolean;
}

const GRACE_MS = 10_000;
const SHIP_GRACE_MS = 2_000;
const TRACE_GRACE_MS = 2_000;
/** How long a start waits for a first snapshot before it serves "not ready" answers. */
const FIRST_SNAPSHOT_MS = 10_000;
/** How long a start waits for the process before it to let go of the journal. */
const LOCK_WAIT_MS = 12_000;

export function loggerFor(config: Pick<GatewayConfig, 'logLevel'>, name: string): Logger {
  return pino(
    logOptions({ level: config.logLevel, role: 'gateway', instance: name }),
    pino.destination({ dest: 2, sync: false }),
  );
}

async function openOwnJournal({ config, name }: ServeOptions, log: Logger): Promise<JournalStore> {
  const until = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      return await openJournal({
        directory: join(config.dataDir, 'journal', name),
        master: config.master,
        log,
        sync: config.journalSync,
        maxBytes: config.journalMaxBytes,
      });
    } catch (error) {
      if (!(error instanceof DirectoryLocked) || Date.now() > until) throw error;
      await sleep(100);
    }
  }
}

/** Limits kept with the other gateways, where a Redis is configured. */
async function openShared({ config, limiter, name }: ServeOptions, log: Logger): Promise<OpenShared | null> {
  const { redis, workers, dataDir, master } = config;
  if (redis === null) return null;
  return await openSharedLimiter({ ...redis, workers, name, dataDir, master, local: limiter, log });
}

function aboutOf(
  config: GatewayConfig,
  now: { readonly limits: () => LimitsMode; readonly detector: () => GatewayDetector },
): () => GatewayAbout {
  const about = {
    gateway: config.gatewayId,
    host: hostname().slice(0, 255),
    version: VERSION,
    startedAt: Date.now(),
    workers: config.workers,
  };
  return () => ({ ...about, limits: now.limits(), detector: now.detector() });
}

/** Composes one serving process: configuration, journal, limits, upstreams, request path and listener. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { config, limiter, name, telemetry } = options;
  const { master, serverUrl, internalToken: token, demoUrl } = config;
  const clock = { now: () => Date.now() };
  const log = loggerFor(config, name);
  const undo: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) {
      await step().catch((error: unknown) =>
        log.error({ reason: (error as Error).message }, 'closing failed'),
      );
    }
  };
  try {
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    const journal = await openOwnJournal(options, log);
    undo.push(journal.close);
    const root = join(config.dataDir, 'gateway', 'models');
    const guards = createSwitchingGuards({
      own: await openGuards(config.injectionModel, { meter: telemetry, log }),
      ownFolder: config.injectionModel,
      fetcher: createModelFetcher({ serverUrl, token, root }),
      open: (folder) => openGuards(folder, { meter: telemetry, log, warm: true }),
      onSwitched: () => judges.renew(),
      log,
    });
    undo.push(guards.close);
    const judges = createJudges({ seat: guards.seat });
    undo.push(judges.close);
    const configuration = await openConfiguration({
      path: join(config.dataDir, 'gateway', 'snapshot.bin'),
      master,
      serverUrl,
      token,
      gatewayId: name,
      compile: (document) =>
        judges.aside(
          document,
          warmed(compilePolicy(document, guards.checks, { now: () => performance.now() })),
        ),
      onInstalled: ({ detector }) => guards.follow(detector),
      log,
    });
    undo.push(configuration.close);
    const snapshotVersion = (): string => configuration.current()?.version ?? '';
    const shared = await openShared(options, log);
    if (shared !== null) undo.push(shared.close);
    const limits = (): LimitsMode => shared?.status().mode ?? 'local';
    const about = aboutOf(config, { limits, detector: guards.status });
    const onSent = shipMeasures(telemetry);
    const shipping = { serverUrl, token, snapshotVersion, about, log, onSent };
    const shipper = startShipper({ ...shipping, journal, gatewayId: name });
    undo.push(shipper.close, () => shipper.drain(SHIP_GRACE_MS));
    if (options.adopts) {
      const own = [name, ...options.siblings];
      const orphans = await adoptOrphans({ ...shipping, root: join(config.dataDir, 'journal'), own, master });
      undo.push(orphans.close);
    }
    const upstreams = createUpstreams({
      apiKeyOf: (upstream) => configuration.current()?.apiKeyOf(upstream) ?? null,
      demoUrl,
      clock,
      random: Math.random,
      logger: log,
    });
    undo.push(upstreams.close);
    const tracing = await openTracing({
      env: process.env,
      service: 'bartizan-gateway',
      version: VERSION,
      instance: name,
      log,
    });
    if (tracing !== null) {
      undo.push(() => tracing.close(TRACE_GRACE_MS));
      watchSpans(telemetry, tracing);
    }
    const gateway = createGateway({
      configuration,
      journal,
      limiter: measuredLimiter<Limiter>(shared ?? limiter, telemetry),
      measures: createRequestMeasures(telemetry),
      ...(tracing === null ? {} : { beginTrace: createExchangeTraces(tracing, demoUrl) }),
      upstreams,
      gatewayId: name,
      clock,
      logger: log,
      room: { mostBytes: config.answersMaxBytes },
    });
    watchProcess(telemetry, { gateway, journal, configuration, judges, guards, upstreams, limits });
    const { host, port, maxConnections } = config;
    const listener = await listen({ host, port, maxConnections, gateway });
    undo.push(() => listener.close(GRACE_MS));
    if (!(await configuration.whenReady(FIRST_SNAPSHOT_MS))) {
      log.warn('no configuration yet: requests are answered with "not ready" until the server gives one');
    }
    return Object.freeze({ url: listener.url, metricsUrl: null, close: closeAll });
  } catch (error) {
    await closeAll();
    throw error;
  }
}
