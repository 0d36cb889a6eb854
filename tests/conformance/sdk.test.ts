import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEST_KEY, type TestGateway } from '../../gateway/http/testing.ts';
import { ANTHROPIC_CLASSES, CASES, CLASSES } from './cases.ts';
import { type Client, clientsFor } from './clients.ts';
import type { ScriptedUpstream } from './scripted-upstream.ts';
import { type Conformance, PROVIDER_KEY, startConformance } from './setup.ts';

let setup: Conformance;
let upstream: ScriptedUpstream;
let gateway: TestGateway;
let outputOnly: TestGateway;
const clients = new Map<string, Client>();

beforeAll(async () => {
  setup = await startConformance();
  upstream = setup.upstream;
  gateway = setup.gateway;
  outputOnly = setup.answersOnly;
  for (const client of clientsFor({ url: gateway.url, key: TEST_KEY })) clients.set(client.api, client);
});
afterAll(() => setup.close());

const APIS = ['chat.completions', 'responses', 'messages', 'completions'] as const;
const TABLE = CASES.flatMap((each) =>
  APIS.flatMap((api) =>
    [false, true].map(
      (streamed) => [each.title, api, streamed ? 'streamed' : 'whole', each, streamed] as const,
    ),
  ),
).filter(([, api, , each]) => api !== 'completions' || !(each.turn.tools || each.turn.system));

describe('unmodified SDKs through the gateway', () => {
  test.each(TABLE)('%s · %s · %s', async (...row) => {
    const [, api, , each, streamed] = row;
    const client = clients.get(api) as Client;
    const before = upstream.received.length;
    const result = await client.ask(each.turn, streamed);
    const record = gateway.records.at(-1);
    expect(record).toMatchObject({ api, streamed, verdict: each.verdict, outcome: each.outcome });
    const sent = upstream.received
      .slice(before)
      .map((request) => request.body)
      .join('');
    if (each.withheld !== undefined) expect(sent).not.toContain(each.withheld);
    if (each.error === undefined) {
      expect(result).toHaveProperty('said');
      const { said } = result as Extract<typeof result, { said: unknown }>;
      if (each.text !== undefined) expect(said.text).toBe(each.text);
      if (each.call !== undefined) expect(said.call).toEqual(each.call);
      return;
    }
    expect(result).toHaveProperty('raised');
    const { raised } = result as Extract<typeof result, { raised: unknown }>;
    expect(raised).toMatchObject({
      name: (api === 'messages' ? ANTHROPIC_CLASSES : CLASSES)[each.error.status],
      status: each.error.status,
      code: each.error.code,
    });
    expect(raised.message).not.toContain('sk-upstream');
  });
});

describe('answers that guards change or cut', () => {
  // The command is in the question, so only these tests need a policy that looks at answers alone.
  const table = APIS.flatMap((api) =>
    [false, true].map((streamed) => [api, streamed ? 'streamed' : 'whole', streamed] as const),
  );
  const client = (api: string): Client =>
    clientsFor({ url: outputOnly.url, key: TEST_KEY }).find((each) => each.api === api) as Client;

  test.each(table)('a secret in the answer of %s · %s is taken out', async (api, _how, streamed) => {
    const result = await client(api).ask({ user: 'SAY: it is SECRET-1234 now' }, streamed);
    expect(result).toMatchObject({ said: { text: 'it is [SECRET] now' } });
    expect(outputOnly.records.at(-1)).toMatchObject({ verdict: 'redact', outcome: 'answered' });
  });

  test.each(table.filter(([api]) => api !== 'completions'))(
    'a secret in the tool call of %s · %s is taken out',
    async (api, _how, streamed) => {
      const result = await client(api).ask({ user: 'CALL: it is SECRET-1234 now', tools: true }, streamed);
      expect(result).toMatchObject({ said: { call: { q: 'it is [SECRET] now' } } });
    },
  );

  test.each(table)('a forbidden answer of %s · %s raises the SDK’s error', async (api, _how, streamed) => {
    const result = await client(api).ask(
      { user: 'SAY: a long fine beginning, then the forbidden part' },
      streamed,
    );
    expect(result).toHaveProperty('raised');
    const { raised } = result as Extract<typeof result, { raised: unknown }>;
    expect(raised.message).toContain('test/word');
    expect(outputOnly.records.at(-1)).toMatchObject({ verdict: 'block', outcome: 'blocked' });
    if (streamed) expect(raised.name).toBe('APIError');
    else expect(raised).toMatchObject({ name: 'PermissionDeniedError', status: 403, code: 'guard_blocked' });
  });
});

