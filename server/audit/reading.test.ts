import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestTrail, type TestTrail } from './testing.ts';

let t: TestTrail;
const people = ['Ada', 'Grace_%'] as const;
beforeAll(async () => {
  t = await startTestTrail();
  for (let n = 0; n < 30; n += 1) {
    const name = people[n % 2] ?? '';
    await t.trail.log.record({
      actor: { kind: 'person', id: `p${n % 2}`, name },
      action: n % 3 === 0 ? 'interactions.content_read' : 'keys.created',
      subject: n % 3 === 0 ? `interaction:${n}` : `key:${n}`,
      detail: n % 3 === 0 ? { purpose: `complaint ${n} 100%` } : {},
    });
  }
  await t.settled(31);
}, 300_000);
afterAll(async () => t?.close());

const found = async (filter: object) => (await t.trail.reading.list(filter, { limit: 200 })).items;

test('pages hold every entry once, newest first, with its place', async () => {
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await t.trail.reading.list({}, { cursor, limit: 7 });
    seen.push(...page.items.map(({ index }) => index ?? -1));
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  expect(new Set(seen).size).toBe(31);
  expect(seen.at(0)).toBeGreaterThan(seen.at(-1) ?? Infinity);
  await expect(t.trail.reading.list({}, { cursor: 'x', limit: 7 })).rejects.toMatchObject({
    code: 'invalid_input',
  });
});

test('entries are found by who, what, to what, why and when', async () => {
  expect(await found({ actor: 'p1' })).toHaveLength(15);
  expect(await found({ actor: 'grace_%' })).toHaveLength(15);
  expect(await found({ actor: 'ce_' })).toHaveLength(15);
  expect(await found({ actor: 'Gr_ce' })).toHaveLength(0);
  expect(await found({ action: 'keys.created' })).toHaveLength(20);
  expect(await found({ action: 'interactions.*,keys.*' })).toHaveLength(30);
  expect(await found({ subject: 'key:' })).toHaveLength(20);
  expect(await found({ subject: 'key:1' })).toHaveLength(1);
  expect(await found({ purpose: '*' })).toHaveLength(10);
  const [one] = await found({ purpose: 'complaint 3 100%' });
  expect(one).toMatchObject({ subject: 'interaction:3', purpose: 'complaint 3 100%' });
  const [newest] = await found({});
  const at = newest?.at ?? 0;
  expect((await found({ from: at })).length).toBeGreaterThan(0);
  expect(await found({ from: at + 1 })).toHaveLength(0);
  expect((await found({ to: at })).every((entry) => entry.at < at)).toBe(true);
  expect(await found({ to: at + 1 })).toHaveLength(31);
});

test('the summary counts actions, people and reasons', async () => {
  const summary = await t.trail.reading.summary(0);
  expect(summary.entries).toBe(31);
  expect(summary.actions[0]).toEqual({ name: 'keys.created', count: 20 });
  expect(summary.actors.slice(0, 2).map(({ count }) => count)).toEqual([15, 15]);
  expect(summary.purposes).toHaveLength(10);
});
