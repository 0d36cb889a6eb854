import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sse, startTestGateway, TEST_KEY, type TestGateway } from '../http/testing.ts';
import { cutAt, eventsOf, STREAM_APIS, testPolicy } from './testing.ts';

/** What the upstream sends next, in which TCP-like pieces. */
let answer: Iterable<string | Buffer> | AsyncIterable<string | Buffer> = [];
let guarded: TestGateway;
let inputOnly: TestGateway;
let free: TestGateway;

beforeAll(async () => {
  const respond = () => sse(answer);
  guarded = await startTestGateway({ respond, policy: testPolicy() });
  inputOnly = await startTestGateway({ respond, policy: testPolicy({ directions: ['input'] }) });
  free = await startTestGateway({ respond });
});
afterAll(async () => {
  await Promise.all([guarded.close(), inputOnly.close(), free.close()]);
});

const places = fc.array(fc.nat(500), { maxLength: 14 });
const word = fc.constantFrom(
  'hello ',
  'SECRET-1234',
  'SECRET-12',
  'SECRET-',
  'S',
  '99 ',
  '😀 ',
  'é',
  '"q" ',
  '\\ ',
  '\n',
);
const text = fc.array(word, { minLength: 1, maxLength: 10 }).map((words) => words.join(''));
const redacted = (value: string): string => value.replaceAll(/SECRET-\d{4}/g, '[SECRET]');

/** The events' bytes, cut anywhere. */
function wire(events: readonly string[], cuts: readonly number[]): Buffer[] {
  const bytes = Buffer.from(events.join(''));
  const at = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length));
}

