export { type Change, type Comparison, type ComparisonOptions, compareHashes } from './changes.ts';
export { createRecordEncoder, type EncodedRecords, type RecordEncoder } from './encode.ts';
export { HASH_BYTES, hashRecords } from './hash.ts';
export {
  diffByKey,
  type KeyedChange,
  type KeyedDiff,
  type KeyedVersions,
  type SchemaDifference,
} from './keyed.ts';
export * from './leaves.ts';
export {
  type ColumnProfile,
  createProfiler,
  type DatasetProfile,
  type NumberSummary,
  type Profiler,
} from './profile/profile.ts';
export { shownSummary } from './profile/shown.ts';
export { schemaBytes, schemaDigest } from './schema.ts';
export { createSorter, memorySpill, type Sorter } from './sort.ts';
export * from './tree.ts';
export * from './types.ts';
export * from './verify.ts';
