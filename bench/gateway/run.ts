import { createHash, randomBytes } from 'node:crypto';
import { cpus } from 'node:os';
import { burst, firstToken, median, quantile, sequential } from './load.ts';
import { cpuMs, residentMib, startGateway, startPortkey, startProgram, stopAll } from './processes.ts';
import { print, type Report, type Row } from './report.ts';

/**
 * `npm run -s bench:gateway -- [--json] [--quick] [--memory]`
 * Everything on loopback in one run, in rounds (each target once a round), so that ratios hold on a noisy
 * machine. Load is bounded in time and stops by itself.
 */
const flags = new Set(process.argv.slice(2));
const quick = flags.has('--quick');
const ROUNDS = quick ? 2 : 5;
const SECONDS = quick ? 2 : 4;
const CONNECTIONS = 32;
const SEQUENTIAL = quick ? 500 : 2000;
const MEMORY_REQUESTS = quick ? 40_000 : 200_000;

const PROMPT =
  'I ordered a pair of walking boots two weeks ago and the parcel has not arrived yet. The tracking page says it left the depot, but nothing has moved since Tuesday, and I am travelling on Friday. Could you tell me what usually happens in this case, and what I can do to have them sent to my office instead? '
    .repeat(4)
    .slice(0, 1000);
const request = (model: string, stream: boolean) =>
  JSON.stringify({
    model,
    ...(stream ? { stream: true } : {}),
    messages: [
      { role: 'system', content: 'You are a helpful support agent.' },
      { role: 'user', content: PROMPT },
    ],
  });

interface Bench {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly pid: number | null;
  readonly streams: boolean;
}

try {
  const report = await measure();
  print(report, flags.has('--json'));
} finally {
  stopAll();
}

async function measure(): Promise<Report> {
  const key = `bz_${randomBytes(32).toString('base64url')}`;
  const upstream = await startProgram('upstream.ts');
  const control = await startProgram(
    'control.ts',
    upstream.url,
    createHash('sha256').update(key).digest('hex'),
  );
  const passthrough = await startProgram('passthrough.ts', upstream.url);
  const portkey = await startPortkey();
  const one = await startGateway(control.url, 1);
  const two = await startGateway(control.url, 2);
  const authorised = { authorization: `Bearer ${key}` };
  const chat = '/v1/chat/completions';
  const benches: Bench[] = [
    { name: 'direct', url: upstream.url + chat, headers: {}, pid: null, streams: true },
    {
      name: 'undici pass-through',
      url: passthrough.url + chat,
      headers: {},
      pid: passthrough.pid,
      streams: false,
    },
    {
      name: 'portkey',
      url: portkey.url + chat,
      headers: {
        'x-portkey-provider': 'openai',
        'x-portkey-custom-host': `${upstream.url}/v1`,
        authorization: 'Bearer none',
      },
      pid: portkey.pid,
      // Its relayed streams fail on this Node ("immutable" headers), so only whole answers are measured.
      streams: false,
    },
    {
      name: 'bartizan, no content guards',
      url: `${one.url}/e/plain${chat}`,
      headers: authorised,
      pid: one.pid,
      streams: true,
    },
    {
      name: 'bartizan, all text guards',
      url: `${one.url}/e/guarded${chat}`,
      headers: authorised,
      pid: one.pid,
      streams: true,
    },
    {
      name: 'bartizan, 2 workers, no content guards',
      url: `${two.url}/e/plain${chat}`,
      headers: authorised,
      pid: two.pid,
      streams: false,
    },
    {
      name: 'bartizan, 2 workers, all text guards',
      url: `${two.url}/e/guarded${chat}`,
      headers: authorised,
      pid: two.pid,
      streams: false,
    },
  ];
  for (const bench of benches)
    await burst({ ...bench, body: request('bench', false), connections: CONNECTIONS, seconds: 1 });
  const rows = await rounds(benches);
  const memory = flags.has('--memory') || !quick ? await memoryOver(benches[4] as Bench) : null;
  return {
    machine: `${cpus().length} × ${cpus()[0]?.model ?? 'cpu'}`,
    node: process.version,
    rounds: ROUNDS,
    connections: CONNECTIONS,
    promptChars: PROMPT.length,
    rows,
    memory,
  };
}

/** Each target once a round; medians over the rounds. */
async function rounds(benches: readonly Bench[]): Promise<Row[]> {
  const body = request('bench', false);
  const samples = benches.map(() => ({
    rps: [] as number[],
    p50: [] as number[],
    p99: [] as number[],
    cpu: [] as number[],
    first: [] as number[],
    loadP50: [] as number[],
    loadP99: [] as number[],
    failures: 0,
  }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, bench] of benches.entries()) {
      const sample = samples[index];
      if (!sample) continue;
      const before = bench.pid === null ? 0 : cpuMs(bench.pid);
      const loaded = await burst({ ...bench, body, connections: CONNECTIONS, seconds: SECONDS });
      const used = bench.pid === null ? 0 : cpuMs(bench.pid) - before;
      sample.rps.push(loaded.requestsPerSecond);
      sample.loadP50.push(loaded.p50Ms);
      sample.loadP99.push(loaded.p99Ms);
      sample.cpu.push(used / loaded.requests);
      sample.failures += loaded.failures;
      const times = await sequential({ ...bench, body, count: SEQUENTIAL });
      sample.p50.push(quantile(times, 0.5));
      sample.p99.push(quantile(times, 0.99));
      if (bench.streams)
        for (let n = 0; n < 5; n++)
          sample.first.push(await firstToken({ ...bench, body: request('bench', true) }));
    }
  }
  const direct = {
    p50: median(samples[0]?.p50 ?? []),
    p99: median(samples[0]?.p99 ?? []),
    first: median(samples[0]?.first ?? []),
  };
  return benches.map((bench, index) => {
    const sample = samples[index] ?? {
      rps: [],
      p50: [],
      p99: [],
      cpu: [],
      first: [],
      loadP50: [],
      loadP99: [],
      failures: 0,
    };
    const first = sample.first.length > 0 ? median(sample.first) - direct.first : null;
    return {
      target: bench.name,
      requestsPerSecond: Math.round(median(sample.rps)),
      addedP50Ms: median(sample.p50) - direct.p50,
      addedP99Ms: median(sample.p99) - direct.p99,
      underLoadP50Ms: median(sample.loadP50),
      underLoadP99Ms: median(sample.loadP99),
      cpuMsPerRequest: bench.pid === null ? null : median(sample.cpu),
      addedFirstTokenMs: first,
      failures: sample.failures,
    };
  });
}

/** Resident memory of the guarded gateway while it serves many requests. */
async function memoryOver(bench: Bench): Promise<Report['memory']> {
  const body = request('bench', false);
  const samples: { requests: number; residentMib: number }[] = [];
  let done = 0;
  while (done < MEMORY_REQUESTS) {
    done += (await burst({ ...bench, body, connections: CONNECTIONS, seconds: 5 })).requests;
    samples.push({ requests: done, residentMib: Math.round(residentMib(bench.pid ?? 0)) });
  }
  return samples;
}