describe.each(STREAM_APIS)('a stream of %s', (name, api) => {
  test('passes untouched, byte for byte, where nothing guards it', async () => {
    const events = api.events({
      text: ['Hello ', 'SECRET-1234'],
      toolArguments: ['{"a"', ':1}'],
      reasoning: ['Hm'],
    });
    answer = wire(events, [3, 50, 51, 300]);
    const response = await free.post(api.path, api.ask('Hi'));
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(await response.text()).toBe(events.join(''));
    const record = free.records.at(-1);
    expect(record).toMatchObject({
      outcome: 'answered',
      streamed: true,
      status: 200,
      usage: { inputTokens: 4, outputTokens: 6 },
    });
    expect(
      record?.segments.filter((segment) => segment.direction === 'output').map((segment) => segment.text),
    ).toContain('Hello SECRET-1234');
  });

  test('never lets a secret out, however it is cut, and lets everything else through', async () => {
    await fc.assert(
      fc.asyncProperty(text, places, places, async (said, deltas, cuts) => {
        answer = wire(api.events({ text: cutAt(said, deltas) }), cuts);
        const response = await guarded.post(api.path, api.ask('Hi'));
        const body = await response.text();
        expect(body).not.toMatch(/SECRET-\d{4}/);
        const collected = api.collect(body);
        expect(collected.text).toBe(redacted(said));
        expect(collected.complete).toBe(true);
        for (const repeated of collected.repeated) expect(repeated).toBe(redacted(said));
        const verdict = guarded.records.at(-1)?.verdict;
        expect(verdict).toBe(redacted(said) === said ? 'allow' : 'redact');
      }),
      { numRuns: 60 },
    );
  });

  test('guards tool arguments and reasoning alike', async () => {
    if (name === 'completions') return;
    const args = JSON.stringify({ q: 'a SECRET-1234 b' });
    answer = api.events({
      text: ['Hi'],
      toolArguments: cutAt(args, [9, 12, 14]),
      reasoning: ['is SECR', 'ET-9999 ok'],
    });
    const collected = api.collect(await (await guarded.post(api.path, api.ask('Hi'))).text());
    expect(JSON.parse(collected.toolArguments)).toEqual({ q: 'a [SECRET] b' });
    expect(collected.reasoning).toBe('is [SECRET] ok');
    expect(collected.complete).toBe(true);
  });

  test('puts the request’s own values back, split anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(places, async (deltas) => {
        answer = api.events({ text: cutAt('You said [SECRET_1], right? [OTHER_1]', deltas) });
        const collected = api.collect(
          await (await inputOnly.post(api.path, api.ask('It is SECRET-4321.'))).text(),
        );
        expect(collected.text).toBe('You said SECRET-4321, right? [OTHER_1]');
        expect(inputOnly.calls.at(-1)?.text).not.toContain('SECRET-4321');
      }),
      { numRuns: 25 },
    );
  });

  test('ends with the API’s error event when a guard blocks', async () => {
    answer = api.events({ text: ['This is fine. ', 'This is forb', 'idden and more', ' and more'] });
    const response = await guarded.post(api.path, api.ask('Hi'));
    expect(response.status).toBe(200);
    const body = await response.text();
    const collected = api.collect(body);
    expect(collected.text).toMatch(/^This is fine\. This (?:is )?$/);
    expect(collected.error).toMatchObject({ code: 'guard_blocked' });
    expect(collected.error?.message).toContain('test/word');
    expect(collected.error?.message).toContain('Say it differently.');
    expect(collected.complete).toBe(false);
    expect(body).not.toContain('forbidden');
    expect(guarded.records.at(-1)).toMatchObject({
      outcome: 'blocked',
      verdict: 'block',
      error: { code: 'guard_blocked' },
    });
  });

  test('ends with an error event when a guard throws', async () => {
    answer = api.events({ text: ['Fine so far. ', 'Now explode please'] });
    const collected = api.collect(await (await guarded.post(api.path, api.ask('Hi'))).text());
    expect(collected.error?.code).toBe('guard_failed');
    expect(collected.text).not.toContain('explode');
    expect(guarded.records.at(-1)).toMatchObject({ outcome: 'failed', error: { code: 'guard_failed' } });
  });

  test.each([
    ['breaks off', ['stop']],
    ['turns to garbage', ['garbage']],
    ['resets', ['reset']],
  ])('ends with an error event when the upstream %s', async (_title, [how]) => {
    const events = api.events({ text: ['Some ', 'text here '] });
    answer = (async function* broken() {
      yield events.slice(0, -3).join('').slice(0, -1);
      yield '\n';
      if (how === 'garbage') yield 'data: {nonsense\n\n';
      if (how === 'reset') throw new Error('ECONNRESET sk-secret-provider-key');
    })();
    const body = await (await guarded.post(api.path, api.ask('Hi'))).text();
    const collected = api.collect(body);
    expect(collected.error).not.toBeNull();
    expect(collected.complete).toBe(false);
    expect(body).not.toContain('sk-secret');
    expect(guarded.records.at(-1)?.outcome).toBe('failed');
  });

  test('answers with a status when the stream fails before it begins', async () => {
    answer = ['<html>oops</html>'];
    const response = await guarded.post(api.path, api.ask('Hi'));
    expect(response.status).toBe(502);
    expect(await response.text()).not.toContain('oops');
  });

  test('is recorded as cancelled when the client leaves, and the upstream is let go', async () => {
    let released = false;
    answer = (async function* endless() {
      try {
        const [first, ...rest] = api.events({ text: Array.from({ length: 50 }, () => 'word ') });
        yield first as string;
        for (;;) {
          for (const each of rest.slice(0, 20)) yield each;
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
      } finally {
        released = true;
      }
    })();
    const abort = new AbortController();
    const response = await fetch(guarded.url + api.path, {
      method: 'POST',
      headers: { authorization: `Bearer bz_${'k'.repeat(43)}`, 'content-type': 'application/json' },
      body: JSON.stringify(api.ask('Hi')),
      signal: abort.signal,
    });
    await response.body?.getReader().read();
    const before = guarded.records.length;
    abort.abort();
    await expect.poll(() => guarded.records.length).toBe(before + 1);
    expect(guarded.records.at(-1)).toMatchObject({ outcome: 'cancelled' });
    expect(released).toBe(true);
  });
});

/** Members by which an upstream describes the answer; no model writes them. */
const STRUCTURE =
  /^(?:id|call_id|role|object|created|model|usage|type|index|sequence_number|item_id|output_index|content_index|summary_index|status|finish_reason|logprobs|system_fingerprint|service_tier|stop_reason|stop_sequence|signature|error|tools|instructions|created_at)$/;

function placesIn(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [
    path,
    ...keys.flatMap((key) => placesIn((value as Record<string, unknown>)[key as string], [...path, key])),
  ];
}

function withAt(value: unknown, path: readonly (string | number)[], put: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return put;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >;
  copy[key as string] = withAt(copy[key as string], rest, put);
  return copy;
}

