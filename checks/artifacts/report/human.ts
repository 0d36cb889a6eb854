import { SEVERITIES } from '../types.ts';
import type { FileReport } from './json.ts';

const MOST_LINES = 30;

/**
 * The report for a person: one block per file that is worth a look, one line per file that was skipped and why. `clean` makes foreign text safe for where it is
 * shown; every text from a file goes through it.
 */
export function humanReport(files: readonly FileReport[], clean: (text: string) => string): string {
  const order = ['malicious', 'suspicious', 'error'];
  const skipped = files.filter(({ verdict }) => verdict === 'skipped').map((file) => skipLine(file, clean));
  const shown = files
    .filter(({ verdict }) => order.includes(verdict))
    .toSorted((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return [
    ...shown.map((file) => block(file, clean)),
    ...(skipped.length === 0 ? [] : [skipped.join('\n')]),
    summary(files),
  ].join('\n\n');
}

function block({ path, verdict, outcome }: FileReport, clean: (text: string) => string): string {
  const lines = outcome.findings
    .toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity))
    .map(({ severity, message, offset, path: member, evidence }) => {
      const where = `${member === '' ? '' : `${clean(member)} `}@${offset}`;
      const call = evidence.call === undefined ? '' : `\n             ${clean(evidence.call)}`;
      return `  ${severity.padEnd(9)}${clean(message)}  [${where}]${call}`;
    });
  const errors = outcome.errors.map(
    ({ message, path: member }) =>
      `  not judged: ${clean(message)}${member === '' ? '' : `  [${clean(member)}]`}`,
  );
  const all = [...lines, ...errors];
  const more = all.length > MOST_LINES ? [`  and ${all.length - MOST_LINES} more (--json has all)`] : [];
  return [
    `${verdict.toUpperCase()}  ${clean(path)}  (${outcome.format})`,
    ...all.slice(0, MOST_LINES),
    ...more,
  ].join('\n');
}

function skipLine({ path, outcome }: FileReport, clean: (text: string) => string): string {
  const reason = outcome.skipped.find((skip) => skip.path === '')?.reason ?? 'not looked into';
  return `SKIPPED  ${clean(path)}  (${clean(reason)})`;
}

function summary(files: readonly FileReport[]): string {
  if (files.length === 0) return '0 files: there was nothing to scan';
  const counts = ['malicious', 'suspicious', 'error', 'clean', 'skipped'].map((verdict) => {
    const count = files.filter((file) => file.verdict === verdict).length;
    return count === 0 ? '' : `${count} ${verdict === 'error' ? 'not judged' : verdict}`;
  });
  const said = counts.filter((count) => count !== '').join(', ');
  return `${files.length} ${files.length === 1 ? 'file' : 'files'}${said === '' ? '' : `: ${said}`}`;
}
