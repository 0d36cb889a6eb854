import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import fc from 'fast-check';
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../../kernel/error.ts';
import { allOf, orderTerms } from './compile.ts';
import { type Clause, parseFilter, parseOrder } from './grammar.ts';
import { createPageTokens } from './page.ts';
import { EXPERIMENTS, LOGGED_MODELS, RUNS } from './targets.ts';

const database = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

const compiled = (filter: string) => allOf(parseFilter(filter, RUNS.dialect), RUNS).compile(database);
const clauses = (filter: string) => parseFilter(filter, RUNS.dialect);
const clause = (kind: string, key: string, operator: string, value: unknown) => ({
  kind,
  key,
  operator,
  value,
});

describe('filters that clients write', () => {
  test.each<[string, object[]]>([
    ['', []],
    ['   ', []],
    ['metrics.rmse < 1', [clause('metric', 'rmse', '<', 1)]],
    ['metric.rmse>=-1.5e3', [clause('metric', 'rmse', '>=', -1500)]],
    ["params.model = 'tree'", [clause('param', 'model', '=', 'tree')]],
    ['params.model != "tree"', [clause('param', 'model', '!=', 'tree')]],
    ["tags.mlflow.source.type = 'LOCAL'", [clause('tag', 'mlflow.source.type', '=', 'LOCAL')]],
    ["tags.`a b.c` LIKE 'x%'", [clause('tag', 'a b.c', 'LIKE', 'x%')]],
    [`tag."a-b" ilike '%Y'`, [clause('tag', 'a-b', 'ILIKE', '%Y')]],
    ["tag.`mlflow.prompt.is_prompt` != 'true'", [clause('tag', 'mlflow.prompt.is_prompt', '!=', 'true')]],
    ["attributes.status = 'FINISHED'", [clause('attribute', 'status', '=', 'FINISHED')]],
    ["run_id IN ('a', 'b')", [clause('attribute', 'run_id', 'IN', ['a', 'b'])]],
    ["run_id NOT IN ('a',)", [clause('attribute', 'run_id', 'NOT IN', ['a'])]],
    ['created > 5', [clause('attribute', 'start_time', '>', 5)]],
    ["`run name` = 'x'", [clause('attribute', 'run_name', '=', 'x')]],
    [
      "dataset.name = 'd' and dataset.context = 'train'",
      [clause('dataset', 'name', '=', 'd'), clause('dataset', 'context', '=', 'train')],
    ],
    [
      'params.p IS NULL AND tags.t is not null',
      [clause('param', 'p', 'IS NULL', null), clause('tag', 't', 'IS NOT NULL', null)],
    ],
    ["params.q = 'it''s'", [clause('param', 'q', '=', "it's")]],
  ])('%s', (filter, expected) => {
    expect(clauses(filter)).toEqual(expected);
  });

  test.each([
    'metrics.rmse',
    'metrics.rmse <',
    "metrics.rmse = 'a'",
    "metrics.rmse LIKE 'a'",
    'params.p = 3',
    "params.p > 'a'",
    "nope.p = 'a'",
    "nope = 'a'",
    "constructor = 'a'",
    "__proto__.x = 'a'",
    "dataset.owner = 'a'",
    "params.p = 'a' OR params.q = 'b'",
    "params.p = 'a' params.q = 'b'",
    "params.p = 'a' AND",
    "params.p = 'a';",
    "params.p = 'a' -- AND",
    "params.p = 'a",
    'metrics.`a = 1',
    "run_id IN ('a' 'b')",
    'run_id IN ()',
    'start_time IS NULL',
    'metrics.a IS NULL',
    'metrics.a = 1e999',
    `${"params.p = 'a' AND ".repeat(101)}params.p = 'a'`,
    `params.p = '${'a'.repeat(20_001)}'`,
  ])('refuses %s', (filter) => {
    expect(() => clauses(filter)).toThrow(AppError);
  });

  test('orders', () => {
    expect(parseOrder('metrics.`a b` DESC', RUNS.dialect)).toEqual({
      kind: 'metric',
      key: 'a b',
      ascending: false,
    });
    expect(parseOrder('start_time', RUNS.dialect)).toMatchObject({ key: 'start_time', ascending: true });
    expect(() => parseOrder('start_time desc; drop table runs', RUNS.dialect)).toThrow(AppError);
    expect(() => parseOrder('start_time sideways', RUNS.dialect)).toThrow(AppError);
  });
});

