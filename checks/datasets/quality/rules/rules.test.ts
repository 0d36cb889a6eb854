import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { createProfiler } from '../../records/index.ts';
import { chunkOf } from '../../records/testing/chunks.ts';
import { DatasetInputError } from '../../types.ts';
import { categoryColumn, everyday, numberColumn, textColumn } from '../testing/texts.ts';
import { checkRules } from './check.ts';
import { inferRules } from './infer.ts';
import { compilePattern } from './pattern.ts';

const columns = [
  numberColumn('age', [30, 17, Number.NaN, 200]),
  numberColumn('retired', [60, 10, 65, 99]),
  textColumn('zip', ['01234', '1234', null, '99999']),
  categoryColumn('state', ['CA', 'NY', 'CA', 'XX']),
  textColumn('id', ['a', 'b', 'a', 'd']),
];
const rule = (name: string, rest: object) => ({ columns: [{ name, ...rest }] });

describe('rules', () => {
  it.each([
    ['missingAtMost', rule('age', { missingAtMost: 0.1 }), [2]],
    ['min', rule('age', { min: 18 }), [1]],
    ['max', rule('age', { max: 120 }), [3]],
    ['max', rule('zip', { max: 5_000 }), [3]],
    ['type', rule('id', { type: 'integer' }), [0, 1, 2, 3]],
    ['pattern', rule('zip', { pattern: '\\d{5}' }), [1]],
    ['minLength', rule('zip', { minLength: 5 }), [1]],
    ['maxLength', rule('zip', { maxLength: 4 }), [0, 3]],
    ['values', rule('state', { values: ['CA', 'NY'] }), [3]],
    ['values', rule('age', { values: ['30', '17'] }), [3]],
    ['unique', rule('id', { unique: true }), [2]],
    ['key', { key: ['id'] }, [2]],
    ['references', rule('state', { references: 'states' }), [3]],
    ['comparison', { comparisons: [{ left: 'age', operator: '<' as const, right: 'retired' }] }, [1, 3]],
    ['comparison', { comparisons: [{ left: 'id', operator: '!=' as const, right: 'zip' }] }, null],
    ['present', rule('income', {}), []],
    ['present', rule('income', { present: false }), null],
    ['rows', { rows: { min: 5 } }, []],
    ['rows', { rows: { max: 3 } }, []],
    [
      'onlyTheseColumns',
      { onlyTheseColumns: true, columns: columns.slice(1).map(({ name }) => ({ name })) },
      [],
    ],
    ['type', rule('age', { type: 'text' }), []],
  ])('%s %j', (name, rules, rows) => {
    const { findings, scores, suspects } = checkRules(columns, rules, { lists: { states: ['CA', 'NY'] } });
    expect(findings.map((found) => [found.evidence['rule'], found.rows])).toEqual(
      rows === null ? [] : [[name, rows]],
    );
    const named = Array.from(scores.keys()).filter((row) => (scores[row] as number) > 0.1);
    expect(named).toEqual(rows ?? []);
    for (const { score } of suspects) expect(score).toBeGreaterThan(0.5);
  });

  it('say one reason a rule and name missing keys', () => {
    const { suspects, findings } = checkRules(columns, {
      key: ['zip'],
      columns: [
        { name: 'age', max: 120 },
        { name: 'state', values: ['CA', 'NY'] },
      ],
    });
    expect(suspects.find(({ row }) => row === 3)?.reasons).toHaveLength(2);
    expect(findings.some(({ message }) => message.includes('have no key'))).toBe(true);
  });

  it.each([
    ['a rule that is none', rule('age', { least: 3 })],
    ['a look-ahead', rule('zip', { pattern: '(?=a)b' })],
    ['a back-reference', rule('zip', { pattern: '(a)\\1' })],
    ['an open group', rule('zip', { pattern: '(a' })],
    ['a class that is none', rule('zip', { pattern: '[z-a]' })],
    ['too large a pattern', rule('zip', { pattern: '(?:a{1000}){1000}' })],
    ['a list that was not given', rule('zip', { references: 'constructor' })],
    ['a key of no column', { key: ['nothing'] }],
  ])('refuse %s', (_, rules) => {
    expect(() => checkRules(columns, rules)).toThrow(DatasetInputError);
  });
});

