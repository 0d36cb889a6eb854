import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type FixtureModel, fixtureModel } from '@bartizan/checks/text/injection/model/fixture.ts';
import { ALL_PERMISSIONS, CorrectionRow } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorld, type World } from '../../server/permissions/world.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
vi.setConfig({ testTimeout: 420_000, hookTimeout: 420_000 });

let world: World;
let own: FixtureModel;
let next: FixtureModel;
let key: string;

beforeAll(async () => {
  own = fixtureModel();
  next = fixtureModel();
  next.rewrite((known) => ({ ...known, version: '2' }));
  vi.stubEnv('BARTIZAN_INJECTION_MODEL', own.folder);
  world = await startWorld();
  const body = { name: 'cli', scopes: ALL_PERMISSIONS, endpoints: '*', expiresAt: null };
  key = (await world.must('keys.create', world.admin, { body })).body.secret;
});
afterAll(async () => {
  await world?.close();
  vi.unstubAllEnvs();
  own?.remove();
  next?.remove();
});

async function bartizan(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'detector', ...args], {
    env: { ...process.env, BARTIZAN_URL: world.url, BARTIZAN_API_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 180_000,
  });
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

test('corrections are listed, made into a version and exported for the recipe', async () => {
  const said = {
    of: 'text',
    text: 'the zebra \u0007must go',
    origin: 'user',
    label: 'attack',
    kind: 'direct',
  };
  await world.must('detector.corrections.correct', world.admin, { body: said });
  const listed = await bartizan('corrections', 'list', '--state', 'settled');
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(listed.stdout).toMatch(/attack\s+direct\s+user/);
  const none = await bartizan('corrections', 'export', '--purpose', 'there is none yet');
  expect([none.code === 0, none.stderr]).toEqual([false, expect.stringContaining('no version yet')]);
  expect((await bartizan('corrections', 'make')).stdout).toContain('Version 1: 1 rows (1 attacks');
  const file = join(own.folder, 'corrections.jsonl');
  const args = ['corrections', 'export', '--version', '1', '--purpose', 'the test trains', '-o', file];
  expect(await bartizan(...args)).toMatchObject({ code: 0 });
  const [line, rest] = readFileSync(file, 'utf8').split('\n');
  expect(CorrectionRow.parse(JSON.parse(line ?? ''))).toMatchObject({ text: said.text, label: 1 });
  expect(rest).toBe('');
});

test('a model is added, compared and put live; a damaged folder is not sent', async () => {
  const added = await bartizan('add', next.folder, '--note', 'newer');
  expect(added).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('Sending'),
    stdout: expect.stringContaining('Added fixture@2'),
  });
  const early = await bartizan('use', 'fixture@2');
  expect([early.code === 0, early.stderr]).toEqual([false, expect.stringContaining('was not compared')]);
  const compared = await bartizan('compare', 'fixture@2', '--sample', '10');
  // Nothing was recorded here: that is no comparison.
  expect(compared).toMatchObject({ code: 2, stdout: expect.stringContaining('no text to judge') });
  expect((await bartizan('use', 'fixture@2')).stderr).toContain('was not compared');
  expect(await bartizan('use', 'fixture@2', '--override', 'nothing was recorded yet')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('The way back: bartizan detector use fixture@1'),
  });
  expect((await bartizan('status')).stdout).toContain('fixture@2 is live');
  writeFileSync(join(next.folder, 'vocab.txt'), 'damaged');
  const damaged = await bartizan('add', next.folder);
  expect([damaged.code, damaged.stderr]).toEqual([64, expect.stringContaining('damaged')]);
});
