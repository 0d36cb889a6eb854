import { cpuMs } from '@bartizan/contracts/testing.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, parseBody } from './json.ts';

const parse = (text: string) => parseBody(Buffer.from(text));
const message = (text: string | Buffer): string => {
  const result = parseBody(Buffer.from(text as string));
  return result.ok ? 'accepted' : result.problem.message;
};

describe('the strict parser', () => {
  test('agrees with JSON.parse on every object', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 6 })),
        fc.boolean(),
        (value, spaced) => {
          const text = JSON.stringify(value, null, spaced ? 2 : undefined);
          const result = parse(text);
          expect(result.ok && result.body.value).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('refuses whatever JSON.parse refuses, and never throws', () => {
    const mutated = fc
      .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 3 }))
      .map(
        ([text, at, put]) =>
          text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(mutated, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        if (!valid) expect(parse(text).ok).toBe(false);
        else parse(text);
      }),
      { numRuns: 3000 },
    );
  });

  test('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseBody(Buffer.from(bytes))),
      { numRuns: 2000 },
    );
  });

  test('finds a key that appears twice, wherever and however it is spelt', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.boolean(), (key, other, nested) => {
        const spelt = JSON.stringify(key);
        const escaped = `"${[...key]
          .flatMap((each) => each.split(''))
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
          .join('')}"`;
        const object = `{${spelt}:1,${JSON.stringify(`${key}${other}x`)}:2,${escaped}:3}`;
        expect(parse(nested ? `{"a":[{"b":${object}}]}` : object).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('finds a key that appears twice among hundreds', () => {
    const keys = Array.from({ length: 500 }, (_, i) => `"k${i}":${i}`);
    expect(parse(`{${keys.join(',')}}`).ok).toBe(true);
    expect(message(`{${keys.join(',')},"k7":0}`)).toContain('"k7" appears twice');
  });

  test('lets the same key appear in different objects', () => {
    expect(parse('{"a":{"x":1},"b":{"x":1},"x":[{"x":1},{"x":2}]}').ok).toBe(true);
  });

  test.each([
    ['nothing', '', 'no body'],
    ['a list', '[1]', 'must be a JSON object'],
    ['a cut-off body', '{"model":"m","messages":[', 'ends too early'],
    ['a trailing comma', '{"a":1,}', 'not valid JSON'],
    ['a byte order mark', '\ufeff{}', 'byte order mark'],
    ['a huge number', '{"a":1e999}', 'too large'],
    ['a number of many digits', `{"a":${'9'.repeat(400)}}`, 'too large'],
    ['a huge negative exponent form', '{"a":[-9E+9999]}', 'too large'],
  ])('says what is wrong with %s', (_title, text, says) => {
    expect(message(text)).toContain(says);
  });

  test('refuses invalid UTF-8', () => {
    expect(message(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toContain('UTF-8');
  });

  test(`accepts ${MAX_DEPTH} levels and no more`, () => {
    const nested = (levels: number): string => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect(parse(nested(MAX_DEPTH)).ok).toBe(true);
    expect(message(nested(MAX_DEPTH + 1))).toContain('nested');
    expect(message(nested(200_000))).toContain('nested');
  });

  test('keeps a member called __proto__ from being one', () => {
    const result = parse('{"__proto__":{"model":"evil"}}');
    expect(result.ok && result.body.value.model).toBeUndefined();
    expect(({} as Record<string, unknown>).model).toBeUndefined();
  });

  test('tells where the model stands', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.boolean(),
        (model, rest, spaced) => {
          const text = JSON.stringify(
            { ...rest, before: { model: 'no' }, model, after: 1 },
            null,
            spaced ? 1 : undefined,
          );
          const bytes = Buffer.from(text);
          const result = parseBody(bytes);
          if (!result.ok) throw new Error(result.problem.message);
          const { modelStart, modelEnd } = result.body;
          expect(JSON.parse(bytes.toString('utf8', modelStart, modelEnd))).toBe(model);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('is quick on long strings full of quotes', () => {
    const text = JSON.stringify({ a: '"\\'.repeat(500_000) });
    const started = cpuMs();
    expect(parse(text).ok).toBe(true);
    expect(cpuMs() - started).toBeLessThan(8_000);
  });
});
