import type { InteractionSummary } from '@bartizan/contracts';
import { describe, expect, it } from 'vitest';
import { isFiltered, matches, toQuery } from './filter.ts';

const interaction: InteractionSummary = {
  id: '0192f0c1-7e65-7c2a-9d6e-2f1f6c1b0a01',
  at: 5000,
  endpointId: 'e1',
  endpointSlug: 'demo',
  keyId: null,
  keyName: 'app',
  user: 'ada',
  api: 'messages',
  model: 'demo',
  streamed: false,
  status: 403,
  outcome: 'blocked',
  verdict: 'block',
  wouldBe: 'block',
  checks: ['text/injection'],
  totalMs: 3,
  tokens: null,
  excerpt: 'Ignore',
};

describe('matches', () => {
  it('takes what every part of the filter allows', () => {
    expect(matches({}, interaction)).toBe(true);
    expect(
      matches({ verdict: 'flag,block', endpoint: 'e1', check: 'text/pii,text/injection' }, interaction),
    ).toBe(true);
    expect(matches({ user: 'ada', from: '5000', to: '5000' }, interaction)).toBe(true);
  });

  it('leaves out what one part forbids', () => {
    const refused = [
      { verdict: 'allow' },
      { key: 'k1' },
      { outcome: 'failed' },
      { user: 'ad' },
      { check: 'text/pii' },
      { from: '5001' },
      { to: '4999' },
    ];
    for (const search of refused) expect(matches(search, interaction), JSON.stringify(search)).toBe(false);
  });

  it('says that it cannot judge a text', () => {
    expect(matches({ text: 'ignore' }, interaction)).toBe('unknown');
    expect(matches({ text: 'ignore', verdict: 'allow' }, interaction)).toBe(false);
  });
});

describe('toQuery', () => {
  it('turns a period into an instant and lets an exact one win', () => {
    expect(toQuery({ last: '1h' }, 4_000_000).from).toBe(400_000);
    expect(toQuery({ last: '1h', from: '7' }, 4_000_000).from).toBe(7);
    expect(toQuery({ last: 'nonsense' }, 4_000_000).from).toBeUndefined();
  });
});

it('counts a live list as unfiltered', () => {
  expect(isFiltered({ live: '1' })).toBe(false);
  expect(isFiltered({ text: 'x' })).toBe(true);
});
