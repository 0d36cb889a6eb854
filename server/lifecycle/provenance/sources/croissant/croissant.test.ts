import type { Dataset, DatasetVersion } from '@bartizan/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../kernel/error.ts';
import { toCroissant } from './export.ts';
import { fromCroissant } from './import.ts';

const dataset: Dataset = {
  id: '00000000-0000-7000-8000-000000000001',
  name: 'loans',
  teamId: null,
  description: 'Loans that were asked for.',
  license: 'CC-BY-4.0',
  consent: 'contract',
  homepage: 'https://example.com/loans',
  label: 'approved',
  retentionDays: null,
  createdBy: { id: 'ada', name: 'Ada' },
  createdAt: 0,
  updatedAt: 0,
  versions: 1,
  storedBytes: 10,
  latest: null,
};
const version = (more: Partial<DatasetVersion> = {}): DatasetVersion => ({
  id: '00000000-0000-7000-8000-000000000002',
  datasetId: dataset.id,
  dataset: 'loans',
  number: 3,
  state: 'ready',
  failure: null,
  quarantined: false,
  storage: 'value',
  location: null,
  format: 'csv',
  rows: 2,
  bytes: 120,
  files: 1,
  root: 'a'.repeat(64),
  schemaDigest: 'b'.repeat(64),
  leaves: 'c'.repeat(64),
  measuredBy: 'server',
  content: 'here',
  parent: null,
  source: null,
  batch: null,
  reason: '',
  label: 'approved',
  createdBy: { id: 'ada', name: 'Ada' },
  createdAt: 1_700_000_000_000,
  readyAt: null,
  schema: {
    columns: [
      { name: 'zip', type: { kind: 'text' } },
      { name: 'income', type: { kind: 'double' } },
      { name: 'tags', type: { kind: 'list', item: { kind: 'text' } } },
      { name: 'place', type: { kind: 'struct', fields: [{ name: 'lat', type: { kind: 'float' } }] } },
    ],
  },
  profile: null,
  options: {},
  origins: [],
  progress: null,
  ...more,
});
const exported = (more: Partial<DatasetVersion> = {}) =>
  toCroissant({
    dataset,
    version: version(more),
    contentUrl: 'https://bartizan.example/content',
    url: 'https://bartizan.example/page',
    sha256: 'd'.repeat(64),
  });

const valid = () => ({
  '@context': { '@vocab': 'https://schema.org/', source: 'cr:source' },
  '@type': 'sc:Dataset',
  conformsTo: 'http://mlcommons.org/croissant/1.0',
  name: 'cats',
  description: 'Cats.',
  license: 'MIT',
  distribution: [{ '@type': 'cr:FileObject', '@id': 'cats.csv', contentUrl: 'cats.csv' }],
  recordSet: [
    {
      '@type': 'cr:RecordSet',
      '@id': 'cats',
      field: [
        {
          '@type': 'cr:Field',
          '@id': 'cats/name',
          source: { fileObject: { '@id': 'cats.csv' }, extract: { column: 'name' } },
        },
      ],
    },
  ],
});

describe('export', () => {
  it('says what the data are, where they lie and what they must be', () => {
    expect(exported()).toMatchObject({
      '@type': 'sc:Dataset',
      conformsTo: 'http://mlcommons.org/croissant/1.1',
      name: 'loans',
      license: 'CC-BY-4.0',
      version: '3.0.0',
      identifier: `merkle-sha256:${'a'.repeat(64)}`,
      distribution: [
        {
          '@type': 'cr:FileObject',
          '@id': 'data',
          contentSize: '120 B',
          encodingFormat: 'text/csv',
          sha256: 'd'.repeat(64),
        },
      ],
    });
  });

  it('gives every column a field: lists repeat, structs have fields of their own', () => {
    const [set] = exported().recordSet as { field: Record<string, unknown>[] }[];
    expect(set?.field.map(({ name, dataType, repeated }) => [name, dataType, repeated])).toEqual([
      ['records/zip', 'sc:Text', undefined],
      ['records/income', 'cr:Float64', undefined],
      ['records/tags', 'sc:Text', true],
      ['records/place', undefined, undefined],
    ]);
    expect(set?.field[3]?.subField).toMatchObject([{ name: 'records/place/lat', dataType: 'cr:Float32' }]);
  });

  it('describes a folder as the files of an archive', () => {
    const { distribution } = exported({ format: 'texts' }) as { distribution: Record<string, unknown>[] };
    expect(distribution.map((each) => each['@type'])).toEqual(['cr:FileObject', 'cr:FileSet']);
    expect(distribution[1]).toMatchObject({ containedIn: { '@id': 'archive' } });
  });

  it('can be imported again', () => {
    for (const format of ['csv', 'texts', 'parquet'] as const)
      expect(fromCroissant(JSON.parse(JSON.stringify(exported({ format })))).described).toEqual({
        name: 'loans',
        description: dataset.description,
        license: dataset.license,
        consent: dataset.consent,
        homepage: dataset.homepage,
      });
  });
});

describe('import', () => {
  it('takes what the document says of the dataset', () => {
    expect(fromCroissant(valid())).toMatchObject({
      described: { name: 'cats', description: 'Cats.', license: 'MIT' },
    });
  });

  const broken: [string, (document: ReturnType<typeof valid>) => object, string][] = [
    ['another type', (document) => ({ ...document, '@type': 'sc:Person' }), 'document.@type'],
    ['no version', (document) => ({ ...document, conformsTo: undefined }), 'document.conformsTo'],
    [
      'a later version',
      (document) => ({ ...document, conformsTo: 'x/croissant/2.0' }),
      'document.conformsTo',
    ],
    ['no name', (document) => ({ ...document, name: ' ' }), 'document.name'],
    [
      'an archive that is not there',
      (document) => ({
        ...document,
        distribution: [{ '@type': 'cr:FileSet', '@id': 'a', containedIn: { '@id': 'gone' } }],
      }),
      'document.distribution.0',
    ],
    [
      'a file that is not there',
      (document) => ({ ...document, distribution: [] }),
      'document.recordSet.0.field.0',
    ],
    [
      'a word without meaning',
      (document) => ({ ...document, '@context': { '@vocab': 'https://schema.org/' } }),
      'document.recordSet.0.field.0',
    ],
  ];
  it.each(broken)('refuses %s and names the place', (_, change, path) => {
    const act = () => fromCroissant(change(valid()) as Record<string, unknown>);
    expect(act).toThrow(AppError);
    try {
      act();
    } catch (error) {
      expect((error as AppError).issues?.[0]?.path).toBe(path);
    }
  });

  it('refuses what is nested too deep or too large, without running out of stack', () => {
    let deep: unknown = 'x';
    for (let depth = 0; depth < 100_000; depth += 1) deep = { deep };
    expect(() => fromCroissant({ ...valid(), deep })).toThrow(/nested deeper/);
    expect(() => fromCroissant({ ...valid(), many: Array.from({ length: 200_000 }, () => 1) })).toThrow(
      /more than/,
    );
  });

  it('never fails otherwise than by saying what is wrong', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(valid()), 'url'), fc.jsonValue()), (mixed) => {
        try {
          fromCroissant({ ...valid(), ...mixed });
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
