import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ended, made } from '../cleaning/testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';
import { useKey } from './naming.ts';
import { drawn, graphOf, member, NIGHTLY, runThatRead, search, send, teamNamed, trace } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
  await versionOf(server, 'loans', { 'a.csv': loans(60) }, { batch: 'May' });
  await versionOf(server, 'bad', { 'a.csv': loans(40) }, { batch: 'evil' });
});
afterAll(() => server?.close());

const ours = (name: string) => ({ namespace: 'bartizan', name });
const lake = (name: string) => ({ namespace: 's3://lake', name });
const labels = (nodes: readonly { readonly label: string }[]) => nodes.map(({ label }) => label).toSorted();
/** Everything that a caller is told, as one text. */
const all = async (who: Principal, q: string): Promise<string> =>
  JSON.stringify([await search(server, q, who), await graphOf(server, { limit: 10_000 }, who)]);

describe('a run that somebody told of', () => {
  const mallory: Principal = { ...principalWith(), name: 'Mallory' };
  const runId = randomUUID();
  const job = { namespace: 'nightly', name: 'features' };

  test('is not changed by what others tell of the same id, run or job', async () => {
    const told = { eventType: 'COMPLETE', run: { runId }, job };
    await send(server, { ...told, inputs: [ours('loans@1')], outputs: [lake('features')] });
    const before = await graphOf(server, { node: `run:${runId}` }, NIGHTLY);
    await send(
      server,
      { ...told, eventType: 'FAIL', eventTime: '2027-01-01T00:00:00Z', inputs: [ours('bad@1')] },
      mallory,
    );
    await send(server, { job, inputs: [ours('bad@1')] }, mallory);

    const after = await graphOf(server, { node: `run:${runId}` }, NIGHTLY);
    const named = (lines: string[]) => lines.map((line) => line.replace(' (told by Nightly jobs)', ''));
    expect(named(drawn(after))).toEqual(drawn(before));
    expect(after.root).toBe(before.root);
    // Where two tell of it, it says who.
    expect(after.nodes.find(({ id }) => id === after.root)?.label).toBe('features (told by Nightly jobs)');
    const { rows } = await server.open.pool.query(
      'select state, told_by from data_lineage_runs where run_id = $1 order by told_by',
      [runId],
    );
    expect(rows).toEqual([
      { state: 'FAIL', told_by: 'Mallory' },
      { state: 'COMPLETE', told_by: 'Nightly jobs' },
    ]);
    const origins = await trace(server, `run:${runId}`, NIGHTLY);
    expect(origins.origins.map(({ dataset }) => dataset)).toEqual(['loans']);
    expect(labels((await trace(server, 'bad@1')).reached.datasetVersions)).toEqual([]);
  });

  test('told by several is no one’s by its id alone', async () => {
    await expect(graphOf(server, { node: `run:${runId}` }, principalWith())).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(labels(await search(server, runId))).toEqual([
      'features (told by Mallory)',
      'features (told by Nightly jobs)',
    ]);
    expect(drawn(await graphOf(server, { node: `run:${runId}`, depth: 1 }, mallory))).toContain(
      'bad@1 -read-> features (told by Mallory)',
    );
  });

  test('of the same person by another key is the same', async () => {
    const [id, owner] = [randomUUID(), randomUUID()];
    const key = (): Principal => ({ ...principalWith(), kind: 'key', ownerId: owner });
    await send(server, { eventType: 'START', run: { runId: id }, job, inputs: [lake('one')] }, key());
    await send(server, { eventType: 'COMPLETE', run: { runId: id }, job, outputs: [lake('two')] }, key());
    expect(drawn(await graphOf(server, { node: `run:${id}`, depth: 1 }))).toEqual([
      'features -wrote-> s3://lake/two',
      'nightly/features -run-of-> features',
      's3://lake/one -read-> features',
    ]);
  });

  test('of the registry is spoken for only by those who reach its experiment', async () => {
    const [risk, retail] = [await teamNamed(server, 'risk'), await teamNamed(server, 'retail')];
    const [us, them] = [member(risk), member(retail)];
    const id = await runThatRead(server, 'fit', [{ name: 'loans', digest: '12345678' }]);
    const { rows } = await server.open.pool.query<{ id: string }>(
      `update experiments set team_id = $1 where id = (select experiment_id from runs where id = $2) returning id`,
      [risk, id],
    );
    await send(server, { run: { runId: id }, job, inputs: [ours('bad@1')] }, them);
    await send(server, { run: { runId: id }, job, inputs: [lake('theirs')] }, us);
    // Who looks after all teams speaks for the run to its team, not to everybody.
    await send(server, { run: { runId: id }, job, inputs: [lake('quiet')] });
    // Who is in two teams may name things of the other one.
    await send(server, { run: { runId: id }, job, inputs: [lake('mixed')] }, member(risk, retail));
    const run = await graphOf(server, { node: `run:${id}`, depth: 1 }, us);
    expect(drawn(run).filter((line) => line.includes('-read-> fit'))).toEqual([
      'loans (12345678) -read-> fit',
      's3://lake/quiet -read-> fit',
      's3://lake/theirs -read-> fit',
    ]);
    expect(drawn(await graphOf(server, { node: `run:${id}`, depth: 1 }))).not.toContain('bad@1 -read-> fit');
    expect(drawn(await graphOf(server, { node: `run:${id}`, depth: 1 }))).toContain(
      's3://lake/mixed -read-> fit',
    );
    expect(await all(them, 'quiet')).not.toContain('quiet');
    // Theirs is a run of their own, as of any id that nobody knows.
    expect(drawn(await graphOf(server, { node: `run:${id}`, depth: 1 }, them))).toEqual([
      'bad@1 -read-> features',
      'nightly/features -run-of-> features',
    ]);
    await server.open.pool.query('update experiments set team_id = null where id = $1', [rows[0]?.id]);
  });
});