describe('the SDKs’ own ways to give up', () => {
  test.each(APIS)('a client of %s that times out is recorded as cancelled', async (api) => {
    const client = clients.get(api) as Client;
    const before = gateway.records.length;
    const result = await client.ask({ user: 'HANG' }, false, { timeoutMs: 100 });
    expect(result).toMatchObject({ raised: { name: 'APIConnectionTimeoutError' } });
    await expect.poll(() => gateway.records.length).toBe(before + 1);
    expect(gateway.records.at(-1)).toMatchObject({ outcome: 'cancelled' });
  });

  test.each(['STALL', 'RESET'])('a stream whose upstream does %s raises an error', async (how) => {
    for (const api of APIS) {
      const result = await (clients.get(api) as Client).ask({ user: how }, true);
      expect(result).toHaveProperty('raised');
      expect(gateway.records.at(-1)).toMatchObject({ outcome: 'failed', streamed: true });
    }
  });
});

describe('the other routes', () => {
  test('embeddings', async () => {
    const client = new OpenAI({ apiKey: TEST_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const answer = await client.embeddings.create({ model: 'm', input: 'Hi', encoding_format: 'float' });
    expect(answer.data[0]?.embedding).toEqual([0.5, -0.25]);
    await expect(client.embeddings.create({ model: 'm', input: ['ok', 'forbidden'] })).rejects.toMatchObject({
      status: 403,
      code: 'guard_blocked',
    });
  });

  test('counting tokens', async () => {
    const client = new Anthropic({ apiKey: TEST_KEY, baseURL: gateway.url, maxRetries: 0 });
    const messages = [{ role: 'user', content: 'Hi' }] as const;
    expect((await client.messages.countTokens({ model: 'm', messages: [...messages] })).input_tokens).toBe(
      42,
    );
  });

  test('models, for both families, listed and one by one', async () => {
    const openai = new OpenAI({ apiKey: TEST_KEY, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    const listed: string[] = [];
    for await (const model of openai.models.list()) listed.push(model.id);
    expect(listed).toEqual(['m']);
    expect((await openai.models.retrieve('m')).id).toBe('m');
    const anthropic = new Anthropic({ apiKey: TEST_KEY, baseURL: gateway.url, maxRetries: 0 });
    expect((await anthropic.models.list()).data.map((model) => model.id)).toEqual(['m']);
    await expect(openai.models.retrieve('nope')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });

  test('a wrong key raises AuthenticationError, and a bearer token works for Anthropic', async () => {
    const wrong = new OpenAI({
      apiKey: 'bz_wrongwrongwrongwrong',
      baseURL: `${gateway.url}/v1`,
      maxRetries: 0,
    });
    const request = { model: 'm', messages: [{ role: 'user' as const, content: 'SAY: Hi' }] };
    await expect(wrong.chat.completions.create(request)).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const wrongClaude = new Anthropic({
      apiKey: 'bz_wrongwrongwrongwrong',
      baseURL: gateway.url,
      maxRetries: 0,
    });
    await expect(wrongClaude.messages.create({ ...request, max_tokens: 1 })).rejects.toBeInstanceOf(
      Anthropic.AuthenticationError,
    );
    const bearer = new Anthropic({ apiKey: null, authToken: TEST_KEY, baseURL: gateway.url, maxRetries: 0 });
    expect((await bearer.messages.create({ ...request, max_tokens: 1 })).content[0]).toMatchObject({
      text: 'Hi',
    });
  });

  test('the provider’s key is ours and the client’s key never reaches it', () => {
    for (const request of upstream.received) {
      expect(JSON.stringify(request.headers)).not.toContain(TEST_KEY);
    }
    expect(
      upstream.received.some((request) => request.headers.authorization === `Bearer ${PROVIDER_KEY}`),
    ).toBe(true);
  });
});
