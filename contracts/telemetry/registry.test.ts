import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  COMMON_METRICS,
  createTelemetry,
  defineMetric,
  exposeTogether,
  GATEWAY_METRICS,
  type MetricContract,
  SERVER_METRICS,
  withDeparted,
} from './index.ts';
import { parseExposition, total } from './testing.ts';

const ALL: readonly MetricContract[] = [GATEWAY_METRICS, SERVER_METRICS, COMMON_METRICS].flatMap((group) =>
  Object.values<MetricContract>(group),
);
const bare = () => createTelemetry({ version: '1.2.3', role: 'test', process: false });
const counter = (name: string, labels: readonly string[], most?: number): MetricContract =>
  defineMetric({
    name,
    type: 'counter',
    help: 'For a test.',
    labels,
    ...(most === undefined ? {} : { most }),
  });
const spread = { over: 'sum' } as const;

describe('names', () => {
  test('are each used once, with base units', () => {
    const names = ALL.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(
      names.filter((name) => /_(?:ms|milliseconds|minutes|hours|kb|mb|kib|percent)\b/.test(name)),
    ).toEqual([]);
    for (const { name, type, help } of ALL) {
      if (type === 'histogram' && name !== 'gen_ai_client_token_usage') expect(name).toMatch(/_seconds$/);
      expect(help).toMatch(/^[A-Z0-9][^]*\.$/);
    }
  });

  test('nobody can make labels of people, keys or content', () => {
    const labels = new Set(ALL.flatMap((metric) => metric.labels));
    for (const bad of ['user', 'key', 'key_id', 'address', 'ip', 'prompt', 'model', 'path', 'url', 'email'])
      expect(labels).not.toContain(bad);
  });

  it.each([
    ['requests_total', 'counter', []],
    ['bartizan_requests', 'counter', []],
    ['bartizan_requests_total', 'gauge', []],
    ['bartizan_x_seconds', 'gauge', ['Endpoint']],
    ['bartizan_x_seconds', 'gauge', ['le']],
    ['bartizan_x_seconds', 'histogram', []],
  ] as const)('refuses %s as a %s', (name, type, labels) => {
    expect(() => defineMetric({ name, type, labels, help: 'No.' })).toThrow(TypeError);
  });

  test('refuses buckets that do not ascend, and two metrics of one name', () => {
    const histogram = { name: 'bartizan_x_seconds', type: 'histogram', help: 'No.', labels: [] } as const;
    expect(() => defineMetric({ ...histogram, buckets: [1, 1] })).toThrow('ascend');
    const telemetry = bare();
    telemetry.counter(counter('bartizan_a_total', []));
    expect(() => telemetry.counter(counter('bartizan_a_total', ['x']))).toThrow('two metrics');
  });
});

