import { textChecks } from '@bartizan/checks/catalogue.ts';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import { defaultPolicy } from '@bartizan/checks/policy/default.ts';
import { expect, it } from 'vitest';
import { warmed } from './warm.ts';

it('judges in each direction and gives the same policy back', () => {
  const policy = compilePolicy(defaultPolicy(), textChecks);
  const judged: string[] = [];
  const watched = {
    ...policy,
    inspect: (input: Parameters<typeof policy.inspect>[0]) => {
      judged.push(input.direction);
      return policy.inspect(input);
    },
  };
  expect(warmed(watched)).toBe(watched);
  expect(new Set(judged)).toEqual(new Set(['input', 'output']));
});
