import { createHash } from 'node:crypto';
import type { DataFinding, DataScan, DataScanOptions } from '@bartizan/contracts';
import type { Progress } from '../../../platform/jobs/index.ts';

export const MAX_RECORDS = 200_000;
export const MAX_FINDINGS = 1_000;
/** Rows of a finding that are shown; all are kept. */
export const SHOWN_ROWS = 1_000;
/** Scans of a team (or of nobody's) that people began and that wait or run. */
export const MAX_ACTIVE = 10;
/** Scans of a version that are kept and shown. */
export const MAX_SHOWN = 100;

export interface StoredScan {
  readonly id: string;
  readonly versionId: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly teamId: string | null;
  readonly number: number;
  readonly state: DataScan['state'];
  readonly options: DataScanOptions;
  readonly fingerprint: string;
  readonly automatic: boolean;
  readonly failure: string | null;
  readonly rows: number | null;
  readonly suspected: number | null;
  readonly blindSpots: string[];
  readonly findings: Readonly<Record<string, number>>;
  readonly createdById: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export interface StoredFinding extends DataFinding {
  /** How many of its rows are known. */
  readonly known: number;
  readonly complete: boolean;
}

/** Digest of options, whatever the order of their names. Lower-case hexadecimal. */
export function fingerprintOf(options: DataScanOptions): string {
  const named = Object.entries(options).filter(([, value]) => value !== undefined);
  const sorted = named.sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
}

/** What is looked for when nobody narrows it: what policies ask for. */
export const FULL = fingerprintOf({});

export const packRows = (rows: readonly number[]): Buffer => {
  const packed = Buffer.alloc(rows.length * 4);
  for (const [at, row] of rows.entries()) packed.writeUInt32LE(row, at * 4);
  return packed;
};

export function unpackRows(packed: Buffer): number[] {
  const rows: number[] = [];
  for (let at = 0; at + 4 <= packed.length; at += 4) rows.push(packed.readUInt32LE(at));
  return rows;
}

export function viewOf(scan: StoredScan, progress: Progress | undefined): DataScan {
  const { id, datasetId, dataset, number, state, options, failure, rows, suspected } = scan;
  const stage = progress?.detail.stage;
  return {
    id,
    datasetId,
    dataset,
    version: number,
    state,
    options,
    progress:
      state !== 'running' || !progress
        ? null
        : {
            stage: typeof stage === 'string' ? stage : '',
            share: progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0,
          },
    failure,
    rows,
    suspected,
    findings: { info: 0, low: 0, medium: 0, high: 0, critical: 0, ...scan.findings },
    blindSpots: scan.blindSpots,
    createdBy: scan.createdBy,
    createdAt: scan.createdAt,
    startedAt: scan.startedAt,
    endedAt: scan.endedAt,
  };
}
