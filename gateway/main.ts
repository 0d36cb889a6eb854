import { join } from 'node:path';
import { createTelemetry } from '@bartizan/contracts/telemetry/index.ts';
import { ConfigError, type GatewayConfig, readConfig } from './config.ts';
import { createLimiter, keepBudgets } from './limits/index.ts';
import { listenForScrapes } from './telemetry/listener.ts';
import { VERSION } from './version.ts';
import { liveUntilAsked } from './workers/lifetime.ts';
import { startWorkers } from './workers/primary.ts';
import { loggerFor, type Served, serve } from './workers/serve.ts';

/** Starts the gateway: in this process, or in `config.workers` processes behind one port. */
export async function startGateway(config: GatewayConfig): Promise<Served> {
  if (config.workers > 1) return startWorkers(config);
  const clock = { now: () => Date.now() };
  const limiter = createLimiter({ clock });
  const { gatewayId, master } = config;
  const path = join(config.dataDir, 'gateway', `${gatewayId}-budgets.bin`);
  const kept = await keepBudgets({ limiter, path, master, clock, log: loggerFor(config, gatewayId) });
  try {
    const telemetry = createTelemetry({ version: VERSION, role: 'gateway' });
    const scrapes = config.metrics
      ? await listenForScrapes({ ...config.metrics, expose: telemetry.expose })
      : null;
    const own = { name: gatewayId, siblings: [], adopts: true };
    const served = await serve({ config, limiter, telemetry, ...own }).catch(async (error: unknown) => {
      await scrapes?.close();
      throw error;
    });
    return Object.freeze({
      url: served.url,
      metricsUrl: scrapes?.url ?? null,
      close: async () => {
        await served.close();
        await scrapes?.close();
        await kept.close();
      },
    });
  } catch (error) {
    await kept.close();
    throw error;
  }
}

/**
 * Runs a gateway until it is told to stop (SIGTERM, SIGINT, or the IPC channel of its supervisor closes), with
 * settings from the environment. Tells a supervisor `{ type: 'ready', url }`. Also `node gateway/main.ts`.
 */
export async function runGateway(): Promise<void> {
  let served: Served | null = null;
  const lifetime = liveUntilAsked(async () => served?.close(), 30_000);
  try {
    served = await startGateway(await readConfig(process.env));
    process.stderr.write(`gateway at ${served.url}\n`);
    if (served.metricsUrl) process.stderr.write(`metrics at ${served.metricsUrl}\n`);
    lifetime.ready(served.url);
  } catch (error) {
    const reason = error instanceof ConfigError ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`the gateway cannot start: ${reason}\n`);
    lifetime.end(1);
  }
}

if (import.meta.main) await runGateway();