describe('patterns', () => {
  const part = fc.constantFrom(
    'a',
    'b',
    '.',
    '\\d',
    '[a-c]',
    '[^b]',
    '(?:ab|c)',
    '(a|b1)',
    'x',
    '\\.',
    '\\p{L}',
  );
  const quantified = fc
    .tuple(part, fc.constantFrom('', '*', '+', '?', '{2}', '{1,3}', '{0,}'))
    .map((each) => each.join(''));
  const pattern = fc
    .array(
      fc.array(quantified, { maxLength: 4 }).map((each) => each.join('')),
      { minLength: 1, maxLength: 3 },
    )
    .map((each) => each.join('|'));
  it('match as the native ones do', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', 'x', '.', '\n', '😀'), maxLength: 9 }),
        (source, value) => {
          expect(compilePattern(source)(value)).toBe(new RegExp(`^(?:${source})$`, 'us').test(value));
        },
      ),
      { numRuns: 3_000 },
    );
  });
  it('that backtrack for ever elsewhere take linear time', () => {
    const start = performance.now();
    for (const source of ['(a+)+b', '(a|a)*b', '(?:a*){100}b', '(.*)*(.*)*(.*)*c', '(a|b|ab)*c{0,500}d'])
      expect(compilePattern(source)('a'.repeat(9_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
  it('may be anchored', () => {
    expect(compilePattern('^ab$')('ab')).toBe(true);
    expect(compilePattern('a\\$')('a$')).toBe(true);
    expect(compilePattern('a\\\\$')('a\\')).toBe(true);
    expect(() => compilePattern('a^b')).toThrow('cannot be read');
  });
});

/** A version of a table as the same process makes it. */
function version(seed: number, rows = 2_000) {
  const random = createRandom(seed);
  const each = <Value>(make: (row: number) => Value): Value[] =>
    Array.from({ length: rows }, (_, row) => make(row));
  return [
    numberColumn(
      'income',
      each(() => (random.next() < 0.03 ? Number.NaN : Math.exp(random.normal() + 10))),
    ),
    numberColumn(
      'age',
      each(() => 18 + random.integer(70)),
    ),
    categoryColumn(
      'state',
      each(() => ['CA', 'NY', 'TX', 'WA'][random.integer(4)] as string),
    ),
    textColumn(
      'account',
      each((row) => `AC-${seed}${String(10_000_000 + row * 37 + random.integer(30)).slice(1)}`),
    ),
    textColumn('note', everyday(rows, seed)),
  ];
}

describe('proposed rules', () => {
  it('are kept by the next versions of the same process', () => {
    const rules = inferRules(version(1));
    expect(rules.columns.map(({ name, type, unique, pattern }) => [name, type, unique, pattern])).toEqual([
      ['income', 'number', undefined, undefined],
      ['age', 'integer', undefined, undefined],
      ['state', 'text', undefined, undefined],
      ['account', 'text', true, '[A-Z]{2}-\\d{8}'],
      ['note', 'text', undefined, undefined],
    ]);
    let suspects = 0;
    for (let seed = 2; seed < 10; seed++) suspects += checkRules(version(seed), rules).suspects.length;
    // A new extreme of a heavy tail now and then.
    expect(suspects).toBeLessThanOrEqual(3);
    expect(checkRules(version(1), rules).findings).toEqual([]);
  });

  it('are broken by a version that went wrong', () => {
    const rules = inferRules(version(1));
    const [income, age, state, account, note] = version(2) as [
      ReturnType<typeof numberColumn>,
      ...ReturnType<typeof textColumn>[],
    ];
    const broken = checkRules(
      [
        numberColumn(
          'income',
          Array.from({ length: 2_000 }, () => Number.NaN),
        ),
        numberColumn(
          'age',
          Array.from({ length: 2_000 }, (_, row) => (row === 7 ? 999 : 40)),
        ),
        categoryColumn(
          'state',
          Array.from({ length: 2_000 }, (_, row) => (row === 3 ? 'Texas' : 'TX')),
        ),
        textColumn(
          'account',
          Array.from({ length: 2_000 }, () => 'AC-00000001'),
        ),
      ],
      rules,
    );
    expect(broken.findings.map(({ evidence }) => `${evidence['column']} ${evidence['rule']}`)).toEqual([
      'income missingAtMost',
      'age max',
      'state values',
      'account unique',
      'note present',
    ]);
    expect([income, age, state, account, note]).toHaveLength(5);
  });

  it('come from a profile too', () => {
    const schema = {
      columns: [
        { name: 'n', type: { kind: 'integer' } },
        { name: 't', type: { kind: 'text' } },
      ],
    } as const;
    const profiler = createProfiler(schema);
    profiler.add(
      chunkOf(
        schema,
        Array.from({ length: 400 }, (_, row) => [BigInt(row % 50), row % 2 === 0 ? 'yes' : 'no']),
      ),
    );
    const rules = inferRules(profiler.profile());
    expect(rules).toMatchObject({
      rows: { min: 200, max: 1_200 },
      columns: [
        { name: 'n', type: 'integer', min: 0, max: 98 },
        { name: 't', type: 'text', values: ['no', 'yes'] },
      ],
    });
    expect(inferRules([])).toMatchObject({ columns: [] });
  });
});
