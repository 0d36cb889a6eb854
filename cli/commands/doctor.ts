import { styleText } from 'node:util';
import type { Command } from 'commander';
import type { Finding, Status } from '../doctor/types.ts';
import { createOutput, printable } from '../output.ts';

/** What `bartizan doctor` exits with: 0 all well, 1 warnings, 2 something is broken. */
const CODES: Readonly<Record<Status, number>> = { ok: 0, skipped: 0, warn: 1, fail: 2 };
const MARKS: Readonly<Record<Status, string>> = {
  ok: styleText('green', 'ok     '),
  warn: styleText('yellow', 'warning'),
  fail: styleText('red', 'broken '),
  skipped: styleText('dim', 'skipped'),
};

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('say what is wrong with this instance and what to do; changes nothing')
    .option(
      '--data-dir <dir>',
      'where the instance keeps everything',
      process.env.BARTIZAN_DATA_DIR ?? '.bartizan',
    )
    .option(
      '--database-url <url>',
      'your PostgreSQL (default: DATABASE_URL, else the one in the data directory)',
    )
    .option('--json', 'print JSON')
    .action(async (flags: { dataDir: string; databaseUrl?: string; json?: boolean }) => {
      const { examine } = await import('../doctor/run.ts');
      const findings = await examine({
        env: process.env,
        dataDir: flags.dataDir,
        databaseUrl: flags.databaseUrl,
      });
      createOutput(flags.json ?? false).result({ findings }, () => report(findings));
      process.exitCode = Math.max(...findings.map(({ status }) => CODES[status]));
    });
}

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ title }) => title.length));
  const lines = findings.flatMap(({ status, title, found, advice }) => [
    `${MARKS[status]}  ${title.padEnd(width)}  ${printable(found)}`,
    ...(advice ? [`${' '.repeat(width + 11)}→ ${printable(advice)}`] : []),
  ]);
  const count = (status: Status) => findings.filter((one) => one.status === status).length;
  return [
    ...lines,
    '',
    `${count('fail')} broken, ${count('warn')} warnings, ${count('ok')} well, ${count('skipped')} skipped`,
  ].join('\n');
}
