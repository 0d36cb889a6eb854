import type { DatasetVersionSummary, Source } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { loans, versionOf } from '../datasets/testing.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const person = (id: string, name: string): Principal => ({ ...principalWith(), id, ownerId: id, name });
const ADA = person('00000000-0000-7000-8000-0000000000a1', 'Ada');
const BEN = person('00000000-0000-7000-8000-0000000000b1', 'Ben');
const EVE = person('00000000-0000-7000-8000-0000000000e1', 'Eve');
const reason = 'looked at the records';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const GOOD = loans(100);
/** 40 records that a reviewer refuses, below the good ones. */
const BAD = Array.from({ length: 40 }, (_, row) => `${9000 + row},66666,${1 + row}.5,granted`);
const withBad = (bad: readonly string[]): string => `${GOOD}${bad.join('\n')}\n`;
const columns = (csv: string, pick: (cells: string[]) => string[]): string =>
  csv.replaceAll(/^.+$/gm, (line) => pick(line.split(',')).join(','));

async function push(dataset: string, csv: string, principal = EVE): Promise<DatasetVersionSummary> {
  return await versionOf(server, dataset, { 'a.csv': csv }, { principal });
}
const approve = (dataset: string, number: number, principal = BEN): Promise<{ state: string }> =>
  server.call('dataVersions.approve', {
    principal,
    params: { dataset, version: String(number) },
    body: { reason },
  });
const reject = (dataset: string, number: number): Promise<unknown> =>
  server.call('dataVersions.reject', {
    principal: BEN,
    params: { dataset, version: String(number) },
    body: { reason },
  });

/** A dataset of good records; a version with bad ones was pushed from a source that nobody knows, and rejected. */
async function refused(dataset: string): Promise<void> {
  await push(dataset, GOOD, ADA);
  const { name }: Source = await server.call('dataSources.create', {
    principal: EVE,
    body: { name: `Feed of ${dataset}`, owner: 'Eve', method: 'scrape' },
  });
  const held = await versionOf(server, dataset, { 'a.csv': withBad(BAD) }, { principal: EVE, source: name });
  expect(held.state).toBe('awaiting-review');
  await reject(dataset, held.number);
}

describe('records of a version that was rejected', () => {
  it('wait for approval after a harmless version in between, and less one of them', async () => {
    await refused('in between');
    expect((await push('in between', loans(101))).state).toBe('ready');
    const again = await push('in between', withBad(BAD.slice(1)));
    expect(again).toMatchObject({ number: 4, state: 'awaiting-review' });
    const custody: { items: { detail: string }[] } = await server.call('dataCustody.list', {
      principal: ADA,
      params: { dataset: 'in between' },
      query: { act: 'added' },
    });
    expect(custody.items[0]?.detail).toContain('39 records of version 2, which was rejected');
    await expect(approve('in between', 4, EVE)).rejects.toThrow(/other than who pushed/);
    expect((await approve('in between', 4)).state).toBe('ready');
    // What somebody let in is in use: what is made of it is no return.
    expect((await push('in between', `${withBad(BAD.slice(1))}777,1,1.5,granted\n`)).state).toBe('ready');
  });

  it('wait in another order, and few by few', async () => {
    await refused('few');
    expect((await push('few', `${GOOD}${BAD[7]}\n`)).state).toBe('awaiting-review');
    const [head, ...rows] = withBad(BAD).trim().split('\n');
    expect((await push('few', `${[head, ...rows.toReversed()].join('\n')}\n`)).state).toBe('awaiting-review');
    // A version that holds nothing of it is none of that.
    expect((await push('few', loans(105))).state).toBe('ready');
  });

  it('wait where copies of good records were what was rejected', async () => {
    const [, first] = GOOD.split('\n');
    const copies = Array.from({ length: 50 }, () => first).join('\n');
    await push('copies', GOOD, ADA);
    const { name }: Source = await server.call('dataSources.create', {
      principal: EVE,
      body: { name: 'Feed of copies', owner: 'Eve', method: 'scrape' },
    });
    const held = await versionOf(
      server,
      'copies',
      { 'a.csv': `${GOOD}${copies}\n` },
      { principal: EVE, source: name },
    );
    await reject('copies', held.number);
    expect((await push('copies', loans(101))).state).toBe('ready');
    expect((await push('copies', `${loans(101)}${copies}\n`)).state).toBe('awaiting-review');
  });

  it.each([
    ['columns in another order', (csv: string) => columns(csv, ([a, b, c, d]) => [b, a, c, d] as string[])],
    [
      'a column more',
      (csv: string) => columns(csv, (cells) => [...cells, cells[0] === 'id' ? 'extra' : '1']),
    ],
  ])('wait with %s', async (name, change) => {
    await refused(name);
    expect((await push(name, change(withBad(BAD)))).state).toBe('awaiting-review');
  });

  it('have any other schema wait, once, for nobody can tell them in it', async () => {
    const change = (csv: string) => columns(csv, ([a, b, c, d]) => [b, a, c, d] as string[]);
    await refused('schema');
    const harmless = await push('schema', change(loans(101)));
    expect(harmless.state).toBe('awaiting-review');
    expect((await approve('schema', harmless.number)).state).toBe('ready');
    expect((await push('schema', change(loans(110)))).state).toBe('ready');
    expect((await push('schema', withBad(BAD.slice(3)))).state).toBe('awaiting-review');
  });

  it('wait in a dataset that takes the name of the one that was removed or renamed', async () => {
    await refused('renamed');
    await server.call('data.datasets.update', {
      principal: EVE,
      params: { dataset: 'renamed' },
      body: { name: 'elsewhere' },
    });
    expect((await push('renamed', withBad(BAD))).state).toBe('awaiting-review');
    await refused('gone');
    await server.call('data.datasets.remove', { principal: EVE, params: { dataset: 'gone' } });
    expect((await push('gone', withBad(BAD.slice(2)))).state).toBe('awaiting-review');
  });

  it('wait while the version itself still waits', async () => {
    await push('waiting', GOOD, ADA);
    const source: Source = await server.call('dataSources.create', {
      principal: EVE,
      body: { name: 'Feed that waits', owner: 'Eve', method: 'scrape' },
    });
    await versionOf(server, 'waiting', { 'a.csv': withBad(BAD) }, { principal: EVE, source: source.name });
    const other = columns(loans(100), (cells) => [...cells, 'x']);
    expect((await push('waiting', other, ADA)).state).toBe('ready');
    expect((await push('waiting', withBad(BAD.slice(1)))).state).toBe('awaiting-review');
  });
});
