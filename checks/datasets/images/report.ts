import type { FrameworkRef } from '../../define.ts';
import { LABEL_MAPS, type Labels } from '../labels/index.ts';
import { type DatasetFinding, MAX_ROWS_NAMED, type Suspect } from '../types.ts';
import type { Trigger } from './confirm.ts';
import { precisionOf } from './posterior.ts';
import { IMAGE_TRIGGERS } from './types.ts';

export const BACKDOOR_MAPS: readonly FrameworkRef[] = [
  ...LABEL_MAPS.filter(({ framework }) => framework !== 'NIST-100-2'),
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.023', name: 'Backdoor Poisoning' },
];

const LONGEST_NAME = 60;

/** A class's name as it may be shown: one line, without control characters, at most 60 characters. */
export function shownClass(labels: Labels, label: number): string {
  const name = [...(labels.names[label] ?? String(label)).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')];
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1).join('')}…` : name.join('');
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

function placeOf({ box, kind }: Trigger): string {
  if (box === null) return 'the same faint overlay';
  if (kind === 'moved') return `the same ${box.height} × ${box.width} pixels, at places that differ`;
  return `the same ${box.height} × ${box.width} pixels at row ${box.row}, column ${box.column}`;
}

/** One finding for each trigger, with its rows above .5. */
export function triggerFindings(
  triggers: readonly Trigger[],
  labels: Labels,
  check: string,
): DatasetFinding[] {
  return triggers.flatMap((trigger) => {
    const places = Int32Array.from(trigger.rows.keys()).filter(
      (at) => (trigger.certainties[at] as number) > 0.5,
    );
    if (places.length === 0) return [];
    const rows = Array.from(places, (at) => trigger.rows[at] as number).sort((a, b) => a - b);
    const sure = Array.from(places, (at) => trigger.certainties[at] as number);
    const name = shownClass(labels, trigger.label);
    return [
      {
        check,
        title: `Backdoor trigger for “${name}”`,
        severity: 'critical',
        message:
          `${rows.length} pictures labelled “${name}” show ${placeOf(trigger)}; by the rest of them they would be ` +
          `“${name}” with ${percent(trigger.expected)} only. A model trained on them would take the mark for the class.`,
        rows: rows.slice(0, MAX_ROWS_NAMED),
        count: rows.length,
        precision: precisionOf(sure, trigger),
        evidence: evidenceOf(trigger, name),
        maps: BACKDOOR_MAPS,
      } satisfies DatasetFinding,
    ];
  });
}

function evidenceOf(trigger: Trigger, target: string): Record<string, string | number> {
  const { kind, box, sharing, labelled, strength, expected } = trigger;
  const where: Record<string, number> =
    box === null || kind === 'moved'
      ? {}
      : { row: box.row, column: box.column, height: box.height, width: box.width };
  return {
    target,
    kind,
    ...where,
    picturesWithPattern: sharing,
    ofThemTarget: labelled,
    looksLikeTarget: Number(expected.toPrecision(3)),
    logLikelihoodRatio: Number(strength.toPrecision(4)),
  };
}

/** The rows above .5 with the trigger that speaks most against each. */
export function triggerSuspects(
  triggers: readonly Trigger[],
  scores: Float32Array,
  labels: Labels,
): Suspect[] {
  const said = new Map<number, { certainty: number; message: string }>();
  for (const trigger of triggers)
    trigger.rows.forEach((row, at) => {
      const certainty = trigger.certainties[at] as number;
      if (certainty <= 0.5 || certainty <= (said.get(row)?.certainty ?? 0)) return;
      const message = `shows ${placeOf(trigger)} as other pictures labelled “${shownClass(labels, trigger.label)}” that look like other classes`;
      said.set(row, { certainty, message });
    });
  return [...said]
    .map(([row, { message }]) => ({
      row,
      score: scores[row] as number,
      reasons: [{ check: IMAGE_TRIGGERS, message }],
    }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
}
