import type { DataColumn, DataColumnType, Dataset, DatasetVersion } from '@bartizan/contracts';
import { CONFORMS_TO, CONTEXT } from './context.ts';

const MEDIA_TYPES: Readonly<Record<DatasetVersion['format'], string>> = {
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  jsonl: 'application/jsonlines',
  parquet: 'application/x-parquet',
  npy: 'application/x-npy',
  texts: 'text/plain',
  images: 'image/*',
};

const DATA_TYPES: Readonly<Record<Exclude<DataColumnType['kind'], 'list' | 'struct'>, string>> = {
  boolean: 'sc:Boolean',
  integer: 'sc:Integer',
  decimal: 'sc:Float',
  float: 'cr:Float32',
  double: 'cr:Float64',
  text: 'sc:Text',
  bytes: 'sc:Text',
  date: 'sc:Date',
  time: 'sc:Time',
  timestamp: 'sc:DateTime',
  instant: 'sc:DateTime',
};

const RECORDS = 'records';
const FILE = 'data';

type Json = Readonly<Record<string, unknown>>;

/** A column as a field; lists repeat, and structs have fields of their own. */
function fieldOf({ name, type }: DataColumn, path: string, isFolder: boolean): Json {
  const id = `${path}/${name}`;
  const source = isFolder
    ? {
        fileSet: { '@id': FILE },
        extract: { fileProperty: name === 'path' ? 'fullpath' : 'content' },
      }
    : { fileObject: { '@id': FILE }, extract: { column: name } };
  const item = type.kind === 'list' ? type.item : type;
  return {
    '@type': 'cr:Field',
    '@id': id,
    name: id,
    ...(item.kind === 'list' || item.kind === 'struct' ? {} : { dataType: DATA_TYPES[item.kind] }),
    ...(type.kind === 'list' ? { repeated: true } : {}),
    source,
    ...(item.kind === 'struct' ? { subField: item.fields.map((field) => fieldOf(field, id, isFolder)) } : {}),
  };
}

interface ExportInput {
  readonly dataset: Dataset;
  readonly version: DatasetVersion;
  /** Where the content is fetched from. */
  readonly contentUrl: string;
  /** Address of the version's page. */
  readonly url: string;
  /** Of its one file; null of folders, and where the content is elsewhere. */
  readonly sha256: string | null;
}

/**
 * A version as Croissant 1.1 metadata. What it has no word for is told in the vocabularies that it names: consent as
 * RAI's personal information note, the version that it was made from as PROV's derivation, the Merkle root as the
 * version's identifier.
 */
export function toCroissant({ dataset, version, contentUrl, url, sha256 }: ExportInput): Json {
  const isFolder = version.format === 'texts' || version.format === 'images';
  const columns = version.schema?.columns ?? [];
  const location = version.location ?? contentUrl;
  const distribution = isFolder
    ? [
        {
          '@type': 'cr:FileObject',
          '@id': 'archive',
          name: 'archive',
          contentUrl: location,
          encodingFormat: 'application/x-tar',
        },
        {
          '@type': 'cr:FileSet',
          '@id': FILE,
          name: FILE,
          containedIn: { '@id': 'archive' },
          encodingFormat: MEDIA_TYPES[version.format],
          includes: '**/*',
        },
      ]
    : [
        {
          '@type': 'cr:FileObject',
          '@id': FILE,
          name: FILE,
          contentUrl: location,
          contentSize: `${version.bytes} B`,
          encodingFormat: MEDIA_TYPES[version.format],
          ...(sha256 === null ? {} : { sha256 }),
        },
      ];
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    conformsTo: CONFORMS_TO,
    name: dataset.name,
    description: dataset.description,
    ...(dataset.license === '' ? {} : { license: dataset.license }),
    ...(dataset.consent === '' ? {} : { 'rai:personalSensitiveInformation': dataset.consent }),
    url: dataset.homepage === '' ? url : dataset.homepage,
    version: `${version.number}.0.0`,
    dateCreated: new Date(version.createdAt).toISOString(),
    ...(version.root === null ? {} : { identifier: `merkle-sha256:${version.root}` }),
    ...(version.source === null ? {} : { 'rai:dataCollection': version.source.name }),
    ...(version.parent === null ? {} : { 'prov:wasDerivedFrom': `version ${version.parent.number}` }),
    distribution,
    ...(columns.length === 0
      ? {}
      : {
          recordSet: [
            {
              '@type': 'cr:RecordSet',
              '@id': RECORDS,
              name: RECORDS,
              field: columns.map((column) => fieldOf(column, RECORDS, isFolder)),
            },
          ],
        }),
  };
}
