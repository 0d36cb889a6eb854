import { afterEach, expect, test } from 'vitest';
import { entryOf, startTestTrail, type TestTrail } from './testing.ts';

const ADA = { kind: 'person', id: 'p', name: 'Ada' } as const;
const SOON = { timeout: 30_000 };
let t: TestTrail;
afterEach(async () => t?.close());

async function begun(rounds?: { firstMs: number; everyMs: number }): Promise<void> {
  t = await startTestTrail(rounds ? { rounds } : {});
  await t.trail.log.recordMany(Array.from({ length: 30 }, (_, n) => entryOf(n)));
  await t.settled(31);
}
const alter = (more: string) =>
  t.attack(
    `update audit_entries set actor_name = ${more} where id = (select id from audit_sequence where index = 21)`,
  );
const mallory = () => alter("'Mallory'");
const mended = () => alter("'Bartizan'");
const breaks = async () => (await t.trail.status()).breaks;
const altered = () => t.told.filter((kind) => kind === 'entry-altered').length;
const recorded = async (action: string) =>
  (await t.open.pool.query('select detail from audit_entries where action = $1 order by id', [action])).rows;

test('a verification that fails is noticed, told, recorded, and known after a restart', async () => {
  await begun();
  expect(await t.verify()).toMatchObject({ state: 'passed' });
  expect([await breaks(), t.told]).toEqual([[], []]);
  await mallory();
  expect(await t.verify()).toMatchObject({ state: 'failed' });
  expect(t.told).toEqual(['entry-altered']);
  expect(await breaks()).toMatchObject([
    { kind: 'entry-altered', index: 21, message: expect.stringMatching(/^A verification failed: /) },
  ]);
  await expect
    .poll(() => recorded('audit.break-noticed'), SOON)
    .toMatchObject([{ detail: { kind: 'entry-altered' } }]);
  expect(await recorded('audit.verification-ended')).toMatchObject([
    { detail: { state: 'passed', problems: 0, asked: true } },
    { detail: { state: 'failed', problems: 1, asked: true } },
  ]);
  // Found once more, it is told once more, and stays one notice.
  await t.verify();
  expect(altered()).toBe(2);
  expect(await breaks()).toHaveLength(1);
  await t.restart();
  expect(await breaks()).toMatchObject([{ kind: 'entry-altered', acknowledgedAt: null }]);
  expect(altered()).toBe(3);
  // Put right, it still fails until somebody has said that they know.
  await mended();
  expect(await t.verify()).toMatchObject({ state: 'failed' });
  for (const { id } of await breaks()) await t.trail.acknowledge(id, 'put right by hand', ADA);
  expect(await t.verify()).toMatchObject({ state: 'passed' });
}, 300_000);

test('the server that gives entries their places verifies by itself, and tells what people do not know', async () => {
  await begun({ firstMs: 50, everyMs: 50 });
  const rounds = async () => (await recorded('audit.verification-ended')).length;
  const more = async () => {
    const before = await rounds();
    await expect.poll(rounds, SOON).toBeGreaterThan(before + 1);
  };
  await more();
  expect(await breaks()).toEqual([]);
  await mallory();
  await expect.poll(altered, SOON).toBeGreaterThan(0);
  const [found] = await breaks();
  expect(found).toMatchObject({ kind: 'entry-altered', index: 21 });
  expect((await recorded('audit.verification-ended')).at(-1)).toMatchObject({ detail: { asked: false } });

  await t.trail.acknowledge(found?.id ?? '', 'we know of this one', ADA);
  await more();
  const told = altered();
  await more();
  expect(altered()).toBe(told);
  expect(await breaks()).toHaveLength(1);
  // Put right and altered in the same way again, it is news.
  await mended();
  const passed = async () => (await recorded('audit.verification-ended')).at(-1)?.detail.state;
  await expect.poll(passed, SOON).toBe('passed');
  await mallory();
  await expect.poll(async () => (await breaks()).length, SOON).toBe(2);
}, 300_000);

test('a log that grows and whose key changes while it is verified passes', async () => {
  await begun();
  const over = new AbortController();
  const growing = (async () => {
    for (let n = 0; !over.signal.aborted && n < 2_000; n += 1) {
      await t.trail.log.record(entryOf(n));
      if (n % 50 === 0) await t.trail.rotateKey(ADA);
    }
  })();
  try {
    for (let n = 0; n < 25; n += 1) expect(await t.verify()).toMatchObject({ state: 'passed', problems: [] });
  } finally {
    over.abort();
    await growing;
  }
  expect(t.told).toEqual([]);
}, 300_000);
