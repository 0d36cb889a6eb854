import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_KEY } from '../../gateway/http/testing.ts';
import { CASES, type Case } from './cases.ts';
import type { Outcome } from './clients.ts';
import { type Conformance, startConformance } from './setup.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const VENV = join(HERE, '../../.cache/python-clients');
const PYTHON = join(VENV, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
const INSTALL_TIMEOUT_MS = 100_000;

const works = (command: string, args: readonly string[], timeout = 20_000): boolean =>
  spawnSync(command, args, { timeout, stdio: 'ignore' }).status === 0;

/** Makes a virtual environment with both SDKs, kept between runs. Says why when that cannot be done here. */
function pythonMissing(): string | null {
  const ready = (): boolean => works(PYTHON, ['-c', 'import openai, anthropic']);
  if (existsSync(PYTHON) && ready()) return null;
  if (!works('python3', ['--version'])) return 'there is no python3 on this machine';
  mkdirSync(join(VENV, '..'), { recursive: true });
  if (!works('python3', ['-m', 'venv', VENV], INSTALL_TIMEOUT_MS))
    return 'python3 cannot make a virtual environment';
  const install = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--retries',
    '1',
    '--timeout',
    '10',
    'openai',
    'anthropic',
  ];
  if (!works(PYTHON, install, INSTALL_TIMEOUT_MS) || !ready())
    return 'the Python SDKs cannot be installed (no network?)';
  return null;
}

interface Planned {
  readonly api: string;
  readonly streamed: boolean;
  readonly turn: Case['turn'];
}

function runPython(url: string, cases: readonly Planned[]): Promise<Outcome[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(PYTHON, [join(HERE, 'python_clients.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) reject(new Error(`python ended with ${code}`));
      else
        resolve(
          out
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Outcome),
        );
    });
    child.stdin.end(JSON.stringify({ url, key: TEST_KEY, cases }));
  });
}

const APIS = ['chat.completions', 'responses', 'messages', 'completions'] as const;
const TABLE = CASES.flatMap((each) =>
  APIS.flatMap((api) => [false, true].map((streamed) => ({ ...each, api, streamed }))),
).filter(({ api, turn }) => api !== 'completions' || !(turn.tools || turn.system));

const CLASSES: Readonly<Record<number, RegExp>> = {
  400: /^BadRequestError$/,
  403: /^PermissionDeniedError$/,
  429: /^RateLimitError$/,
  502: /^InternalServerError$/,
  503: /^(?:InternalServerError|ServiceUnavailableError)$/,
  504: /^(?:InternalServerError|DeadlineExceededError|GatewayTimeoutError)$/,
};

const missing = pythonMissing();
if (missing !== null) process.stderr.write(`skipped: the Python SDK conformance tests, because ${missing}\n`);

describe.skipIf(missing !== null)('unmodified Python SDKs through the gateway', () => {
  let setup: Conformance;
  let outcomes: Outcome[] = [];
  const records = new Map<number, unknown>();
  beforeAll(async () => {
    setup = await startConformance();
    outcomes = await runPython(setup.gateway.url, TABLE);
    for (const [index, record] of setup.gateway.records.entries()) records.set(index, record);
  });
  afterAll(() => setup.close());

  test.each(
    TABLE.map((each, index) => [each.title, each.api, each.streamed ? 'streamed' : 'whole', index] as const),
  )('%s · %s · %s', (_title, _api, _how, index) => {
    const each = TABLE[index] as (typeof TABLE)[number];
    const result = outcomes[index];
    expect(records.get(index)).toMatchObject({
      api: each.api,
      streamed: each.streamed,
      verdict: each.verdict,
      outcome: each.outcome,
    });
    if (each.error === undefined) {
      expect(result).toHaveProperty('said');
      if (each.text !== undefined) expect(result).toMatchObject({ said: { text: each.text } });
      if (each.call !== undefined) expect(result).toMatchObject({ said: { call: each.call } });
      return;
    }
    const { raised } = result as Extract<Outcome, { raised: unknown }>;
    expect(raised).toMatchObject({ status: each.error.status, code: each.error.code });
    expect(raised.name).toMatch(CLASSES[each.error.status] as RegExp);
  });

  test('a forbidden answer raises, streamed or not, and secrets are taken out', async () => {
    const cases = APIS.flatMap((api) =>
      [false, true].flatMap((streamed) => [
        { api, streamed, turn: { user: 'SAY: it is SECRET-1234 now' } },
        { api, streamed, turn: { user: 'SAY: a long fine beginning, then the forbidden part' } },
      ]),
    );
    const results = await runPython(setup.answersOnly.url, cases);
    for (const [index, result] of results.entries()) {
      if (index % 2 === 0) expect(result).toMatchObject({ said: { text: 'it is [SECRET] now' } });
      else {
        const { raised } = result as Extract<Outcome, { raised: unknown }>;
        expect(raised.message).toContain('test/word');
        expect(raised.name).toMatch(/^(?:APIError|APIStatusError|PermissionDeniedError)$/);
      }
    }
  });
});
