import { formatCount } from '../../ui/format.ts';

/** What the figures of findings are called, and how each is written. All functions are pure. */

/**
 * `count`: a whole number. `share`: 0 to 1, written as a percentage. `log10` and `ln`: logarithm of a chance. `odds`:
 * natural logarithm of odds. `number`: some figure. `as-is`: a value of the data or a word, never reformatted.
 */
type Form = 'count' | 'share' | 'log10' | 'ln' | 'odds' | 'number' | 'as-is';
type Words = readonly [words: string, form: Form];

const EVIDENCE: Readonly<Record<string, Words>> = {
  access: ['access label', 'as-is'],
  agreesWithOthers: ['agrees with the others', 'share'],
  agreesWithOthersHigh: ['agrees at most', 'share'],
  annotator: ['annotator', 'as-is'],
  auc: ['told from history (AUC, 0.5 is not at all)', 'number'],
  aucLow: ['AUC at least', 'number'],
  balancedAccuracy: ['label guessed from it alone', 'share'],
  batch: ['batch', 'as-is'],
  batchShare: ['of what is too many, from this batch', 'share'],
  batchSurplus: ['too many from this batch', 'count'],
  chanceOfFalseAlarm: ['chance of a false alarm', 'number'],
  classes: ['labels in use', 'count'],
  column: ['column', 'as-is'],
  copies: ['copies', 'count'],
  copiesWith: ['the same labels as', 'as-is'],
  countedByConfidentLearning: ['wrong labels by confident learning', 'count'],
  cramersV: ['association (Cramér’s V, 0 to 1)', 'number'],
  dissenters: ['of alike records, another label', 'share'],
  distanceInDeviations: ['apart, in standard deviations', 'number'],
  documents: ['documents', 'count'],
  estimatedErrors: ['wrong labels, estimated', 'count'],
  estimatedErrorsHigh: ['at most', 'count'],
  estimatedErrorsLow: ['at least', 'count'],
  example: ['for example', 'as-is'],
  expected: ['expected', 'number'],
  followedByGibberish: ['followed by words without connection', 'as-is'],
  given: ['given', 'as-is'],
  groups: ['groups', 'count'],
  height: ['height in pixels', 'count'],
  history: ['records of history', 'count'],
  how: ['how', 'as-is'],
  items: ['items', 'count'],
  kind: ['kind', 'as-is'],
  kinds: ['what speaks against them', 'as-is'],
  label: ['label', 'as-is'],
  labelled: ['labelled', 'as-is'],
  labels: ['labels', 'count'],
  largest: ['largest group', 'count'],
  largestP: ['largest chance of one as far out', 'number'],
  level: ['level', 'as-is'],
  log10P: ['chance that this is an accident', 'log10'],
  logChanceOfLabel: ['chance of this label by accident', 'ln'],
  logLikelihoodRatio: ['odds for a trigger', 'odds'],
  logOdds: ['odds for a trigger', 'odds'],
  logOddsByPlace: ['odds by the words around it', 'odds'],
  logOddsByRest: ['odds by the rest of the text', 'odds'],
  looksLike: ['looks like', 'as-is'],
  looksLikeTarget: ['expected to have this label by their looks', 'number'],
  misfit: ['misfit with the words around it', 'number'],
  missing: ['records without a value', 'count'],
  named: ['named', 'count'],
  noisy: ['labels in doubt', 'count'],
  ofThemTarget: ['of them labelled so', 'count'],
  openings: ['ways to begin', 'count'],
  otherChangesAtMost: ['other mix-ups, at most', 'share'],
  overlapping: ['of them also used for training', 'count'],
  ownTwins: ['repeated within the test records', 'count'],
  pairs: ['pairs', 'count'],
  pairsWithTrigger: ['of them with the trigger', 'count'],
  phrase: ['words', 'as-is'],
  picturesWithPattern: ['pictures with the pattern', 'count'],
  promptWordsBesideChance: ['words that the prompts share, beside chance', 'number'],
  promptsWithTrigger: ['prompts with the trigger', 'count'],
  records: ['records', 'count'],
  response: ['response', 'as-is'],
  restSaysAnother: ['of the texts, the rest speaks for another label', 'share'],
  row: ['pixels from the top', 'count'],
  rows: ['records', 'count'],
  rule: ['rule', 'as-is'],
  share: ['share', 'share'],
  sharedWordsBesideChance: ['words that the documents share, beside chance', 'number'],
  shiftedColumns: ['columns that shifted', 'count'],
  silhouette: ['how clearly two groups part (silhouette, −1 to 1)', 'number'],
  source: ['source', 'as-is'],
  sourceShare: ['of what is too many, from this source', 'share'],
  sourceSurplus: ['too many from this source', 'count'],
  target: ['label', 'as-is'],
  testRows: ['test records', 'count'],
  texts: ['texts', 'count'],
  threshold: ['alike from (Jaccard, 0 to 1)', 'number'],
  trigger: ['trigger', 'as-is'],
  usualShare: ['usual share of labels in doubt', 'share'],
  value: ['value', 'as-is'],
  width: ['width in pixels', 'count'],
  withLabel: ['of them with this label', 'count'],
  withoutContent: ['without content', 'count'],
};

