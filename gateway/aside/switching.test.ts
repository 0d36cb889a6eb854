import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import { type FixtureModel, fixtureModel } from '@bartizan/checks/text/injection/model/fixture.ts';
import { EMPTY_CONTEXT } from '@bartizan/checks/text/types.ts';
import { PolicyDocument } from '@bartizan/contracts';
import { createTelemetry } from '@bartizan/contracts/telemetry/index.ts';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createModelFetcher } from './fetch-model.ts';
import { openGuards } from './injection.ts';
import { createSwitchingGuards, type SwitchingGuards } from './switching.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const TOKEN = randomBytes(32).toString('hex');
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
let own: FixtureModel;
let lenient: FixtureModel;
let root: string;
let server: Server;
let url: string;
/** What the server gives out, by digest. */
const files = new Map<string, Buffer>();
let asked: string[] = [];

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const modelsIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => !name.startsWith('.pins'));

/** Gives the model out, and says what a snapshot would name. */
function publish(model: FixtureModel) {
  const described = readFileSync(join(model.folder, 'model.json'));
  const { id, version, files: listed } = JSON.parse(described.toString('utf8'));
  for (const { name, sha256 } of Object.values(listed) as { name: string; sha256: string }[]) {
    files.set(sha256, readFileSync(join(model.folder, name)));
  }
  files.set(digestOf(described), described);
  return { name: `${id}@${version}`, sha256: digestOf(described) };
}

beforeAll(async () => {
  own = fixtureModel();
  lenient = fixtureModel();
  const quiet = { strict: 0.999_99, balanced: 0.999_995, quiet: 0.999_999 };
  lenient.rewrite((known) => ({ ...known, version: '2', points: { user: quiet, third_party: quiet } }));
  server = createServer((request, response) => {
    const digest = request.url?.split('/').at(-1) ?? '';
    asked.push(digest);
    const bytes = request.headers.authorization === `Bearer ${TOKEN}` ? files.get(digest) : undefined;
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  own.remove();
  lenient.remove();
});

const opened: SwitchingGuards[] = [];
afterEach(async () => {
  for (const guards of opened.splice(0)) await guards.close();
  rmSync(root, { recursive: true, force: true });
});

async function start(ownFolder: string | null = own.folder) {
  asked = [];
  root = mkdtempSync(join(tmpdir(), 'bartizan-switch-'));
  const parts = { meter: createTelemetry({ version: '0', role: 'gateway' }), log: silent as never };
  const onSwitched = vi.fn();
  const guards = createSwitchingGuards({
    own: await openGuards(ownFolder, parts),
    ownFolder,
    fetcher: createModelFetcher({ serverUrl: url, token: TOKEN, root }),
    open: (folder) => openGuards(folder, { ...parts, warm: true }),
    onSwitched,
    log: silent,
    retryMs: 200,
    graceMs: 200,
  });
  opened.push(guards);
  const document = PolicyDocument.parse({
    rules: [{ id: 'injection', check: 'text/injection', authors: ['user'], action: 'block' }],
  });
  const policy = compilePolicy(document, guards.checks);
  let number = 0;
  /** Never the same text twice, which would be answered from memory. */
  const verdict = async (): Promise<string> => {
    number += 1;
    const segment = {
      index: 0,
      text: `a zebra is number ${number}`,
      author: 'user',
      kind: 'message',
    } as const;
    const decision = await policy.inspect({
      direction: 'input',
      endpointId: null,
      segments: [segment],
      context: EMPTY_CONTEXT,
    });
    expect(decision.errors).toEqual([]);
    return decision.verdict;
  };
  const settled = (status: object) =>
    vi.waitFor(() => expect(guards.status()).toMatchObject(status), { timeout: 120_000, interval: 20 });
  return { guards, verdict, settled, onSwitched };
}

test('another model takes over from one text to the next, and hands back, while texts are judged', async () => {
  const { guards, verdict, settled, onSwitched } = await start();
  const wanted = publish(lenient);
  expect(await verdict()).toBe('block');
  guards.follow(wanted);
  const seen = [];
  while (guards.status().model !== wanted.name) {
    seen.push(await verdict());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The last may have been judged by the new one.
  expect(new Set(seen.slice(0, -1))).toEqual(new Set(['block']));
  expect(guards.status()).toEqual({ model: 'fixture@2', sha256: wanted.sha256, failed: null });
  expect(await verdict()).toBe('allow');
  expect(onSwitched).toHaveBeenCalledTimes(1);
  guards.follow(null);
  await settled({ model: 'fixture@1', failed: null });
  expect(await verdict()).toBe('block');
  // The files are there now: nothing is fetched for the second time.
  const before = asked.length;
  guards.follow(wanted);
  await settled({ model: 'fixture@2' });
  expect(asked.length).toBe(before);
  expect(modelsIn(root)).toEqual([wanted.sha256]);
  expect(readdirSync(join(root, '.pins')).map((name) => name.slice(0, 64))).toEqual([wanted.sha256]);
});

test('a file that is another than its digest says leaves the old model where it is, until it comes right', async () => {
  const { guards, verdict, settled } = await start();
  const wanted = publish(lenient);
  const [digest] = [...files].find(([, bytes]) => bytes.length > 10_000) ?? [''];
  const right = files.get(digest) ?? Buffer.alloc(0);
  const wrong = Buffer.from(right);
  wrong[100] = (wrong[100] ?? 0) ^ 1;
  files.set(digest, wrong);
  guards.follow(wanted);
  await settled({ model: 'fixture@1', failed: expect.stringContaining('another digest') });
  expect(await verdict()).toBe('block');
  expect(modelsIn(root)).toEqual([]);
  files.set(digest, right);
  await settled({ model: 'fixture@2', failed: null });
  expect(await verdict()).toBe('allow');
});

test('a model that does not run here is not switched to; who stops asking for it is rid of the failure', async () => {
  const { guards, verdict, settled } = await start();
  const broken = fixtureModel();
  broken.replace('encoder', Buffer.from('this is no ONNX model'));
  guards.follow(publish(broken));
  await settled({ model: 'fixture@1', failed: expect.stringContaining('fixture@1: ') });
  expect(await verdict()).toBe('block');
  guards.follow(null);
  await settled({ failed: null });
  broken.remove();
});

test('a manifest that names another model than was asked for is refused', async () => {
  const { guards, settled } = await start();
  guards.follow({ ...publish(lenient), name: 'fixture@3' });
  await settled({ model: 'fixture@1', failed: expect.stringContaining('names another model') });
});

test('a gateway whose operator wants the rules alone keeps them', async () => {
  const { guards } = await start(null);
  guards.follow(publish(lenient));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([guards.status(), asked]).toEqual([{ model: 'rules', sha256: null, failed: null }, []]);
});
