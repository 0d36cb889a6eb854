import { createHash, randomBytes } from 'node:crypto';
import { cpus, loadavg } from 'node:os';
import { redisBinary, startRedis } from '../../tests/support/redis.ts';
import { burst, median, quantile, sequential } from '../gateway/load.ts';
import { startGateway, startProgram, stopAll } from '../gateway/processes.ts';

/**
 * `node bench/fleet/run.ts [--quick]`: what limits through Redis cost on the gateway's path, beside the same
 * limits counted locally, in one run and in rounds. Client, provider, Redis and gateways share the machine.
 */
const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 2 : 5;
const SECONDS = quick ? 2 : 4;
const SEQUENTIAL = quick ? 500 : 2_000;
const CONNECTIONS = 32;

if (redisBinary() === null) {
  console.error('install redis-server (or valkey-server) to measure this');
  process.exit(1);
}

const body = JSON.stringify({ model: 'bench', messages: [{ role: 'user', content: 'When are you open?' }] });
const redis = await startRedis();
try {
  const key = `bz_${randomBytes(32).toString('base64url')}`;
  const hash = createHash('sha256').update(key).digest('hex');
  const upstream = await startProgram('upstream.ts');
  const control = await startProgram('control.ts', upstream.url, hash);
  const local = await startGateway(control.url, 1);
  const shared = await startGateway(control.url, 1, { BARTIZAN_REDIS_URL: redis.url });
  const headers = { authorization: `Bearer ${key}` };
  const targets = [
    { name: 'local', url: `${local.url}/e/plain/v1/chat/completions` },
    { name: 'Redis, from slices', url: `${shared.url}/e/plain/v1/chat/completions` },
    { name: 'local, at once', url: `${local.url}/e/asking/v1/chat/completions` },
    { name: 'Redis, each asks', url: `${shared.url}/e/asking/v1/chat/completions` },
  ].map((target) => ({ ...target, headers, body }));
  for (const target of targets) await burst({ ...target, connections: CONNECTIONS, seconds: 1 });
  const rows = new Map(
    targets.map(({ name }) => [
      name,
      { rate: [] as number[], p50: [] as number[], p99: [] as number[], failures: 0 },
    ]),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const target of targets) {
      const row = rows.get(target.name);
      if (!row) continue;
      const times = await sequential({ ...target, count: SEQUENTIAL });
      row.p50.push(quantile(times, 0.5));
      row.p99.push(quantile(times, 0.99));
      const loaded = await burst({ ...target, connections: CONNECTIONS, seconds: SECONDS });
      row.rate.push(loaded.requestsPerSecond);
      row.failures += loaded.failures;
    }
  }
  const load = loadavg()[0]?.toFixed(1);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model}, load ${load}, Node ${process.version}, ${ROUNDS} rounds, medians`,
  );
  console.log(
    '| limits | requests/s at 32 connections | p50 ms | p99 ms, one at a time |\n|---|---|---|---|',
  );
  for (const [name, { rate, p50, p99, failures }] of rows) {
    const cells = [Math.round(median(rate)), median(p50).toFixed(3), median(p99).toFixed(2)];
    console.log(`| ${name} | ${cells.join(' | ')} |${failures > 0 ? ` ${failures} failed` : ''}`);
  }
} finally {
  stopAll();
  await redis.close();
}
