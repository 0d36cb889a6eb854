import type { DataRecords, DatasetVersion, LabelItem, LabelQueue } from '@bartizan/contracts';
import { expect, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import type { TestServer } from '../../testing.ts';
import { ADA, POLL } from '../datasets/testing.ts';

export const REASON = 'labels looked at by two of us';

/** Calls of queues of labels, by Ada where a test names nobody. `server` is asked at each call. */
export function labellingCalls(serverOf: () => Pick<TestServer, 'call'>) {
  const server: Pick<TestServer, 'call'> = { call: (...asked) => serverOf().call(...asked) };
  const create = (input: object, principal: Principal = ADA): Promise<LabelQueue> =>
    server.call('labelling.create', { principal, body: { name: 'animals', version: 'latest', ...input } });
  const get = (id: string, principal: Principal = ADA): Promise<LabelQueue> =>
    server.call('labelling.get', { principal, params: { id } });
  const decide = (
    id: string,
    place: number,
    label: string | null,
    principal: Principal = ADA,
  ): Promise<LabelItem> =>
    server.call('labelling.decide', { principal, params: { id, place }, body: { label } });
  const apply = (id: string): Promise<LabelQueue> =>
    server.call('labelling.apply', { principal: ADA, params: { id }, body: { reason: REASON } });

  async function settled(id: string): Promise<LabelQueue> {
    return await vi.waitFor(async () => {
      const queue = await get(id);
      expect(queue.state).not.toBe('working');
      return queue;
    }, POLL);
  }

  async function itemsOf(id: string, state = 'all'): Promise<LabelItem[]> {
    const items: LabelItem[] = [];
    for (let cursor: string | undefined; ; ) {
      const page: { items: LabelItem[]; next: string | null } = await server.call('labelling.items', {
        principal: ADA,
        params: { id },
        query: { state, limit: 40, ...(cursor === undefined ? {} : { cursor }) },
      });
      items.push(...page.items);
      if (page.next === null) return items;
      cursor = page.next;
    }
  }

  async function readyVersion(dataset: string, version: number): Promise<DatasetVersion> {
    return await vi.waitFor(async () => {
      const got: DatasetVersion = await server.call('data.versions.get', {
        principal: ADA,
        params: { dataset, version: String(version) },
      });
      expect(got.state).toBe('ready');
      return got;
    }, POLL);
  }

  async function recordsOf(dataset: string, version: number): Promise<unknown[][]> {
    const records: unknown[][] = [];
    for (;;) {
      const page: DataRecords = await server.call('data.versions.records', {
        principal: ADA,
        params: { dataset, version: String(version) },
        query: { offset: records.length, limit: 500 },
        headers: { 'bartizan-purpose': 'looking at labels' },
      });
      records.push(...page.items.map(({ values }) => values as unknown[]));
      if (records.length >= page.rows || page.items.length === 0) return records;
    }
  }

  return { create, get, decide, apply, settled, itemsOf, readyVersion, recordsOf };
}
