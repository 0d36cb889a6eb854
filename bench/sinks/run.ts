/**
 * Measures how many events a second a server delivers to a receiver on this machine, and what a sink costs the
 * taking in of interactions: none configured, one that is delivered, one whose receiver hangs.
 *
 *   DATABASE_URL=postgres://… npm run -s bench:sinks -- [interactions] [--json]
 *
 * A database of its own is made on that server and dropped afterwards, so the user needs CREATEDB. Client, server
 * and receiver are one process.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { InteractionRecord, Sink, SinkInput, SinkStatus } from '@bartizan/contracts';
import {
  httpReceiver,
  makeCertificate,
  type SyslogReceiver,
  syslogReceiver,
} from '../../server/lifecycle/sinks/testing.ts';
import { sampleFinding, sampleRecord, shipBody, startTestServer } from '../../server/lifecycle/testing.ts';

if (!process.env.DATABASE_URL)
  throw new Error('set DATABASE_URL to a PostgreSQL on which a database may be made');
process.env.BARTIZAN_TEST_DATABASE_URL = process.env.DATABASE_URL;
const total = Number(process.argv.slice(2).find((given) => /^\d+$/.test(given)) ?? 20_000);
const json = process.argv.includes('--json');
/** As large as a busy gateway ships. */
const BATCH = 200;
const INGEST_ROUNDS = 3;
const say = (text: string): void => void process.stderr.write(`${text}\n`);

const certificate = makeCertificate();
const server = await startTestServer({ mayWarn: true });

/** One in ten has a finding. */
function records(count: number): InteractionRecord[] {
  return Array.from({ length: count }, (_, index) =>
    index % 10 === 0 ? sampleRecord({ verdict: 'flag', findings: [sampleFinding(0, 5)] }) : sampleRecord(),
  );
}

async function ship(count: number): Promise<void> {
  for (let left = count; left > 0; left -= BATCH) {
    await server.call('gateway.ship', { body: shipBody(records(Math.min(left, BATCH))) });
  }
}

const network = { allowPrivateNetwork: true, ca: certificate.ca };
const ofAll = { kinds: ['interactions', 'findings'] } satisfies SinkInput['filter'];

async function add(target: SinkInput['target'], maxBatch = 500): Promise<Sink> {
  return await server.call('sinks.create', {
    body: { name: `bench ${Date.now()}`, filter: ofAll, maxBatch, target },
  });
}

const status = async ({ id }: Sink): Promise<SinkStatus> =>
  await server.call('sinks.status', { params: { id } });
const remove = async ({ id }: Sink): Promise<void> =>
  void (await server.call('sinks.remove', { params: { id } }));

/** Events a second with which a backlog of `total` interactions is worked off. */
async function delivery(name: string, target: SinkInput['target'], maxBatch = 500) {
  const sink = await add(target, maxBatch);
  await server.call('sinks.pause', { params: { id: sink.id } });
  await ship(total);
  const started = performance.now();
  const cpu = process.cpuUsage();
  await server.call('sinks.resume', { params: { id: sink.id } });
  let now = await status(sink);
  while (now.lag.records > 0) {
    await sleep(20);
    now = await status(sink);
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await remove(sink);
  const result = {
    name,
    events: now.delivered,
    perSecond: Math.round(now.delivered / seconds),
    cpuMicrosecondsAnEvent: Math.round((user + system) / now.delivered),
  };
  say(
    `${name}: ${result.events} events, ${result.perSecond} a second, ${result.cpuMicrosecondsAnEvent} µs of CPU each`,
  );
  return result;
}

/** Interactions a second that the server takes in, by the fastest and the median of a few rounds. */
async function ingest(name: string, target: SinkInput['target'] | null) {
  const sink = target && (await add(target));
  const perSecond: number[] = [];
  const cpu = process.cpuUsage();
  for (let round = 0; round < INGEST_ROUNDS; round += 1) {
    const started = performance.now();
    await ship(total / 2);
    perSecond.push(Math.round((total / 2 / (performance.now() - started)) * 1000));
  }
  const { user, system } = process.cpuUsage(cpu);
  const lag = sink ? (await status(sink)).lag.records : 0;
  if (sink) await remove(sink);
  perSecond.sort((a, b) => a - b);
  const result = {
    name,
    best: perSecond.at(-1) ?? 0,
    median: perSecond[1] ?? 0,
    cpuMicrosecondsAnInteraction: Math.round((user + system) / ((total / 2) * INGEST_ROUNDS)),
    lagAfter: lag,
  };
  say(
    `ingest, ${name}: ${result.median} a second (best ${result.best}), ${result.cpuMicrosecondsAnInteraction} µs of CPU each, ${lag} waiting afterwards`,
  );
  return result;
}

const https = (port: number): SinkInput['target'] => ({
  type: 'https',
  url: `https://127.0.0.1:${port}/`,
  ...network,
});
const open = await httpReceiver(certificate, () => ({ status: 200 }));
const hanging = await httpReceiver(certificate, () => null);
const log: SyslogReceiver = await syslogReceiver(certificate);
try {
  await ship(2_000);
  const deliveries = [
    await delivery('OCSF over HTTPS, 500 a request', https(open.port)),
    await delivery('OCSF over HTTPS, 2,000 a request', https(open.port), 2_000),
    await delivery('CEF over syslog with TLS', {
      type: 'syslog',
      host: '127.0.0.1',
      port: log.port,
      ...network,
    }),
    await delivery('OCSF into a file', { type: 'file', name: 'bench.ndjson', maxBytes: 10 * 1024 ** 3 }),
  ];
  const ingests = [
    await ingest('no sink', null),
    await ingest('a sink that is delivered', https(open.port)),
    await ingest('a sink that hangs', https(hanging.port)),
    await ingest('no sink, again', null),
  ];
  if (json) process.stdout.write(`${JSON.stringify({ deliveries, ingests })}\n`);
} finally {
  await server.close();
  await Promise.all([open.close(), hanging.close(), log.close()]);
}
