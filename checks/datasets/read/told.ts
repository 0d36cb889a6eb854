/** Kinds of DuckDB's messages, and what is said of each without a value of the file. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [
    /could not convert|failed to cast|casting value|conversion error/i,
    'a value is not of the type of its column',
  ],
  [/expected number of columns/i, 'the line has another number of columns than the first'],
  [/unterminated quote/i, 'a quote is never closed, or text follows one that is'],
  [/unicode|utf-?8|byte sequence/i, 'the text is no UTF-8'],
  [/malformed json/i, 'the JSON is malformed'],
  [/non-record json|expected records/i, 'the line is no JSON object'],
  [/duplicate key/i, 'an object has a key twice'],
  [
    /expected (?:object|array|list)|but got|invalid \w+ field format|json transform/i,
    'a value is not of the type of its column',
  ],
  [/magic bytes|too small to be a parquet/i, 'this is no Parquet file'],
  [/parquet|thrift|snappy|zstd|gzip|page/i, 'the Parquet file is damaged'],
];

/**
 * Says what is wrong with a file for those who may not read its records: the kind of fault alone. `text` is DuckDB's,
 * which quotes lines and values; nothing of it is passed on.
 */
export const toldWithoutValues = (text: string): string =>
  `${KINDS.find(([pattern]) => pattern.test(text))?.[1] ?? 'it cannot be read as the format that was named'}. Reading the file where it lies, with the command line, shows what stands there.`;