describe('series', () => {
  test('ten thousand users and models make no more series than the limit, and nothing is lost', async () => {
    const telemetry = bare();
    const made = telemetry.counter(counter('bartizan_flood_total', ['endpoint', 'model'], 50));
    for (let index = 0; index < 10_000; index += 1) made.add([`user-${index}`, `model-${index}`]);
    const text = await telemetry.expose();
    const { samples } = parseExposition(text);
    expect(samples.filter(({ name }) => name === 'bartizan_flood_total')).toHaveLength(51);
    expect(total(text, 'bartizan_flood_total')).toBe(10_000);
    expect(total(text, 'bartizan_flood_total', { endpoint: 'other', model: 'other' })).toBe(9_950);
    expect(total(text, 'bartizan_metrics_overflow_total', { metric: 'bartizan_flood_total' })).toBe(9_950);
  });

  test('any label value reads back as it was written, cut to its first 128 characters', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 20 }),
        async (values) => {
          const telemetry = bare();
          const made = telemetry.counter(counter('bartizan_strings_total', ['value']));
          for (const value of values) made.add([value]);
          const { samples } = parseExposition(await telemetry.expose());
          const read = samples.filter(({ name }) => name === 'bartizan_strings_total');
          const expected = new Map<string, number>();
          for (const value of values) expected.set(value, (expected.get(value) ?? 0) + 1);
          expect(read.map(({ labels, value }) => [labels.value, value])).toEqual(
            [...expected].map(([value, count]) => [value.slice(0, 128), count]),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  test('values that differ only behind the cut are one series', async () => {
    const telemetry = bare();
    const made = telemetry.counter(counter('bartizan_long_total', ['value']));
    for (const end of ['a', 'b', 'a']) made.add(['x'.repeat(128) + end]);
    const text = await telemetry.expose();
    expect(total(text, 'bartizan_long_total', { value: 'x'.repeat(128) })).toBe(3);
  });

  test('a histogram holds every observation once, below its bound', async () => {
    const contract = defineMetric({
      name: 'bartizan_h_seconds',
      type: 'histogram',
      help: 'For a test.',
      labels: [],
      buckets: [0.1, 1, 10],
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 1 }),
        async (values) => {
          const telemetry = bare();
          const made = telemetry.histogram(contract);
          for (const value of [...values, Number.NaN, Number.POSITIVE_INFINITY]) made.observe([], value);
          const text = await telemetry.expose();
          for (const [le, bound] of [
            ['0.1', 0.1],
            ['1', 1],
            ['10', 10],
            ['+Inf', Infinity],
          ] as const) {
            const below = values.filter((value) => value <= bound).length;
            expect(total(text, 'bartizan_h_seconds_bucket', { le })).toBe(below);
          }
          expect(total(text, 'bartizan_h_seconds_count')).toBe(values.length);
          expect(total(text, 'bartizan_h_seconds_sum')).toBeCloseTo(
            values.reduce((a, b) => a + b, 0),
            6,
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a counter never goes back', async () => {
    const telemetry = bare();
    const made = telemetry.counter(counter('bartizan_up_total', []));
    made.add([], 5);
    made.add([], -3);
    made.add([], Number.NaN);
    expect(total(await telemetry.expose(), 'bartizan_up_total')).toBe(5);
  });
});

describe('readings', () => {
  const gauge = (name: string) => defineMetric({ name, type: 'gauge', help: 'For a test.', labels: ['of'] });

  test('are made anew at each scrape; one that throws or hangs costs itself and nothing else', async () => {
    const telemetry = bare();
    let round = 0;
    telemetry.watch(gauge('bartizan_good'), async () => [{ labels: [`round-${++round}`], value: round }]);
    telemetry.watch(gauge('bartizan_bad'), () => {
      throw new Error('no');
    });
    telemetry.watch(gauge('bartizan_late'), () => new Promise(() => undefined));
    await telemetry.expose();
    const text = await telemetry.expose();
    const { samples } = parseExposition(text);
    expect(samples.filter(({ name }) => name === 'bartizan_good')).toEqual([
      { name: 'bartizan_good', labels: { of: 'round-2' }, value: 2 },
    ]);
    expect(samples.some(({ name }) => name === 'bartizan_bad' || name === 'bartizan_late')).toBe(false);
    expect(total(text, 'bartizan_metrics_failed_readings_total')).toBe(4);
  });
});

describe('several processes', () => {
  const gauges = { type: 'gauge', help: 'For a test.', labels: [] } as const;
  const oldest = defineMetric({ ...gauges, name: 'bartizan_oldest_seconds', over: 'max' });
  const writable = defineMetric({ ...gauges, name: 'bartizan_writable', over: 'min' });
  const active = defineMetric({ ...gauges, ...spread, name: 'bartizan_active' });
  const done = counter('bartizan_done_total', ['endpoint']);

  function processOf(count: number) {
    const telemetry = createTelemetry({ version: '1.2.3', role: 'gateway' });
    telemetry.counter(done).add(['main'], count);
    telemetry.gauge(oldest).set([], count);
    telemetry.gauge(writable).set([], count > 5 ? 0 : 1);
    telemetry.gauge(active).set([], count);
    telemetry.histogram(GATEWAY_METRICS.duration).observe(['main', 'messages'], 0.2 * count);
    return telemetry;
  }

  test('show as one, each metric by its own rule', async () => {
    const text = await exposeTogether(
      await Promise.all([processOf(2).snapshots(), processOf(7).snapshots()]),
    );
    expect(total(text, 'bartizan_done_total', { endpoint: 'main' })).toBe(9);
    expect(total(text, 'bartizan_active')).toBe(9);
    expect(total(text, 'bartizan_oldest_seconds')).toBe(7);
    expect(total(text, 'bartizan_writable')).toBe(0);
    expect(total(text, 'bartizan_build_info')).toBe(1);
    expect(total(text, 'bartizan_gateway_request_duration_seconds_count')).toBe(2);
    expect(total(text, 'bartizan_gateway_request_duration_seconds_bucket', { le: '0.5' })).toBe(1);
    expect(total(text, 'process_cpu_seconds_total')).toBeGreaterThan(0);
  });

  test('totals stay when one ends, gauges go with it', async () => {
    const [a, b] = await Promise.all([processOf(2).snapshots(), processOf(7).snapshots()]);
    const departed = await withDeparted(await withDeparted([], b), a);
    const text = await exposeTogether([departed, await processOf(1).snapshots()]);
    expect(total(text, 'bartizan_done_total')).toBe(10);
    expect(total(text, 'bartizan_gateway_request_duration_seconds_count')).toBe(3);
    expect(total(text, 'bartizan_active')).toBe(1);
    parseExposition(text);
  });
});
