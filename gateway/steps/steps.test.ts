import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  json,
  sse,
  startTestGateway,
  TEST_KEY,
  type TestGateway,
  type TestGatewayOptions,
  testConfiguration,
  testEndpoint,
  testKey,
} from '../http/testing.ts';
import { hangingPolicy, testPolicy } from '../stream/testing.ts';
import { uuidv7 } from './id.ts';
import { mask } from './record.ts';
import { resolve, scopeOf } from './resolve.ts';
import { retryAfterMs, scrub } from './translate.ts';

let open: TestGateway[] = [];
async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  open.push(gateway);
  return gateway;
}
afterEach(async () => {
  await Promise.all(open.map((gateway) => gateway.close()));
  open = [];
});

const said = (content: string, more: object = {}) =>
  json({
    id: 'c',
    object: 'chat.completion',
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }],
  });
const ask = (content: unknown, more: object = {}) => ({
  model: 'm',
  messages: [{ role: 'user', content }],
  ...more,
});
const CHAT = '/v1/chat/completions';

describe('which endpoint and model a request is for', () => {
  const one = testEndpoint({
    id: '018f0000-0000-7000-8000-0000000000a1',
    slug: 'one',
    models: [{ name: 'big', upstreamName: 'big-2026' }, { name: 'both' }],
  });
  const two = testEndpoint({
    id: '018f0000-0000-7000-8000-0000000000a2',
    slug: 'two',
    models: [{ name: 'small' }, { name: 'both' }],
  });
  const off = testEndpoint({
    id: '018f0000-0000-7000-8000-0000000000a3',
    slug: 'off',
    enabled: false,
    models: [],
  });
  const open2 = testEndpoint({ id: '018f0000-0000-7000-8000-0000000000a4', slug: 'any' });
  const scopeFor = (endpoints: readonly ReturnType<typeof testEndpoint>[], allowed: '*' | string[] = '*') =>
    scopeOf(testConfiguration({ endpoints }), testKey({ endpoints: allowed }));
  const all = scopeFor([one, two, off]);

  test.each([
    ['path names it', all, 'one', 'big', 'one', 'big-2026'],
    ['path names it and the model repeats it', all, 'one', 'one/big', 'one', 'big-2026'],
    ['the model’s prefix names it', all, null, 'two/small', 'two', 'small'],
    ['only one lists the model', all, null, 'small', 'two', 'small'],
    ['the key has only one', scopeFor([one, two], [two.id]), null, 'both', 'two', 'both'],
    ['only one is switched on', scopeFor([two, off]), null, 'both', 'two', 'both'],
    [
      'any model goes, slashes included',
      scopeFor([open2]),
      null,
      'meta-llama/Llama-4',
      'any',
      'meta-llama/Llama-4',
    ],
  ])('%s', (...row) => {
    const [, scope, named, model, slug, upstreamModel] = row;
    expect(resolve(scope, named, model)).toMatchObject({
      ok: true,
      target: { endpoint: { slug }, upstreamModel },
    });
  });

  test.each([
    ['an unknown endpoint', all, 'nope', 'big', 'endpoint_not_found'],
    ['an endpoint of somebody else', scopeFor([one, two], [two.id]), 'one', 'big', 'endpoint_not_found'],
    ['an endpoint that is off', all, 'off', 'x', 'endpoint_disabled'],
    ['a model that the endpoint does not offer', all, 'one', 'small', 'model_not_found'],
    ['a model that two endpoints list', all, null, 'both', 'model_not_found'],
    ['a model that nobody lists', all, null, 'nope', 'model_not_found'],
    ['a key without endpoints', scopeFor([one], []), null, 'big', 'endpoint_not_found'],
  ])('refuses %s', (...row) => {
    const [, scope, named, model, code] = row;
    expect(resolve(scope, named, model)).toMatchObject({ ok: false, problem: { code } });
  });

  test('by path, header and prefix over HTTP; the denied are recorded', async () => {
    const gateway = await start({ endpoints: [one, two], respond: () => said('x') });
    expect((await gateway.post('/e/one/v1/chat/completions', { ...ask('Hi'), model: 'big' })).status).toBe(
      200,
    );
    expect(
      (await gateway.post(CHAT, { ...ask('Hi'), model: 'big' }, { 'x-bartizan-endpoint': 'one' })).status,
    ).toBe(200);
    expect((await gateway.post(CHAT, { ...ask('Hi'), model: 'one/big' })).status).toBe(200);
    expect(gateway.calls.map((call) => (JSON.parse(call.text) as { model: string }).model)).toEqual([
      'big-2026',
      'big-2026',
      'big-2026',
    ]);
    expect((await gateway.post('/e/one/v1/chat/completions', { ...ask('Hi'), model: 'small' })).status).toBe(
      404,
    );
    expect(gateway.records.at(-1)).toMatchObject({
      outcome: 'denied',
      endpointSlug: 'one',
      error: { code: 'model_not_found' },
    });
  });
});

