import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { json, sse, startTestGateway, type TestGateway, testEndpoint } from '../http/testing.ts';
import { eventsOf } from '../stream/testing.ts';
import { createRoom, type Held } from './room.ts';

const soon = { timeout: 20_000, interval: 10 };
const never = new AbortController().signal;

describe('the room for answers', () => {
  test('lets answers go on at once while there is enough', () => {
    const room = createRoom({ mostBytes: 1_000 });
    const held = room.open(() => undefined);
    expect(held.take(750, never)).toBe(null);
    expect(room.state()).toEqual({ bytes: 750, waiting: 0, told: 0 });
    held.over();
    held.over();
    expect(room.state().bytes).toBe(0);
  });

  test('lets a large one wait and a small one go on, until another is over', async () => {
    const room = createRoom({ mostBytes: 1_000, patienceMs: 60_000 });
    const open = (): Held => room.open(() => expect.unreachable());
    const [large, other, small] = [open(), open(), open()];
    expect(large.take(450, never)).toBe(null);
    expect(other.take(250, never)).toBe(null);
    const waiting = large.take(100, never);
    expect(waiting).not.toBe(null);
    expect(small.take(80, never)).toBe(null);
    expect(room.state()).toEqual({ bytes: 780, waiting: 1, told: 0 });
    other.over();
    expect(await waiting).toBe(true);
    expect(room.state()).toEqual({ bytes: 630, waiting: 0, told: 0 });
  });

  test('after a while ends the largest, but first those whose clients do not read', async () => {
    const ended: string[] = [];
    const room = createRoom({ mostBytes: 1_000, patienceMs: 20 });
    const unread = room.open(() => ended.push('unread'));
    const large = room.open(() => ended.push('large'));
    const small = room.open(() => ended.push('small'));
    expect([unread.take(300, never), large.take(350, never), small.take(90, never)]).toEqual([
      null,
      null,
      null,
    ]);
    unread.unread(true);
    const waiting = large.take(100, never);
    await expect.poll(() => ended, soon).toEqual(['unread']);
    expect(unread.told()).toBe(true);
    expect(await unread.take(1, never)).toBe(false);
    // Told is not yet over: its record is to be made.
    expect(room.state().waiting).toBe(1);
    expect(await unread.concluding(() => Promise.resolve(true))).toBe(true);
    unread.over();
    expect(await waiting).toBe(true);
    const more = large.take(300, never);
    expect(await more).toBe(false);
    expect(large.told()).toBe(true);
    expect(small.told()).toBe(false);
    expect(ended).toEqual(['unread']);
  });

  test('ends at once what could never fit, and waits no longer than its client', async () => {
    const room = createRoom({ mostBytes: 1_000 });
    const huge = room.open(() => undefined);
    expect(await huge.take(1_001, never)).toBe(false);
    expect(huge.told()).toBe(true);
    const [first, second] = [room.open(() => undefined), room.open(() => undefined)];
    expect([first.take(400, never), second.take(350, never)]).toEqual([null, null]);
    const client = new AbortController();
    const waiting = first.take(200, client.signal);
    client.abort();
    expect(await waiting).toBe(false);
    expect(first.told()).toBe(false);
    expect(room.state()).toMatchObject({ bytes: 750, waiting: 0 });
  });

  test('makes large records a few at a time, and small ones at once', async () => {
    const room = createRoom();
    let most = 0;
    let now = 0;
    const made: string[] = [];
    const make = (name: string, mib: number): Promise<boolean> => {
      const held = room.open(() => undefined);
      held.take(mib * 1024 * 1024, never);
      return held.concluding(async () => {
        now += mib;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 5));
        now -= mib;
        made.push(name);
        held.over();
        return true;
      });
    };
    await Promise.all([make('a', 1), make('b', 1), make('c', 20), make('d', 1), make('small', 1 / 64)]);
    expect(made.indexOf('small')).toBeLessThan(made.indexOf('c'));
    expect(made.indexOf('c')).toBeLessThan(made.indexOf('d'));
    expect(most).toBeLessThan(20.1);
    expect(room.state().bytes).toBe(0);
  });

  test('never keeps more than there is, and nobody waits for ever', async () => {
    const answers = fc.array(fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 12 }), {
      maxLength: 25,
    });
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 100, max: 2_000 }), async (all, mostBytes) => {
        const room = createRoom({ mostBytes, patienceMs: 2 });
        let peak = 0;
        const run = async (chunks: readonly number[], index: number): Promise<void> => {
          const abort = new AbortController();
          const held = room.open(() => abort.abort());
          for (const chunk of chunks) {
            const wait = held.take(chunk, abort.signal);
            peak = Math.max(peak, room.state().bytes);
            if (wait !== null && !(await wait)) break;
            if (index % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
          }
          held.unread(index % 4 === 0);
          await held.concluding(async () => true);
          held.over();
        };
        await Promise.all(all.map(run));
        expect(peak).toBeLessThanOrEqual(mostBytes);
        expect(room.state()).toMatchObject({ bytes: 0, waiting: 0 });
      }),
      { numRuns: 60 },
    );
  });
});

describe('an answer for which there is no room', () => {
  let gateway: TestGateway;
  afterEach(() => gateway.close());

  const text = 'x'.repeat(8_000);
  const chat = `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: text } }] })}\n\n`;
  const delta = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } };
  const message = `event: content_block_delta\ndata: ${JSON.stringify(delta)}\n\n`;

  async function* endless(piece: string) {
    for (;;) {
      yield piece;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const start = async (): Promise<void> => {
    gateway = await startTestGateway({
      endpoints: [testEndpoint({ retention: { content: 'redacted', days: 1 } })],
      respond: ({ path }, body) => {
        if (!(body as { stream?: boolean }).stream)
          return json({ choices: [], padding: 'x'.repeat(300_000) });
        return sse(endless(path === '/messages' ? message : chat));
      },
      room: { mostBytes: 200_000, patienceMs: 100 },
    });
  };
  const question = { model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hello' }] };

  test.each([
    ['/v1/chat/completions', 'server_error'],
    ['/v1/messages', 'overloaded_error'],
  ])('ends with the error of %s, and is on record as far as it went', async (path, type) => {
    await start();
    const response = await gateway.post(path, { ...question, stream: true });
    expect(response.status).toBe(200);
    const body = await response.text();
    const last = eventsOf(body).at(-1)?.data as { error: object };
    expect(last.error).toMatchObject({ code: 'overloaded', type });
    const [record] = gateway.records;
    expect(record).toMatchObject({ outcome: 'failed', error: { code: 'overloaded' } });
    const kept = record?.segments.find(({ direction }) => direction === 'output')?.text ?? '';
    expect(kept.length).toBe(body.split(text).length * 8_000 - 8_000);
    expect(kept.length).toBeGreaterThan(0);
    await expect.poll(() => gateway.gateway.counts().held, soon).toBe(0);
  });

  test('is answered 503 when it is a whole one', async () => {
    await start();
    const response = await gateway.post('/v1/chat/completions', question);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ error: { code: 'overloaded' } });
    expect(gateway.records).toMatchObject([{ outcome: 'failed', error: { code: 'overloaded' } }]);
    await expect.poll(() => gateway.gateway.counts().held, soon).toBe(0);
  });
});
