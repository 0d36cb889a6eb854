import type { DataPush, DataVerification } from '@bartizan/contracts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startWorld, type World } from './permissions/world.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.close());

const CSV = `id,zip,approved\n${Array.from({ length: 500 }, (_, id) => `${id},0${1000 + (id % 9)},${id % 2 ? 'yes' : 'never'}\n`).join('')}`;

const POLL = { timeout: 90_000, interval: 200 };
const body = async <T>(answer: Promise<Response>): Promise<T> => {
  const response = await answer;
  expect(response.ok, await response.clone().text()).toBe(true);
  return (await response.json()) as T;
};

test('a CSV is pushed over HTTP in two parts, read, looked at with a reason, and verified', async () => {
  const base = `${world.url}/api/v1/data`;
  const json = { ...world.admin, 'content-type': 'application/json' };
  const bytes = Buffer.from(CSV);
  const push = await body<DataPush>(
    fetch(`${base}/pushes`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({
        dataset: 'loans',
        format: 'csv',
        files: [{ path: 'loans.csv', size: bytes.length }],
        label: 'approved',
      }),
    }),
  );
  const send = (offset: number, part: Buffer) =>
    fetch(`${base}/pushes/${push.id}/files/loans.csv?offset=${offset}`, {
      method: 'PUT',
      headers: { ...world.admin, 'content-type': 'application/octet-stream' },
      body: new Uint8Array(part),
    });
  await body(send(0, bytes.subarray(0, 1_000)));
  expect((await send(5, bytes.subarray(5))).status).toBe(409);
  await body(send(1_000, bytes.subarray(1_000)));
  await body(fetch(`${base}/pushes/${push.id}/finish`, { method: 'POST', headers: world.admin }));
  const done = await vi.waitFor(async () => {
    const now = await body<DataPush>(fetch(`${base}/pushes/${push.id}`, { headers: world.admin }));
    expect(now.state).toBe('done');
    return now;
  }, POLL);
  expect(done.version).toMatchObject({ number: 1, rows: 500, state: 'ready', label: 'approved' });

  const version = `${base}/datasets/loans/versions/latest`;
  expect((await fetch(`${version}/content`, { headers: world.admin })).status).toBe(400);
  const reason = { ...world.admin, 'bartizan-purpose': 'a test that reads it back' };
  const content = await fetch(`${version}/content`, { headers: reason });
  expect(await content.text()).toBe(CSV);
  expect(content.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''loans.csv");
  expect((await fetch(`${version}/leaves`, { headers: world.admin })).status).toBe(400);
  const leaves = await fetch(`${version}/leaves`, { headers: reason });
  expect((await leaves.arrayBuffer()).byteLength).toBe(64 + 32 * 500);

  const begun = await body<DataVerification>(
    fetch(`${version}/verify`, { method: 'POST', headers: world.admin }),
  );
  await vi.waitFor(async () => {
    const now = await body<DataVerification>(
      fetch(`${version}/verifications/${begun.id}`, { headers: world.admin }),
    );
    expect(now).toMatchObject({ state: 'intact', rows: 500, tamperings: [] });
  }, POLL);
});
