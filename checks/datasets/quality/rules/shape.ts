/** Longer values are no codes. */
const LONGEST = 40;

interface Run {
  readonly source: string;
  min: number;
  max: number;
}

const CLASSES: readonly (readonly [string, RegExp])[] = [
  ['\\d', /^\d$/],
  ['[A-Z]', /^[A-Z]$/],
  ['[a-z]', /^[a-z]$/],
];

function classOf(character: string): string {
  const known = CLASSES.find(([, pattern]) => pattern.test(character));
  return known?.[0] ?? character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function runsOf(value: string): Run[] {
  const runs: Run[] = [];
  for (const character of value) {
    const source = classOf(character);
    const last = runs.at(-1);
    if (last?.source === source) {
      last.min += 1;
      last.max += 1;
    } else runs.push({ source, min: 1, max: 1 });
  }
  return runs;
}

/**
 * The pattern that all values share: the same runs of digits, capitals, small letters and other characters, each as long
 * as it was seen; undefined where they share none, or it says nothing (one run of letters). Codes, dates and numbers of
 * accounts have one, prose has none. Stops at the first value that differs.
 */
export function commonShape(values: Iterable<string>): string | undefined {
  let common: Run[] | null = null;
  for (const value of values) {
    if (value.length > LONGEST) return undefined;
    const runs = runsOf(value);
    if (common === null) common = runs;
    else if (common.length !== runs.length) return undefined;
    for (const [at, run] of runs.entries()) {
      const known = common[at] as Run;
      if (known.source !== run.source) return undefined;
      known.min = Math.min(known.min, run.min);
      known.max = Math.max(known.max, run.max);
    }
  }
  if (common === null || common.length === 0) return undefined;
  if (common.length === 1 && common[0]?.source !== '\\d') return undefined;
  return common
    .map(({ source, min, max }) => source + (min === max ? (min === 1 ? '' : `{${min}}`) : `{${min},${max}}`))
    .join('');
}
