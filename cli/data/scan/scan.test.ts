import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeArray } from '@bartizan/checks/artifacts/numpy/samples.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { afterAll, describe, expect, it, vi } from 'vitest';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'bartizan-data-scan-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Said {
  readonly records: { row: number; score: number; reasons: { check: string; message: string }[] }[];
  readonly findings: { check: string; severity: string }[];
  readonly blindSpots: string[];
  readonly roles: { label: string | null } | null;
}

function run(...args: string[]) {
  const ran = spawnSync(process.execPath, [MAIN, 'data', 'scan', ...args], {
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 64 * 2 ** 20,
  });
  return { code: ran.status, out: ran.stdout, error: ran.stderr };
}
const said = (out: string): Said => JSON.parse(out) as Said;

/** Points of two groups with their labels, of which every 50th is wrong. */
function points(rows: number): { readonly lines: string[]; readonly wrong: Set<number> } {
  const random = createRandom(3);
  const wrong = new Set<number>();
  const lines = Array.from({ length: rows }, (_, row) => {
    const side = row % 2;
    if (row % 50 === 7) wrong.add(row);
    const label = wrong.has(row) ? 1 - side : side;
    return `${(6 * side + random.normal()).toFixed(3)},${random.normal().toFixed(3)},${label === 1 ? 'yes' : 'no'}`;
  });
  return { lines, wrong };
}

const { lines, wrong } = points(1000);
const csv = join(folder, 'points.csv');
writeFileSync(csv, `x,y,answer\n${lines.join('\n')}\n`);

describe('bartizan data scan', () => {
  it('names the wrong labels of a table, most suspicious first, and exits with 1', () => {
    const { code, out } = run(csv, '--label', 'answer', '--json', '--checks', 'label-errors');
    expect(code).toBe(1);
    const { records, findings, blindSpots } = said(out);
    expect(records.every(({ row }) => wrong.has(row))).toBe(true);
    expect(records.length).toBeGreaterThan(0.5 * wrong.size);
    const scores = records.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(records[0]?.reasons[0]).toMatchObject({ check: 'datasets/label-errors' });
    expect(findings[0]?.check).toBe('datasets/label-errors');
    expect(blindSpots.length).toBeGreaterThan(0);
  }, 120_000);

  it('scores all rows with --all, and reads JSONL and TSV alike', () => {
    const objects = lines.map((line) => {
      const [x, y, answer] = line.split(',');
      return JSON.stringify({ x: Number(x), y: Number(y), answer });
    });
    const jsonl = join(folder, 'points.jsonl');
    writeFileSync(jsonl, `${objects.join('\n')}\n`);
    const tsv = join(folder, 'points.tsv');
    writeFileSync(tsv, `x\ty\tanswer\n${lines.join('\n').replaceAll(',', '\t')}\n`);
    const order = [csv, jsonl, tsv].map((path) => {
      const { records } = said(
        run(path, '--label', 'answer', '--all', '--json', '--checks', 'label-errors').out,
      );
      expect(records).toHaveLength(1000);
      expect(new Set(records.slice(0, wrong.size).map(({ row }) => row))).toEqual(wrong);
      return records.map(({ row }) => row);
    });
    expect(order[1]).toEqual(order[0]);
    expect(order[2]).toEqual(order[0]);
  }, 120_000);

  it('judges given probabilities, and says when labels do not fit them', () => {
    const [probabilities, labels, few] = ['p', 'y', 'few'].map((name) => join(folder, `${name}.npy`)) as [
      string,
      string,
      string,
    ];
    const values = Float32Array.from({ length: 400 }, (_, at) => (at % 4 === 0 || at % 4 === 3 ? 0.9 : 0.1));
    writeFileSync(probabilities, makeArray('<f4', '200, 2', Buffer.from(values.buffer)));
    const given = Int32Array.from({ length: 200 }, (_, row) => (row === 10 ? 1 : row % 2));
    writeFileSync(labels, makeArray('<i4', '200,', Buffer.from(given.buffer)));
    writeFileSync(few, makeArray('<i4', '100,', Buffer.from(given.slice(0, 100).buffer)));
    const { records } = said(
      run('--pred-probs', probabilities, '--labels', labels, '--all', '--json', '--limit', '3').out,
    );
    expect(records).toHaveLength(3);
    expect(records[0]?.row).toBe(10);
    const failed = run('--pred-probs', probabilities, '--labels', few);
    expect(failed.code).toBe(64);
    expect(failed.error).toContain('100 labels for 200 records');
    expect(run('--pred-probs', probabilities).error).toContain('--labels');
  }, 120_000);

  it('tells a user what is wrong', () => {
    expect(run(join(folder, 'none.csv'), '--label', 'a')).toMatchObject({ code: 64 });
    expect(run(csv, '--label', 'nix')).toMatchObject({
      code: 64,
      error: expect.stringContaining('The columns are: x, y, answer'),
    });
    const guessed = run(csv);
    expect(guessed.error).toContain('--no-label');
    const broken = join(folder, 'broken.csv');
    writeFileSync(broken, 'a,b\n1,2\n3\n"4,5\n');
    expect(run(broken, '--label', 'a').code).toBe(64);
    writeFileSync(broken, '');
    expect(run(broken, '--label', 'a').error).toContain('empty');
  }, 120_000);

  it('ends within its time, and on an interrupt', async () => {
    const big = join(folder, 'big.csv');
    const many = Array.from({ length: 40 }, () => lines.join('\n')).join('\n');
    writeFileSync(big, `x,y,answer\n${many}\n`);
    expect(run(big, '--label', 'answer', '--timeout', '1')).toMatchObject({
      code: 2,
      error: expect.stringContaining('not done within 1 s'),
    });
    const scratch = mkdtempSync(join(folder, 'scratch-'));
    const child = spawn(process.execPath, [MAIN, 'data', 'scan', big, '--label', 'answer'], {
      env: { ...process.env, TMPDIR: scratch },
    });
    let error = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      error += part;
    });
    const closed = new Promise((resolve) => child.on('close', resolve));
    await vi.waitFor(() => expect(readdirSync(scratch)).not.toEqual([]), { timeout: 60_000 });
    child.kill('SIGINT');
    const code = await closed;
    expect({ code, error }).toEqual({ code: 130, error: expect.stringContaining('stopped') });
    expect(readdirSync(scratch)).toEqual([]);
  }, 120_000);

  it('writes SARIF and a text for people', () => {
    const output = join(folder, 'scan.sarif');
    run(csv, '--label', 'answer', '--format', 'sarif', '--output', output, '--checks', 'label-errors');
    const { runs } = JSON.parse(readFileSync(output, 'utf8')) as {
      runs: {
        results: {
          ruleId: string;
          locations: { logicalLocations: unknown[] }[];
          properties: { count: number };
        }[];
      }[];
    };
    expect(runs[0]?.results[0]?.ruleId).toBe('datasets/label-errors');
    expect(runs[0]?.results[0]?.locations[0]?.logicalLocations).toHaveLength(
      runs[0]?.results[0]?.properties.count ?? -1,
    );
    const { out } = run(csv, '--label', 'answer', '--limit', '2', '--checks', 'label-errors');
    expect(out).toContain('What this scan cannot see');
    expect(out).toMatch(/and \d+ more/);
  }, 120_000);
});
