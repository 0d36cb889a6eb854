import { ALL_PERMISSIONS, type DataWatch, type DataWatchSettings } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, versionOf } from '../datasets/testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const ROWS = 600;
let server: TestServer;
let nowMs = Date.parse('2026-03-01T06:00:00Z');
/** Sees datasets, and nothing of records. */
const SEER: Principal = { ...principalWith(['data.read']), ownerId: null };

/**
 * Records with a code that none shares, the town of few records that some have, and a day of many. `ward` has one rare
 * value among common ones.
 */
function payroll(first: number, rows = ROWS): string {
  const line = (_: unknown, at: number): string => {
    const row = first + at;
    const ward = at % 100 === 7 ? `hamlet ${row}` : `ward ${row % 4}`;
    return [
      row % 7,
      `Person Nr${row}`,
      ward,
      `day ${Math.floor(row / 200)}`,
      row % 3 === 0 ? 'no' : 'yes',
    ].join(',');
  };
  return `${['a,ssn,ward,day,label', ...Array.from({ length: rows }, line)].join('\n')}\n`;
}

const push = (dataset: string, first: number) =>
  versionOf(server, dataset, { 'a.csv': payroll(first) }, { label: 'label', batch: 'March' });

async function looked(dataset: string, versions: number): Promise<DataWatch> {
  await vi.waitFor(
    async () => {
      const { rows } = await server.open.pool.query<{ n: number }>(
        `select count(*)::int as n from data_watch_versions w join data_datasets d on d.id = w.dataset_id
          where d.name = $1`,
        [dataset],
      );
      expect(rows[0]?.n).toBe(versions);
    },
    { timeout: 180_000, interval: 200 },
  );
  return await seen(dataset);
}
const seen = (dataset: string, principal = SEER): Promise<DataWatch> =>
  server.call('dataWatch.get', { params: { dataset }, principal });
const set = (dataset: string, settings: Partial<DataWatchSettings>, reason = 'how days come') =>
  server.call('dataWatch.set', {
    params: { dataset },
    body: { reason, ...settings },
    principal: MANAGER,
  }) as Promise<DataWatch>;
const MANAGER: Principal = {
  ...principalWith(ALL_PERMISSIONS.filter((one) => !['data.content', 'data.approve'].includes(one))),
  ownerId: null,
};

beforeAll(async () => {
  server = await startTestServer({ mayWarn: true, now: () => nowMs });
});
afterAll(() => server?.close());

describe('names that come of columns', () => {
  test('are refused where nearly every record has its own, by the profile or once they are counted', async () => {
    await push('payroll', 0);
    for (const columns of [{ batch: 'ssn' }, { source: 'ssn' }, { batch: 'day', source: 'ssn' }])
      await expect(set('payroll', columns)).rejects.toMatchObject({ code: 'invalid_input' });
    // No profile tells of it yet.
    const header = 'a,ward,day,label';
    const lines = payroll(0).split('\n').slice(1, -1);
    const narrow = lines.map((line) => line.split(',').toSpliced(1, 1).join(','));
    await versionOf(server, 'later', { 'a.csv': `${[header, ...narrow].join('\n')}\n` }, { label: 'label' });
    await set('later', { batch: 'ssn' });
    await push('later', ROWS);
    await push('later', 2 * ROWS);
    const watch = await looked('later', 3);
    expect(watch.notes.join(' ')).toContain('cannot tell batches');
    expect(JSON.stringify(watch)).not.toContain('Person Nr');
  });

  test('are told where the profile shows them; of others a number', async () => {
    await set('payroll', { batch: 'day', source: 'ward' });
    await push('payroll', ROWS);
    const watch = await looked('payroll', 2);
    const text = JSON.stringify(watch);
    expect(text).not.toContain('hamlet');
    expect(text).not.toContain('Person Nr');
    const names = watch.sources.map(({ source }) => source);
    expect(names).toContain('ward 1');
    const { rows } = await server.open.pool.query<{ source: string; source_shown: boolean }>(
      'select source, source_shown from data_watch_days order by source',
    );
    // They are kept, so that they can be watched apart, and not told.
    expect(rows.filter(({ source }) => source.startsWith('hamlet')).map((row) => row.source_shown)).toContain(
      false,
    );
    expect(rows.some(({ source }) => source.startsWith('hamlet'))).toBe(true);
    expect(names.some((name) => /^“…” \(\d+\)$/.test(name))).toBe(true);
    expect(new Set(names).size).toBe(names.length);
    expect(watch.sources.flatMap(({ days }) => days.map(({ name }) => name))).toContain('day 3');
  });

  test('stay hidden when the settings name other columns, or none', async () => {
    await server.open.pool.query(
      `update data_watch_days set name = 'Person Nr1', name_shown = false where name = 'day 3'`,
    );
    await set('payroll', { batch: null, source: null });
    await push('payroll', 2 * ROWS);
    const watch = await looked('payroll', 3);
    expect(JSON.stringify(watch)).not.toMatch(/hamlet|Person Nr/);
    // The day and the source are Bartizan's own words.
    expect(watch.sources.map(({ source, days }) => [source, days.at(-1)?.name])).toContainEqual([
      'not named',
      '2026-03-01',
    ]);
  });
});

describe('a watch that is made to see less', () => {
  test('says so where other columns make it learn anew', async () => {
    const { loosened } = await seen('payroll');
    expect(loosened.at(0)?.what.join()).toContain('learnt anew');
  });

  test('says so to whoever sees the dataset, with who and why, and it is in custody', async () => {
    await push('loose', 0);
    expect((await seen('loose')).loosened).toEqual([]);
    await set('loose', { falseAlarmsPerYear: 4 }, 'we like to know early');
    expect((await seen('loose')).loosened).toEqual([]);
    await set('loose', { enabled: false, falseAlarmsPerYear: 0.5 }, 'it is noisy');
    const { loosened } = await seen('loose');
    expect(loosened).toMatchObject([{ by: 'Ada', reason: 'it is noisy' }]);
    expect(loosened[0]?.what).toEqual([
      'it was switched off',
      'false alarms a year went from 4 to 0.5: it alarms later',
    ]);
    const custody: { items: { reason: string }[] } = await server.call('dataCustody.list', {
      params: { dataset: 'loose' },
      query: { act: 'changed' },
      principal: ADA,
    });
    expect(custody.items.map(({ reason }) => reason)).toContain('it is noisy');
    await expect(set('loose', { enabled: false }, ' ')).rejects.toThrow();
  });

  test('says so for 30 days, and for as long as it is not undone', async () => {
    nowMs += 31 * 86_400_000;
    expect((await seen('loose')).loosened).toHaveLength(1);
    await set('loose', { enabled: true, falseAlarmsPerYear: 4 }, 'back as it was');
    expect((await seen('loose')).loosened).toEqual([]);
    await set('loose', { enabled: false, falseAlarmsPerYear: 4 }, 'off');
    await set('loose', { enabled: true, falseAlarmsPerYear: 4 }, 'on');
    expect((await seen('loose')).loosened.map(({ reason }) => reason)).toEqual(['off']);
  });
});
