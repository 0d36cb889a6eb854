/**
 * Scans of files in a process of their own, which reads them, runs the checks and writes the result. Starts a process
 * and reads files: the pure part is `checks/datasets/scan/index.ts`.
 */

export type {
  NamedRoles,
  ScanFailureKind,
  ScanJob,
  ScanLimits,
  ScanProgress,
  ScanResult,
  ScanSource,
  TableFile,
} from './job.ts';
export { type RunScanOptions, runScan, ScanFailure, type ScanRun } from './run.ts';
