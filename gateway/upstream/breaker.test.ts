import { describe, expect, it } from 'vitest';
import { type CallResult, createBreaker } from './breaker.ts';

const OPTIONS = { windowMs: 10_000, minimumCalls: 4, failureRatio: 0.5, openMs: 1_000, maxOpenMs: 4_000 };

function call(breaker: ReturnType<typeof createBreaker>, result: CallResult, nowMs: number): boolean {
  const report = breaker.enter(nowMs);
  report?.(result, nowMs);
  return report !== null;
}

describe('circuit breaker', () => {
  it('stays closed below the ratio and opens at it', () => {
    const breaker = createBreaker(OPTIONS);
    for (const result of ['success', 'success', 'success', 'failure'] as const) call(breaker, result, 0);
    expect(breaker.state(0)).toBe('closed');
    call(breaker, 'failure', 0);
    expect(breaker.state(0)).toBe('closed');
    call(breaker, 'failure', 0);
    expect(breaker.state(0)).toBe('open');
    expect(breaker.openForMs(400)).toBe(600);
    expect(call(breaker, 'success', 999)).toBe(false);
  });

  it('does not open on few calls, nor on failures that have grown old', () => {
    const breaker = createBreaker(OPTIONS);
    for (let index = 0; index < 3; index++) call(breaker, 'failure', 0);
    expect(breaker.state(0)).toBe('closed');
    call(breaker, 'failure', 20_000);
    expect(breaker.state(20_000)).toBe('closed');
  });

  it('ignores neutral results', () => {
    const breaker = createBreaker(OPTIONS);
    for (let index = 0; index < 50; index++) call(breaker, 'neutral', index);
    expect(breaker.state(50)).toBe('closed');
  });

  it('lets one trial through when half-open; success closes it', () => {
    const breaker = createBreaker(OPTIONS);
    for (let index = 0; index < 4; index++) call(breaker, 'failure', 0);
    const trial = breaker.enter(1_000);
    expect(trial).not.toBeNull();
    expect(breaker.enter(1_001)).toBeNull();
    trial?.('success', 1_002);
    expect(breaker.state(1_002)).toBe('closed');
    expect(call(breaker, 'success', 1_003)).toBe(true);
  });

  it('a failed trial opens it for twice as long, up to the maximum; a cancelled one leaves it half-open', () => {
    const breaker = createBreaker(OPTIONS);
    for (let index = 0; index < 4; index++) call(breaker, 'failure', 0);
    call(breaker, 'neutral', 1_000);
    expect(breaker.state(1_000)).toBe('half-open');
    call(breaker, 'failure', 1_000);
    expect(breaker.openForMs(1_000)).toBe(2_000);
    call(breaker, 'failure', 3_000);
    call(breaker, 'failure', 7_000);
    expect(breaker.openForMs(7_000)).toBe(4_000);
  });
});
