import { type DatasetFinding, type DatasetSeverity, MAX_ROWS_NAMED } from '../../types.ts';
import { DATA_QUALITY } from '../frameworks.ts';

export const MISSING = 'datasets/missing';

interface Said {
  readonly title: string;
  readonly severity: DatasetSeverity;
  readonly message: string;
  readonly rows?: readonly number[];
  readonly evidence: DatasetFinding['evidence'];
}

export const saying = ({ rows = [], ...said }: Said): DatasetFinding => ({
  check: MISSING,
  ...said,
  rows: rows.slice(0, MAX_ROWS_NAMED),
  count: rows.length,
  precision: null,
  maps: DATA_QUALITY,
});
