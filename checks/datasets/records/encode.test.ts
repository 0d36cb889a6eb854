import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordEncoder } from './encode.ts';
import { hashRecords } from './hash.ts';
import { schemaDigest } from './schema.ts';
import { chunkOf, typedColumn } from './testing/chunks.ts';
import { type ColumnType, MAX_CELL_BYTES, type Schema, type Value } from './types.ts';

const schemaOf = (...types: readonly ColumnType[]): Schema => ({
  columns: types.map((type, index) => ({ name: `c${index}`, type })),
});
const encoded = (schema: Schema, row: readonly Value[]): string => {
  const { bytes, offsets } = createRecordEncoder(schema).encode(chunkOf(schema, [row]));
  return bytes.subarray(33, offsets[1]).toString('hex');
};
const one = (type: ColumnType, value: Value): string => encoded(schemaOf(type), [value]);

describe('the canonical form', () => {
  it.each<[ColumnType, Value, string]>([
    [{ kind: 'boolean' }, true, '0001'],
    [{ kind: 'integer' }, -2, '0008feffffffffffffff'],
    [{ kind: 'integer' }, 2n ** 63n, '001000000000000000800000000000000000'],
    [{ kind: 'decimal', precision: 9, scale: 2 }, 150, '009600000000000000'],
    [{ kind: 'decimal', precision: 30, scale: 2 }, -1n, `00${'ff'.repeat(16)}`],
    [{ kind: 'float' }, 1.5, '000000c03f'],
    [{ kind: 'double' }, 0, '000000000000000000'],
    [{ kind: 'double' }, -0, '000000000000000080'],
    [{ kind: 'double' }, Number.NaN, '00000000000000f87f'],
    [{ kind: 'double' }, Number.NEGATIVE_INFINITY, '00000000000000f0ff'],
    [{ kind: 'text' }, 'é', '0002000000c3a9'],
    [{ kind: 'text' }, '', '0000000000'],
    [{ kind: 'text' }, null, '01'],
    [{ kind: 'bytes' }, Uint8Array.of(1, 2), '00020000000102'],
    [{ kind: 'date' }, -1, '00ffffffff'],
    [{ kind: 'instant' }, 1, '000100000000000000'],
    [{ kind: 'list', item: { kind: 'date' } }, [7, null], '00020000000207000000'],
    [{ kind: 'list', item: { kind: 'date' } }, [], '0000000000'],
    [
      { kind: 'struct', fields: schemaOf({ kind: 'text' }, { kind: 'boolean' }).columns },
      [null, false],
      '000100',
    ],
  ])('of %j %s', (type, value, hex) => {
    expect(one(type, value)).toBe(hex);
  });

  it('begins with the leaf prefix and the digest of names and types, which are part of the hash', () => {
    const schema = schemaOf({ kind: 'integer' });
    const { bytes, offsets } = createRecordEncoder(schema).encode(chunkOf(schema, [[1]]));
    expect(bytes[0]).toBe(0);
    expect(bytes.subarray(1, 33).equals(schemaDigest(schema))).toBe(true);
    const expected = createHash('sha256').update(bytes.subarray(0, offsets[1])).digest();
    expect(hashRecords(createRecordEncoder(schema).encode(chunkOf(schema, [[1]])))).toEqual(expected);
    const others: Schema[] = [
      { columns: [{ name: 'other', type: { kind: 'integer' } }] },
      schemaOf({ kind: 'double' }),
      schemaOf({ kind: 'decimal', precision: 2, scale: 1 }),
      schemaOf({ kind: 'decimal', precision: 2, scale: 0 }),
      schemaOf({ kind: 'list', item: { kind: 'integer' } }),
      schemaOf({ kind: 'integer' }, { kind: 'integer' }),
    ];
    expect(new Set([schema, ...others].map((each) => schemaDigest(each).toString('hex'))).size).toBe(7);
  });

  it('does not normalise text: the code points are the data', () => {
    expect(one({ kind: 'text' }, '\u00e9')).not.toBe(one({ kind: 'text' }, 'e\u0301'));
  });

  it('has one NaN, whatever its bits', () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n, 0x7ff0_0000_0000_0001n]).buffer);
    const schema = schemaOf({ kind: 'double' });
    const { bytes, offsets } = createRecordEncoder(schema).encode({
      rows: 2,
      columns: [{ store: 'float64', valid: null, values: odd }],
    });
    expect(bytes.subarray(33, offsets[1]).toString('hex')).toBe('00000000000000f87f');
    expect(bytes.subarray((offsets[1] as number) + 33, offsets[2]).toString('hex')).toBe(
      '00000000000000f87f',
    );
  });

  it.each<[string, ColumnType, Value]>([
    ['half a surrogate pair', { kind: 'text' }, '\ud800'],
    ['a fraction as a whole number', { kind: 'integer' }, 1.5],
    ['more than 128 bits', { kind: 'integer' }, 2n ** 127n],
    ['more digits than declared', { kind: 'decimal', precision: 2, scale: 0 }, 100],
    ['a number that binary32 lacks', { kind: 'float' }, 0.1],
    ['a text in a column of numbers', { kind: 'double' }, '1'],
    ['a struct with too few fields', { kind: 'struct', fields: schemaOf({ kind: 'text' }).columns }, []],
    ['a cell that is too large', { kind: 'bytes' }, new Uint8Array(MAX_CELL_BYTES + 1)],
  ])('refuses %s', (_, type, value) => {
    expect(() => one(type, value)).toThrow(/Column "c0", row 0/);
  });

  it('refuses columns in the wrong store, of the wrong number or too short', () => {
    const encoder = createRecordEncoder(schemaOf({ kind: 'date' }));
    const days = (values: Int32Array | BigInt64Array) =>
      ({ store: 'integers', valid: null, values }) as const;
    expect(() => encoder.encode({ rows: 1, columns: [] })).toThrow('0 columns');
    expect(() => encoder.encode({ rows: 2, columns: [days(new Int32Array(1))] })).toThrow('fewer values');
    expect(() => encoder.encode({ rows: 1, columns: [days(new BigInt64Array(1))] })).toThrow('32 bits');
    expect(() =>
      encoder.encode({ rows: 1, columns: [{ store: 'bits', valid: null, values: new Uint8Array(1) }] }),
    ).toThrow('comes as bits');
    expect(() =>
      schemaDigest({
        columns: [...schemaOf({ kind: 'text' }).columns, ...schemaOf({ kind: 'text' }).columns],
      }),
    ).toThrow('same name');
  });
});

