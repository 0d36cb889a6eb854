import { afterEach, describe, expect, test } from 'vitest';
import {
  json,
  sse,
  startTestGateway,
  TEST_KEY,
  type TestGateway,
  type TestGatewayOptions,
} from './http/testing.ts';

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

const COMPLETION = {
  id: 'c1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hello.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
};
const ASK = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

describe('a chat completion', () => {
  test('is answered with the upstream’s bytes and recorded', async () => {
    const gateway = await start({ respond: () => json(COMPLETION) });
    const answer = await gateway.post('/v1/chat/completions', ASK);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual(COMPLETION);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(gateway.calls[0]?.text).toBe(JSON.stringify(ASK));
    expect(gateway.records).toHaveLength(1);
    expect(gateway.records[0]).toMatchObject({
      api: 'chat.completions',
      outcome: 'answered',
      verdict: 'allow',
      status: 200,
      usage: { inputTokens: 3, outputTokens: 2 },
    });
    expect(gateway.records[0]?.segments.map((segment) => segment.text)).toEqual(['Hi', 'Hello.']);
  });

  test('is streamed', async () => {
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
    const events = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo.' }),
      chunk({}, 'stop'),
      'data: [DONE]\n\n',
    ];
    const gateway = await start({ respond: () => sse(events) });
    const answer = await gateway.post('/v1/chat/completions', { ...ASK, stream: true });
    expect(answer.headers.get('content-type')).toContain('text/event-stream');
    expect(await answer.text()).toBe(events.join(''));
    expect(gateway.records[0]?.segments.at(-1)?.text).toBe('Hello.');
    expect(gateway.records[0]).toMatchObject({ outcome: 'answered', streamed: true, status: 200 });
  });

  test('needs a key', async () => {
    const gateway = await start();
    const answer = await gateway.post('/v1/chat/completions', ASK, { authorization: 'Bearer sk-other' });
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_api_key' } });
    const anthropic = await gateway.post('/v1/messages', ASK, { authorization: '', 'x-api-key': TEST_KEY });
    expect(anthropic.status).not.toBe(401);
    expect(gateway.records).toHaveLength(1);
  });
});
