import { ALL_ROUTES } from '@bartizan/contracts';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_DEPTH, nestsDeeperThan, parseJsonBody } from './body.ts';
import { openApiDocument } from './openapi.ts';
import { hostName } from './origin.ts';

const bytes = (text: string) => Buffer.from(text);
const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

describe('a JSON body', () => {
  test('reads as JSON.parse does, whatever its strings hold', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (json) => {
        if (json.includes('__proto__')) return;
        expect(parseJsonBody(bytes(json))).toEqual(JSON.parse(json));
      }),
      { numRuns: 2_000 },
    );
  });

  test('its depth is counted outside of strings only', () => {
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 6 },
        fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', ']', '}', 'a') }),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(fc.string({ unit: fc.constantFrom('"', '\\', '[', 'a') }), tie('node'), { maxKeys: 3 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, fc.nat(8), (tree, limit) => {
        expect(nestsDeeperThan(bytes(JSON.stringify(tree)), limit)).toBe(depthOf(tree) > limit);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of any bytes is read or refused, quickly', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({
        unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ':', ',', '1', 'e', ' ', '\u0000'),
        maxLength: 200,
      }),
    );
    fc.assert(
      fc.property(anything, (input) => {
        try {
          parseJsonBody(Buffer.from(input as Uint8Array));
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input' });
        }
      }),
      { numRuns: 5_000 },
    );
    const started = cpuMs();
    for (const piece of ['\\', '"', '"\\', '[', '\\"', '{"a":']) {
      try {
        parseJsonBody(bytes(piece.repeat(1_000_000)));
      } catch (error) {
        expect(error).toMatchObject({ code: 'invalid_input' });
      }
    }
    expect(cpuMs() - started).toBeLessThan(3_000);
  });

  test('may be as deep as allowed and no deeper', () => {
    const nested = (depth: number) => bytes('['.repeat(depth) + ']'.repeat(depth));
    expect(() => parseJsonBody(nested(MAX_DEPTH))).not.toThrow();
    expect(() => parseJsonBody(nested(MAX_DEPTH + 1))).toThrow(/deeper/);
  });

  test.each(['{"__proto__":1}', '{"a":[{"\\u005f_proto__":1}]}', '{"_\\u005Fproto__":{}}'])(
    'with a reserved key is refused: %s',
    (json) => {
      expect(() => parseJsonBody(bytes(json))).toThrow();
    },
  );
});

describe('a Host header', () => {
  test('is a name, an address, or nothing', () => {
    expect(hostName('[2001:DB8::1]:443')).toBe('2001:db8::1');
    expect(hostName('Bartizan.Example:7100')).toBe('bartizan.example');
    for (const bad of [
      '',
      'a b',
      'a@b',
      'a:b',
      'a:1:2',
      '[::1',
      'http://a',
      'a/b',
      'ä.example',
      'a:999999',
    ]) {
      expect(hostName(bad)).toBeNull();
    }
    fc.assert(
      fc.property(
        fc.string(),
        (text) => hostName(text) === null || /^[a-z0-9._:-]+$/.test(hostName(text) ?? ''),
      ),
    );
  });
});

describe('the OpenAPI document', () => {
  const document = openApiDocument(ALL_ROUTES, '1.0.0') as {
    paths: Record<
      string,
      Record<string, { operationId: string; parameters: { in: string; name: string }[] }>
    >;
  };
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, operation })),
  );

  test('declares every parameter of every path, and leaves internal routes out', () => {
    expect(operations.length).toBe(ALL_ROUTES.filter(({ access }) => access !== 'gateway').length);
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = operation.parameters
        .filter((parameter) => parameter.in === 'path')
        .map(({ name }) => name);
      expect([operation.operationId, declared]).toEqual([operation.operationId, inPath]);
      expect(path).toMatch(
        /^\/(?:api\/v1\/|api\/[23]\.0\/mlflow(?:-artifacts)?\/|scim\/v2\/|metrics$|ajax-api\/|v1\/traces$)/,
      );
    }
  });

  test('has schemas that a validator of JSON Schema 2020-12 takes', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    let schemas = 0;
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'schema' && !('$ref' in (inner as object))) {
          ajv.compile(inner as object);
          schemas++;
        } else visit(inner);
      }
    };
    visit(document.paths);
    expect(schemas).toBeGreaterThan(40);
  });
});
