import { createTelemetry, GATEWAY_METRICS, NO_METER } from '@bartizan/contracts/telemetry/index.ts';
import { chatCompletions } from '@bartizan/gateway/formats/chat.ts';
import { testConfiguration, testEndpoint, testKey, testUpstream } from '@bartizan/gateway/http/testing.ts';
import { type Exchange, openExchange } from '@bartizan/gateway/steps/exchange.ts';
import { createRequestMeasures } from '@bartizan/gateway/telemetry/measure.ts';
import { Histogram, Registry } from 'prom-client';

/** `node bench/telemetry/run.ts`: what measuring a request costs on the gateway's path, and a scrape. */
const ROUNDS = 300_000;
const CHECKS = ['text/injection', 'text/secrets', 'text/pii', 'text/system-prompt-leak', 'text/unicode'];

/** A request as usual traffic has it: five checks in and four out, one finding, one attempt, tokens. */
function exchangeOf(): Exchange {
  const upstream = testUpstream({ name: 'openai' });
  const endpoint = testEndpoint({ upstreams: [upstream], models: [{ name: 'gpt-test' }] });
  const live = testConfiguration({ endpoints: [endpoint] });
  const started = performance.now();
  const identity = { id: 'x', requestId: 'y', at: Date.now(), started };
  const exchange = openExchange({
    ...identity,
    live,
    key: testKey(),
    format: chatCompletions,
    abort: new AbortController(),
  });
  exchange.endpoint = endpoint;
  exchange.model = 'gpt-test';
  exchange.upstreamModel = 'gpt-test';
  exchange.upstreamId = upstream.id;
  exchange.usage = { inputTokens: 120, outputTokens: 60 };
  exchange.guardTimings = [
    ...CHECKS.map((check) => ({ check, direction: 'input' as const, ms: 0.05 })),
    ...CHECKS.slice(1).map((check) => ({ check, direction: 'output' as const, ms: 0.02 })),
  ];
  exchange.attempts = [
    { upstreamId: upstream.id, upstreamName: upstream.name, status: 200, error: null, ms: 400 },
  ];
  return exchange;
}

function nsPer(run: () => void): number {
  for (let index = 0; index < ROUNDS / 10; index += 1) run();
  const best: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    const started = process.hrtime.bigint();
    for (let index = 0; index < ROUNDS; index += 1) run();
    best.push(Number(process.hrtime.bigint() - started) / ROUNDS);
  }
  return Math.round(Math.min(...best));
}

const telemetry = createTelemetry({ version: '0', role: 'gateway' });
const measures = createRequestMeasures(telemetry);
const nothing = createRequestMeasures(NO_METER);
const exchange = exchangeOf();
const own = telemetry.histogram(GATEWAY_METRICS.guard);
const theirs = new Histogram({
  name: 'theirs',
  help: 'For comparison.',
  labelNames: ['check', 'direction'],
  buckets: [...(GATEWAY_METRICS.guard.buckets ?? [])],
  registers: [new Registry()],
});
const started = performance.now();
const whole = nsPer(() => measures.concluded(exchange));
console.log(`${whole} ns a request: all metrics of a request with nine checks and one attempt`);
console.log(`${nsPer(() => nothing.concluded(exchange))} ns a request: the same, measuring nothing`);
console.log(`${nsPer(() => own.observe(['text/pii', 'input'], 0.02))} ns an observation, ours`);
console.log(
  `${nsPer(() => theirs.observe({ check: 'text/pii', direction: 'input' }, 0.02))} ns an observation, prom-client's`,
);
const scrape = performance.now();
const text = await telemetry.expose();
console.log(
  `${Math.round((performance.now() - scrape) * 10) / 10} ms a scrape of ${text.split('\n').length} lines`,
);
console.log(`(in ${Math.round(performance.now() - started)} ms)`);
