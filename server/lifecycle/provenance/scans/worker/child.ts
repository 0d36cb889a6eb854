import { writeFile } from 'node:fs/promises';
import { finishAsync, type Steps } from '@bartizan/checks/datasets/neighbours/index.ts';
import { scanTable } from '@bartizan/checks/datasets/scan/table.ts';
import type { ScanReport } from '@bartizan/checks/datasets/scan/types.ts';
import { type DatasetFinding, DatasetInputError, type Suspect } from '@bartizan/checks/datasets/types.ts';
import { answer, type Tell } from '../../confined/answering.ts';
import type { Limits } from '../../confined/limits.ts';
import { openContent } from '../../datasets/worker/content.ts';
import { loadColumns, shapeColumns } from './load.ts';
import { withOrigins } from './origins.ts';
import type { Scanned, ScannedFinding, ScanTask } from './protocol.ts';

async function report(task: ScanTask, limits: Limits, tell: Tell) {
  const data = await openContent(task.content, limits);
  try {
    const loaded = await loadColumns(data, tell);
    const { columns, roles, notes } = shapeColumns(
      ...(await withOrigins(loaded, task.options, task.origins)),
      task.label,
    );
    const { checks } = task.options;
    const steps = scanTable({ columns, roles }, checks === undefined ? {} : { checks }) as Steps<ScanReport>;
    const found = await finishAsync(steps, {
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      onProgress: ({ stage, done, total }) => tell(stage, total > 0 ? Math.min(1, done / total) : null),
    });
    return { found, notes, columns: columns.map(({ name }) => name) };
  } finally {
    await data.close();
  }
}

/** Checks name the first rows of a finding; where they have only one, the reasons name the rest. */
function allRowsOf(
  finding: DatasetFinding,
  findings: readonly DatasetFinding[],
  records: readonly Suspect[],
): readonly number[] {
  if (finding.rows.length >= finding.count) return finding.rows;
  if (findings.filter(({ check }) => check === finding.check).length > 1) return finding.rows;
  const rows = records
    .filter(({ reasons }) => reasons.some(({ check }) => check === finding.check))
    .map(({ row }) => row)
    .sort((a, b) => a - b);
  return rows.length === finding.count ? rows : finding.rows;
}

async function scan(task: ScanTask, limits: Limits, tell: Tell): Promise<null> {
  if (task.content.format === 'npy' || task.content.format === 'images')
    throw new DatasetInputError(
      'Arrays and pictures are scanned where they are, with their labels: bartizan data scan --images PICTURES.npy --labels LABELS.npy.',
    );
  const { found, notes, columns } = await report(task, limits, tell);
  const findings = found.findings.slice(0, task.maxFindings);
  const cut = found.findings.length - findings.length;
  const result: Scanned = {
    rows: found.scores.length,
    suspected: found.records.length,
    records: found.records.slice(0, task.maxRecords),
    findings: findings.map(
      (finding): ScannedFinding => ({
        ...finding,
        allRows: allRowsOf(finding, found.findings, found.records),
      }),
    ),
    blindSpots: [
      ...found.blindSpots,
      ...notes,
      ...(cut > 0 ? [`${cut} further findings, the least severe, are not kept.`] : []),
    ],
    columns,
  };
  await writeFile(task.out, JSON.stringify(result), { flag: 'wx', mode: 0o600 });
  return null;
}

answer(scan);
