import type { Steps } from '../../neighbours/index.ts';
import type { Column } from '../../types.ts';
import { scanActivations, scanImages, scanProbabilities } from '../arrays.ts';
import { rolesOf } from '../roles.ts';
import { asCategory, asText } from '../shape.ts';
import { scanTable } from '../table.ts';
import type { Roles, ScanReport } from '../types.ts';
import type { ScanJob, ScanLimits, ScanSource, TableFile } from './job.ts';
import { loadImages, loadJson, loadLabels, loadMatrix, loadTable, type Say } from './load.ts';

export interface Prepared {
  readonly steps: Steps<ScanReport>;
  /** What the columns were taken for; null for arrays. */
  readonly roles: Roles | null;
  /** What of the files was not scanned. */
  readonly notes: readonly string[];
}

/** Reads what a job names and makes the scan of it, not yet started. Errors of the readers and of the roles. */
export async function prepare(job: ScanJob, say: Say): Promise<Prepared> {
  const { source, limits = {} } = job;
  const options = {
    ...(job.checks === undefined ? {} : { checks: job.checks }),
    ...(job.seed === undefined ? {} : { seed: job.seed }),
  };
  switch (source.kind) {
    case 'table':
      return prepareTable(source, { options, limits, say });
    case 'probabilities': {
      const array = await loadMatrix(source.probabilities, 'The probabilities', limits);
      const labels = await loadLabels(source.labels, array.rows, array.columns);
      const probabilities = { rows: array.rows, classes: array.columns, values: array.values };
      return { steps: scanProbabilities(probabilities, labels, options), roles: null, notes: [] };
    }
    case 'images': {
      const images = await loadImages(source.images, limits);
      const labels = source.labels === null ? null : await loadLabels(source.labels, images.rows);
      return { steps: scanImages(images, labels, options), roles: null, notes: [] };
    }
    case 'activations': {
      const activations = await loadMatrix(source.activations, 'The activations', limits);
      const labels = await loadLabels(source.labels, activations.rows);
      return { steps: scanActivations(activations, labels, options), roles: null, notes: [] };
    }
  }
}

interface Context {
  readonly options: { readonly checks?: readonly string[]; readonly seed?: number };
  readonly limits: ScanLimits;
  readonly say: Say;
}

async function prepareTable(
  source: ScanSource & { readonly kind: 'table' },
  { options, limits, say }: Context,
): Promise<Prepared> {
  const table = await loadTable(source.file, limits, say);
  const roles = rolesOf(table.columns, source.roles);
  const other = async (file: TableFile): Promise<readonly Column[]> =>
    shaped((await loadTable(file, limits, say)).columns, roles);
  const history: (readonly Column[])[] = [];
  for (const file of source.history ?? []) history.push(await other(file));
  const input = {
    columns: shaped(table.columns, roles),
    roles,
    ...(source.test === undefined ? {} : { test: await other(source.test) }),
    ...(history.length === 0 ? {} : { history }),
    ...(source.rules === undefined ? {} : { rules: await loadJson(source.rules) }),
  };
  const notes =
    table.skipped.length === 0
      ? []
      : [`Lists, structures and byte strings are not scanned: ${table.skipped.slice(0, 20).join(', ')}.`];
  return { steps: scanTable(input, options), roles, notes };
}

/** Columns as their roles want them: labels and origins as categories, texts as texts. */
function shaped(columns: readonly Column[], roles: Roles): readonly Column[] {
  const { label, batch, source, access, annotators } = roles;
  const categories = [label, batch, source, access, ...Object.values(annotators ?? {})];
  const texts = [roles.text, roles.prompt, roles.response];
  return columns.map((column) =>
    texts.includes(column.name)
      ? asText(column)
      : categories.includes(column.name)
        ? asCategory(column)
        : column,
  );
}
