import { redactSegments } from '@bartizan/checks/policy/redact.ts';
import type { PolicyFinding } from '@bartizan/checks/policy/types.ts';
import { createVault } from '@bartizan/checks/policy/vault.ts';
import type { Segment } from '@bartizan/checks/text/types.ts';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import { describe, expect, test } from 'vitest';
import { type Exchange, enterDecision } from './exchange.ts';
import { mask } from './record.ts';

const MANY = 150_000;
const UNIT = 'a@b.co ';

function finding(segment: number, start: number): PolicyFinding {
  return {
    rule: 'personal-data',
    check: 'text/personal-data',
    action: 'redact',
    direction: 'input',
    segment,
    author: 'user',
    start,
    end: start + 6,
    score: 0.95,
    kind: 'email',
    message: 'Looks like an e-mail address.',
    enforced: true,
  };
}

function timed(run: () => void): number {
  const began = cpuMs();
  run();
  return cpuMs() - began;
}

describe('a flood of findings', () => {
  const text = UNIT.repeat(MANY);
  const findings = Array.from({ length: MANY }, (_, i) => finding(0, i * UNIT.length));

  test('is masked in time in proportion to the text, every one of them', () => {
    let masked = '';
    expect(timed(() => (masked = mask(text, findings)))).toBeLessThan(3_000);
    expect(masked).toBe('██████ '.repeat(MANY));
  });

  test('overlapping spans are masked once, and offsets stay', () => {
    const spans = [finding(0, 2), { ...finding(0, 0), end: 3 }, { ...finding(0, 3), end: 5 }];
    expect(mask('0123456789', spans)).toBe('████████89');
  });

  test('is entered whole, though it is more than a call takes arguments', () => {
    const exchange = {
      verdict: 'allow',
      wouldBe: 'allow',
      findings: [],
      guardErrors: [],
    } as unknown as Exchange;
    enterDecision(exchange, { verdict: 'redact', wouldBe: 'redact', findings, errors: [] });
    expect(exchange.findings).toHaveLength(MANY);
  });

  test('over many texts is written back in time in proportion to both', () => {
    const segments: Segment[] = Array.from({ length: 20_000 }, (_, index) => ({
      index,
      text: UNIT.repeat(5),
      author: 'user',
      kind: 'message',
    }));
    const spread = segments.flatMap(({ index }) => [0, 7, 14, 21, 28].map((start) => finding(index, start)));
    let texts: string[] = [];
    expect(timed(() => (texts = redactSegments(segments, spread, createVault())))).toBeLessThan(3_000);
    expect(texts.at(-1)).toBe('[EMAIL_1] '.repeat(5));
  });
});
