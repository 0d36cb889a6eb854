import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig, type RunningServer, startServer } from '../../server/index.ts';
import type { OpenDatabase } from '../../server/platform/database/index.ts';
import { withTestDatabase } from '../../server/platform/database/testing.ts';

const CLI = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const SCOPES = [
  'data.read',
  'data.content',
  'data.write',
  'data.manage',
  'models.read',
  'models.download',
  'models.write',
  'checks.read',
  'overview.read',
];

let open: OpenDatabase;
let server: RunningServer;
let dataDir: string;
let work: string;
let key: string;
/** May read data and records, and no more. */
let readerKey: string;
/** May judge sources; of the same person as the others. */
let judgeKey: string;
/** Names of versions that one test makes and a later one uses: a number is taken by every push that is begun. */
let changedName: string;
let cleanedName: string;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'data-commands-'));
  work = mkdtempSync(join(tmpdir(), 'data-work-'));
  open = await withTestDatabase();
  server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: dataDir,
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: randomBytes(32).toString('hex'),
      BARTIZAN_INTERNAL_TOKEN: randomBytes(32).toString('hex'),
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  const token = new URL(server.setupUrl ?? '').searchParams.get('token');
  const post = (path: string, body: object, cookie = '') =>
    fetch(`${server.url}/api/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify(body),
    });
  const who = { name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const setUp = await post('/auth/setup', { token, ...who });
  const cookie = setUp.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
  const keyWith = async (name: string, scopes: readonly string[]): Promise<string> => {
    const made = await post('/keys', { name, scopes, endpoints: '*', expiresAt: null }, cookie);
    return ((await made.json()) as { secret: string }).secret;
  };
  key = await keyWith('cli', SCOPES);
  readerKey = await keyWith('reader', ['data.read', 'data.content']);
  judgeKey = await keyWith('judge', ['data.read', 'data.approve']);
});
afterAll(async () => {
  await server?.close();
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
  rmSync(work, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Where {
  readonly as?: string;
  readonly cwd?: string;
}

function run(command: readonly string[], { as = key, cwd = work }: Where = {}): Promise<Said> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, ...command],
      { cwd, env: { ...process.env, BARTIZAN_URL: server.url, BARTIZAN_API_KEY: as } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, stdout, stderr }),
    );
  });
}

/** What a command prints as JSON, and how it ended. */
async function bartizan(...command: string[]) {
  const said = await run([...command, '--json']);
  if (said.stdout === '') throw new Error(`${command.join(' ')}: exit ${said.code}\n${said.stderr}`);
  return { code: said.code, ...(JSON.parse(said.stdout) as Record<string, unknown>) };
}

const loans = (rows: number): string[] => [
  'id,zip,income,approved',
  ...Array.from({ length: rows }, (_, row) => {
    const income = 20_000 + ((row * 7_919) % 60_000);
    return [row, 94_110 + (row % 7), income, income > 50_000 ? 'yes' : 'no'].join(',');
  }),
];
const write = (name: string, lines: readonly string[]) =>
  writeFileSync(join(work, name), `${lines.join('\n')}\n`);

test('a dataset is pushed, listed, compared and verified; a changed record is named', async () => {
  write('loans.csv', loans(400));
  const first = await bartizan('data', 'push', 'loans.csv', '--dataset', 'loans', '--label', 'approved');
  expect(first).toMatchObject({ code: 0, version: { number: 1, rows: 400, state: 'ready' } });
  const again = await bartizan('data', 'push', 'loans.csv', '--dataset', 'loans', '--label', 'approved');
  expect(again).toMatchObject({ version: { number: 1 } });

  const changed = loans(400);
  changed[42] = (changed[42] as string).replace(/yes|no/, (label) => (label === 'yes' ? 'no' : 'yes'));
  write('changed.csv', [...changed, '400,94110,70000,yes']);
  const second = await bartizan('data', 'push', 'changed.csv', '--dataset', 'loans', '--label', 'approved');
  expect(second).toMatchObject({ version: { rows: 401 } });

  changedName = `loans@${(second as unknown as { version: { number: number } }).version.number}`;

  const listed = await run(['data', 'list']);
  expect(listed.code).toBe(0);
  expect(listed.stdout).toMatch(/loans/);
  const diff = await run(['data', 'diff', 'loans@1', changedName, '--key', 'id', '--json']);
  expect(diff.stdout).toMatch(/"changed"/);
  expect(diff.stdout).toMatch(/"approved"/);
  const values = ['data', 'diff', 'loans@1', changedName, '--key', 'id', '--values'];
  const unexplained = await run(values);
  expect(unexplained.code).toBe(64);
  expect(unexplained.stderr).toMatch(/--purpose/);
  const told = await run([...values, '--purpose', 'looking into a complaint', '--json']);
  expect(told.code).toBe(0);
  const entry = (
    JSON.parse(told.stdout) as { entries: Record<'before' | 'after', Record<string, unknown>>[] }
  ).entries.find(({ before, after }) => before !== null && after !== null);
  expect(entry?.before.approved).not.toBe(entry?.after.approved);
  expect(entry?.before.id).toBe(entry?.after.id);

  expect((await run(['data', 'verify', 'loans@1'])).code).toBe(0);
  const against = await run(['data', 'verify', 'loans@1', '--against', 'changed.csv', '--json']);
  expect(against.code).toBe(1);
  expect(JSON.stringify(JSON.parse(against.stdout))).toMatch(/41/);
});

test('records are taken out as a new version, and a trace tells what was made of them', async () => {
  const why = 'wrong zip codes in this delivery';
  const taken = await run(['data', 'quarantine', changedName, '--rows', '0-2', '--reason', why, '--json']);
  expect(taken).toMatchObject({ code: 0 });
  const shown = await run(['data', 'show', 'loans@latest', '--json']);
  const cleaned = JSON.parse(shown.stdout) as { number: number; rows: number };
  expect(cleaned.rows).toBe(398);
  cleanedName = `loans@${cleaned.number}`;
  const trace = await run(['data', 'trace', changedName, '--json']);
  expect(trace.code).toBe(0);
  expect(trace.stdout).toContain(cleanedName);
});

test('a command runs on record and is run again as it was', async () => {
  writeFileSync(
    join(work, 'train.mjs'),
    [
      "import { readFileSync, writeFileSync } from 'node:fs';",
      "const lines = readFileSync(process.env.BARTIZAN_INPUT_LOANS, 'utf8').trim().split('\\n');",
      "writeFileSync('model.json', JSON.stringify({ rows: lines.length - 1 }));",
    ].join('\n'),
  );
  const command = [process.execPath, 'train.mjs', '--api-key=hunter2hunter2'];
  const recorded = await run([
    'run',
    '--input',
    cleanedName,
    '--output',
    'model.json',
    '--model',
    'scorer=model.json',
    '--json',
    '--',
    ...command,
  ]);
  expect(recorded.stderr).not.toMatch(/hunter2/);
  expect(recorded).toMatchObject({ code: 0 });
  const told = JSON.parse(recorded.stdout) as { run: string; status: string; model: { version: number } };
  expect(told).toMatchObject({ status: 'FINISHED', exitCode: 0, model: { name: 'scorer' } });
  expect(JSON.parse(readFileSync(join(work, 'model.json'), 'utf8'))).toEqual({ rows: 398 });

  const trace = await run(['data', 'trace', cleanedName, '--json']);
  expect(trace.stdout).toContain('scorer');

  const refused = await run(['run', '--replay', told.run]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).not.toMatch(/hunter2/);
  const plain = await run(['run', '--input', cleanedName, '--json', '--', process.execPath, 'train.mjs']);
  const again = await run([
    'run',
    '--replay',
    (JSON.parse(plain.stdout) as { run: string }).run,
    '--yes',
    '--json',
  ]);
  expect(again).toMatchObject({ code: 0 });
  expect(again.stderr).not.toMatch(/Not as it was/);
  expect(JSON.parse(again.stdout)).toMatchObject({ status: 'FINISHED' });
  // A run that ends otherwise than with 0 is a run all the same, and its exit is ours.
  const failed = await run(['run', '--input', 'loans.csv', '--', process.execPath, '-e', 'process.exit(7)']);
  expect(failed.code).toBe(7);
  expect(failed.stderr).toMatch(/failed \(exit 7\)/);
});

test('a run keeps no secrets, says so, and is not replayed without them', async () => {
  const tree = join(work, 'tree');
  mkdirSync(tree);
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { cwd: tree });
  writeFileSync(join(tree, '.env'), 'DB_PASS=hunter1\n');
  writeFileSync(join(tree, 'train.mjs'), 'console.log(1);\n');
  git('init', '-q');
  git('add', '.');
  git('commit', '-q', '-m', 'first');
  git('remote', 'add', 'origin', 'https://ada:hunter2@git.example/x.git?private_token=hunter3');
  writeFileSync(join(tree, '.env'), 'DB_PASS=hunter4\n');
  writeFileSync(join(tree, 'train.mjs'), 'console.log(2);\n');
  const command = [
    process.execPath,
    'train.mjs',
    '--api-key=hunter5',
    '--password',
    'hunter6',
    '--max-tokens=7',
  ];
  const made = await run(['run', '--json', '--', ...command], { cwd: tree });
  expect(made.code).toBe(0);
  expect(made.stderr).toMatch(/Not kept of the command: .*--api-key.*--password/);
  expect(made.stderr).toContain('the lines of .env');
  expect(made.stderr).not.toContain('hunter');
  const { run: id } = JSON.parse(made.stdout.slice(made.stdout.indexOf('{'))) as { run: string };
  const artifact = async (path: string, as: string): Promise<Response> => {
    const address = `${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/bartizan/${path}`;
    return await fetch(address, { headers: { authorization: `Bearer ${as}` } });
  };
  const patch = await (await artifact('uncommitted.patch', key)).text();
  expect(patch).toContain('+console.log(2);');
  const recipe = await (await artifact('recipe.json', key)).text();
  expect(recipe).toContain('--max-tokens=7');
  expect(recipe).toContain('https://git.example/x.git');
  expect(patch + recipe).not.toContain('hunter');
  const replayed = await run(['run', '--replay', id, '--yes'], { cwd: tree });
  expect(replayed.code).toBe(64);
  expect(replayed.stderr).toMatch(/not kept whole.*--api-key/s);
  // What was kept is as it was: also who made the run does not write it anew.
  const again = await fetch((await artifact('recipe.json', key)).url, {
    method: 'PUT',
    headers: { authorization: `Bearer ${key}` },
    body: recipe.replace('train.mjs', 'evil.mjs'),
  });
  expect(again.status).toBe(403);
});

test('a key that lacks a right is told which', async () => {
  const recorded = await run(['run', '--input', cleanedName, '--', process.execPath, '-e', '1'], {
    as: readerKey,
  });
  expect(recorded.code).toBe(77);
  expect(recorded.stderr).toContain('it needs "models.write"');
  const replayed = await run(['run', '--replay', '0'.repeat(32)], { as: readerKey });
  expect(replayed.stderr).toContain('it needs "models.read"');
});

test('sources are registered, listed, and judged by somebody else', async () => {
  const wrong = await run(['data', 'sources', 'add', 'a/b', '--owner', 'Loans', '--method', 'export']);
  expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining('name: use letters')]);
  const made = await bartizan(
    'data',
    'sources',
    'add',
    'Branch export',
    '--owner',
    'Loans',
    '--method',
    'export',
  );
  expect(made).toMatchObject({ code: 0, name: 'Branch export', trust: 'unreviewed', owner: 'Loans' });
  write('branch.csv', loans(50));
  const push = await run([
    'data',
    'push',
    'branch.csv',
    '--dataset',
    'branch',
    '--source',
    'Branch export',
    '--json',
  ]);
  expect(push.stdout).toContain('awaiting-review');
  const approve = ['data', 'sources', 'approve', 'branch EXPORT', '--reason', 'looked at it'];
  expect((await run(approve)).stderr).toContain('it needs "data.approve"');
  const own = await run(approve, { as: judgeKey });
  expect([own.code, own.stderr]).toEqual([77, expect.stringContaining('somebody other than who registered')]);
  const listed = await run(['data', 'sources', 'list', '--trust', 'unreviewed']);
  expect(listed.stdout).toMatch(/Branch export\s+unreviewed\s+Loans\s+export\s+1\s+50\s+50/);
  const none = await run(['data', 'sources', 'approve', 'Nowhere', '--reason', 'x'], { as: judgeKey });
  expect([none.code, none.stderr]).toEqual([64, expect.stringContaining('no source "Nowhere"')]);
});

test('what is not there, or not for this key, is said with what to do', async () => {
  const missing = await run(['data', 'show', 'nothing@1']);
  expect(missing.code).not.toBe(0);
  expect(missing.stderr).not.toMatch(/at .*\.ts:\d+/);
  appendFileSync(join(work, 'loans.csv'), '1,2\n');
  const broken = await run(['data', 'push', 'loans.csv', '--dataset', 'broken']);
  expect(broken.code).not.toBe(0);
  expect(broken.stderr).toMatch(/line|column/i);
});
