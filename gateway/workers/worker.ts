import { createTelemetry } from '@bartizan/contracts/telemetry/index.ts';
import { createLimiter } from '../limits/index.ts';
import { VERSION } from '../version.ts';
import { liveUntilAsked } from './lifetime.ts';
import { SHARE_EVERY_MS, type ToPrimary, type ToWorker, unpackConfig, workerName } from './messages.ts';
import { type Served, serve } from './serve.ts';

/** Entry of a worker process: serves what the primary tells it to, and tells what it admitted. */
const clock = { now: () => Date.now() };
const limiter = createLimiter({ clock, share: true });
const telemetry = createTelemetry({ version: VERSION, role: 'gateway' });
let served: Served | null = null;
const lifetime = liveUntilAsked(async () => {
  clearInterval(sharing);
  await served?.close();
  share();
}, 20_000);
const sharing = setInterval(share, SHARE_EVERY_MS);

function tell(message: ToPrimary): void {
  if (process.connected) process.send?.(message);
}

function share(): void {
  const deltas = limiter.takeDeltas();
  if (deltas.length > 0) tell({ type: 'usage', deltas });
}

async function start(message: Extract<ToWorker, { type: 'start' }>): Promise<void> {
  const config = unpackConfig(message.config);
  const names = Array.from({ length: config.workers }, (_, index) => workerName(config.gatewayId, index + 1));
  limiter.adopt(message.usage);
  const name = workerName(config.gatewayId, message.slot);
  served = await serve({ config, limiter, telemetry, name, siblings: names, adopts: message.slot === 1 });
  tell({ type: 'started', url: served.url });
}

process.on('message', (message: ToWorker) => {
  if (message.type === 'usage') limiter.absorb(message.deltas, clock.now());
  if (message.type === 'measure') {
    const { id } = message;
    void telemetry.snapshots().then((snapshots) => tell({ type: 'measured', id, snapshots }));
  }
  if (message.type === 'stop') lifetime.end(0);
  if (message.type === 'start') {
    start(message).catch((error: unknown) => {
      tell({ type: 'failed', reason: (error as Error).message });
      lifetime.end(1);
    });
  }
});