describe('what goes upstream', () => {
  test('is the client’s own bytes but for the model, whatever the spacing', async () => {
    const endpoint = testEndpoint({ models: [{ name: 'm', upstreamName: 'real "m"' }] });
    const gateway = await start({ endpoints: [endpoint], respond: () => said('x') });
    const body =
      '{ "messages" : [ {"role":"user","content":"H\\u0069 \\/ 1.0"} ],\n "temperature": 1.0, "model" : "m" , "x":{"model":"m"} }';
    await gateway.post(CHAT, body);
    expect(gateway.calls[0]?.text).toBe(body.replace('"model" : "m"', '"model" : "real \\"m\\""'));
    expect(gateway.records[0]).toMatchObject({ model: 'm', upstreamModel: 'real "m"' });
  });

  test('carries no header of the client but those of the API', async () => {
    const gateway = await start({ respond: () => said('x') });
    await gateway.post(CHAT, ask('Hi'), {
      cookie: 'a=b',
      'x-forwarded-for': '1.2.3.4',
      'openai-beta': 'x',
      'openai-organization': 'org',
    });
    expect(gateway.calls[0]?.request.headers).toEqual({
      'content-type': 'application/json',
      'openai-beta': 'x',
    });
  });
});

describe('redaction', () => {
  test('keeps tool arguments valid JSON and escapes what it restores', async () => {
    const gateway = await start({
      policy: testPolicy(),
      respond: (_request, body) => {
        const { messages } = body as { messages: { content: string }[] };
        const placeholder = /\[SECRET_\d\]/.exec(messages[0]?.content ?? '')?.[0] ?? '';
        return said('', {
          tool_calls: [
            {
              id: 't',
              type: 'function',
              function: { name: 'f', arguments: JSON.stringify({ q: `"${placeholder}"` }) },
            },
          ],
        });
      },
    });
    const answer = (await (await gateway.post(CHAT, ask('SECRET-1234'))).json()) as {
      choices: { message: { tool_calls: { function: { arguments: string } }[] } }[];
    };
    expect(JSON.parse(answer.choices[0]?.message.tool_calls[0]?.function.arguments ?? '')).toEqual({
      q: '"SECRET-1234"',
    });
  });

  test('drops log-probabilities with the text that they spell', async () => {
    const choice = {
      index: 0,
      message: { role: 'assistant', content: 'SECRET-1234' },
      logprobs: { content: [{ token: 'SECRET-1234' }] },
      finish_reason: 'stop',
    };
    const gateway = await start({
      policy: testPolicy(),
      respond: () => json({ id: 'c', model: 'm', choices: [choice] }),
    });
    expect(await (await gateway.post(CHAT, ask('Hi'))).text()).not.toContain('SECRET-1234');
  });

  test('judges members of an answer that no API defines', async () => {
    const gateway = await start({
      policy: testPolicy(),
      respond: () => json({ id: 'c', model: 'm', choices: [], extra: { deep: ['a SECRET-1234'] } }),
    });
    expect(await (await gateway.post(CHAT, ask('Hi'))).text()).toContain('a [SECRET]');
  });

  test('shadow mode records and changes nothing', async () => {
    const gateway = await start({
      policy: testPolicy({ mode: 'shadow' }),
      respond: () => said('SECRET-1234 forbidden'),
    });
    const answer = await gateway.post(CHAT, ask('forbidden SECRET-1234'));
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('SECRET-1234 forbidden');
    expect(gateway.records[0]).toMatchObject({ verdict: 'allow', wouldBe: 'block', outcome: 'answered' });
    expect(gateway.records[0]?.findings.every((finding) => !finding.enforced)).toBe(true);
  });
});

