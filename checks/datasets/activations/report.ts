import { wilson } from '../../statistics/wilson.ts';
import { LABEL_MAPS, type Labels } from '../labels/index.ts';
import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED } from '../types.ts';

/** What speaks against the rows of one class. */
export interface ClassVerdict {
  readonly label: number;
  readonly rows: Int32Array;
  /** In step with `rows`, 0..1; above .5 only where the class has a heap of its own. */
  readonly certainties: Float32Array;
  readonly evidence: Readonly<Record<string, string | number>>;
}

export interface Wording {
  readonly check: string;
  readonly title: (name: string) => string;
  /** What the named rows of a class have in common. */
  readonly reason: string;
}

const LONGEST_NAME = 60;
const BLIND: readonly string[] = [
  'Activations must come from a network that was trained on these very rows; of any other network they show no backdoor.',
  'A class of which half or more is poisoned looks like a clean one with a small other part.',
  'Triggers that were trained to leave activations like those of clean rows are not seen.',
  'A class that truly consists of two kinds, one of them rare, looks the same: look at the rows.',
];
const MAPS = [
  ...LABEL_MAPS.filter(({ framework }) => framework !== 'NIST-100-2'),
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.023', name: 'Backdoor Poisoning' } as const,
];

function shownClass(labels: Labels, label: number): string {
  const name = [...(labels.names[label] ?? String(label)).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')];
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1).join('')}…` : name.join('');
}

/** One finding for each class with rows above .5. */
export function outcomeOf(verdicts: readonly ClassVerdict[], labels: Labels, wording: Wording): CheckOutcome {
  const scores = new Float32Array(labels.values.length);
  for (const { rows, certainties } of verdicts)
    rows.forEach((row, at) => {
      scores[row] = certainties[at] as number;
    });
  const message = (label: number): string =>
    `labelled “${shownClass(labels, label)}”, its activations are ${wording.reason}`;
  return {
    scores,
    suspects: Array.from(scores.keys())
      .filter((row) => (scores[row] as number) > 0.5)
      .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
      .map((row) => ({
        row,
        score: scores[row] as number,
        reasons: [{ check: wording.check, message: message(labels.values[row] as number) }],
      })),
    findings: verdicts.flatMap((verdict) => findingOf(verdict, labels, wording)),
    blindSpots: BLIND,
  };
}

function findingOf(verdict: ClassVerdict, labels: Labels, wording: Wording): DatasetFinding[] {
  const named = verdict.certainties.filter((certainty) => certainty > 0.5);
  if (named.length === 0) return [];
  const rows = verdict.rows.filter((_, at) => (verdict.certainties[at] as number) > 0.5);
  const sure = named.reduce((sum, certainty) => sum + certainty, 0);
  const [low, high] = wilson(sure, rows.length);
  const name = shownClass(labels, verdict.label);
  return [
    {
      check: wording.check,
      title: wording.title(name),
      severity: 'high',
      message:
        `${rows.length} of the ${verdict.rows.length} rows labelled “${name}” have activations ${wording.reason}. ` +
        'A backdoor makes the network see two things in one class; so does a class of two kinds.',
      rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
      count: rows.length,
      precision: { value: sure / rows.length, low, high },
      evidence: { target: name, ...verdict.evidence },
      maps: MAPS,
    },
  ];
}
