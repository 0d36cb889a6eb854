import type { LabelItem, LabelQueue } from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, startTestServer, type TestServer } from '../../testing.ts';
import { ADA, versionOf } from '../datasets/testing.ts';
import { labellingCalls, REASON } from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const GRACE: Principal = { ...principalWith(), ownerId: null, name: 'Grace' };
const CLASSES = ['cat', 'dog', 'fox'];
const ITEMS = 150;
/** Names that mean something to a shell, a page, CSV, JSON, a terminal or a database. */
const HOSTILE = [
  '=cmd|"/c calc"',
  '<img src=x onerror=alert(1)>',
  "'; drop table data_label_items; --",
  'a\u202eb',
  'né\t"x", y',
];
const nameOf = (item: number): string => HOSTILE[item] ?? `00${item}`;
const truthOf = (item: number): number => (item * 7) % 3;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ mayWarn: true });
});
afterAll(() => server?.close());

/** Five honest annotators, right nine times of ten, and two who always say the next class. */
function judgements(): string {
  const lines: string[] = [];
  for (let item = 0; item < ITEMS; item++)
    for (let annotator = 0; annotator < 7; annotator++) {
      const noise = (item * 48_271 + annotator * 69_621 + item * annotator * 7_919) % 65_537;
      const errs = annotator >= 5 || noise % 10 === 0;
      const label = CLASSES[(truthOf(item) + (errs ? 1 : 0)) % 3];
      lines.push(
        JSON.stringify({
          item: nameOf(item),
          who: annotator >= 5 ? `adversary ${annotator}` : `honest ${annotator}`,
          label,
          said: `text of ${item}`,
        }),
      );
    }
  return `${lines.join('\n')}\n`;
}

const { create, get, decide, apply, settled, itemsOf, readyVersion, recordsOf } = labellingCalls(
  () => server,
);

const JUDGED = {
  dataset: 'judgements',
  from: { kind: 'annotations', item: 'item', annotator: 'who', label: 'label' },
};

