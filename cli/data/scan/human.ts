import type { ScanRun } from '@bartizan/checks/datasets/scan/worker/index.ts';
import type { DatasetFinding, Suspect } from '@bartizan/checks/datasets/types.ts';
import { printable, table } from '../../output.ts';
import type { Flags } from './flags.ts';
import { recordsOf } from './records.ts';

/** Records that a person is shown unless `--limit` or `--all` says otherwise. */
const SHOWN = 20;
const WIDEST = 160;

const cut = (text: string): string => (text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text);

function findingLine({ severity, message, precision, check }: DatasetFinding): string {
  const sure =
    precision === null
      ? ''
      : ` (about ${Math.round(100 * precision.value)}% of them truly, ${Math.round(100 * precision.low)} to ${Math.round(100 * precision.high)}%)`;
  return `${severity.padEnd(8)} ${printable(message)}${sure} [${check}]`;
}

const recordCells = ({ row, score, reasons }: Suspect): string[] => [
  String(row),
  score.toFixed(3),
  cut(reasons.map(({ message }) => message).join('; ') || '–'),
];

/** What a person reads: findings, the first suspicious records, what was left out, and what no scan of these sees. */
export function humanReport(run: ScanRun, path: string, flags: Flags): string {
  const { result } = run;
  const { findings, records, blindSpots, rows, checks } = result;
  const limit = flags.limit ?? (flags.all === true ? undefined : SHOWN);
  const shown = [...recordsOf(run, limit === undefined ? flags : { ...flags, limit })];
  const rest = (flags.all === true ? rows : records.length) - shown.length;
  const head = `${printable(path)}: ${rows} records, ${records.length} suspicious, ${findings.length} findings (${checks
    .filter(({ state }) => state === 'ran')
    .map(({ name }) => name)
    .join(', ')})`;
  const parts = [head];
  if (findings.length > 0) parts.push(findings.map(findingLine).join('\n'));
  if (shown.length > 0)
    parts.push(
      table(['record', 'score', 'why'], shown.map(recordCells)) +
        (rest > 0 ? `\n… and ${rest} more (--limit N, or --json)` : ''),
    );
  if (blindSpots.length > 0)
    parts.push(`What this scan cannot see:\n${blindSpots.map((spot) => `- ${printable(spot)}`).join('\n')}`);
  return parts.join('\n\n');
}
