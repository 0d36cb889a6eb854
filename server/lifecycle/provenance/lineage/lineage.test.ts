import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { principalWith, sampleRecord, shipBody, startTestServer, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';
import { chain, drawn, graphOf, member, runThatRead, search, send, teamNamed, trace } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let server: TestServer;
let made: Awaited<ReturnType<typeof chain>>;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  made = await chain(server);
});
afterAll(() => server?.close());

const ALL = [
  'Bureau -collected-from-> credit/November',
  'Bureau -collected-from-> credit/October',
  'credit/November -brought-in-> credit@2',
  'credit/October -brought-in-> credit@1',
  'credit@1 -derived-from-> credit@2',
  'credit@2 -read-> train',
  'score -uses-> Lending',
  'scorer@1 -serves-> score',
  'scorer@1 -uses-> Lending',
  'train -made-by-> scorer@1',
];

describe('the graph', () => {
  test('goes from a source to a system, whatever it is looked at from', async () => {
    const source = await graphOf(server, { node: `source:${made.source.id}` });
    expect(drawn(source)).toEqual(ALL);
    expect(source).toMatchObject({ root: `source:${made.source.id}`, truncated: false, hidden: 0 });
    const system = await graphOf(server, { node: `system:${made.system.id}` });
    expect(drawn(system)).toEqual(ALL);
    const distances = new Map(system.nodes.map(({ label, distance }) => [label, distance]));
    expect(distances.get('Lending')).toBe(0);
    expect(distances.get('Bureau')).toBe(-5);
    expect(drawn(await graphOf(server))).toEqual(expect.arrayContaining(ALL));
  });

  test('keeps to its direction, depth and number', async () => {
    const node = `dataset-version:${made.second.id}`;
    expect(drawn(await graphOf(server, { node, direction: 'uses', depth: 2 }))).toEqual([
      'credit@2 -read-> train',
      'train -made-by-> scorer@1',
    ]);
    expect(await graphOf(server, { node, direction: 'uses', depth: 2 })).toMatchObject({ truncated: true });
    expect(drawn(await graphOf(server, { node, direction: 'origins' }))).toEqual(ALL.slice(0, 5));
    const few = await graphOf(server, { node, limit: 3 });
    expect(few.nodes).toHaveLength(3);
    expect(few.truncated).toBe(true);
  });

  test('is searched by name', async () => {
    const labels = async (text: string) => (await search(server, text)).map(({ label }) => label).toSorted();
    expect(await labels('credit')).toEqual(['credit/November', 'credit/October', 'credit@1', 'credit@2']);
    expect(await labels('SCORE')).toEqual(['score', 'scorer@1']);
    expect(await labels('lend')).toEqual(['Lending']);
    expect(await labels('%')).toEqual([]);
  });

  test('says what cannot be asked', async () => {
    for (const node of ['nonsense', 'planet:earth', `record:${randomUUID()}`])
      await expect(graphOf(server, { node })).rejects.toMatchObject({ code: 'invalid_input' });
    for (const node of [`source:${randomUUID()}`, 'source:x', 'batch:x', 'external-dataset:x'])
      await expect(graphOf(server, { node })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('what MLflow runs say', () => {
  const readBy = async (name: string) =>
    drawn(await graphOf(server, { node: `dataset-version:${made.second.id}`, direction: 'uses' })).some(
      (line) => line === `credit@2 -read-> ${name}`,
    );

  test('is matched by digest or address, and by nothing less', async () => {
    const root = made.second.root ?? '';
    await runThatRead(server, 'by address', [
      { name: 'x', digest: '1', source: '{"uri": "bartizan://datasets/credit/versions/2"}' },
    ]);
    await runThatRead(server, 'by eight', [{ name: 'credit', digest: root.slice(0, 8) }]);
    await runThatRead(server, 'by seven', [{ name: 'credit', digest: root.slice(0, 7) }]);
    await runThatRead(server, 'other name', [{ name: 'debit', digest: root.slice(0, 12) }]);
    expect(await readBy('by address')).toBe(true);
    expect(await readBy('by eight')).toBe(true);
    expect(await readBy('by seven')).toBe(false);
    expect(await readBy('other name')).toBe(false);
    const [unknown] = (await graphOf(server, { limit: 1_000 })).nodes.filter(({ label }) =>
      label.startsWith('debit'),
    );
    expect(unknown?.kind).toBe('external-dataset');
    const from = await graphOf(server, { node: unknown?.id ?? '' });
    expect(drawn(from)).toEqual([`${unknown?.label} -read-> other name`]);
  });

  test('is found by the name of a dataset that only runs know, by those who may see one of them', async () => {
    const team = await teamNamed(server, 'Pricing');
    await runThatRead(server, 'of nobody', [{ name: 'quotes-of-2025', digest: '77' }]);
    const [open] = await search(server, 'QUOTES-of');
    expect(open).toMatchObject({ kind: 'external-dataset', hidden: false });
    expect(drawn(await graphOf(server, { node: open?.id ?? '' }))).toEqual([
      `${open?.label} -read-> of nobody`,
    ]);
    const hidden = await runThatRead(server, 'of a team', [{ name: 'quotes-of-2026', digest: '78' }]);
    await server.open.pool.query(
      `with theirs as (insert into experiments (id, name, team_id, created_by, created_at, updated_at)
          values (gen_random_uuid(), 'pricing', $1, 'Ada', 0, 0) returning id)
        update runs set experiment_id = (select id from theirs) where id = $2`,
      [team, hidden],
    );
    expect(await search(server, 'quotes-of', member())).toHaveLength(1);
    expect(await search(server, 'quotes-of', member(team))).toHaveLength(2);
  });
});

describe('OpenLineage', () => {
  const job = { namespace: 'airflow', name: 'nightly.clean' };

  test('events draw jobs, runs and datasets; the same event again changes nothing; order does not matter', async () => {
    const runId = randomUUID();
    const raw = { namespace: 's3://lake', name: 'raw/loans' };
    const ours = { namespace: 'bartizan', name: 'credit', facets: { version: { datasetVersion: '1' } } };
    const complete = {
      eventType: 'COMPLETE',
      eventTime: '2026-11-21T11:00:00Z',
      run: { runId },
      job,
      inputs: [raw],
      outputs: [ours],
    };
    await send(server, complete);
    await send(server, complete);
    await send(server, { eventType: 'START', run: { runId }, job, inputs: [], outputs: [] });
    const found = await graphOf(server, { node: `run:${runId}`, direction: 'both', depth: 1 });
    expect(drawn(found)).toEqual([
      'airflow/nightly.clean -run-of-> nightly.clean',
      'nightly.clean -wrote-> credit@1',
      's3://lake/raw/loans -read-> nightly.clean',
    ]);
    const { rows } = await server.open.pool.query(
      'select state, at from data_lineage_runs where run_id = $1',
      [runId],
    );
    expect(rows).toEqual([{ state: 'COMPLETE', at: Date.parse('2026-11-21T10:00:00Z') }]);
    const kept = await server.open.pool.query(
      `select count(*)::int as n from data_lineage_events where body like $1`,
      [`%${runId}%`],
    );
    expect(kept.rows).toEqual([{ n: 2 }]);
  });

  test.each([
    ['a number', { namespace: 'file', name: 'credit', facets: { version: { datasetVersion: '2' } } }],
    ['an address', { namespace: 'bartizan://datasets', name: 'credit/versions/2' }],
    ['an address in one', { namespace: 'bartizan', name: 'datasets/credit/versions/2' }],
    ['a name with its number', { namespace: 'bartizan', name: 'credit@2' }],
    [
      'a symlink',
      {
        namespace: 'hive://h',
        name: 'db.t',
        facets: { symlinks: { identifiers: [{ namespace: 'bartizan', name: 'credit@2', type: 'TABLE' }] } },
      },
    ],
  ])('names a version by %s', async (how, dataset) => {
    const runId = randomUUID();
    await send(server, { run: { runId }, job: { ...job, name: how }, inputs: [dataset] });
    expect(drawn(await graphOf(server, { node: `run:${runId}`, direction: 'origins', depth: 1 }))).toContain(
      `credit@2 -read-> ${how}`,
    );
    expect(
      drawn(
        await graphOf(server, { node: `dataset-version:${made.second.id}`, direction: 'uses', depth: 1 }),
      ),
    ).toContain(`credit@2 -read-> ${how}`);
  });

  test('names a version by twelve digits of its root, and not by eleven', async () => {
    for (const digits of [12, 11]) {
      const runId = randomUUID();
      const datasetVersion = (made.second.root ?? '').slice(0, digits);
      await send(server, {
        run: { runId },
        job,
        inputs: [{ namespace: 'x', name: 'credit', facets: { version: { datasetVersion } } }],
      });
      const { nodes } = await graphOf(server, { node: `run:${runId}`, direction: 'origins', depth: 1 });
      expect(nodes.some(({ label }) => label === 'credit@2')).toBe(digits === 12);
    }
  });

  test('of a run that MLflow logged is the same run', async () => {
    await send(server, {
      eventType: 'RUNNING',
      run: { runId: made.runId },
      job,
      inputs: [{ namespace: 'kafka', name: 'topic' }],
    });
    expect(
      drawn(await graphOf(server, { node: `run:${made.runId}`, direction: 'origins', depth: 1 })),
    ).toEqual([
      'airflow/nightly.clean -run-of-> train',
      'credit@2 -read-> train',
      'kafka/topic -read-> train',
    ]);
  });

  test('of jobs and datasets without a run are taken', async () => {
    await send(server, {
      job: { namespace: 'dbt', name: 'model' },
      inputs: [{ namespace: 'a', name: 'in' }],
      outputs: [{ namespace: 'a', name: 'out' }],
    });
    await send(server, { dataset: { namespace: 'a', name: 'alone' } });
    const [at] = await search(server, 'dbt/model');
    expect(drawn(await graphOf(server, { node: at?.id ?? '' }))).toEqual([
      'a/in -read-> dbt/model',
      'dbt/model -wrote-> a/out',
    ]);
    expect(await search(server, 'a/alone')).toHaveLength(1);
  });

  test('may go in circles', async () => {
    const [a, b] = [
      { namespace: 'loop', name: 'a' },
      { namespace: 'loop', name: 'b' },
    ];
    await send(server, { job: { namespace: 'loop', name: 'to' }, inputs: [a], outputs: [b] });
    await send(server, { job: { namespace: 'loop', name: 'fro' }, inputs: [b], outputs: [a] });
    const [at] = await search(server, 'loop/a');
    const found = await graphOf(server, { node: at?.id ?? '', depth: 100 });
    expect(found.nodes).toHaveLength(4);
    expect(found.edges).toHaveLength(4);
  });

  let deep: unknown = 'end';
  for (let level = 0; level < 100; level += 1) deep = { deep };
  const run = { runId: randomUUID() };
  test.each([
    ['facets that are too deep', { job, run: { ...run, facets: { deep } } }, /nested deeper/],
    ['a run without a job', { run }, /job/],
    ['a run id that is none', { run: { runId: 'seven' }, job }, /runId/],
    ['a type that is none', { run, job, eventType: 'EXPLODE' }, /eventType/],
    ['inputs that are no list', { run, job, inputs: { 0: {} } }, /inputs/],
    ['a dataset without a name', { run, job, inputs: [{ namespace: 'x' }] }, /inputs\.0\.name/],
    ['a name that is no text', { run, job: { namespace: 'x', name: 7 } }, /job\.name/],
    ['a name with a NUL', { run, job: { namespace: 'x', name: 'a\0b' } }, /job\.name/],
    ['a name that is endless', { run, job: { namespace: 'x', name: 'n'.repeat(2_001) } }, /longer/],
    ['no time', { run, job, eventTime: 'yesterday' }, /eventTime/],
    ['nothing', {}, /neither/],
    [
      'too many datasets',
      { run, job, inputs: Array.from({ length: 5_001 }, () => ({ namespace: 'x', name: 'y' })) },
      /more than/,
    ],
    ['too many values', { run: { ...run, facets: { f: Array(250_000).fill(1) } }, job }, /more than/],
    ['a list', { run: [run], job }, /run/],
  ])('is refused with %s', async (_, fields, message) => {
    await expect(send(server, fields)).rejects.toThrow(message);
  });

  test('facets of any shape say nothing and break nothing', async () => {
    for (const facets of [
      7,
      [],
      { version: 'x', symlinks: 3 },
      { version: { datasetVersion: 9 }, symlinks: { identifiers: [null, 4, {}] } },
    ])
      await send(server, {
        run: { runId: randomUUID() },
        job,
        inputs: [{ namespace: 'x', name: 'odd', facets }],
      });
    expect(await search(server, 'x/odd')).toHaveLength(1);
  });
});

describe('what one owner sends', () => {
  test('is bounded by the hour, over all their keys', async () => {
    const owner = randomUUID();
    const key = () => ({ ...principalWith(), kind: 'key' as const, ownerId: owner });
    const lone = { dataset: { namespace: 'quota', name: 'one' } };
    await send(server, lone, key());
    await server.open.pool.query('update data_lineage_sent set events = 100000 where owner_id = $1', [owner]);
    await expect(send(server, { dataset: { namespace: 'quota', name: 'two' } }, key())).rejects.toMatchObject(
      {
        code: 'too_many_requests',
      },
    );
    expect(await search(server, 'quota/')).toHaveLength(1);
    await send(server, { dataset: { namespace: 'quota', name: 'three' } });
  });
});

describe('teams', () => {
  test('see what others have only as something without a name, and learn nothing by naming it', async () => {
    const [risk, retail] = [await teamNamed(server, 'risk'), await teamNamed(server, 'retail')];
    const us = member(risk);
    const them = { ...member(retail), kind: 'key' as const };
    const secret = await versionOf(server, 'secret', { 'a.csv': loans(40) }, { teamId: risk, batch: 'x' });
    await server
      .call('mlflow.experiments.create', { body: { name: 'quiet', tags: [] } })
      .catch(() => undefined);
    const theirRun = randomUUID();
    for (const name of ['secret@1', 'unheard@1'])
      await send(
        server,
        {
          run: { runId: theirRun },
          job: { namespace: 'j', name: 'k' },
          inputs: [{ namespace: 'bartizan', name }],
        },
        them,
      );
    const theirs = await graphOf(server, { node: `run:${theirRun}` }, them);
    // One that is there and one that is not look alike.
    expect(drawn(theirs)).toEqual([
      'bartizan/secret@1 -read-> k',
      'bartizan/unheard@1 -read-> k',
      'j/k -run-of-> k',
    ]);
    expect(theirs.hidden).toBe(0);
    // And what others say of it is not ours.
    const node = `dataset-version:${secret.id}`;
    expect((await graphOf(server, { node }, us)).nodes.map(({ label }) => label).toSorted()).toEqual([
      'secret/x',
      'secret@1',
    ]);
    await expect(graphOf(server, { node }, them)).rejects.toMatchObject({ code: 'not_found' });
    await expect(trace(server, 'secret@1', them)).rejects.toMatchObject({ code: 'not_found' });
    await expect(trace(server, 'batch:secret/x', them)).rejects.toMatchObject({ code: 'not_found' });
    expect(await search(server, 'secret', them)).toMatchObject([{ kind: 'external-dataset' }]);
    expect((await graphOf(server, { limit: 10_000 }, them)).nodes.map(({ label }) => label)).not.toContain(
      'secret@1',
    );
  });

  test('are told that something of others used theirs, not what', async () => {
    const team = await teamNamed(server, 'lab');
    await server.open.pool.query('update models set team_id = $1 where id = $2', [team, made.model.id]);
    const outsider = member(await teamNamed(server, 'elsewhere'));
    const found = await graphOf(
      server,
      { node: `dataset-version:${made.second.id}`, direction: 'uses' },
      outsider,
    );
    const hidden = found.nodes.filter((node) => node.hidden);
    expect(hidden).toMatchObject([{ kind: 'model-version', label: '', ref: null, version: null, at: null }]);
    expect(hidden[0]?.id).toBe('model-version:hidden-1');
    expect(found.hidden).toBe(1);
    expect(JSON.stringify(found)).not.toContain(made.version.id);
    await server.open.pool.query('update models set team_id = null where id = $1', [made.model.id]);
  });

  test('keys of endpoints reach none of it', async () => {
    const key = { ...principalWith(), kind: 'key' as const, endpoints: new Set([made.endpoint.id]) };
    await expect(graphOf(server, { node: `source:${made.source.id}` }, key)).rejects.toMatchObject({
      code: 'not_found',
    });
    expect((await graphOf(server, {}, key)).nodes).toEqual([]);
    await expect(trace(server, 'credit@1', key)).rejects.toMatchObject({ code: 'not_found' });
    await expect(send(server, { dataset: { namespace: 'a', name: 'b' } }, key)).rejects.toMatchObject({
      code: 'forbidden',
    });
  });
});

describe('a trace', () => {
  const reached = ({ reached: to }: Awaited<ReturnType<typeof trace>>) =>
    [to.datasetVersions, to.runs, to.modelVersions, to.endpoints, to.systems].map((nodes) =>
      nodes.map(({ label }) => label).filter((label) => !/^(?:by |other)/.test(label)),
    );

  test('of a record names the batch and source that brought it in, and what it reached', async () => {
    const old = await trace(server, 'credit@2#7');
    expect(old.subject).toMatchObject({ kind: 'record', label: 'credit@2#7' });
    expect(old.origins).toMatchObject([
      { dataset: 'credit', version: 1, batch: 'October', source: 'Bureau', records: 200 },
    ]);
    expect(reached(old)[0]?.toSorted()).toEqual(['credit@1', 'credit@2']);
    const fresh = await trace(server, 'credit@2#250');
    expect(fresh.origins).toMatchObject([{ version: 2, batch: 'November', records: 100 }]);
    expect(reached(fresh)[0]).toEqual(['credit@2']);
    expect(reached(fresh).slice(2)).toEqual([['scorer@1'], ['score'], ['Lending']]);
    await expect(trace(server, 'credit@2#300')).rejects.toThrow(/0 to 299/);
  });

  test('of a model, endpoint or run finds the batches behind it', async () => {
    for (const subject of [
      'model:scorer@1',
      'endpoint:score',
      `run:${made.runId}`,
      `run:${made.runId.replaceAll('-', '')}`,
    ]) {
      const found = await trace(server, subject);
      const behind = found.origins.map(({ batch, records, version }) => [batch, records, version]);
      expect([subject, behind.toSorted()]).toEqual([
        subject,
        [
          ['November', 100, 2],
          ['October', 200, 2],
        ],
      ]);
    }
  });

  test('of a batch or source follows its records only', async () => {
    const november = await trace(server, 'batch:credit/November');
    expect(reached(november)[0]).toEqual(['credit@2']);
    expect(november.origins).toMatchObject([{ batch: 'November', records: 100 }]);
    const source = await trace(server, 'source:bureau');
    expect(reached(source)[0]?.toSorted()).toEqual(['credit@1', 'credit@2']);
    expect(reached(source).slice(2)).toEqual([['scorer@1'], ['score'], ['Lending']]);
    // A version from which the batch is gone holds nothing of it.
    await versionOf(server, 'credit', { 'a.csv': loans(200) }, { source: 'Bureau', batch: 'cleaned' });
    expect(reached(await trace(server, 'batch:credit/November'))[0]).toEqual(['credit@2']);
    expect(reached(await trace(server, 'batch:credit/October'))[0]?.toSorted()).toEqual([
      'credit@1',
      'credit@2',
      'credit@3',
    ]);
  });

  test('tells which batch the newest scan suspects most, and its worst rows', async () => {
    const { pool } = server.open;
    const done = `select id from data_scans where version_id = $1 and state = 'done'`;
    await vi.waitFor(async () => expect((await pool.query(done, [made.second.id])).rows).toHaveLength(1), {
      timeout: 100_000,
      interval: 200,
    });
    const scan = (await pool.query(done, [made.second.id])).rows[0].id as string;
    await pool.query('delete from data_scan_records where scan_id = $1', [scan]);
    // 20 of the 100 rows of November, and 4 of the 200 of October.
    await pool.query(
      `insert into data_scan_records (scan_id, rank, row, score, checks, reasons)
        select $1, n, case when n < 20 then 299 - n else n end, 1 - n / 100.0, '{labels}',
          '[{"check":"labels","message":"label disagrees with its neighbours"}]' from generate_series(0, 23) n`,
      [scan],
    );
    const { origins } = await trace(server, 'endpoint:score');
    expect(origins.map(({ batch, suspected, records }) => [batch, suspected, records])).toEqual([
      ['November', 20, 100],
      ['October', 4, 200],
    ]);
    expect(origins[0]?.lift).toBeCloseTo(10, 10);
    expect(origins[1]?.lift).toBeCloseTo(0.1, 10);
    expect(origins[0]?.rows).toHaveLength(10);
    expect(origins[0]?.rows[0]).toEqual({
      row: 299,
      score: 1,
      reason: 'label disagrees with its neighbours',
    });
    const [of] = (await trace(server, 'credit@2#299')).origins;
    expect(of).toMatchObject({ batch: 'November', rows: [{ row: 299, score: 1 }] });
    expect((await trace(server, 'credit@2#201')).origins[0]?.rows).toEqual([]);
    expect(
      (await trace(server, 'batch:credit/November')).origins.find(({ version }) => version === 2),
    ).toMatchObject({
      suspected: 20,
    });
  });

  test('of an interaction goes over the endpoint to the data; requests are counted', async () => {
    const record = sampleRecord({ endpointId: made.endpoint.id, endpointSlug: 'score' });
    await server.call('gateway.ship', { body: shipBody([record]) });
    const found = await trace(server, `interaction:${record.id}`);
    expect(found.subject).toMatchObject({ kind: 'interaction', id: `interaction:${record.id}` });
    expect(found.origins.map(({ batch }) => batch).toSorted()).toEqual(['November', 'October']);
    expect(reached(found).slice(3)).toEqual([['score'], ['Lending']]);
    expect((await trace(server, 'credit@2')).reached.interactions).toBe(1);
    await expect(trace(server, `interaction:${randomUUID()}`)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('tells what is no subject, and what is not there', async () => {
    for (const subject of [
      'credit',
      'credit@x',
      'credit@2#x',
      'batch:credit',
      'model:scorer',
      'run:7',
      'source:',
      'interaction:9',
      '@1',
      'credit@0',
    ])
      await expect([
        subject,
        await trace(server, subject).then(
          () => 'found',
          ({ code }) => code,
        ),
      ]).toEqual([subject, 'invalid_input']);
    for (const subject of [
      'nothing@1',
      'credit@99',
      'batch:credit/None',
      'model:scorer@9',
      'source:Nobody',
      'endpoint:none',
      `run:${randomUUID()}`,
    ])
      await expect([
        subject,
        await trace(server, subject).then(
          () => 'found',
          ({ code }) => code,
        ),
      ]).toEqual([subject, 'not_found']);
  });
});