describe('a queue of what annotators dispute', () => {
  let queue: LabelQueue;
  beforeAll(async () => {
    await versionOf(server, 'judgements', { 'judgements.jsonl': judgements() }, { format: 'jsonl' });
    queue = await settled((await create({ ...JUDGED, show: ['said'] })).id);
  });

  it('weighs the annotators and suspects those who work against the rest', () => {
    expect(queue).toMatchObject({ state: 'open', failure: null, items: ITEMS, decided: 0, classes: CLASSES });
    expect(queue.alpha).toBeGreaterThan(0);
    expect(queue.alpha).toBeLessThan(0.9);
    const suspected = queue.annotators.filter(({ suspicion }) => suspicion !== null).map(({ name }) => name);
    expect(suspected.toSorted()).toEqual(['adversary 5', 'adversary 6']);
    for (const { name, reliability, labels } of queue.annotators) {
      expect(labels).toBe(ITEMS);
      if (name.startsWith('honest')) expect(reliability?.low).toBeGreaterThan(0.6);
      else expect(reliability?.high).toBeLessThan(0.5);
    }
  });

  it('puts the least sure items first and proposes mostly right labels', async () => {
    const items = await itemsOf(queue.id);
    expect(items.map(({ place }) => place)).toEqual(items.map((_, at) => at));
    expect(new Set(items.map(({ name }) => name))).toEqual(
      new Set(Array.from({ length: ITEMS }, (_, at) => nameOf(at))),
    );
    const sureness = items.map(({ confidence }) => confidence as number);
    expect(sureness).toEqual(sureness.toSorted((a, b) => a - b));
    const right = items.filter(
      ({ rows, proposed }) => proposed === CLASSES[truthOf(Math.floor((rows[0] as number) / 7))],
    );
    expect(right.length / ITEMS).toBeGreaterThan(0.95);
    expect(items[0]?.votes).toHaveLength(7);
    expect(items[0]?.rows).toHaveLength(7);
  });

  it('shows the columns that were named, and writes down once for each person that they read', async () => {
    const [item] = await itemsOf(queue.id);
    const params = { id: queue.id, place: 0 };
    const shown = {
      columns: [{ name: 'said', value: `text of ${Math.floor((item?.rows[0] as number) / 7)}` }],
      withheld: 3,
    };
    for (const principal of [ADA, ADA, GRACE])
      expect(await server.call('labelling.record', { principal, params })).toEqual(shown);
    await server.call('labelling.record', { principal: ADA, params: { id: queue.id, place: 7 } });
    const reads = (await server.audited()).filter(({ action }) => action === 'data.label-records-read');
    expect(reads).toHaveLength(2);
    expect(reads[0]?.detail).toMatchObject({ purpose: 'labelling: animals' });
    const custody: { items: { act: string; reason: string }[] } = await server.call('dataCustody.list', {
      principal: ADA,
      params: { dataset: 'judgements' },
      query: { act: 'read' },
    });
    expect(custody.items.map(({ reason }) => reason)).toEqual(['labelling: animals', 'labelling: animals']);
    await expect(
      server.call('labelling.record', { principal: ADA, params: { id: queue.id, place: ITEMS } }),
    ).rejects.toThrow(/no such item/);
  });

  it('keeps who decided, and both in the audit log where two did', async () => {
    await expect(decide(queue.id, 0, 'wolf')).rejects.toThrow(/none of the classes/);
    await expect(decide(queue.id, ITEMS, 'cat')).rejects.toThrow(/no such item/);
    await Promise.all([decide(queue.id, 0, 'cat'), decide(queue.id, 0, 'dog', GRACE)]);
    expect((await get(queue.id)).decided).toBe(1);
    const mine = (await server.audited()).filter(({ action }) => action === 'data.label-decided');
    expect(mine.map(({ detail }) => (detail as { label: string }).label).toSorted()).toEqual(['cat', 'dog']);
    const [, last] = mine.map(({ detail }) => detail as { label: string; before: string });
    const [item] = await itemsOf(queue.id);
    expect(item?.decision).toBe(last?.label);
    expect(last?.before).not.toBeNull();
    const back = await decide(queue.id, 0, null);
    expect(back).toMatchObject({ decision: null, decidedBy: null, decidedAt: null });
    expect((await get(queue.id)).decided).toBe(0);
  });

  it('becomes labels of a dataset of their own, once', async () => {
    const items = await itemsOf(queue.id);
    const truth = (item: LabelItem): string =>
      CLASSES[truthOf(Math.floor((item.rows[0] as number) / 7))] as string;
    for (const item of items.slice(0, 20)) await decide(queue.id, item.place, truth(item));
    expect(await itemsOf(queue.id, 'decided')).toHaveLength(20);
    expect(await itemsOf(queue.id, 'open')).toHaveLength(ITEMS - 20);
    const asked = await Promise.allSettled([apply(queue.id), apply(queue.id)]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const applied = await settled(queue.id);
    expect(applied).toMatchObject({
      state: 'applied',
      failure: null,
      appliedAs: 1,
      appliedDataset: 'judgements labels',
    });
    await expect(apply(queue.id)).rejects.toThrow(/applied/);
    await expect(decide(queue.id, 0, 'cat')).rejects.toThrow(/applied/);
    expect(await readyVersion('judgements labels', 1)).toMatchObject({
      rows: ITEMS,
      label: 'label',
      reason: REASON,
    });
    const records = await recordsOf('judgements labels', 1);
    expect(records).toEqual(
      items.map((item, at) => [
        item.name,
        at < 20 ? truth(item) : item.proposed,
        at < 20 ? 'decided' : 'aggregated',
      ]),
    );
    const actions = (await server.audited()).map(({ action }) => action);
    expect(actions.filter((action) => action === 'data.labels-applied')).toHaveLength(1);
  });

  it('is not there for other teams', async () => {
    const team = '01900000-0000-7000-8000-000000000001';
    await server.open.pool.query(
      `insert into teams (id, name, description, created_at) values ($1, 'Others', '', now())`,
      [team],
    );
    await versionOf(server, 'theirs', { 'j.jsonl': judgements() }, { format: 'jsonl', teamId: team });
    const theirs = await settled((await create({ ...JUDGED, dataset: 'theirs', name: 'theirs' })).id);
    const stranger: Principal = { ...principalWith(), ownerId: null, teams: new Set<string>() };
    await expect(get(theirs.id, stranger)).rejects.toThrow(/no such queue/);
    await expect(decide(theirs.id, 0, 'cat', stranger)).rejects.toThrow(/no such queue/);
    await expect(create({ ...JUDGED, dataset: 'theirs' }, stranger)).rejects.toThrow(/no such dataset/);
    for (const route of ['labelling.items', 'labelling.record', 'labelling.apply'])
      await expect(
        server.call(route, {
          principal: stranger,
          params: { id: theirs.id, place: 0 },
          body: { reason: REASON },
        }),
      ).rejects.toThrow(/no such queue/);
    const { items }: { items: LabelQueue[] } = await server.call('labelling.list', { principal: stranger });
    expect(items.map(({ name }) => name)).toEqual(['animals']);
    // What cannot become a version is open again, with the reason.
    await server.call('data.datasets.create', {
      principal: ADA,
      body: { name: 'theirs labels', teamId: null },
    });
    await apply(theirs.id);
    const open = await settled(theirs.id);
    expect(open).toMatchObject({ state: 'open', appliedAs: null });
    expect(open.failure).toMatch(/of another team/);
  });

  it('refuses columns that are not there or hold too many labels', async () => {
    const from = { kind: 'annotations', item: 'item', annotator: 'who', label: 'label' };
    await expect(create({ ...JUDGED, from: { ...from, label: 'nowhere' } })).rejects.toThrow(
      /no column "nowhere"/,
    );
    await expect(create({ ...JUDGED, from: { ...from, label: 'who' } })).rejects.toThrow(/are the same/);
    await expect(create({ ...JUDGED, show: ['nowhere'] })).rejects.toThrow(/no column/);
    await expect(create({ ...JUDGED, name: 'a\0b' })).rejects.toThrow(/control characters/);
    const many = Array.from({ length: 1_500 }, (_, at) =>
      JSON.stringify({ item: `i${at}`, who: 'a', label: `l${at}` }),
    );
    await versionOf(server, 'free text', { 'j.jsonl': `${many.join('\n')}\n` }, { format: 'jsonl' });
    const failed = await settled((await create({ ...JUDGED, dataset: 'free text' })).id);
    expect(failed).toMatchObject({ state: 'failed', items: 0 });
    expect(failed.failure).toMatch(/more than 1000 different labels/);
  });
});

describe('values of records in a queue', () => {
  const READER: Principal = { ...principalWith(['data.read', 'data.write']), ownerId: null };
  it('are of columns that only who may read records can name', async () => {
    await expect(create(JUDGED, READER)).rejects.toMatchObject({ code: 'forbidden' });
  });
  it('are shown to nobody else', async () => {
    const { id } = await settled((await create(JUDGED)).id);
    expect(await get(id, READER)).toMatchObject({ items: ITEMS, classes: [], annotators: [] });
    const page: { items: LabelQueue[] } = await server.call('labelling.list', {
      principal: READER,
      query: { limit: 100 },
    });
    expect(page.items.length).toBeGreaterThan(0);
    for (const queue of page.items) expect(queue).toMatchObject({ classes: [], annotators: [] });
    for (const permission of ['data.label', 'data.content'] as const) {
      const seer: Principal = { ...principalWith(['data.read', permission]), ownerId: null };
      expect((await get(id, seer)).classes).toEqual(CLASSES);
    }
  });

  it('are those of named columns for who only labels, whatever others were shown before', async () => {
    const { id } = await settled((await create({ ...JUDGED, name: 'nobody chose' })).id);
    const labeller: Principal = { ...principalWith(['data.read', 'data.label']), ownerId: null };
    const read = (principal: Principal): Promise<{ columns: { name: string }[]; withheld: number }> =>
      server.call('labelling.record', { principal, params: { id, place: 0 } });
    for (const principal of [ADA, labeller, ADA, labeller]) {
      const { columns, withheld } = await read(principal);
      const whole = principal === ADA;
      expect(columns.map(({ name }) => name)).toEqual(whole ? ['item', 'who', 'label', 'said'] : ['item']);
      expect(withheld).toBe(whole ? 0 : 3);
    }
    // What whoever made it chose is shown to both.
    const chosen = await settled((await create({ ...JUDGED, name: 'chosen', show: ['said'] })).id);
    for (const principal of [ADA, labeller]) {
      const got: { columns: { name: string }[] } = await server.call('labelling.record', {
        principal,
        params: { id: chosen.id, place: 0 },
      });
      expect(got.columns.map(({ name }) => name)).toEqual(['said']);
    }
  });

  it('are read for the purposes of the dataset only', async () => {
    await versionOf(server, 'bound', { 'judgements.jsonl': judgements() }, { format: 'jsonl' });
    await server.call('dataPolicies.setOfDataset', {
      params: { dataset: 'bound' },
      body: { policy: { purposes: ['labelling: whales'] } },
    });
    await expect(create({ ...JUDGED, dataset: 'bound' })).rejects.toThrow(/for this purpose/);
    await create({ ...JUDGED, dataset: 'bound', name: 'whales' });
  });
});
