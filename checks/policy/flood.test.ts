import { cpuMs } from '@bartizan/contracts/testing.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { textChecks } from '../catalogue.ts';
import { type AnyTextCheck, EMPTY_CONTEXT, type Segment } from '../text/types.ts';
import { compilePolicy } from './compile.ts';
import { defaultPolicy } from './default.ts';
import { withoutExempt } from './exempt.ts';
import type { Decision, PolicyFinding } from './types.ts';

const segment = (text: string, index = 0): Segment => ({ index, author: 'user', kind: 'message', text });

describe('input that is too large', () => {
  let ran = 0;
  const watching = textChecks.map((check): AnyTextCheck => {
    if (check.gate === true) return check;
    const run: AnyTextCheck['run'] = (input, config) => {
      ran += 1;
      return check.run(input, config);
    };
    return { ...check, run };
  });
  const judge = (segments: readonly Segment[], mode: 'enforce' | 'shadow' = 'enforce'): Decision => {
    ran = 0;
    const policy = compilePolicy({ ...defaultPolicy(), mode }, watching);
    return policy.inspect({
      direction: 'input',
      endpointId: null,
      segments,
      context: EMPTY_CONTEXT,
    }) as Decision;
  };

  test('is refused for its size before any other check reads it', () => {
    const decision = judge([segment('a@b.co '.repeat(100_000))]);
    expect(decision.verdict).toBe('block');
    expect(new Set(decision.findings.map(({ check }) => check))).toEqual(new Set(['text/length']));
    expect(decision.coaching).toMatch(/longer than/);
    expect(ran).toBe(0);
  });

  test('in many small texts too', () => {
    expect(judge(Array.from({ length: 5_000 }, (_, index) => segment('hi', index))).verdict).toBe('block');
    expect(ran).toBe(0);
  });

  test('is read by all where the policy only watches, and below the limits', () => {
    judge([segment('word '.repeat(100_000))], 'shadow');
    expect(ran).toBeGreaterThan(4);
    const allowed = judge([segment('The river runs past the mill.\n'.repeat(6_000))]);
    expect(allowed.verdict).toBe('flag');
    expect(ran).toBeGreaterThan(4);
  });
});

describe('exempt spans', () => {
  const finding = (start: number, end: number, check = 'a', at = 0): PolicyFinding => ({
    rule: 'r',
    check,
    action: 'redact',
    direction: 'input',
    segment: at,
    author: 'user',
    start,
    end,
    score: 1,
    kind: 'k',
    message: '',
    enforced: true,
  });
  const any = fc.array(
    fc
      .tuple(fc.nat(30), fc.nat(12), fc.constantFrom('a', 'b'), fc.nat(1))
      .map(([start, length, check, at]) => finding(start, start + length, check, at)),
    { maxLength: 20 },
  );

  test('take out what lies within one of them, as the definition says', () => {
    fc.assert(
      fc.property(any, any, (findings, exempt) => {
        const expected = findings.filter(
          (found) =>
            !exempt.some(
              (span) =>
                span.check === found.check &&
                span.segment === found.segment &&
                span.start <= found.start &&
                found.end <= span.end,
            ),
        );
        expect(withoutExempt(findings, exempt)).toEqual(expected);
      }),
    );
  });

  test('are many in little time', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => finding(i * 3, i * 3 + 2));
    const began = cpuMs();
    expect(withoutExempt(many, many)).toEqual([]);
    expect(cpuMs() - began).toBeLessThan(3_000);
  });
});
