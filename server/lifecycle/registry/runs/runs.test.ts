import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidv7 } from '../../../kernel/id.ts';
import { DEFAULT_EXPERIMENT_ID } from './migrations.ts';
import type { LoggedMetric } from './model.ts';
import { ADA, keyOf, memberOf, startTracking, type TestTracking } from './testing.ts';

let world: TestTracking;
let serial = 0;
beforeAll(async () => {
  world = await startTracking();
});
afterAll(() => world?.close());

const NONE = { metrics: [], params: [], tags: [] };
const newRun = (experimentId = DEFAULT_EXPERIMENT_ID, caller = ADA) =>
  world.runs.create(caller, {
    experimentId,
    name: undefined,
    userName: 'ada',
    startedAt: undefined,
    tags: [],
  });
const newExperiment = (caller = ADA) =>
  world.experiments.create(caller, { name: `experiment ${serial++}`, tags: [] });
const dataOf = async (id: string) => (await world.runs.dataOf([id])).get(id);
const metric = (key: string, value: number, step = 0, at = 0): LoggedMetric => ({ key, value, step, at });

describe('metrics', () => {
  test('every value is kept as it was, the same point once', async () => {
    const id = await newRun();
    const values = [
      1,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      5e-324,
      1.7976931348623157e308,
    ];
    const metrics = values.map((value, step) => metric('m', value, step));
    await world.runs.logBatch(ADA, id, { ...NONE, metrics });
    await world.runs.logBatch(ADA, id, { ...NONE, metrics });
    const { items, next } = await world.runs.history(ADA, id, { key: 'm', limit: 100 });
    expect(items.map(({ value }) => value)).toEqual(values);
    expect(next).toBeNull();
  });

  test('the latest is of the highest step, then the latest instant, then the largest value', async () => {
    const point = fc.record({
      value: fc.oneof(
        fc.integer({ min: -2, max: 2 }),
        fc.constant(Number.NaN),
        fc.constant(Number.POSITIVE_INFINITY),
      ),
      step: fc.integer({ min: -1, max: 2 }),
      at: fc.integer({ min: 0, max: 2 }),
    });
    const rank = (value: number) => (Number.isNaN(value) ? 0 : value);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(point, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        async (batches) => {
          const id = await newRun();
          for (const batch of batches) {
            await world.runs.logBatch(ADA, id, {
              ...NONE,
              metrics: batch.map((one) => ({ key: 'm', ...one })),
            });
          }
          const [best] = batches
            .flat()
            .toSorted((a, b) => b.step - a.step || b.at - a.at || (rank(a.value) < rank(b.value) ? 1 : -1));
          const latest = (await dataOf(id))?.metrics[0];
          expect(latest).toMatchObject({ step: best?.step, at: best?.at });
          expect(rank(latest?.value ?? -9)).toBe(rank(best?.value ?? -8));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('a history comes in pages', async () => {
    const id = await newRun();
    const metrics = Array.from({ length: 1_000 }, (_, step) => metric('m', step / 2, step, step));
    await world.runs.logBatch(ADA, id, { ...NONE, metrics });
    const steps: number[] = [];
    let token: string | undefined;
    do {
      const page = await world.runs.history(ADA, id, { key: 'm', limit: 333, token });
      steps.push(...page.items.map(({ step }) => step));
      token = page.next ?? undefined;
    } while (token !== undefined);
    expect(steps).toEqual(metrics.map(({ step }) => step));
    const sampled = await world.runs.sampled(ADA, [id], {
      key: 'm',
      from: undefined,
      to: undefined,
      max: 50,
    });
    expect(sampled.length).toBeLessThanOrEqual(60);
    expect([sampled[0]?.step, sampled.at(-1)?.step]).toEqual([0, 999]);
  });

  test('batches together lose nothing', async () => {
    const id = await newRun();
    const batch = (from: number) => ({
      ...NONE,
      metrics: ['b', 'a', 'c'].map((key) => metric(key, from, from, from)),
      tags: [
        { key: 'z', value: 'v' },
        { key: 'a', value: 'v' },
      ],
      params: [
        { key: 'q', value: '1' },
        { key: 'p', value: '2' },
      ],
    });
    await Promise.all(Array.from({ length: 12 }, (_, from) => world.runs.logBatch(ADA, id, batch(from))));
    const data = await dataOf(id);
    expect(data?.metrics.map(({ key, step }) => [key, step])).toEqual([
      ['a', 11],
      ['b', 11],
      ['c', 11],
    ]);
    expect((await world.runs.history(ADA, id, { key: 'a', limit: 100 })).items).toHaveLength(12);
  });
});

describe('what is logged keeps to the limits of MLflow', () => {
  const of = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));

  test.each([
    ['1,001 metrics', { ...NONE, metrics: Array.from({ length: 1_001 }, (_, step) => metric('m', 1, step)) }],
    ['101 params', { ...NONE, params: of(101) }],
    ['101 tags', { ...NONE, tags: of(101) }],
    [
      '1,001 entities',
      { ...NONE, metrics: Array.from({ length: 950 }, (_, step) => metric('m', 1, step)), tags: of(51) },
    ],
    ['a long param', { ...NONE, params: [{ key: 'p', value: 'x'.repeat(6_001) }] }],
    ['a long tag', { ...NONE, tags: [{ key: 't', value: 'x'.repeat(8_001) }] }],
    ['a long key', { ...NONE, tags: [{ key: 't'.repeat(251), value: '' }] }],
    ['an empty key', { ...NONE, params: [{ key: '', value: '' }] }],
    ['a name that climbs', { ...NONE, params: [{ key: '../p', value: '' }] }],
    ['an absolute name', { ...NONE, metrics: [metric('/m', 1)] }],
    ['a name with a control character', { ...NONE, metrics: [metric('m\n', 1)] }],
    ['an instant before time', { ...NONE, metrics: [metric('m', 1, 0, -1)] }],
  ])('%s', async (_, batch) => {
    const id = await newRun();
    await expect(world.runs.logBatch(ADA, id, batch)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(await dataOf(id)).toMatchObject({ metrics: [], params: [] });
  });

  test('as many as are allowed are taken', async () => {
    const id = await newRun();
    const metrics = Array.from({ length: 800 }, (_, step) => metric('m', 1, step));
    await world.runs.logBatch(ADA, id, { metrics, params: of(100), tags: of(100) });
    expect((await dataOf(id))?.params).toHaveLength(100);
  });

  test('a param is logged once, and a refused batch leaves nothing', async () => {
    const id = await newRun();
    const log = (value: string, other = 'o') =>
      world.runs.logBatch(ADA, id, {
        ...NONE,
        params: [
          { key: other, value: '1' },
          { key: 'p', value },
        ],
      });
    await log('1');
    await log('1');
    await expect(log('2', 'new')).rejects.toThrow(/Changing param values is not allowed/);
    expect((await dataOf(id))?.params).toEqual([
      { key: 'o', value: '1' },
      { key: 'p', value: '1' },
    ]);
  });
});

describe('experiments and runs', () => {
  test('are deleted and restored together, but not what was deleted before', async () => {
    const experiment = await newExperiment();
    const [kept, gone] = [await newRun(experiment), await newRun(experiment)];
    await world.runs.remove(ADA, gone);
    await world.experiments.remove(ADA, experiment);
    await expect(newRun(experiment)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(world.runs.logBatch(ADA, kept, NONE)).rejects.toThrow(/was deleted/);
    await expect(world.runs.restore(ADA, kept)).rejects.toThrow(/experiment/);
    await world.experiments.restore(ADA, experiment);
    expect((await world.runs.get(ADA, kept)).deletedAt).toBeNull();
    expect((await world.runs.get(ADA, gone)).deletedAt).not.toBeNull();
    const actions = (await world.audited()).filter(({ subject }) => subject.endsWith(experiment));
    expect(actions.map(({ action }) => action)).toEqual([
      'experiments.created',
      'experiments.deleted',
      'experiments.restored',
    ]);
  });

  test('the default one stays, and names are unique', async () => {
    await expect(world.experiments.remove(ADA, DEFAULT_EXPERIMENT_ID)).rejects.toMatchObject({
      code: 'invalid_input',
    });
    await expect(world.experiments.create(ADA, { name: 'Default', tags: [] })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('nothing of another team is there', async () => {
    const [ours, theirs] = [await world.team(), await world.team()];
    const experiment = await newExperiment(keyOf(ours));
    const run = await newRun(experiment, keyOf(ours));
    const stranger = memberOf(theirs);
    const absent = { code: 'not_found' };
    await expect(world.experiments.get(stranger, experiment)).rejects.toMatchObject(absent);
    await expect(world.runs.get(stranger, run)).rejects.toMatchObject(absent);
    await expect(world.runs.logBatch(stranger, run, NONE)).rejects.toMatchObject(absent);
    await expect(world.runs.remove(stranger, run)).rejects.toMatchObject(absent);
    await expect(world.runs.history(stranger, run, { key: 'm', limit: 1 })).rejects.toMatchObject(absent);
    await expect(newRun(experiment, stranger)).rejects.toMatchObject(absent);
    await expect(world.experiments.remove(stranger, experiment)).rejects.toMatchObject(absent);
    const search = { kept: 'all', limit: 500 } as const;
    const found = await world.runs.search(stranger, { ...search, experimentIds: [experiment] });
    expect(found.items).toEqual([]);
    const named = await world.experiments.search(stranger, search);
    expect(named.items.map(({ id }) => id)).not.toContain(experiment);
    expect((await world.runs.get(memberOf(ours), run)).teamId).toBe(ours);
    expect((await world.runNames(stranger, [run])).size).toBe(0);
    expect((await world.runNames(ADA, [run, 'no id'])).size).toBe(1);
  });

  test('a key for some endpoints reaches none of it', async () => {
    const key = { ...keyOf(), teams: '*' as const, endpoints: new Set([uuidv7(1)]) };
    const run = await newRun();
    await expect(world.runs.get(key, run)).rejects.toMatchObject({ code: 'not_found' });
    await expect(newRun(DEFAULT_EXPERIMENT_ID, key)).rejects.toMatchObject({ code: 'not_found' });
    await expect(newExperiment(key)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await world.experiments.search(key, { kept: 'all', limit: 10 })).items).toEqual([]);
  });
});

describe('searching runs', () => {
  test('compares what was logged', async () => {
    const experiment = await newExperiment();
    const make = async (name: string, accuracy: number, tags: Record<string, string> = {}) => {
      const id = await world.runs.create(ADA, {
        experimentId: experiment,
        name,
        userName: 'ada',
        startedAt: undefined,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      });
      await world.runs.logBatch(ADA, id, {
        ...NONE,
        metrics: [metric('accuracy', accuracy)],
        params: [{ key: 'depth', value: name }],
      });
      return id;
    };
    await make('a', 0.5, { 'a.b': 'xyz' });
    await make('b', 0.9);
    await make('c', Number.NaN, { 'a.b': 'XYZ' });
    await make('d', Number.POSITIVE_INFINITY);
    const last = await newRun(experiment);
    await world.runs.update(ADA, last, { name: 'e', status: 'finished', endedAt: 5 });
    await world.runs.logInputs(
      ADA,
      last,
      [
        {
          name: 'iris',
          digest: 'd1',
          sourceType: 'local',
          source: '{}',
          schema: null,
          profile: null,
          tags: [{ key: 'mlflow.data.context', value: 'training' }],
        },
      ],
      [],
    );
    const names = async (filter: string, orderBy: string[] = ['run_name asc']) =>
      (
        await world.runs.search(ADA, {
          experimentIds: [experiment],
          filter,
          orderBy,
          kept: 'active',
          limit: 50,
        })
      ).items
        .map(({ name }) => name)
        .join('');
    expect(await names('metrics.accuracy > 0.4')).toBe('abd');
    expect(await names('metrics.accuracy <= 0.9')).toBe('ab');
    expect(await names("params.depth IN ('a', 'b')")).toBe('ab');
    expect(await names("tags.`a.b` LIKE 'xy%'")).toBe('a');
    expect(await names("tags.`a.b` ILIKE 'xy%'")).toBe('ac');
    expect(await names("tags.`a.b` LIKE 'x\\%'")).toBe('');
    expect(await names('tags.`a.b` IS NULL')).toBe('bde');
    expect(await names("tags.`a.b` != 'xyz'")).toBe('c');
    expect(await names("status = 'FINISHED' and end_time = 5")).toBe('e');
    expect(await names("dataset.name = 'iris' AND dataset.context = 'training'")).toBe('e');
    expect(await names('', ['metrics.accuracy DESC'])).toBe('dbace');
    expect(await names('', ['metrics.accuracy ASC'])).toBe('abdce');
    expect(await names("params.depth = 'a\0'")).toBe('');
    const pages: string[] = [];
    let token: string | undefined;
    do {
      const asked = {
        experimentIds: [experiment],
        filter: '',
        orderBy: ['run_name'],
        kept: 'active',
        limit: 2,
      } as const;
      const page = await world.runs.search(ADA, { ...asked, token });
      pages.push(page.items.map(({ name }) => name).join(''));
      token = page.next ?? undefined;
    } while (token !== undefined);
    expect(pages).toEqual(['ab', 'cd', 'e']);
  });
});

test('descriptions of models are kept in one tag, the newest of them', async () => {
  const id = await newRun();
  const key = 'mlflow.log-model.history';
  for (const n of [1, 2, 3])
    await world.runs.appendToTag(ADA, id, { key, entry: { n, text: "it's" }, max: 2 });
  const tag = (await dataOf(id))?.tags.find((one) => one.key === key);
  expect(JSON.parse(tag?.value ?? '')).toMatchObject([{ n: 2 }, { n: 3 }]);
});

describe('datasets', () => {
  test('are told once, and their first description counts', async () => {
    const told: unknown[] = [];
    const off = world.events.on('dataset.logged', (event) => void told.push(event));
    const experiment = await newExperiment();
    const [first, second] = [await newRun(experiment), await newRun(experiment)];
    const dataset = {
      name: 'd',
      digest: 'x',
      sourceType: 'local',
      source: 'first',
      schema: null,
      profile: null,
      tags: [],
    };
    await world.runs.logInputs(ADA, first, [dataset], []);
    await world.runs.logInputs(ADA, first, [dataset], []);
    await world.runs.logInputs(ADA, second, [{ ...dataset, source: 'rewritten' }], []);
    off();
    expect(told).toEqual([first, second].map((runId) => ({ runId, name: 'd', digest: 'x', context: '' })));
    expect((await world.runs.linksOf([second])).get(second)?.datasets[0]?.source).toBe('first');
    expect(await world.runs.datasets(ADA, [experiment])).toHaveLength(1);
    expect(await world.runs.datasets(memberOf(), [experiment])).toHaveLength(1);
  });
});

describe('logged models', () => {
  const newModel = (experimentId: string, caller = ADA) =>
    world.loggedModels.create(caller, {
      experimentId,
      sourceRunId: undefined,
      name: 'm',
      type: '',
      params: [{ key: 'p', value: '1' }],
      tags: [],
    });

  test('keep metrics by run and dataset, and are found by them', async () => {
    const experiment = await newExperiment();
    const [model, other, run] = [
      await newModel(experiment),
      await newModel(experiment),
      await newRun(experiment),
    ];
    const on = { datasetName: 'd', datasetDigest: 'x' };
    const metrics = [
      { ...metric('a', 0.9), modelId: model, ...on },
      { ...metric('a', 0.1), modelId: other },
    ];
    await world.runs.logBatch(ADA, run, { ...NONE, metrics });
    const find = async (filter: string, datasets: { name: string }[] = []) =>
      (
        await world.loggedModels.search(ADA, { experimentIds: [experiment], filter, datasets, limit: 10 })
      ).items.map(({ id }) => id);
    expect(await find('metrics.a > 0.5')).toEqual([model]);
    expect(await find("params.p = '1'")).toHaveLength(2);
    expect(await find('', [{ name: 'd' }])).toEqual([model]);
    expect((await world.loggedModels.dataOf([model])).get(model)?.metrics[0]).toMatchObject({
      runId: run,
      ...on,
    });
  });

  test('of another team cannot be measured, linked or read', async () => {
    const [ours, theirs] = [await world.team(), await world.team()];
    const model = await newModel(await newExperiment(keyOf(ours)), keyOf(ours));
    const stranger = keyOf(theirs);
    const run = await newRun(await newExperiment(stranger), stranger);
    const absent = { code: 'not_found' };
    await expect(world.loggedModels.get(stranger, model)).rejects.toMatchObject(absent);
    const metrics = [{ ...metric('a', 1), modelId: model }];
    await expect(world.runs.logBatch(stranger, run, { ...NONE, metrics })).rejects.toMatchObject(absent);
    await expect(world.runs.logOutputs(stranger, run, [{ modelId: model, step: 0 }])).rejects.toMatchObject(
      absent,
    );
    await expect(
      world.runs.logInputs(stranger, run, [], [{ modelId: model, step: null }]),
    ).rejects.toMatchObject(absent);
    await expect(world.loggedModels.finalize(stranger, model, 'ready')).rejects.toMatchObject(absent);
  });
});
