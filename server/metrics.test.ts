import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig, startServer } from './index.ts';
import { withTestDatabase } from './platform/database/testing.ts';

const PAGE = new URL('../docs/guide/monitoring.md', import.meta.url);
/** Only where a collector of traces is named. */
const WITH_TRACES = ['bartizan_trace_spans_total'];

/** Names and types in the table under a heading of the page. */
function documented(heading: string): [string, string][] {
  const section = readFileSync(PAGE, 'utf8').split(`\n### ${heading}\n`)[1]?.split('\n#', 1)[0] ?? '';
  return [...section.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name = '', type = '']) => [name, type]);
}

test('a server serves every metric that the guide promises, and no other; gauges have values', async () => {
  const open = await withTestDatabase();
  const dataDir = mkdtempSync(join(tmpdir(), 'metrics-'));
  const server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  try {
    const post = (path: string, body: object, cookie = '') =>
      fetch(`${server.url}/api/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie },
        body: JSON.stringify(body),
      });
    const token = new URL(server.setupUrl ?? '').searchParams.get('token');
    const ada = { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
    const cookie = (await post('/auth/setup', ada)).headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ');
    const made = await post(
      '/keys',
      { name: 'prometheus', scopes: ['metrics.read'], endpoints: '*', expiresAt: null },
      cookie,
    );
    const { secret } = (await made.json()) as { secret: string };
    const scrape = async () => {
      const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${secret}` } });
      expect(answer.status).toBe(200);
      return await answer.text();
    };
    const wanted = [...documented('Of a server'), ...documented('Of both')].filter(
      ([name]) => !WITH_TRACES.includes(name),
    );
    expect(wanted.length).toBeGreaterThan(20);
    const served = [...(await scrape()).matchAll(/^# TYPE (bartizan_\w+) (\w+)$/gm)].map(([, name, type]) => [
      name,
      type,
    ]);
    expect(served.toSorted()).toEqual(wanted.toSorted());
    await expect.poll(scrape, { timeout: 20_000 }).toMatch(/^bartizan_audit_tree_entries [1-9]/m);
    const text = await scrape();
    expect(text).toMatch(/^bartizan_audit_open_breaks 0$/m);
    expect(text).not.toMatch(/^bartizan_metrics_failed_readings_total\{/m);
  } finally {
    await server.close();
    await open.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 300_000);