test.each(STREAM_APIS)(
  '%s: a secret where the API wants something else does not get out',
  async (_name, api) => {
    const events = api.events({ text: ['Hi'], toolArguments: ['{"a":1}'], reasoning: ['Hm'] });
    const shapes = [{ note: 'SECRET-1234' }, ['SECRET-1234'], 'SECRET-1234', [{ deep: ['SECRET-1234'] }]];
    let turn = 0;
    for (const [position, event] of events.entries()) {
      const [line] = /data: .*/.exec(event) ?? [''];
      if (line === 'data: [DONE]') continue;
      const data: unknown = JSON.parse(line.slice(6));
      for (const path of placesIn(data)) {
        if (path.length === 0 || path.some((key) => STRUCTURE.test(String(key)))) continue;
        turn += 1;
        const mutated = `data: ${JSON.stringify(withAt(data, path, shapes[turn % shapes.length]))}`;
        answer = events.map((each, i) => (i === position ? each.replace(line, () => mutated) : each));
        const body = await (await guarded.post(api.path, api.ask('Hi'))).text();
        if (body.includes('SECRET-1234')) throw new Error(`let out at /${path.join('/')} of ${mutated}`);
      }
    }
    expect(turn).toBeGreaterThan(3);
  },
);

test('a signature goes with the thinking that it signs, and is void once that was changed', async () => {
  const [, api] = STREAM_APIS[2] as (typeof STREAM_APIS)[number];
  for (const [reasoning, signature] of [
    [['Let me ', 'see SECR'], 'sig'],
    [['a SECR', 'ET-1234 b'], ''],
  ] as const) {
    answer = api.events({ text: ['Hi'], reasoning });
    const body = await (await guarded.post(api.path, api.ask('Hi'))).text();
    const events = eventsOf(body).map(({ data }) => (data as { delta?: Record<string, string> }).delta ?? {});
    const signed = events.findIndex((delta) => delta.type === 'signature_delta');
    expect(events[signed]?.signature).toBe(signature);
    expect(events.findLastIndex((delta) => delta.type === 'thinking_delta')).toBeLessThan(signed);
  }
});

test('a client that does not read stops the upstream', async () => {
  let sent = 0;
  const chunk = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'x'.repeat(64 * 1024) }, finish_reason: null }] })}\n\n`;
  answer = (async function* endless() {
    for (;;) {
      sent += 1;
      yield chunk;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const socket = connect(Number(new URL(free.url).port), '127.0.0.1');
  const body = JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content: 'x' }] });
  socket.pause();
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TEST_KEY}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await expect.poll(() => sent).toBeGreaterThan(1);
  let before = -1;
  await expect
    .poll(
      () => {
        const still = sent === before;
        before = sent;
        return still;
      },
      { interval: 150, timeout: 30_000 },
    )
    .toBe(true);
  expect(sent).toBeLessThan(1_000);
  const records = free.records.length;
  socket.destroy();
  await expect.poll(() => free.records.length).toBe(records + 1);
  expect(free.records.at(-1)?.outcome).toBe('cancelled');
});

test('log-probabilities never ride along with guarded text', async () => {
  const token = { token: 'SECRET-1234', logprob: -1, bytes: null, top_logprobs: [] };
  answer = [
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content: 'SECRET-1234' }, logprobs: { content: [token] }, finish_reason: null }] })}\n\n`,
    `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`,
    'data: [DONE]\n\n',
  ];
  const body = await (
    await guarded.post('/v1/chat/completions', {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    })
  ).text();
  expect(body).not.toContain('SECRET-1234');
});

test('a member given twice does not slip past', async () => {
  answer = [
    'data: {"choices":[{"index":0,"delta":{"content":"SECRET-1234","content":"ok"},"finish_reason":null}]}\n\n',
    'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
    ': SECRET-1234\n\n',
    'data: [DONE]\n\n',
  ];
  const body = await (
    await guarded.post('/v1/chat/completions', {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    })
  ).text();
  expect(body).not.toContain('SECRET-1234');
  expect(eventsOf(body).length).toBeGreaterThan(1);
});

test('several choices are held back each for itself', async () => {
  const part = (index: number, content: string) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index, delta: { content }, finish_reason: null }] })}\n\n`;
  const stop = (index: number) =>
    `data: ${JSON.stringify({ id: 'c', choices: [{ index, delta: {}, finish_reason: 'stop' }] })}\n\n`;
  answer = [
    part(0, 'SECR'),
    part(1, 'ET-1234'),
    part(0, 'ET-5678'),
    part(1, ' b'),
    stop(0),
    stop(1),
    'data: [DONE]\n\n',
  ];
  const body = await (
    await guarded.post('/v1/chat/completions', {
      model: 'm',
      n: 2,
      stream: true,
      messages: [{ role: 'user', content: 'x' }],
    })
  ).text();
  const texts = ['', ''];
  for (const { data } of eventsOf(body)) {
    if (typeof data === 'string') continue;
    for (const choice of data.choices as { index: number; delta: { content?: string } }[]) {
      texts[choice.index] += choice.delta.content ?? '';
    }
  }
  expect(texts).toEqual(['[SECRET]', 'ET-1234 b']);
});
