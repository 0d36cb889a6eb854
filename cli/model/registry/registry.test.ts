import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { loadConfig, startServer } from '@bartizan/server';
import { withTestDatabase } from '@bartizan/server/platform/database/testing.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { EXIT, explain } from '../../exit.ts';
import { createProgram } from '../../main.ts';

const home = mkdtempSync(join(tmpdir(), 'bartizan-models-'));
const hex = (): string => randomBytes(32).toString('hex');
const ends: (() => Promise<void>)[] = [];
let [url, manager, reader] = ['', '', ''];
let printed = '';

beforeAll(async () => {
  const open = await withTestDatabase();
  ends.push(() => open.close());
  const server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: join(home, 'data'),
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: hex(),
      BARTIZAN_INTERNAL_TOKEN: hex(),
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  ends.push(server.close);
  url = server.url;
  const post = async (path: string, body: object, cookie = '') => {
    const headers = { 'content-type': 'application/json', cookie };
    const answer = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const token = new URL(server.setupUrl ?? '').searchParams.get('token');
  const ada = { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const cookies = (await post('/api/v1/auth/setup', ada)).headers.getSetCookie();
  const cookie = cookies.map((line) => line.split(';', 1)[0]).join('; ');
  const keyWith = async (...scopes: string[]): Promise<string> => {
    const body = { name: scopes.join(' '), scopes, endpoints: '*', expiresAt: null };
    return ((await (await post('/api/v1/keys', body, cookie)).json()) as { secret: string }).secret;
  };
  reader = await keyWith('models.read');
  manager = await keyWith(
    'models.read',
    'models.write',
    'models.manage',
    'models.download',
    'endpoints.read',
    'endpoints.manage',
  );
}, 300_000);
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('BARTIZAN_URL', url);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What a command prints for people; throws what it would fail with. */
async function bartizan(key: string, ...args: string[]): Promise<string> {
  printed = '';
  vi.stubEnv('BARTIZAN_API_KEY', key);
  await createProgram().parseAsync(['node', 'bartizan', ...args]);
  return stripVTControlCharacters(printed);
}
const model = (...args: string[]) => bartizan(manager, 'model', ...args);
const json = async (...args: string[]) => JSON.parse(await model(...args, '--json')) as unknown;
/** Message and exit code of a command that must fail. */
const failure = (run: Promise<string>) =>
  run.then(
    (said) => ({ message: `did not fail: ${said}`, exitCode: EXIT.ok }),
    (error: unknown) => explain(error),
  );

let pushed = 0;
async function push(name: string, files: Record<string, string>, ...more: string[]): Promise<void> {
  const root = join(home, `push-${++pushed}`);
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  await model('push', root, '--name', name, ...more);
}

describe('bartizan model', { timeout: 120_000 }, () => {
  test('lists and shows models and versions', async () => {
    expect(await model('list')).toContain('There are no such models.');
    await push('churn', { 'config.json': '{}' }, '--description', 'first try');
    await push('churn', { 'config.json': '{"a":1}', 'w.txt': 'x' }, '--base', 'churn@1');
    await push('other', { 'config.json': '{"b":1}' });
    const [heading, ...rows] = (await bartizan(reader, 'model', 'list')).trim().split('\n');
    expect(heading).toMatch(/^name +versions +latest +production +aliases +worst verdict +changed$/);
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
      ['churn', '2', '2'],
      ['other', '1', '1'],
    ]);
    expect(await json('list', '--name', 'CHU')).toMatchObject([{ name: 'churn', versions: 2 }]);
    expect(await json('list', '--limit', '1')).toHaveLength(1);
    const shown = await model('show', 'churn');
    expect(shown).toMatch(/^name +churn$/m);
    expect(shown).toMatch(/^2 +none +– +2 +8 bytes /m);
    const version = await model('show', 'churn@1');
    expect(version).toMatch(/^version +churn@1$/m);
    expect(version).toMatch(/^description +first try$/m);
    expect(version).toMatch(/^digest +[0-9a-f]{64}$/m);
    expect(await json('show', 'churn@latest')).toMatchObject({ version: 2, files: { count: 2, bytes: 8 } });
    expect(await failure(model('show', 'churn@7'))).toMatchObject({ exitCode: EXIT.failed });
    expect(await failure(model('show', 'churn@'))).toMatchObject({ exitCode: EXIT.usage });
  });

  test('sets and takes away aliases, stages and tags', async () => {
    expect(await model('alias', 'set', 'churn@latest', 'champion')).toBe(
      'churn@champion is now version 2.\n',
    );
    await model('alias', 'set', 'churn@1', 'champion');
    expect(await json('show', 'churn@champion')).toMatchObject({ version: 1 });
    expect(await failure(model('alias', 'set', 'churn', 'champion'))).toMatchObject({ exitCode: EXIT.usage });
    expect(await model('stage', 'churn@1', 'production')).toBe('churn@1 is in the stage production.\n');
    await model('stage', 'churn@2', 'production', '--archive-existing');
    expect(await json('list', '--stage', 'production')).toMatchObject([{ name: 'churn', production: [2] }]);
    expect(await json('show', 'churn@1')).toMatchObject({ stage: 'archived' });
    expect(await model('tag', 'churn', 'team=risk', 'note=a=b')).toContain('team=risk');
    await model('tag', 'churn@2', 'reviewed=yes');
    expect(await json('list', '--tag', 'note=a=b')).toMatchObject([{ tags: { team: 'risk', note: 'a=b' } }]);
    expect(await json('show', 'churn@2')).toMatchObject({ tags: { reviewed: 'yes' } });
    expect(await model('tag', 'churn@2', '--remove', 'reviewed')).toBe('churn@2 has no tags.\n');
    expect(await failure(model('tag', 'churn', 'nothing'))).toMatchObject({ exitCode: EXIT.usage });
    expect(await model('alias', 'remove', 'churn', 'champion')).toBe('Alias champion of churn removed.\n');
    expect(await failure(model('show', 'churn@champion'))).toMatchObject({ exitCode: EXIT.failed });
    for (const act of [
      ['alias', 'set', 'churn@1', 'mine'],
      ['stage', 'churn@1', 'staging'],
      ['tag', 'churn', 'a=b'],
      ['remove', 'churn@1', '--yes'],
    ]) {
      expect(await failure(bartizan(reader, 'model', ...act))).toMatchObject({ exitCode: EXIT.denied });
    }
  });

  test('shows where a version comes from, what serves it, and how two differ', async () => {
    expect(await model('lineage', 'churn')).toMatch(/^churn.*2.*\ncomes from\n {2}based on: churn.*1/);
    expect(await model('lineage', 'churn@1')).toMatch(
      /comes from\n {2}nothing that is known\ncomes of it\n {2}base of: churn/,
    );
    const compared = await model('compare', 'churn@1', 'churn@2');
    expect(compared).toContain('files: 1 added, 0 removed, 1 changed, 0 the same');
    expect(compared).toContain('  + w.txt\n  ~ config.json (2 → 7 bytes)');
    expect(await model('compare', 'churn@1', 'churn')).toBe(
      await model('compare', 'churn@1', 'churn@latest'),
    );
    expect(await failure(model('compare', 'churn@', 'churn@2'))).toMatchObject({ exitCode: EXIT.usage });

    const endpoint = (...args: string[]) => bartizan(manager, 'endpoint', ...args);
    await endpoint('add', 'support', '--base-url', 'http://127.0.0.1:9/v1', '--allow-private-network');
    expect(await endpoint('serves', 'support')).toBe('support names no registered model.\n');
    await endpoint('serves', 'support', 'churn@1', 'other');
    const moved = JSON.parse(await endpoint('serves', 'support', 'churn@2', '--remove', 'other', '--json'));
    expect(moved).toMatchObject([{ modelName: 'churn', version: '2', resolved: { version: 2 } }]);
    expect(await endpoint('serves', 'support')).toMatch(/^model .*\nchurn +2 +2 /);
    expect(await failure(endpoint('serves', 'support', '--remove', 'other'))).toMatchObject({
      exitCode: EXIT.usage,
    });
    expect(await failure(endpoint('serves', 'support', 'nobody@1'))).toMatchObject({ exitCode: EXIT.failed });
    expect(await model('lineage', 'churn@2')).toContain('served by: endpoint support');
  });

  test('gives a version in quarantine neither alias nor stage', async () => {
    // A pickle that would call os.system: protocol 0, as text, so that nothing here ever makes one by running code.
    await push('evil', { 'model.pkl': "cos\nsystem\n(S'true'\ntR." });
    const judged = () => json('list', '--verdict', 'malicious');
    await expect
      .poll(judged, { timeout: 90_000, interval: 250 })
      .toMatchObject([{ name: 'evil', quarantined: 1 }]);
    expect(await model('show', 'evil@1')).toMatch(/^verdict +malicious, in quarantine/m);
    for (const act of [
      ['alias', 'set', 'evil@1', 'champion'],
      ['stage', 'evil@1', 'production'],
      ['stage', 'evil@1', 'staging'],
    ]) {
      const { message, exitCode } = await failure(model(...act));
      expect([exitCode, message]).toEqual([EXIT.denied, expect.stringContaining('in quarantine')]);
    }
    expect(await json('show', 'evil@1')).toMatchObject({ aliases: [], stage: 'none' });
    expect(await model('stage', 'evil@1', 'archived')).toBe('evil@1 is in the stage archived.\n');
  });

  test('removes versions and models, and asks back first', async () => {
    const asked = await failure(model('remove', 'churn'));
    expect(asked).toMatchObject({ exitCode: EXIT.usage, message: expect.stringContaining('2 versions') });
    expect(await failure(model('remove', 'churn@2', '--yes'))).toMatchObject({ exitCode: EXIT.failed });
    expect(await model('remove', 'churn@1', '--yes')).toBe('churn@1 removed.\n');
    await model('remove', 'churn', '--yes', '--force');
    await model('remove', 'evil', '--yes');
    expect(await json('list')).toMatchObject([{ name: 'other' }]);
  });
});
