import { z } from 'zod';

const Name = z.string().min(1).max(1_000);
const Length = z.number().int().min(0).max(100_000_000);

/** Values longer than this never match a pattern and are told apart by their first part. */
export const MAX_PATTERN_CHARS = 500;

const ColumnRule = z.strictObject({
  name: Name,
  present: z.boolean().default(true).describe('The dataset must have the column'),
  type: z
    .enum(['number', 'integer', 'text'])
    .optional()
    .describe('What every value must be; a text column is read value by value'),
  missingAtMost: z.number().min(0).max(1).optional().describe('Share of rows that may have no value'),
  unique: z.boolean().optional().describe('No value twice'),
  min: z.number().optional().describe('Least number'),
  max: z.number().optional().describe('Largest number'),
  values: z.array(z.string().max(10_000)).min(1).max(10_000).optional().describe('The only values allowed'),
  pattern: z
    .string()
    .max(MAX_PATTERN_CHARS)
    .optional()
    .describe(
      'What the whole value must look like: a regular expression without look-around and back-references',
    ),
  minLength: Length.optional().describe('Fewest characters (code points)'),
  maxLength: Length.optional().describe('Most characters (code points)'),
  references: Name.optional().describe('Name of the list that every value must be in'),
});

const Comparison = z.strictObject({
  left: Name,
  operator: z.enum(['<', '<=', '=', '!=', '>=', '>']),
  right: Name.describe('Another column; rows where either is missing are not compared'),
});

/** Rules that a dataset must keep; empty ones allow anything. */
export const DataRules = z.strictObject({
  rows: z
    .strictObject({ min: Length.optional(), max: Length.optional() })
    .optional()
    .describe('How many rows there may be'),
  onlyTheseColumns: z.boolean().default(false).describe('No columns but those named in `columns`'),
  columns: z.array(ColumnRule).max(5_000).default([]),
  key: z
    .array(Name)
    .min(1)
    .max(20)
    .optional()
    .describe('Columns that together name a row: never missing, never equal in two rows'),
  comparisons: z.array(Comparison).max(200).default([]),
});
export type DataRules = z.output<typeof DataRules>;
export type ColumnRule = z.output<typeof ColumnRule>;
export type Comparison = z.output<typeof Comparison>;
