import { textChecks } from '@bartizan/checks/catalogue.ts';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import { defaultPolicy } from '@bartizan/checks/policy/default.ts';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sse, startTestGateway, type TestGateway } from '../http/testing.ts';
import { createTurns } from './turns.ts';

/** Numbers like those of cards: as slow to judge as any text. */
const SLOW = '4111 1111 1111 1112 '.repeat(50);
const event = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
const burst = `${event({ content: SLOW }, null).repeat(60)}${event({}, 'stop')}data: [DONE]\n\n`;

let gateway: TestGateway;
beforeAll(async () => {
  const policy = compilePolicy(defaultPolicy(), textChecks);
  gateway = await startTestGateway({ respond: () => sse([burst]), policy });
});
afterAll(() => gateway.close());

test('a stream that arrives all at once and is slow to judge lets others have their turn', async () => {
  let over = false;
  let longest = 0;
  let began = cpuMs();
  const tick = (): void => {
    longest = Math.max(longest, cpuMs() - began);
    began = cpuMs();
    if (!over) setTimeout(tick, 1);
  };
  const started = cpuMs();
  tick();
  const response = await gateway.post('/v1/chat/completions', {
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  });
  const body = await response.text();
  over = true;
  expect(body).toContain('[DONE]');
  const whole = cpuMs() - started;
  // Without turns, the longest wait is nearly the whole.
  expect(longest).toBeLessThan(Math.max(250, whole / 2));
}, 300_000);

test('a tool name that comes in pieces is judged as clients put it together', async () => {
  const token = 'ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8';
  const call = (name: string): string => event({ tool_calls: [{ index: 0, function: { name } }] }, null);
  const names = [token.slice(0, 20), token.slice(20)];
  const policy = compilePolicy(defaultPolicy(), textChecks);
  const own = await startTestGateway({
    respond: () => sse([`${names.map(call).join('')}${event({}, 'tool_calls')}data: [DONE]\n\n`]),
    policy,
  });
  try {
    const response = await own.post('/v1/chat/completions', {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    });
    const body = await response.text();
    expect(body).toContain(names[0]);
    expect(body).not.toContain(names[1]);
  } finally {
    await own.close();
  }
});

test('however many streams have work, one turn of the event loop has little of it', async () => {
  const turns = createTurns(5);
  let done = 0;
  const perTurn: number[] = [];
  const streams = Array.from({ length: 40 }, async () => {
    for (let chunk = 0; chunk < 5; chunk++) {
      await turns.enter();
      done += 1;
      turns.leave(3);
    }
  });
  let before = 0;
  for (let turn = 0; turn < 1_000 && done < 200; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(done - before);
    before = done;
  }
  await Promise.all(streams);
  expect(done).toBe(200);
  // Two of 3 ms fill a budget of 5; the first turn of all has no line yet.
  expect(Math.max(...perTurn.slice(1))).toBeLessThanOrEqual(2);
});
