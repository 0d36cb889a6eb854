import type { CheckResult } from '../../../define.ts';
import { personalDataCheck } from '../../../text/personal-data/index.ts';
import { type TextFinding, textInput } from '../../../text/types.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { Column, DatasetFinding } from '../../types.ts';
import { DISCLOSURE } from '../frameworks.ts';
import { masked, percent, shown } from '../shown.ts';
import type { CheckPersonal, ColumnContent, ContentOptions, ContentOutcome } from '../types.ts';
import { inContext, spokenName } from './context.ts';
import { numbersAsTexts } from './numbers.ts';
import { scanContent } from './scan.ts';
import type { Hit } from './tally.ts';
import type { Unit } from './units.ts';

export const PERSONAL_DATA = 'datasets/personal-data';

/** Rows with personal data are a matter of law, not of poisoning: they never compete with those. */
const MOST = 0.3;
/** As the product's rules: finds below this certainty are noise. */
const LEAST_CERTAINTY = 0.6;
const MOST_FINDINGS = 50;
const EVERYDAY = new Set(['email', 'phone', 'person-name', 'bic', 'crypto-address']);
const CONFIG = personalDataCheck.config.parse({});

/** The finds of a text check, which answers at once here. */
export function findingsOf(
  result: CheckResult<TextFinding> | Promise<CheckResult<TextFinding>>,
): readonly TextFinding[] {
  return !(result instanceof Promise) && result.outcome === 'findings' ? result.findings : [];
}

/** Finds of one kind in one text that are kept: more of them say no more of the text. */
const MOST_OF_A_KIND = 3;

/** The surest finds of each kind, so that a text made of nothing else takes no more memory than another. */
export function fewOfEachKind(findings: readonly TextFinding[]): TextFinding[] {
  const counts = new Map<string, number>();
  return [...findings]
    .sort((a, b) => b.score - a.score)
    .filter(({ kind }) => {
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return count <= MOST_OF_A_KIND;
    });
}

/** What a check says of a value, without the value: `looks like a phone number (+4…, 16 characters)`. */
export const saidOf = ({ message }: TextFinding, value: string): string =>
  `${message.charAt(0).toLowerCase()}${message.slice(1).replace(/\.$/, '')} (${masked(value)})`;

function inspect({ text }: Unit, column: string): Hit[] {
  // Things have names too: a bare `name` says nothing of persons.
  const { text: whole, before } =
    spokenName(column).toLowerCase() === 'name' ? { text, before: 0 } : inContext(column, text);
  const found = findingsOf(
    personalDataCheck.run(textInput(whole, { author: 'third_party', kind: 'document' }), CONFIG),
  ).filter(({ end, score }) => end > before && score >= LEAST_CERTAINTY);
  return fewOfEachKind(found).map((each) => {
    const value = whole.slice(Math.max(before, each.start), each.end);
    return { kind: each.kind, score: MOST * each.score, message: saidOf(each, value) };
  });
}

function severityOf(kind: string, share: number): DatasetFinding['severity'] {
  if (EVERYDAY.has(kind)) return share >= 0.01 ? 'medium' : 'low';
  return share >= 0.01 ? 'high' : 'medium';
}

function finding({ column, kind, share, rows, count }: ColumnContent): DatasetFinding {
  const what = kind.replaceAll('-', ' ');
  return {
    check: PERSONAL_DATA,
    title: `Personal data in “${shown(column)}”: ${what}`,
    severity: severityOf(kind, share.value),
    message:
      `${percent(share.value)} of the values of “${shown(column)}” (${count}) hold what looks like ${what}. ` +
      'A model that learns from them may give them away. Remove them, put placeholders in their place, or record why they are needed.',
    rows,
    count,
    precision: null,
    evidence: { column: shown(column), kind, share: share.value },
    maps: DISCLOSURE,
  };
}

const BLIND = [
  'Personal data is found by its form: names and facts about persons in running text, and numbers without check digits or a word that names them, are not seen.',
];

export const checkPersonal: CheckPersonal = function* (
  columns: readonly Column[],
  options: ContentOptions = {},
): Steps<ContentOutcome> {
  const readable = numbersAsTexts(columns, options, inspect);
  const { selection, blindSpots, ...found } = yield* scanContent(PERSONAL_DATA, readable, options, inspect);
  return {
    ...found,
    findings: found.columns.slice(0, MOST_FINDINGS).map(finding),
    blindSpots: [...blindSpots, ...BLIND],
    looked: selection.rows.length,
  };
};
