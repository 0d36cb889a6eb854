import { readFile } from 'node:fs/promises';
import type { CleaningSelection, DataOrigin } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';
import type { KnownVersion } from '../ports.ts';
import { unpackRows } from '../scans/model.ts';
import type { CleaningDeps } from './deps.ts';
import { MOST_REMOVED } from './model.ts';
import { placeOf, workOn } from './working.ts';

const BLOCK = 100_000;

type By<Kind extends CleaningSelection['by']> = Extract<CleaningSelection, { by: Kind }>;

const wrong = (path: string, message: string, hint?: string): AppError =>
  new AppError('invalid_input', message, { issues: [{ path, message }], ...(hint ? { hint } : {}) });

/** Which rows a selection means; ascending, each once. */
export function createSelecting({
  datasets,
  scans,
  config,
}: Pick<CleaningDeps, 'datasets' | 'scans' | 'config'>) {
  function demandRows(version: KnownVersion, rows: readonly number[]): number[] {
    const count = version.rows ?? 0;
    const beyond = rows.find((row) => row >= count);
    if (beyond !== undefined)
      throw wrong(
        'selection.rows',
        `there is no row ${beyond}: version ${version.number} has rows 0 to ${count - 1}`,
      );
    return [...new Set(rows)].sort((a, b) => a - b);
  }

  async function demandScan(viewer: Viewer, version: KnownVersion, scanId: string): Promise<void> {
    const scan = await scans.find(viewer, scanId);
    if (scan.versionId !== version.id)
      throw wrong(
        'selection.scan',
        `this scan is not of version ${version.number}`,
        'Name a scan of this version.',
      );
    if (scan.state !== 'done')
      throw wrong('selection.scan', `this scan is ${scan.state}`, 'Wait until it is done.');
  }

  async function byFinding(viewer: Viewer, version: KnownVersion, { scan, finding }: By<'finding'>) {
    await demandScan(viewer, version, scan);
    const found = await scans.rowsOf(scan, finding);
    if (!found) throw wrong('selection.finding', `the scan has no finding ${finding}`);
    if (!found.complete)
      throw new AppError('conflict', `only the first ${found.rows.length} rows of this finding are known`, {
        hint: 'Take its records out by a rule (column and value), or by their score.',
      });
    return demandRows(version, found.rows);
  }

  async function byScore(viewer: Viewer, version: KnownVersion, { scan, atLeast }: By<'score'>) {
    await demandScan(viewer, version, scan);
    const found = await scans.rowsFrom(scan, atLeast);
    if (!found.complete)
      throw new AppError('conflict', 'more records have this score than are kept', {
        hint: 'Name a higher score.',
      });
    return demandRows(version, found.rows);
  }

  async function byOrigin(
    version: KnownVersion,
    matches: (origin: DataOrigin) => boolean,
  ): Promise<number[]> {
    const rows: number[] = [];
    for (let from = 0; from < (version.rows ?? 0); from += BLOCK) {
      const asked = Array.from({ length: Math.min(BLOCK, (version.rows ?? 0) - from) }, (_, at) => from + at);
      const { origins, of } = await datasets.originsOf(version.id, asked);
      const meant = origins.map(matches);
      for (const [at, place] of of.entries()) if (place !== null && meant[place]) rows.push(from + at);
      if (rows.length > MOST_REMOVED)
        throw new AppError('too_large', `more than ${MOST_REMOVED} records are meant`, {
          hint: 'Take out fewer at a time.',
        });
    }
    return rows;
  }

  async function byRule(
    version: KnownVersion,
    { column, values }: By<'rule'>,
    { signal, timeMs }: { readonly signal: AbortSignal; readonly timeMs: number },
  ): Promise<number[]> {
    const place = placeOf(await datasets.lay(version.id, signal));
    try {
      const { content } = place;
      const task = { is: 'select', content, column, values, rows: place.path('selected') } as const;
      await workOn(task, { config, timeMs, signal });
      return unpackRows(await readFile(task.rows));
    } finally {
      await place.laid.release();
    }
  }

  return Object.freeze({
    /** True where all records have to be looked at: the work of a job. */
    isLong: ({ by }: CleaningSelection): boolean => by === 'rule' || by === 'source' || by === 'batch',

    async rows(
      viewer: Viewer,
      version: KnownVersion,
      selection: CleaningSelection,
      options: { readonly signal: AbortSignal; readonly timeMs: number },
    ): Promise<number[]> {
      switch (selection.by) {
        case 'rows':
          return demandRows(version, selection.rows);
        case 'finding':
          return await byFinding(viewer, version, selection);
        case 'score':
          return await byScore(viewer, version, selection);
        case 'source':
          return await byOrigin(
            version,
            ({ source }) => source?.id === selection.source || source?.name === selection.source,
          );
        case 'batch':
          return await byOrigin(version, ({ batch }) => batch === selection.batch);
        case 'rule':
          return await byRule(version, selection, options);
      }
    },
  });
}
export type Selecting = ReturnType<typeof createSelecting>;
