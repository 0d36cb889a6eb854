import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined, listOf, only, parseSearch, stringifySearch } from './search.ts';

describe('search parameters', () => {
  it('come back as they went into the address', () => {
    const value = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), value, { maxKeys: 5 }), (search) => {
        expect({ ...parseSearch(stringifySearch(search)) }).toEqual({ ...search });
      }),
    );
  });

  it('leave out what is empty or unknown', () => {
    expect(stringifySearch({ text: '', verdict: undefined, from: 5 })).toBe('?from=5');
    expect(stringifySearch({})).toBe('');
    expect(only('verdict')({ verdict: 'block', evil: 'x' })).toEqual({ verdict: 'block' });
  });

  it('hold lists with commas', () => {
    expect(stringifySearch({ verdict: joined(['block', 'flag']) })).toBe('?verdict=block,flag');
    expect(listOf('block,flag')).toEqual(['block', 'flag']);
    expect(listOf(undefined)).toEqual([]);
    expect(joined([])).toBeUndefined();
  });
});
