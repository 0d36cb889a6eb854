import { wilson } from '@bartizan/checks/statistics/wilson.ts';
import { quantile } from './figures.ts';
import type { Outcome } from './measure.ts';
import type { SetFigures, Tally } from './tally.ts';
import { figuresOf, recallAt } from './tally.ts';
import type { Cost, Timing } from './times.ts';

/** What `--json` prints. */
export interface Report {
  readonly sets: readonly (SetFigures & { readonly set: string })[];
  readonly pooled: SetFigures;
  readonly latencyMs: Readonly<Record<string, { readonly p50: number; readonly p99: number }>>;
}

export function reportOf(outcome: Outcome, times: Readonly<Record<string, Timing>>): Report {
  const { points } = outcome.judge;
  return {
    sets: [...outcome.sets].map(([set, tally]) => ({ set, ...figuresOf(tally, points) })),
    pooled: figuresOf(outcome.pooled, points),
    latencyMs: Object.fromEntries(
      Object.entries(times).map(([chars, { p50, p99 }]) => [chars, { p50, p99 }]),
    ),
  };
}

/** Everything about one detector. */
export interface Measured {
  readonly outcome: Outcome;
  readonly times: Readonly<Record<string, Timing>>;
  readonly cost: Cost | null;
}

const percent = (share: number | null): string => (share === null ? '–' : (100 * share).toFixed(1));

/** A share in percent with its 95% interval. */
function interval(hits: number, total: number): string {
  if (total === 0) return '–';
  const [low, high] = wilson(hits, total);
  return `${percent(hits / total)} [${percent(low)}–${percent(high)}]`;
}

/** Columns padded to their widest cell, the first to the left. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return rows.map(line).join('\n');
}

const RATES = [0.01, 0.001] as const;

function cellsOf(name: string, tally: Tally, outcome: Outcome): string[] {
  const attacks = tally.attacks().length;
  const harmless = tally.harmless().length;
  const { auc } = figuresOf(tally, []);
  const recalls = RATES.map((rate) => {
    const { recall, own } = recallAt(tally, outcome.pooled, rate);
    return recall === null ? '–' : `${percent(recall)}${own ? '' : '*'}`;
  });
  const points = outcome.judge.points.flatMap((point) => {
    const hits = tally.hits(point);
    return [interval(hits.harmless, harmless), interval(hits.attacks, attacks)];
  });
  return [
    name,
    String(harmless),
    String(attacks),
    auc === null ? '–' : auc.toFixed(4),
    ...recalls,
    ...points,
  ];
}

function headOf(what: string, outcome: Outcome): string[] {
  return [
    what,
    'harmless',
    'attacks',
    'AUC',
    'recall at 1% FPR',
    'at 0.1%',
    ...outcome.judge.points.flatMap((point) => [`${point} FPR`, 'recall']),
  ];
}

const byName = ([a]: readonly [string, Tally], [b]: readonly [string, Tally]): number => (a < b ? -1 : 1);

/** Tables of one detector: sets, and what rows say of themselves. */
export function tablesOf(outcome: Outcome): string {
  const parts: string[] = [];
  const add = (what: string, groups: ReadonlyMap<string, Tally>, withPooled: boolean): void => {
    const rows = [...groups].sort(byName).map(([name, tally]) => cellsOf(name, tally, outcome));
    const pooled = withPooled ? [cellsOf('all', outcome.pooled, outcome)] : [];
    parts.push(table([headOf(what, outcome), ...rows, ...pooled]));
  };
  add('set', outcome.sets, true);
  const areas = [...outcome.sets].flatMap(([name, tally]) => {
    const { auc } = figuresOf(tally, []);
    return auc === null ? [] : [{ name, auc }];
  });
  const [worst] = areas.sort((a, b) => a.auc - b.auc);
  if (worst !== undefined && areas.length > 1) {
    const median = quantile(
      areas.map(({ auc }) => auc),
      0.5,
    );
    parts.push(
      `AUC of the ${areas.length} sets with both classes: median ${median.toFixed(4)}, worst ${worst.auc.toFixed(4)} (${worst.name}).`,
    );
  }
  for (const [facet, groups] of outcome.facets) {
    // A facet that says the same as the sets, or the same of every row, adds nothing.
    if (groups.size === 0 || (groups.size === 1 && facet === 'origin')) continue;
    if ([...groups.keys()].every((name) => outcome.sets.has(name))) continue;
    add(facet, groups, false);
  }
  return [
    `${outcome.judge.name}, shares in %, 95% intervals (Wilson). *: threshold of all harmless texts, the row has too few of its own.`,
    ...parts,
  ].join('\n\n');
}

/** Detectors side by side on all texts, a line for each operating point. */
export function sideBySide(all: readonly Measured[]): string {
  const [first] = all;
  if (first === undefined) return '';
  const rows = all.flatMap(({ outcome, times, cost }) => {
    const attacks = outcome.pooled.attacks().length;
    const harmless = outcome.pooled.harmless().length;
    const { auc } = figuresOf(outcome.pooled, []);
    return outcome.judge.points.map((point) => {
      const hits = outcome.pooled.hits(point);
      return [
        `${outcome.judge.name}, ${point}`,
        auc === null ? '–' : auc.toFixed(4),
        ...RATES.map((rate) => percent(recallAt(outcome.pooled, outcome.pooled, rate).recall)),
        interval(hits.harmless, harmless),
        interval(hits.attacks, attacks),
        ms(cost?.meanMs ?? Number.NaN),
        ...Object.values(times).map(({ p50 }) => ms(p50)),
      ];
    });
  });
  return table([
    [
      'on all texts',
      'AUC',
      'recall at 1% FPR',
      'at 0.1%',
      'FPR',
      'recall',
      'mean ms of harmless',
      ...Object.keys(first.times).map((chars) => `p50 ms of ${chars}`),
    ],
    ...rows,
  ]);
}

const ms = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(3));

export function timesTable(times: Readonly<Record<string, Timing>>): string {
  return table([
    ['characters', 'texts', 'p50 ms', 'p99 ms', 'p50 ms where the encoder read'],
    ...Object.entries(times).map(([chars, { texts, p50, p99, encoderP50 }]) => [
      chars,
      String(texts),
      ms(p50),
      ms(p99),
      encoderP50 === null ? '–' : ms(encoderP50),
    ]),
  ]);
}

export function costTable(cost: Cost | null): string {
  if (cost === null) return 'No harmless texts to cost.';
  const head = `${cost.texts} harmless texts of ${Math.round(cost.meanChars)} characters on average cost ${ms(cost.meanMs)} ms each`;
  return `${head}\n${table([
    ['settled by', 'share', 'mean ms', 'p50 ms', 'p99 ms'],
    ...cost.stages.map(({ stage, share, meanMs, p50Ms, p99Ms }) => [
      stage,
      `${percent(share)}%`,
      ms(meanMs),
      ms(p50Ms),
      ms(p99Ms),
    ]),
  ])}`;
}

/** What settled harmless texts and attacks, over all sets. */
export function stagesTable(outcome: Outcome): string {
  const stages = outcome.pooled.stages();
  const attacks = outcome.pooled.attacks().length;
  const harmless = outcome.pooled.harmless().length;
  return table([
    ['settled by', 'of harmless', 'of attacks'],
    ...Object.entries(stages)
      .filter(([, count]) => count.harmless + count.attacks > 0)
      .map(([stage, count]) => [
        stage,
        `${percent(harmless === 0 ? null : count.harmless / harmless)}%`,
        `${percent(attacks === 0 ? null : count.attacks / attacks)}%`,
      ]),
  ]);
}
