import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draw, expire, openLedger, release, replayLedger, reserve } from './ledger.ts';
import type { Ledger, LedgerEntry, LedgerStep, LedgerTerms } from './types.ts';

const TERMS: LedgerTerms = {
  unit: 'person',
  neighbours: 'add-remove',
  composition: 'basic',
  epsilon: '1',
  delta: '1e-6',
};
const ask = (request: string, epsilon: string, delta = '0') =>
  ({ request, neighbours: 'add-remove', cost: { epsilon, delta } }) as const;

function done(step: LedgerStep): Ledger {
  if (!step.ok) throw new Error(`${step.reason}: ${step.message}`);
  return step.ledger;
}
const reason = (step: LedgerStep): string | null => (step.ok ? null : step.reason);

describe('a ledger', () => {
  it('adds tenths exactly: ten of them are the budget, and nothing more is left', () => {
    let ledger = openLedger(TERMS);
    for (let turn = 0; turn < 10; turn++) ledger = done(reserve(ledger, ask(`r${turn}`, '0.1')));
    expect(ledger.balance).toMatchObject({ epsilon: 1, epsilonLeft: 0 });
    expect(reason(reserve(ledger, ask('more', '1e-30')))).toBe('over-budget');
  });

  it('stores nothing for a request it knows, and refuses its id for another cost', () => {
    const ledger = done(reserve(openLedger(TERMS), ask('a', '0.5')));
    const again = reserve(ledger, ask('a', '5e-1'));
    expect(again.ok && again.entries).toEqual([]);
    expect(reason(reserve(ledger, ask('a', '0.4')))).toBe('conflict');
  });

  it('gives a reservation back only where no noise was drawn', () => {
    const reserved = done(reserve(openLedger(TERMS), ask('a', '0.5')));
    expect(done(expire(reserved, 'a')).balance.epsilon).toBe(0);
    const drawn = done(draw(reserved, 'a'));
    expect(reason(expire(drawn, 'a'))).toBe('already-drawn');
    expect(drawn.balance.epsilon).toBe(0.5);
    expect(reason(draw(drawn, 'a'))).toBe('already-drawn');
    const released = done(release(drawn, 'a'));
    expect(reason(expire(released, 'a'))).toBe('already-drawn');
    expect(released.stateOf('a')).toBe('released');
  });

  it('releases nothing before noise is drawn, and never revives what expired', () => {
    const reserved = done(reserve(openLedger(TERMS), ask('a', '0.5')));
    expect(reason(release(reserved, 'a'))).toBe('not-drawn');
    const expired = done(expire(reserved, 'a'));
    for (const step of [reserve(expired, ask('a', '0.5')), draw(expired, 'a'), release(expired, 'a')])
      expect(reason(step)).toBe('expired');
    expect(reason(draw(expired, 'never'))).toBe('unknown-request');
  });

  it('refuses a guarantee under another relation of neighbours', () => {
    expect(reason(reserve(openLedger(TERMS), { ...ask('a', '0.5'), neighbours: 'replace' }))).toBe(
      'other-neighbours',
    );
  });

  it('counts δ by itself', () => {
    const ledger = done(reserve(openLedger(TERMS), ask('a', '0.1', '9e-7')));
    expect(reason(reserve(ledger, ask('b', '0.1', '1.1e-7')))).toBe('over-budget');
    expect(reserve(ledger, ask('b', '0.1', '1e-7')).ok).toBe(true);
  });

  it('lets many small releases through by ρ where their ε would not add up', () => {
    let ledger = openLedger({ ...TERMS, composition: 'zcdp', epsilon: '3' });
    let count = 0;
    for (; count < 1000; count++) {
      const step = reserve(ledger, ask(`r${count}`, '0.05'));
      if (!step.ok) break;
      ledger = step.ledger;
    }
    expect(count).toBeGreaterThan(100);
    expect(ledger.balance.epsilon).toBeLessThanOrEqual(3);
    expect(ledger.balance.epsilonLeft).toBeLessThan(0.05);
    expect(reserve(ledger, ask('last', String(ledger.balance.epsilonLeft * 0.999))).ok).toBe(true);
  });

  it('spends ρ, not δ, for Gaussian noise in such a ledger', () => {
    const ledger = openLedger({ ...TERMS, composition: 'zcdp', epsilon: '3' });
    const cost = { epsilon: '1', delta: '9e-7', rho: '1/50' };
    const once = done(reserve(ledger, { ...ask('a', '1'), cost }));
    expect(done(reserve(once, { ...ask('b', '1'), cost })).balance.exact).toMatchObject({
      rho: '1/25',
      delta: '0',
    });
  });

  it.each([
    { epsilon: '0' },
    { epsilon: '-1' },
    { epsilon: '0x1' },
    { epsilon: '1e9999' },
    { delta: '1' },
    { composition: 'zcdp', delta: '0' },
    { unit: ' ' },
  ])('is not opened with %j', (change) => {
    expect(() => openLedger({ ...TERMS, ...(change as Partial<LedgerTerms>) })).toThrow();
  });

  it.each(['0', '-0.5', 'NaN', ''])('refuses a cost of ε %j', (epsilon) => {
    expect(() => reserve(openLedger(TERMS), ask('a', epsilon))).toThrow();
  });

  it('is not taken from a copy', () => {
    expect(() => reserve({ ...openLedger(TERMS) }, ask('a', '0.5'))).toThrow('openLedger');
  });
});

describe('a ledger read back', () => {
  const moves = fc.array(
    fc.tuple(fc.constantFrom('reserve', 'draw', 'release', 'expire'), fc.integer({ min: 0, max: 5 })),
    { maxLength: 40 },
  );
  function play(steps: readonly (readonly [string, number])[]): Ledger {
    let ledger = openLedger(TERMS);
    for (const [kind, id] of steps) {
      const request = `r${id}`;
      const step =
        kind === 'reserve'
          ? reserve(ledger, ask(request, '0.3'))
          : { draw, release, expire }[kind as 'draw']?.(ledger, request);
      if (step?.ok) ledger = step.ledger;
    }
    return ledger;
  }

  it('is the ledger that was written, and never above its budget', () => {
    fc.assert(
      fc.property(moves, (steps) => {
        const ledger = play(steps);
        expect(ledger.balance.epsilon).toBeLessThanOrEqual(1);
        const stored = JSON.parse(JSON.stringify(ledger.entries)) as LedgerEntry[];
        const read = replayLedger(stored);
        expect(read.balance).toEqual(ledger.balance);
        for (let id = 0; id < 6; id++) expect(read.stateOf(`r${id}`)).toBe(ledger.stateOf(`r${id}`));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is refused where an entry is gone, doubled, moved or altered', () => {
    const { entries } = play([
      ['reserve', 0],
      ['draw', 0],
      ['reserve', 1],
      ['release', 0],
    ]);
    const without = entries.filter((_, place) => place !== 1);
    const cheaper = entries.map((entry) =>
      entry.kind === 'reserve' && entry.request === 'r1'
        ? { ...entry, cost: { epsilon: '2', delta: '0' } }
        : entry,
    );
    for (const wrong of [[], entries.slice(1), without, [...entries, ...entries.slice(4)], cheaper])
      expect(() => replayLedger(wrong)).toThrow();
    expect(() =>
      replayLedger(without.map((entry, sequence) => ({ ...entry, sequence }) as LedgerEntry)),
    ).toThrow('does not follow');
  });
});
