import { LABEL_MAPS } from '../labels/index.ts';
import { type DatasetFinding, type DatasetSeverity, MAX_ROWS_NAMED, type Suspect } from '../types.ts';
import { byAnnotator } from './annotations.ts';
import { shownName } from './names.ts';
import { share } from './reliability.ts';
import type { Annotations, AnnotatorFinding, Reliability, Suspicion } from './types.ts';

export const CHECK = 'datasets/annotators';

/** Most annotators that get a finding of their own, those with most labels first. */
const MOST_NAMED = 200;

export interface Accused {
  readonly annotations: Annotations;
  readonly accused: readonly AnnotatorFinding[];
  readonly reliability: readonly Reliability[];
  readonly scores: Float32Array;
}

const TITLES: Readonly<Record<Suspicion, string>> = {
  constant: 'gives one label to everything',
  random: 'labels at random',
  'below-chance': 'is wrong more often than chance',
  target: 'moves labels to one class',
  copies: 'repeats the errors of others',
  burst: 'labels in haste',
};

const SEVERITIES: Readonly<Record<Suspicion, DatasetSeverity>> = {
  'below-chance': 'high',
  target: 'high',
  copies: 'high',
  constant: 'medium',
  random: 'medium',
  burst: 'low',
};

/** Of an annotator's findings, the one that names it. */
const GRAVEST: readonly Suspicion[] = ['below-chance', 'copies', 'target', 'constant', 'random', 'burst'];

/** One finding per accused annotator; its rows are the items it labelled whose label is in doubt. */
export function annotatorFindings(accused: Accused): DatasetFinding[] {
  const places = byAnnotator(accused.annotations);
  const each = new Map<number, AnnotatorFinding[]>();
  for (const finding of accused.accused) {
    const known = each.get(finding.annotator);
    if (known === undefined) each.set(finding.annotator, [finding]);
    else if (known.every(({ kind }) => kind !== finding.kind)) known.push(finding);
  }
  const labels = (annotator: number): number =>
    (places.start[annotator + 1] as number) - (places.start[annotator] as number);
  return [...each]
    .sort(([a], [b]) => labels(b) - labels(a) || a - b)
    .slice(0, MOST_NAMED)
    .map(([annotator, findings]) => {
      const own = places.order.subarray(places.start[annotator], places.start[annotator + 1]);
      return oneAnnotator(accused, annotator, findings, own);
    });
}

function precisionOf(rows: readonly number[], scores: Float32Array): DatasetFinding['precision'] {
  if (rows.length === 0) return null;
  return share(
    rows.reduce((sum, row) => sum + (scores[row] as number), 0),
    rows.length,
  );
}

function oneAnnotator(
  { annotations, reliability, scores }: Accused,
  annotator: number,
  findings: readonly AnnotatorFinding[],
  own: Int32Array,
): DatasetFinding {
  const sorted = [...findings].sort((a, b) => GRAVEST.indexOf(a.kind) - GRAVEST.indexOf(b.kind));
  const gravest = sorted[0] as AnnotatorFinding;
  const name = shownName(annotations.annotatorNames[annotator] as string);
  const rows = [...new Set(Array.from(own, (place) => annotations.items[place] as number))]
    .filter((item) => (scores[item] as number) > 0.5)
    .sort((a, b) => a - b);
  const { accuracy } = reliability[annotator] as Reliability;
  const proofs = sorted.map(({ p }) => p).filter((p) => !Number.isNaN(p));
  return {
    check: CHECK,
    title: `Annotator “${name}” ${TITLES[gravest.kind]}`,
    severity: SEVERITIES[gravest.kind],
    message: `Annotator “${name}” ${sorted.map(({ message }) => message).join('; and ')}. ${ADVICE[gravest.kind]}`,
    rows: rows.slice(0, MAX_ROWS_NAMED),
    count: rows.length,
    precision: precisionOf(rows, scores),
    evidence: {
      annotator: name,
      kinds: sorted.map(({ kind }) => kind).join(', '),
      labels: own.length,
      agreesWithOthers: Number.isNaN(accuracy.value) ? 'unknown' : accuracy.value,
      agreesWithOthersHigh: accuracy.high,
      ...(proofs.length === 0 ? {} : { chanceOfFalseAlarm: Math.min(1, ...proofs) }),
      ...(gravest.target === null
        ? {}
        : { target: shownName(annotations.classNames[gravest.target] as string) }),
      ...(gravest.partners.length === 0 ? {} : { copiesWith: partnersOf(annotations, gravest) }),
    },
    maps: LABEL_MAPS,
  };
}

const partnersOf = ({ annotatorNames }: Annotations, { partners }: AnnotatorFinding): string =>
  partners
    .slice(0, 20)
    .map((partner) => shownName(annotatorNames[partner] as string))
    .join(', ');

const FIX = 'Leave out these labels or have the items labelled again.';
const ADVICE: Readonly<Record<Suspicion, string>> = {
  constant: FIX,
  random: FIX,
  'below-chance': `This may be intent or a misread instruction. ${FIX}`,
  target: `This may be intent or a misread instruction. ${FIX}`,
  copies: 'The group counts as one vote; ask how they worked.',
  burst: 'Haste alone is no proof: times may be those of an upload.',
};

/** The items whose current label is in doubt, as one finding; none without them. */
export function doubtfulFinding(
  { annotations, scores }: Accused,
  suspects: readonly Suspect[],
): DatasetFinding[] {
  if (suspects.length === 0) return [];
  const rows = suspects.map(({ row }) => row).sort((a, b) => a - b);
  const all = annotations.itemNames.length;
  return [
    {
      check: CHECK,
      title: 'Labels that the annotators do not bear out',
      severity: rows.length >= 0.1 * all ? 'high' : rows.length >= 0.02 * all ? 'medium' : 'low',
      message:
        `${rows.length} of ${all} items have a label that their annotators' labels make less likely than not, weighed ` +
        'by who gave them. A person should decide on them.',
      rows: rows.slice(0, MAX_ROWS_NAMED),
      count: rows.length,
      precision: precisionOf(rows, scores),
      evidence: { items: all, labels: annotations.items.length },
      maps: LABEL_MAPS,
    },
  ];
}
