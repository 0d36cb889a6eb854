/** Scans of datasets: which checks apply, all of them one after another, and one ranking of the records. */

export { scanActivations, scanImages, scanProbabilities } from './arrays.ts';
export { fuse } from './fuse.ts';
export { type NamedRoles, rolesOf } from './roles.ts';
export { scanTable } from './table.ts';
export type {
  AnnotatorColumns,
  CheckRun,
  PlannedCheck,
  Purpose,
  Roles,
  ScanActivations,
  ScanImages,
  ScanOptions,
  ScanReport,
  ScanTable,
  TableToScan,
} from './types.ts';
