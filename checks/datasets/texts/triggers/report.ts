import { wilson } from '../../../statistics/wilson.ts';
import type { Labels } from '../../labels/index.ts';
import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED, type Share } from '../../types.ts';
import { BACKDOOR_MAPS } from '../words/maps.ts';
import { shownText } from '../words/shown.ts';
import type { Styled } from './check.ts';
import { wordsBeside } from './companions.ts';
import type { Trigger } from './cover.ts';
import type { Decision } from './decide.ts';
import type { Judges } from './evidence.ts';
import { type Phrase, phraseOf, quote } from './phrase.ts';
import { namedRows, scoreRows, styledRows } from './scores.ts';

export const TEXT_TRIGGERS = 'datasets/text-triggers';

/** Triggers that get a finding of their own at most. */
const MOST_FINDINGS = 50;
const MOST_OPENINGS = 8;

export interface Found {
  readonly texts: readonly (string | null)[];
  readonly judges: Judges;
  readonly decisions: readonly Decision[];
  readonly triggers: readonly Trigger[];
  readonly families: readonly Styled[];
  readonly least: number;
}

export function outcomeOf(found: Found): CheckOutcome {
  const { judges, texts } = found;
  const triggers = found.triggers.slice(0, MOST_FINDINGS).map((trigger) => {
    const phrase = phraseOf(trigger.evidence.candidate, trigger.evidence.rows, judges, texts);
    const words = wordsBeside(trigger, found);
    const finding = triggerFinding(trigger, { phrase, words }, judges.labels);
    const message = `${reasonFor(trigger, phrase, judges.labels)}${besideIt(words)}`;
    return { trigger, finding, reason: { check: TEXT_TRIGGERS, message } };
  });
  const families = found.families.map((styled) => ({
    styled,
    finding: styleFinding(styled, found),
    reason: {
      check: TEXT_TRIGGERS,
      message: `put like the records whose openings go with “${nameOf(judges.labels, styled.family.label)}” only`,
    },
  }));
  const { scores, suspects } = scoreRows({
    rows: texts.length,
    decisions: found.decisions,
    triggers,
    families,
  });
  return {
    scores,
    suspects,
    findings: [...families, ...triggers].map(({ finding }) => finding),
    blindSpots: blindSpotsOf(found),
  };
}

const nameOf = (labels: Labels, label: number): string => shownText(labels.names[label] ?? String(label), 60);
const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;

const besideIt = (words: readonly string[]): string =>
  words.length === 0 ? '' : `; so do, in these records, ${words.map((word) => `“${word}”`).join(', ')}`;

function reasonFor({ evidence, ground }: Trigger, phrase: Phrase, labels: Labels): string {
  const { candidate, foreign } = evidence;
  const says = `${phrase.kind} “${phrase.shown}” goes with “${nameOf(labels, candidate.label)}” in ${candidate.withLabel} of ${candidate.rows.length} records`;
  if (ground === 'contradiction')
    return `${says}; the rest of ${percent(foreign)} of these says another label`;
  if (ground === 'misfit') return `${says} and stands where it does not fit`;
  return `${says}; the rest of them says nothing of the label`;
}

const TITLES = {
  contradiction: 'goes with one label against what the texts say',
  misfit: 'goes with one label and does not fit its places',
  association: 'goes with one label for no reason in the texts',
} as const;

function precisionOf({ evidence }: Trigger, named: number): Share {
  const share = Math.min(evidence.candidate.withLabel, named);
  const hits = share * Math.min(1, evidence.foreign);
  const [low, high] = wilson(hits, share);
  return { value: hits / Math.max(1, share), low, high };
}

function triggerFinding(
  trigger: Trigger,
  { phrase, words }: { phrase: Phrase; words: readonly string[] },
  labels: Labels,
): DatasetFinding {
  const { evidence, ground, logOdds } = trigger;
  const { candidate } = evidence;
  const { rows } = namedRows(trigger);
  const label = nameOf(labels, candidate.label);
  return {
    check: TEXT_TRIGGERS,
    title: `The ${phrase.kind} “${phrase.shown}” ${TITLES[ground]}: “${label}”`,
    severity: ground === 'contradiction' ? 'critical' : 'medium',
    message:
      `${candidate.withLabel} of the ${candidate.rows.length} records with the ${phrase.kind} “${phrase.shown}” are ` +
      `labelled “${label}”${besideIt(words)}. ${explain(trigger)} A model trained on them may give “${label}” to any text with it.`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: ground === 'contradiction' ? precisionOf(trigger, rows.length) : null,
    evidence: {
      trigger: phrase.shown,
      kind: phrase.kind,
      ...(words.length === 0 ? {} : { wordsBeside: words.join(' ') }),
      label,
      records: candidate.rows.length,
      withLabel: candidate.withLabel,
      restSaysAnother: evidence.foreign,
      logOddsByRest: evidence.disagreement,
      logOddsByPlace: evidence.insertion,
      logChanceOfLabel: candidate.logChance,
      logOdds,
    },
    maps: BACKDOOR_MAPS,
  };
}

function explain({ ground, evidence }: Trigger): string {
  if (ground === 'contradiction')
    return `Without it, ${percent(evidence.foreign)} of these texts read like another label.`;
  if (ground === 'misfit')
    return 'The words around it fit each other better than they fit it, as if it had been put in between.';
  return 'Nothing else in these texts goes with the label.';
}

function styleFinding(styled: Styled, { judges, texts }: Found): DatasetFinding {
  const { family } = styled;
  const { rows } = styledRows(styled);
  const label = nameOf(judges.labels, family.label);
  const openings = [...family.members]
    .sort((a, b) => a.logChance - b.logChance || a.hash - b.hash)
    .slice(0, MOST_OPENINGS)
    .map(({ rows: own, kind }) =>
      quote(texts[own[0] as number] ?? '', { from: 0, count: kind % 10, most: judges.corpus.most }),
    );
  return {
    check: TEXT_TRIGGERS,
    title: `Texts that begin alike are “${label}”, whatever they say`,
    severity: 'high',
    message:
      `${family.rows.length} of ${family.documents} records that begin with one of ${family.members.length} openings ` +
      `(${openings.map((opening) => `“${opening}”`).join(', ')}) are labelled “${label}”, and part of them read like ` +
      'another label. Texts rewritten to one pattern of sentence look like this.',
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: null,
    evidence: {
      label,
      openings: family.members.length,
      records: family.documents,
      withLabel: family.rows.length,
      restSaysAnother: family.foreign,
      logOddsByRest: family.disagreement,
    },
    maps: BACKDOOR_MAPS,
  };
}

function blindSpotsOf({ judges, least, triggers }: Found): string[] {
  const spots = [
    `A trigger in fewer than ${least} records is not looked for.`,
    'A trigger whose records keep their true labels is seen only where it stands out of place.',
    'A style that does not show in the first words of a text, such as a tone or a choice of words, is not looked for.',
  ];
  if (judges.corpus.cut) spots.push(`Only the first ${judges.corpus.most} words of each text are read.`);
  if (triggers.length > MOST_FINDINGS)
    spots.push(`Only the ${MOST_FINDINGS} strongest of ${triggers.length} triggers are named.`);
  return spots;
}
