import type { CheckSummary, PolicyDocument } from '@bartizan/contracts';
import { PolicyDocument as Document } from '@bartizan/contracts';
import { describe, expect, it } from 'vitest';
import { changesBetween, changesInWords, ruleFor, same, standardSet } from './rules.ts';

const check = (id: string, config: Record<string, unknown> = {}): CheckSummary => ({
  id,
  title: id,
  description: '',
  subject: 'text',
  maps: [],
  configSchema: { type: 'object', properties: {} },
  defaults: {
    action: 'redact',
    directions: ['output'],
    authors: ['assistant'],
    threshold: 0.7,
    coaching: 'x',
    config,
  },
  actions: ['redact'],
  directions: ['output'],
  worksUnconfigured: true,
  samples: [],
});

describe('ruleFor', () => {
  it('takes what the check recommends and finds a free id', () => {
    expect(ruleFor(check('text/secrets'), ['secrets', 'secrets-2'])).toMatchObject({
      id: 'secrets-3',
      action: 'redact',
      directions: ['output'],
      threshold: 0.7,
    });
  });
});

describe('standardSet', () => {
  it('is a valid document in which checks that must be told what to find are off', () => {
    const document = standardSet([
      check('text/secrets'),
      { ...check('text/topics', { topics: [] }), worksUnconfigured: false },
      check('agents/secrets'),
    ]);
    expect(Document.safeParse(document).success).toBe(true);
    expect(document.rules.map((rule) => [rule.id, rule.enabled])).toEqual([
      ['secrets', true],
      ['topics', false],
      ['secrets-2', true],
    ]);
  });
});

describe('changesBetween', () => {
  const rule = (id: string, threshold = 0.5) => ({ ...ruleFor(check('text/a'), []), id, threshold });
  const document = (...rules: PolicyDocument['rules']): PolicyDocument => ({ mode: 'enforce', rules });

  it('sees what was added, removed, changed and moved', () => {
    const changes = changesBetween(document(rule('a'), rule('b'), rule('c')), {
      ...document(rule('c'), rule('b', 0.9), rule('d')),
      mode: 'shadow',
    });
    expect(changes).toEqual({ added: ['d'], removed: ['a'], changed: ['b'], moved: true, mode: true });
    expect(changesInWords(changes)).toBe(
      '1 rule changed, 1 rule added, 1 rule removed, order changed, mode changed',
    );
  });

  it('sees nothing in equal documents whatever the order of keys', () => {
    expect(same({ a: 1, b: [{ c: 2, d: 3 }] }, { b: [{ d: 3, c: 2 }], a: 1 })).toBe(true);
    expect(changesInWords(changesBetween(document(rule('a')), document(rule('a'))))).toBe('no changes');
  });
});