describe('what people in teams tell', () => {
  const told = (mark: string) => ({
    run: { runId: randomUUID() },
    job: { namespace: mark, name: `${mark}-job` },
    inputs: [lake(`${mark}-in`)],
  });

  test('of one team is seen by that team', async () => {
    const team = await teamNamed(server, 'one');
    await send(server, told('amber'), member(team));
    expect(await all(member(), 'amber')).not.toContain('amber');
    expect(await all(member(await teamNamed(server, 'other')), 'amber')).not.toContain('amber');
    expect(await search(server, 'amber', member(team))).toHaveLength(3);
    expect(await search(server, 'amber')).toHaveLength(3);
  });

  test('of several teams is seen by those who are in all of them', async () => {
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => teamNamed(server, name)));
    const event = told('cobalt');
    await send(server, event, member(a ?? '', b ?? ''));
    for (const outside of [member(), member(a ?? ''), member(b ?? ''), member(b ?? '', c ?? '')]) {
      expect(await all(outside, 'cobalt')).not.toContain('cobalt');
      await expect(graphOf(server, { node: `run:${event.run.runId}` }, outside)).rejects.toMatchObject({
        code: 'not_found',
      });
    }
    const both = member(c ?? '', b ?? '', a ?? '');
    expect(await search(server, 'cobalt', both)).toHaveLength(3);
    expect(drawn(await graphOf(server, { node: `run:${event.run.runId}` }, both))).toHaveLength(2);
  });

  test('by somebody over all teams about data of a team is seen by that team', async () => {
    const team = await teamNamed(server, 'owners');
    await versionOf(server, 'teamds', { 'a.csv': loans(20) }, { teamId: team });
    await send(server, { ...told('jade'), outputs: [ours('teamds@1')] });
    expect(await all(member(), 'jade')).not.toMatch(/jade|teamds/);
    expect(await search(server, 'jade', member(team))).toHaveLength(3);
  });
});

describe('a made-up id of a dataset', () => {
  const idOf = (name: string) => `external-dataset:${useKey({ name, digest: '1', source: '' })}`;

  test('is not there, whatever it says it is called', async () => {
    for (const node of [idOf('Call 555-0100 to unlock'), `${idOf('loans')}=`, 'external-dataset:mlflow.e30'])
      await expect(graphOf(server, { node })).rejects.toMatchObject({ code: 'not_found' });
    await runThatRead(server, 'reader', [{ name: 'somewhere', digest: '1' }]);
    expect((await graphOf(server, { node: idOf('somewhere') })).nodes.map(({ label }) => label)).toContain(
      'somewhere (1)',
    );
    const key: Principal = { ...principalWith(), kind: 'key', endpoints: new Set<string>() };
    await expect(graphOf(server, { node: idOf('somewhere') }, key)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('what runs of OpenLineage made of a version', () => {
  test('is in its blast radius and among the dependants of its quarantine', async () => {
    const { root } = await versionOf(server, 'spill', { 'a.csv': loans(50) });
    await made(server, { dataset: 'spill', root: root ?? '', model: 'spilled' });
    const steps = [
      ['clean', ours('spill@1'), lake('clean/spill')],
      ['join', lake('clean/spill'), lake('joined')],
    ] as const;
    for (const [name, input, output] of steps)
      await send(server, {
        run: { runId: randomUUID() },
        job: { namespace: 'n', name },
        inputs: [input],
        outputs: [output],
      });
    const team = await teamNamed(server, 'spillers');
    await send(
      server,
      { run: { runId: randomUUID() }, job: { namespace: 'n', name: 'private' }, inputs: [ours('spill@1')] },
      member(team, await teamNamed(server, 'spilled')),
    );
    const fit = await runThatRead(server, 'fit on the lake', []);
    await send(server, {
      run: { runId: fit },
      job: { namespace: 'n', name: 'fit' },
      inputs: [lake('joined')],
    });

    const { reached } = await trace(server, 'spill@1');
    expect(reached.datasetVersions.map(({ kind, label }) => `${kind} ${label}`).toSorted()).toEqual([
      'external-dataset s3://lake/clean/spill',
      'external-dataset s3://lake/joined',
    ]);
    const asked = { params: { dataset: 'spill', version: '1' } };
    const body = { selection: { by: 'rows', rows: [3] }, reason: 'these were never lent at all' };
    const begun: { id: string } = await server.call('cleaning.quarantine', { ...asked, body });
    const { dependants } = await ended(server, begun.id);
    const runs = dependants.filter(({ kind }) => kind === 'run');
    expect(labels(runs)).toEqual(['clean', 'fit on the lake', 'join', 'private', 'train']);
    expect(labels(dependants)).toContain('spilled version 1');
    const seen: typeof begun & { dependants: typeof dependants } = await server.call('cleaning.get', {
      params: { id: begun.id },
      principal: member(team),
    });
    expect(labels(seen.dependants.filter(({ kind }) => kind === 'run'))).not.toContain('private');
    const clean = runs.find(({ label }) => label === 'clean');
    expect(drawn(await graphOf(server, { node: `run:${clean?.id}`, depth: 1 }))).toContain(
      'spill@1 -read-> clean',
    );
  });
});
