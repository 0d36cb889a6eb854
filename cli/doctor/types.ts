import type pg from 'pg';
import type { FoundPostgres } from '../up/postgres-found.ts';
import type { Running } from '../up/running.ts';

export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What a check found. Texts never hold a secret. */
export interface Diagnosis {
  readonly status: Status;
  /** What is so. */
  readonly found: string;
  /** What to do about it; empty when nothing is. */
  readonly advice: string;
}

/** What is examined: an instance as its environment and its data directory tell of it. */
export interface Subject {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly dataDir: string;
  readonly postgres: FoundPostgres | null;
  /** The instance that runs on the data directory now. */
  readonly running: Running | null;
  /** Open when the database answers, else null with the reason. */
  readonly database: pg.Client | null;
  readonly databaseProblem: string | null;
  /** True when the database is one of the user's, not the embedded one. */
  readonly external: boolean;
  readonly nowMs: () => number;
  /** Of the Node that runs this. */
  readonly nodeVersion: string;
  /** Less free space than this is a warning. */
  readonly littleBytes: number;
}

export interface Check {
  /** Stable, for scripts: `<area>.<what>`. */
  readonly id: string;
  readonly title: string;
  readonly run: (subject: Subject) => Promise<Diagnosis> | Diagnosis;
}

export interface Finding extends Diagnosis {
  readonly id: string;
  readonly title: string;
}

export const ok = (found: string): Diagnosis => ({ status: 'ok', found, advice: '' });
export const warn = (found: string, advice: string): Diagnosis => ({ status: 'warn', found, advice });
export const fail = (found: string, advice: string): Diagnosis => ({ status: 'fail', found, advice });
export const skipped = (found: string): Diagnosis => ({ status: 'skipped', found, advice: '' });
