import { readFileSync } from 'node:fs';
import type { ScanRun } from '@bartizan/checks/datasets/scan/worker/index.ts';
import type { DatasetFinding, DatasetSeverity } from '@bartizan/checks/datasets/types.ts';
import { printable } from '../../output.ts';
import type { Flags } from './flags.ts';
import { recordsOf } from './records.ts';

const LEVEL: Readonly<Record<DatasetSeverity, 'error' | 'warning' | 'note'>> = Object.freeze({
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'warning',
  info: 'note',
});
/** CVSS-like numbers by which code hosts sort. */
const SCORE: Readonly<Record<DatasetSeverity, string>> = Object.freeze({
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '3.0',
  info: '0.0',
});
/** Records that a finding names one by one. */
const MOST_NAMED = 100;

/** The findings as SARIF 2.1.0 (OASIS), the records of each as logical places in the file. */
export async function sarifReport(run: ScanRun, path: string, flags: Flags): Promise<string> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const { findings, checks, blindSpots } = run.result;
  const rules = [...new Map(findings.map((finding) => [finding.check, finding])).values()];
  const failed = checks.filter(({ state }) => state === 'failed');
  const notes = [
    ...failed.map(({ name, reason }) => ({
      level: 'error',
      text: `The check “${name}” failed: ${reason ?? ''}`,
    })),
    ...blindSpots.map((text) => ({ level: 'note', text })),
  ];
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'Bartizan', version, rules: rules.map(ruleOf) } },
          columnKind: 'utf16CodeUnits',
          results: findings.map((finding) => resultOf(finding, path)),
          invocations: [
            {
              executionSuccessful: failed.length === 0,
              toolExecutionNotifications: notes.map(({ level, text }) => ({ level, message: { text } })),
            },
          ],
          properties: { records: [...recordsOf(run, flags)] },
        },
      ],
    },
    null,
    2,
  );
}

const ruleOf = ({ check, title, maps }: DatasetFinding) => ({
  id: check,
  name: check.replaceAll('/', '-'),
  shortDescription: { text: printable(title) },
  properties: { tags: maps.map(({ framework, edition, id }) => `${framework} ${edition} ${id}`) },
});

const resultOf = ({ check, severity, message, rows, count, precision }: DatasetFinding, path: string) => ({
  ruleId: check,
  level: LEVEL[severity],
  message: { text: printable(message) || 'no message' },
  locations: [
    {
      physicalLocation: { artifactLocation: { uri: uriOf(path) } },
      logicalLocations: rows.slice(0, MOST_NAMED).map((row) => ({
        name: `record ${row}`,
        fullyQualifiedName: String(row),
        kind: 'member',
      })),
    },
  ],
  properties: { severity, 'security-severity': SCORE[severity], count, precision },
});

/** A relative reference (RFC 3986, section 4.2): no scheme, and no host where a path begins with several slashes. */
function uriOf(path: string): string {
  const parts = path.toWellFormed().replaceAll('\\', '/').replace(/^\/+/, '/').split('/');
  return parts.map(encodeURIComponent).join('/') || '.';
}
