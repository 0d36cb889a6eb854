import { table } from '../report.ts';
import type { AdaptiveReport, Survival } from './run.ts';

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

const survivalCells = (name: string, { attacked, survived, survival, interval }: Survival): string[] => [
  name,
  String(attacked),
  String(survived),
  `${percent(survival)} [${percent(interval[0])}–${percent(interval[1])}]`,
];

/** An adaptive run for people to read. */
export function adaptiveTables(report: AdaptiveReport): string {
  const parts = [
    `${report.model}: ${report.blocked} of ${report.judged} attacks are blocked as they are; ${report.attacked} were mutated up to ${report.tries} times (seed ${report.seed}), ${report.unfinished} had no time.`,
    table([['', 'attacked', 'survived', 'survival %'], survivalCells('all', report)]),
    table([
      ['after tries', ...Object.keys(report.afterTries)],
      ['survived %', ...Object.values(report.afterTries).map(percent)],
    ]),
  ];
  if (report.triesNeeded !== null) {
    const { p25, p50, p75 } = report.triesNeeded;
    parts.push(`Tries of those that survived: ${p25}, ${p50}, ${p75} (quartiles).`);
  }
  for (const [facet, groups] of Object.entries(report.by)) {
    const rows = Object.entries(groups).map(([name, survival]) => survivalCells(name, survival));
    if (rows.length > 1) parts.push(table([[facet, 'attacked', 'survived', 'survival %'], ...rows]));
  }
  const rows = [...report.operators].sort(
    (a, b) => b.alonePassed / Math.max(1, b.alone) - a.alonePassed / Math.max(1, a.alone),
  );
  parts.push(
    table([
      ['operator', 'keeps', 'alone', 'passed', '%', 'in all', 'passed'],
      ...rows.map(({ operator, keeps, alone, alonePassed, tries, passed }) => [
        operator,
        keeps,
        String(alone),
        String(alonePassed),
        percent(alone === 0 ? null : alonePassed / alone),
        String(tries),
        String(passed),
      ]),
    ]),
  );
  for (const { attack, mutant, operators, tries } of report.examples.slice(0, 8)) {
    parts.push(
      `${operators.join(', ')} (${tries} tries)\n  was: ${JSON.stringify(attack)}\n  now: ${JSON.stringify(mutant)}`,
    );
  }
  return parts.join('\n\n');
}
