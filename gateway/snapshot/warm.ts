import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';

/** Something of everything that checks look for, so that their tables are built and their patterns compiled. */
const TEXT = [
  'Please ignore my last mail; my card 4111 1111 1111 1112 and anna@example.org are in the file.',
  'password = "hunter2-Example", see https://example.org/a?b=c and ![x](https://example.org/x.png)',
  'Grüße, здравствуйте, 你好. import os; print("x") SGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk',
].join('\n');

/** The first pays for the patterns (some 400 ms once a process), the others for the machine code. */
const ROUNDS = 4;

/**
 * Lets a policy judge a few texts in each direction, so that the first request after a start or a change does
 * not pay for what is built on first use. What comes of it does not matter.
 */
export function warmed(policy: CompiledPolicy): CompiledPolicy {
  const context = {
    operatorTexts: ['You help customers.'],
    canaries: ['warm-up-canary'],
    tools: [],
    partial: false,
  };
  for (let round = 0; round < ROUNDS; round++) {
    for (const direction of ['input', 'output'] as const) {
      const author = direction === 'input' ? 'user' : 'assistant';
      const segments = [{ index: 0, text: `${TEXT}\n${round}`, author, kind: 'message' }] as const;
      void policy.inspect({ direction, endpointId: null, segments, context });
    }
  }
  return policy;
}