const kinds = fc.constantFrom('metrics', 'params', 'tags');
/** Long enough that it stands in no SQL of ours by chance, and full of what SQL would like. */
const hostile = fc
  .string({
    unit: fc.constantFrom("'", '"', ';', '-', '/', '*', '\\', '$', '1', '%', '(', ')', ' ', 'x', '\0', 'é'),
  })
  .map((text) => `zq${text}qz`);
const quoteKey = (key: string): string => `\`${key.replaceAll('`', '``')}\``;
const quoteValue = (value: string): string => `'${value.replaceAll("'", "''")}'`;

const comparisons = fc.record({
  kind: kinds,
  key: hostile,
  value: hostile,
  number: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e20, max: 1e20 }),
});
const write = ({ kind, key, value, number }: { kind: string; key: string; value: string; number: number }) =>
  kind === 'metrics'
    ? `metrics.${quoteKey(key)} > ${number.toFixed(5)}`
    : `${kind}.${quoteKey(key)} LIKE ${quoteValue(value)}`;

describe('nothing that people write becomes SQL:', () => {
  test('keys and values go in as parameters, and the text is the same whatever they are', () => {
    fc.assert(
      fc.property(fc.array(comparisons, { minLength: 1, maxLength: 5 }), (all) => {
        const query = compiled(all.map(write).join(' AND '));
        const tame = all.map((one) => ({
          ...one,
          key: 'zqkqz',
          value: one.value.includes('\0') ? '\0' : 'v',
          number: 1,
        }));
        expect(query.sql).toBe(compiled(tame.map(write).join(' AND ')).sql);
        expect(query.sql).not.toContain('zq');
        const keys = query.parameters.filter((one) => typeof one === 'string');
        for (const { key } of all) expect(keys).toContain(key.replaceAll('\0', '\ufffd'));
      }),
      { numRuns: 300 },
    );
  });

  test('any text is read or refused, in linear time', () => {
    const pieces = fc.constantFrom(
      'metrics',
      'params',
      '.',
      'a',
      "'x'",
      '`k`',
      '"v"',
      ' ',
      '=',
      '>',
      'AND',
      'LIKE',
      'IN',
      '(',
      ')',
      ',',
      '1',
      '-2.5',
      'IS',
      'NOT',
      'NULL',
      "'",
      ';',
      '\0',
      'status',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 200 }),
          fc.array(pieces, { maxLength: 40 }).map((all) => all.join(' ')),
        ),
        (text) => {
          for (const target of [RUNS, EXPERIMENTS, LOGGED_MODELS]) {
            let parsed: readonly Clause[];
            try {
              parsed = parseFilter(text, target.dialect);
            } catch (error) {
              expect(error).toBeInstanceOf(AppError);
              expect(error).toMatchObject({ code: 'invalid_input' });
              continue;
            }
            expect(allOf(parsed, target).compile(database).sql).not.toMatch(/[;\\\0]/);
          }
        },
      ),
      { numRuns: 1_000 },
    );
    for (const long of [
      "'".repeat(20_000),
      '`'.repeat(19_999),
      '1'.repeat(20_000),
      'a.'.repeat(10_000),
      '-'.repeat(20_000),
      ' '.repeat(20_000),
    ]) {
      try {
        clauses(long);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }
  });

  test('orders too', () => {
    fc.assert(
      fc.property(kinds, hostile, fc.boolean(), (kind, key, ascending) => {
        const order = parseOrder(`${kind}.${quoteKey(key)} ${ascending ? 'ASC' : 'DESC'}`, RUNS.dialect);
        expect(order).toMatchObject({ key, ascending });
        for (const term of orderTerms([order], RUNS)) expect(term.compile(database).sql).not.toContain('zq');
      }),
    );
  });
});

describe('page tokens', () => {
  const tokens = createPageTokens(masterKeyFromHex('11'.repeat(32)));
  const question = ['runs', 'metrics.a > 1'];

  test('name the page that they were made for, and no other', () => {
    const token = tokens.token(4_000, question);
    expect(tokens.offset(token, question)).toBe(4_000);
    expect(tokens.offset(undefined, question)).toBe(0);
    expect(() => tokens.offset(token, ['runs', 'metrics.a > 2'])).toThrow(AppError);
    expect(() => createPageTokens(masterKeyFromHex('22'.repeat(32))).offset(token, question)).toThrow(
      AppError,
    );
  });

  test('cannot be altered or made up', () => {
    const token = Buffer.from(tokens.token(4_000, question), 'base64url');
    for (let at = 0; at < token.length; at++) {
      const altered = Buffer.from(token);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => tokens.offset(altered.toString('base64url'), question)).toThrow(AppError);
    }
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        (text) => void expect(() => tokens.offset(text, question)).toThrow(AppError),
      ),
    );
  });
});