describe('a guard that fails', () => {
  test('is let through and flagged where the endpoint says so', async () => {
    const endpoint = testEndpoint({ onGuardError: 'allow' });
    const gateway = await start({ endpoints: [endpoint], policy: testPolicy(), respond: () => said('fine') });
    expect((await gateway.post(CHAT, ask('explode'))).status).toBe(200);
    expect(gateway.records[0]).toMatchObject({
      verdict: 'flag',
      outcome: 'answered',
      guardErrors: [{ check: 'test/word' }],
    });
  });

  test('that hangs denies, in a request, an answer and a stream', async () => {
    const asked = await start({ policy: hangingPolicy(40, ['input']), respond: () => said('fine') });
    expect((await asked.post(CHAT, ask('Hi'))).status).toBe(503);
    expect(asked.calls).toHaveLength(0);
    const whole = await start({ policy: hangingPolicy(40, ['output']), respond: () => said('fine') });
    const answer = await whole.post(CHAT, ask('Hi'));
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ error: { code: 'guard_failed' } });
    const chunk = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: 'fine and long. ' }, finish_reason: null }] })}\n\n`;
    const streamed = await start({
      policy: hangingPolicy(40, ['output']),
      respond: () => sse([chunk, chunk, 'data: [DONE]\n\n']),
    });
    const text = await (await streamed.post(CHAT, ask('Hi', { stream: true }))).text();
    expect(text).toContain('guard_failed');
    expect(text).not.toContain('fine');
  });

  test('that throws out of turn denies', async () => {
    const policy = {
      ...testPolicy(),
      inspect: () => {
        throw new Error('out of turn');
      },
    };
    const gateway = await start({ policy, respond: () => said('fine') });
    expect((await gateway.post(CHAT, ask('Hi'))).status).toBe(503);
    expect(gateway.calls).toHaveLength(0);
  });

  test('documents that no guard can read are refused, or flagged', async () => {
    const pdf = [
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
    ];
    const strict = await start({ policy: testPolicy(), respond: () => said('x') });
    const refused = await strict.post(CHAT, ask(pdf));
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      error: { code: 'unreadable_content', param: '/messages/0/content/0/file/file_data' },
    });
    const lenient = await start({
      endpoints: [testEndpoint({ onGuardError: 'allow' })],
      policy: testPolicy(),
      respond: () => said('x'),
    });
    expect((await lenient.post(CHAT, ask(pdf))).status).toBe(200);
    expect(lenient.records[0]).toMatchObject({
      verdict: 'flag',
      guardErrors: [{ check: 'gateway/unread-document' }],
    });
    const free = await start({ respond: () => said('x') });
    expect((await free.post(CHAT, ask(pdf))).status).toBe(200);
  });

  test('images pass, and the record says that nobody judged them', async () => {
    const gateway = await start({ policy: testPolicy(), respond: () => said('x') });
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    await gateway.post(CHAT, ask([{ type: 'image_url', image_url: { url } }]));
    expect(gateway.calls[0]?.text).toContain(url);
    expect(gateway.records[0]?.segments[0]).toMatchObject({
      path: '/messages/0/content/0/image_url/url',
      text: '[not judged: media, image/png]',
    });
  });
});

describe('the record', () => {
  const answered = async (content: 'full' | 'redacted' | 'hash') => {
    const endpoint = testEndpoint({ retention: { content, days: 2 } });
    const gateway = await start({
      endpoints: [endpoint],
      policy: testPolicy(),
      respond: () => said('It was SECRET-9876.'),
    });
    await gateway.post(CHAT, ask('My SECRET-1234 here', { user: 'ann' }));
    return gateway.records[0];
  };

  test('keeps everything when told to', async () => {
    const record = await answered('full');
    expect(record?.segments.map((segment) => segment.text)).toEqual([
      'My SECRET-1234 here',
      'It was SECRET-9876.',
    ]);
    expect(record?.rawRequest).toContain('SECRET-1234');
    expect(record?.rawResponse).toContain('SECRET-9876');
    expect(record).toMatchObject({
      user: 'ann',
      verdict: 'redact',
      policyVersion: 1,
      snapshotVersion: 'v1',
      gatewayId: 'gw-test',
    });
    expect(record?.expiresAt).toBe((record?.at ?? 0) + 2 * 86_400_000);
  });

  test('masks what guards found, in place', async () => {
    const record = await answered('redacted');
    expect(record?.segments.map((segment) => segment.text)).toEqual([
      'My ███████████ here',
      'It was ███████████.',
    ]);
    expect(JSON.stringify(record)).not.toMatch(/SECRET-\d{4}/);
    const [input, output] = record?.findings ?? [];
    expect(record?.segments[0]?.text?.slice(input?.start, input?.end)).toBe('███████████');
    expect(record?.segments[1]?.text?.slice(output?.start, output?.end)).toBe('███████████');
  });

  test('keeps digests only', async () => {
    const record = await answered('hash');
    expect(
      record?.segments.every((segment) => segment.text === null && /^[0-9a-f]{64}$/.test(segment.sha256)),
    ).toBe(true);
    expect(JSON.stringify(record)).not.toMatch(/SECRET-\d{4}/);
  });

  test('keeps an upstream’s words about the request only with everything else', async () => {
    for (const content of ['full', 'redacted', 'hash'] as const) {
      const gateway = await start({
        endpoints: [testEndpoint({ retention: { content, days: 1 } })],
        respond: () => json({ error: { message: 'bad input: "my diary"' } }, 400),
      });
      expect(await (await gateway.post(CHAT, ask('my diary'))).text()).toContain('my diary');
      expect(gateway.records[0]?.error?.message.includes('my diary')).toBe(content === 'full');
    }
  });

  test('is not grown without bound by a body of very many texts', async () => {
    const endpoint = testEndpoint({ maxRequestBytes: 8 * 1024 * 1024 });
    const gateway = await start({ endpoints: [endpoint], respond: () => said('x') });
    const parts = Array.from({ length: 20_001 }, () => ({ type: 'text', text: 'a' }));
    expect((await gateway.post(CHAT, ask(parts))).status).toBe(400);
    expect(gateway.calls).toHaveLength(0);
    const many = await start({
      respond: () => json({ choices: parts.map(() => ({ message: { content: 'a' } })) }),
    });
    expect((await many.post(CHAT, ask('Hi'))).status).toBe(502);
    const chunk = `data: ${JSON.stringify({ choices: parts.map((_, index) => ({ index, delta: { content: 'a' } })) })}\n\n`;
    const streamed = await start({ respond: () => sse([chunk, 'data: [DONE]\n\n']) });
    expect((await streamed.post(CHAT, ask('Hi', { stream: true }))).status).toBe(502);
  });

  test('is in the journal before the last byte, or there is no answer', async () => {
    const gateway = await start({
      respond: () => {
        gateway.fillJournal();
        return said('x');
      },
    });
    const whole = await gateway.post(CHAT, ask('Hi'));
    expect(whole.status).toBe(503);
    expect(await whole.json()).toMatchObject({ error: { code: 'journal_full' } });
    const chunk = (delta: object, finish: string | null) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const streaming = await start({
      respond: () =>
        sse(
          (async function* events() {
            yield chunk({ content: 'Hi' }, null);
            streaming.fillJournal();
            yield chunk({}, 'stop');
            yield 'data: [DONE]\n\n';
          })(),
        ),
    });
    const text = await (await streaming.post(CHAT, ask('Hi', { stream: true }))).text();
    expect(text).toContain('journal_full');
    expect(text).not.toContain('[DONE]');
  });

  test('masks spans that overlap and lie at the ends', () => {
    const finding = (start: number, end: number) =>
      ({
        rule: 'r',
        check: 'x/y',
        action: 'redact',
        direction: 'input',
        segment: 0,
        author: 'user',
        start,
        end,
        score: 1,
        kind: 'k',
        message: '',
        enforced: true,
      }) as const;
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.array(fc.tuple(fc.nat(20), fc.nat(20))), (text, spans) => {
        const findings = spans.map(([a, b]) =>
          finding(Math.min(a, text.length), Math.min(a + b, text.length)),
        );
        const masked = mask(text, findings);
        expect(masked).toHaveLength(text.length);
        for (const { start, end } of findings) expect(masked.slice(start, end)).toBe('█'.repeat(end - start));
      }),
    );
  });
});

describe('limits', () => {
  const limits = { requestsPerMinute: null, tokensPerMinute: 100, tokensPerDay: null, concurrent: null };
  const limited = { keys: [testKey({ limits })] };
  const usage = { prompt_tokens: 30, completion_tokens: 12 };

  test('are told the tokens that the upstream counted, or an estimate, once', async () => {
    const counted = await start({ ...limited, respond: () => json({ choices: [], usage }) });
    await counted.post(CHAT, ask('Hi'));
    expect(counted.settled).toEqual([42]);
    const estimated = await start({ ...limited, respond: () => said('x'.repeat(30)) });
    await estimated.post(CHAT, ask('y'.repeat(10)));
    expect(estimated.settled).toEqual([10]);
  });

  test('are settled when the answer fails or is blocked', async () => {
    const gateway = await start({
      ...limited,
      policy: testPolicy(),
      respond: () => json({ choices: [{ message: { content: 'forbidden' } }], usage }),
    });
    expect((await gateway.post(CHAT, ask('Hi'))).status).toBe(403);
    expect(gateway.settled).toEqual([42]);
  });
});

describe('models', () => {
  test('are those of the endpoint, by endpoint when there are several', async () => {
    const a = testEndpoint({
      slug: 'a',
      id: '018f0000-0000-7000-8000-0000000000b1',
      models: [{ name: 'x' }],
    });
    const b = testEndpoint({
      slug: 'b',
      id: '018f0000-0000-7000-8000-0000000000b2',
      models: [{ name: 'y' }],
    });
    const gateway = await start({ endpoints: [a, b] });
    const list = async (path: string) => {
      const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${TEST_KEY}` } });
      return ((await response.json()) as { data?: { id: string }[] }).data?.map((model) => model.id);
    };
    expect(await list('/v1/models')).toEqual(['a/x', 'b/y']);
    expect(await list('/e/b/v1/models')).toEqual(['y']);
    expect(await list('/e/nope/v1/models')).toBeUndefined();
    expect((await fetch(`${gateway.url}/v1/models`)).status).toBe(401);
  });
});