const leafTypes: readonly ColumnType[] = [
  ...(
    [
      'boolean',
      'integer',
      'float',
      'double',
      'text',
      'bytes',
      'date',
      'time',
      'timestamp',
      'instant',
    ] as const
  ).map((kind) => ({ kind })),
  { kind: 'decimal', precision: 18, scale: 3 },
  { kind: 'decimal', precision: 38, scale: 3 },
];
function valueOf(type: ColumnType): fc.Arbitrary<Value> {
  switch (type.kind) {
    case 'boolean':
      return fc.boolean();
    case 'float':
      return fc.float();
    case 'double':
      return fc.double();
    case 'text':
      return fc.string({ unit: 'grapheme' });
    case 'bytes':
      return fc.uint8Array({ maxLength: 80 });
    case 'date':
      return fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    case 'decimal':
      return fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n });
    case 'list':
      return fc.array(fc.option(valueOf(type.item)), { maxLength: 4 });
    case 'struct':
      return fc.tuple(...type.fields.map((field) => fc.option(valueOf(field.type))));
    default:
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  }
}

describe('columns', () => {
  it.each(leafTypes.map((type) => [type.kind, type] as const))(
    'of %s have one form, typed or one by one',
    (_, type) => {
      fc.assert(
        fc.property(fc.array(fc.option(valueOf(type)), { maxLength: 20 }), (values) => {
          const schema = schemaOf(type);
          const hashes = (chunk: Parameters<ReturnType<typeof createRecordEncoder>['encode']>[0]) =>
            hashRecords(createRecordEncoder(schema).encode(chunk)).toString('hex');
          const typed = typedColumn(type, values);
          if (typed === null) throw new Error('no typed store');
          expect(hashes({ rows: values.length, columns: [typed] })).toBe(
            hashes(
              chunkOf(
                schema,
                values.map((value) => [value]),
              ),
            ),
          );
        }),
        { numRuns: 60 },
      );
    },
  );

  it('of unlike values never share a form', () => {
    const types: readonly ColumnType[] = [
      { kind: 'text' },
      { kind: 'list', item: { kind: 'list', item: { kind: 'text' } } },
      { kind: 'struct', fields: schemaOf({ kind: 'text' }, { kind: 'bytes' }).columns },
      { kind: 'integer' },
    ];
    const row = fc.tuple(...types.map((type) => fc.option(valueOf(type))));
    const seen = (value: unknown): string =>
      JSON.stringify(value, (_, each) =>
        typeof each === 'bigint' ? `n${each}` : each instanceof Uint8Array ? [...each] : each,
      );
    fc.assert(
      fc.property(row, row, (a, b) => {
        const schema = schemaOf(...types);
        expect(encoded(schema, a) === encoded(schema, b)).toBe(seen(a) === seen(b));
      }),
      { numRuns: 500 },
    );
  });
});
