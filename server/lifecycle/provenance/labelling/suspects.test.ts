import type { DataScan } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startTestServer, type TestServer } from '../../testing.ts';
import { ADA, versionOf } from '../datasets/testing.ts';
import { scanned } from '../scans/testing.ts';
import { labellingCalls } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

const { create, decide, apply, settled, itemsOf, readyVersion, recordsOf } = labellingCalls(() => server);

/** Two kinds of flowers that two lengths tell apart, every 40th with the other's name; the rest is hard to write again. */
function flowers(rows: number): string {
  const lines = ['id,petal,sepal,picked,note,big,kind'];
  for (let row = 0; row < rows; row++) {
    const isRose = row % 2 === 0;
    const noise = (seed: number): number => {
      const far = Math.sin(row * seed + seed) * 43_758.545_3;
      return far - Math.floor(far) - 0.5;
    };
    const [petal, sepal] = [(isRose ? 8 : 2) + noise(12.9898), (isRose ? 1 : 6) + noise(78.233)];
    const note = ['', '"a ""quoted"", one"', '"two\nlines"', 'plain'][(row >> 1) % 4] ?? '';
    const day = `2026-0${1 + (row % 9)}-1${row % 10}`;
    const kind = isRose === (row % 40 !== 6) ? 'rose' : 'tulip';
    lines.push([`0${row}`, petal, sepal, day, note, `900719925474099${row % 10}`, kind].join(','));
  }
  return `${lines.join('\n')}\n`;
}

describe('a queue of labels that a scan suspects', () => {
  it('becomes a version in which those labels alone are other ones', async () => {
    const rows = 600;
    const version = await versionOf(server, 'flowers', { 'flowers.csv': flowers(rows) }, { label: 'kind' });
    const scan: DataScan = await server.call('dataScans.start', {
      principal: ADA,
      params: { dataset: 'flowers', version: '1' },
      body: { label: 'kind', features: ['petal', 'sepal'] },
    });
    await scanned(server, scan.id);
    await versionOf(server, 'others', { 'others.csv': 'a,label\n1,x\n2,y\n' });
    const from = { kind: 'scan', scan: scan.id, label: 'kind' };
    await expect(create({ dataset: 'others', from: { ...from, label: 'label' } })).rejects.toThrow(
      /another version/,
    );
    const made = await settled((await create({ dataset: 'flowers', from })).id);
    expect(made).toMatchObject({ failure: null, state: 'open', classes: ['rose', 'tulip'], alpha: null });
    await expect(apply(made.id)).rejects.toThrow(/no label that was decided/);
    const before = await recordsOf('flowers', 1);
    const items = (await itemsOf(made.id)).filter(({ rows: [row] }) => (row as number) % 40 === 6);
    expect(items.length).toBeGreaterThan(10);
    for (const {
      place,
      rows: [row],
      current,
      proposed,
    } of items) {
      expect(current).toBe(before[row as number]?.at(-1));
      expect(proposed).not.toBe(current);
      await decide(made.id, place, current === 'rose' ? 'tulip' : 'rose');
    }
    const changed = new Set(items.map(({ rows: [row] }) => row as number));
    await apply(made.id);
    const applied = await settled(made.id);
    expect(applied).toMatchObject({
      state: 'applied',
      failure: null,
      appliedAs: 2,
      appliedDataset: 'flowers',
    });
    const after = await readyVersion('flowers', 2);
    expect(after.schemaDigest).toBe((await readyVersion('flowers', 1)).schemaDigest);
    expect(after.origins.find(({ versionId }) => versionId === version.id)?.rows).toBe(rows - changed.size);
    const now = await recordsOf('flowers', 2);
    const other = (kind: unknown): string => (kind === 'rose' ? 'tulip' : 'rose');
    expect(now).toEqual(
      before.map((values, row) =>
        changed.has(row) ? [...values.slice(0, -1), other(values.at(-1))] : values,
      ),
    );
  });
});
