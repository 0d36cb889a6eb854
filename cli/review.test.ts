import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { ALL_PERMISSIONS } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sampleFinding, sampleRecord, shipBody } from '../server/lifecycle/testing.ts';
import { INTERNAL_TOKEN, startWorld, type World } from '../server/permissions/world.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

let world: World;
let folder: string;
let ada: string;
let sam: string;

/** The secret of a key that somebody makes for themselves. */
async function keyOf(who: Readonly<Record<string, string>>, scopes: readonly string[]): Promise<string> {
  const body = { name: 'cli', scopes, endpoints: '*', expiresAt: null };
  return (await world.must('keys.create', who, { body })).body.secret;
}

beforeAll(async () => {
  world = await startWorld();
  folder = mkdtempSync(join(tmpdir(), 'bartizan-review-'));
  ada = await keyOf(world.admin, ALL_PERMISSIONS);
  const mine = ['policies.read', 'policies.approve', 'interactions.read', 'interactions.content'];
  sam = await keyOf(world.people.get('security') ?? {}, mine);
});
afterAll(async () => {
  await world?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** Runs the command line as somebody. */
async function bartizan(key: string, ...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...process.env, BARTIZAN_URL: world.url, BARTIZAN_API_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
  });
  const [code, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on('close', resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { code, stdout, stderr };
}

test('a change that needs a second person is proposed and shown; people decide in the console', {
  timeout: 240_000,
}, async () => {
  await world.must('reviews.changeSettings', world.admin, { body: { fourEyes: true } });
  const file = join(folder, 'policy.json');
  writeFileSync(file, JSON.stringify({ mode: 'shadow', rules: [] }));
  const saved = await bartizan(ada, 'policy', 'save', 'Standard', file);
  expect(saved).toMatchObject({ code: 0, stderr: '' });

  const refused = await bartizan(ada, 'policy', 'activate', 'Standard', '2');
  expect(refused.code).toBe(77);
  expect(refused.stderr).toContain('Repeat it with --reason');
  const reason = ['--reason', 'tried on Monday and found good'];
  const proposed = await bartizan(ada, 'policy', 'activate', 'Standard', '2', ...reason);
  expect(proposed.code).toBe(75);
  expect(proposed.stdout).toContain('Proposed, waits for approval');
  expect(proposed.stdout).toContain('security may approve it');
  const id = /Review (\S+);/.exec(proposed.stdout)?.[1] ?? '';

  expect((await bartizan(sam, 'review', 'list')).stdout).toContain(id);
  const shown = await bartizan(sam, 'review', 'show', id);
  expect(shown.stdout).toContain('tried on Monday');
  expect(shown.stdout).toMatch(/mode\n {2}before: enforce\n {2}after: {2}shadow/);
  const own = await bartizan(ada, 'review', 'approve', id);
  expect(own.code).toBe(77);
  expect(own.stderr).toContain('only a person who is signed in decides; keys propose');
  const tried = await bartizan(sam, 'review', 'approve', id, '--note', 'good');
  expect(tried).toMatchObject({ code: 77, stderr: expect.stringContaining('in the console') });
  const security = world.people.get('security') ?? {};
  const { digest } = (await world.must('reviews.get', security, { params: { id } })).body;
  const params = { id };
  await world.must('reviews.approve', security, { params, body: { digest, note: 'good' } });
  const live = JSON.parse((await bartizan(ada, 'policy', 'show', 'Standard', '--json')).stdout);
  expect(live.activeVersion).toBe(2);

  const json = await bartizan(ada, 'policy', 'activate', 'Standard', '1', ...reason, '--json');
  const { proposed: review } = JSON.parse(json.stdout);
  expect(json.code).toBe(75);
  const rejected = await bartizan(sam, 'review', 'reject', review.id);
  expect(rejected).toMatchObject({ code: 77, stderr: expect.stringContaining('keys propose') });
  expect((await bartizan(ada, 'review', 'withdraw', review.id)).stdout).toContain('Taken back');
});

test('content is read with a purpose', { timeout: 240_000 }, async () => {
  const record = sampleRecord({ said: 'sk-verysecret42 it is', findings: [sampleFinding(0, 15)] });
  await world.must('gateway.ship', world.bearer(INTERNAL_TOKEN), { body: shipBody([record]) });
  const masked = await bartizan(sam, 'interactions', 'show', record.id);
  expect(masked).toMatchObject({ code: 0, stdout: expect.not.stringContaining('verysecret42') });
  expect((await bartizan(sam, 'interactions', 'show', record.id, '--content')).code).toBe(64);
  const why = ['--purpose', 'complaint 4711: größer als gedacht'];
  const full = await bartizan(sam, 'interactions', 'show', record.id, '--content', ...why);
  expect(full).toMatchObject({ code: 0, stdout: expect.stringContaining('sk-verysecret42') });
  const { rows } = await world.pool.query(
    `select detail->>'purpose' as purpose from audit_entries where action = 'interactions.content_read'`,
  );
  expect(rows).toEqual([{ purpose: why[1] }]);

  expect((await bartizan(ada, 'interactions', 'export')).code).toBe(64);
  const exported = await bartizan(ada, 'interactions', 'export', ...why);
  expect(exported).toMatchObject({ code: 0, stdout: expect.not.stringContaining('verysecret42') });
  const unmasked = await bartizan(ada, 'interactions', 'export', '--content', ...why);
  expect(unmasked).toMatchObject({ code: 0, stdout: expect.stringContaining('verysecret42') });
});