describe('what an upstream says', () => {
  test('loses the provider’s key, whole or in part, and other credentials', () => {
    const key = 'sk-proj-abcdefghijklmnop';
    fc.assert(
      fc.property(
        fc.string({ maxLength: 40 }),
        fc.constantFrom(key, key.slice(0, 16), `Bearer ${key}`, 'sk-ant-api03-zzzzzzzz', 'AIzaSyA1234567890'),
        (text, secret) => {
          expect(scrub(`${text.replaceAll(/\w/g, ' ')} ${secret} end`, key)).not.toContain(
            secret.replace('Bearer ', ''),
          );
        },
      ),
    );
    expect(scrub('The model `x` does not exist', key)).toBe('The model `x` does not exist');
    expect(scrub('x'.repeat(100_000), null).length).toBeLessThanOrEqual(1_000);
  });

  test('about when to come back is read and bounded', () => {
    expect(retryAfterMs({ 'retry-after': '7' }, 0)).toBe(7_000);
    expect(retryAfterMs({ 'retry-after-ms': '250' }, 0)).toBe(250);
    expect(retryAfterMs({ 'retry-after': 'Thu, 01 Jan 1970 00:00:09 GMT' }, 1_000)).toBe(8_000);
    expect(retryAfterMs({ 'retry-after': 'soon' }, 0)).toBeNull();
    expect(retryAfterMs({ 'retry-after': '999999999' }, 0)).toBe(3_600_000);
    expect(retryAfterMs({}, 0)).toBeNull();
  });
});

test('ids are UUIDv7: valid, unique, in order of time', () => {
  const ids = Array.from({ length: 2_000 }, (_, i) => uuidv7(1_700_000_000_000 + i));
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});