export const EVIDENCE_NAMES: ReadonlySet<string> = new Set(Object.keys(EVIDENCE));

const figures = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });
const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const superscript = (whole: number): string =>
  `${whole < 0 ? '⁻' : ''}${[...String(Math.abs(whole))].map((digit) => SUPERSCRIPTS[Number(digit)]).join('')}`;

/** 10 to some power, for people: "12", "0.03", "2 × 10⁻²¹". */
function power(log10: number): string {
  if (Math.abs(log10) < 4) return figures.format(10 ** log10);
  const whole = Math.floor(log10);
  const front = Number((10 ** (log10 - whole)).toPrecision(1));
  return front === 10 ? `1 × 10${superscript(whole + 1)}` : `${front} × 10${superscript(whole)}`;
}

function odds(ln: number): string {
  const log10 = Math.abs(ln) / Math.LN10;
  return ln >= 0 ? `${power(log10)} to 1` : `1 to ${power(log10)}`;
}

const percents = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 3 });

function figure(value: number, form: Form): string {
  if (!Number.isFinite(value)) return 'not told';
  switch (form) {
    case 'as-is':
      return String(value);
    case 'share':
      return percents.format(value);
    case 'log10':
      return power(Math.min(0, value));
    case 'ln':
      return power(Math.min(0, value / Math.LN10));
    case 'odds':
      return odds(value);
    case 'count':
      return Number.isInteger(value) ? formatCount(value) : figures.format(value);
    case 'number':
      return value !== 0 && Math.abs(value) < 1e-3
        ? power(Math.log10(Math.abs(value)))
        : figures.format(value);
  }
}

/** "looksLikeTarget" → "looks like target". */
const apart = (name: string): string =>
  name
    .replaceAll(
      /([a-z\d])([A-Z])/g,
      (_, before: string, letter: string) => `${before} ${letter.toLowerCase()}`,
    )
    .replaceAll(/[-_.]+/g, ' ');

const YES_NO: Readonly<Record<string, string>> = { true: 'yes', false: 'no' };

/** One figure of a finding in words: what it is called, and its value as people read it. */
export function evidenceWords(
  name: string,
  value: string | number | boolean,
): { readonly name: string; readonly value: string } {
  const known = EVIDENCE_NAMES.has(name) ? EVIDENCE[name] : undefined;
  const [words, form] = known ?? [apart(name), 'number' as const];
  if (typeof value === 'boolean') return { name: words, value: YES_NO[String(value)] ?? '' };
  if (typeof value === 'string') return { name: words, value: value === '' ? 'none' : value };
  const isWhole = known === undefined && Number.isInteger(value);
  return { name: words, value: figure(value, isWhole ? 'count' : form) };
}
