import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { type Diagnosis, type Subject, skipped } from '../types.ts';
import { hasTable } from './settings.ts';

/** A check of what is in a table; skipped where the database or the table is not there. */
export const onTable =
  (table: string, run: (database: pg.Client, subject: Subject) => Promise<Diagnosis>) =>
  async (subject: Subject): Promise<Diagnosis> => {
    if (subject.database === null) return skipped('the database does not answer');
    if (!(await hasTable(subject.database, table))) return skipped('this database has none yet');
    return run(subject.database, subject);
  };

/** Null for a file that cannot be read. */
export function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
