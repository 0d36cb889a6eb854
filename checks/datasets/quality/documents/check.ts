import type { CheckResult } from '../../../define.ts';
import { injectionCheck } from '../../../text/injection/index.ts';
import { type TextFinding, type TextInput, textInput } from '../../../text/types.ts';
import type { Steps } from '../../neighbours/index.ts';
import { type Column, type DatasetFinding, DatasetInputError } from '../../types.ts';
import { type Scanned, scanContent, scanContentLater } from '../content/scan.ts';
import type { Hit } from '../content/tally.ts';
import type { Unit } from '../content/units.ts';
import { INDIRECT_INJECTION } from '../frameworks.ts';
import { percent, shown } from '../shown.ts';
import type {
  CheckDocuments,
  ColumnContent,
  ContentOptions,
  ContentOutcome,
  JudgeDocuments,
  JudgedDocuments,
} from '../types.ts';
import { HIDDEN_TEXT, isUnseen, UNSEEN_TEXT, unseenText } from './unseen.ts';

export const INJECTED_INSTRUCTIONS = 'datasets/injected-instructions';

const ORDERS = 'instructions';
const HIDDEN_ORDERS = 'hidden-instructions';
/** A note on the row, and no finding. */
const MAYBE_ORDERS = 'possible-instructions';
const NOT_JUDGED = 'not-judged';

/** Rules alone: below this a visible sentence may speak to an assistant without being an attack. */
const RULES_SURE = 0.6;
const CONFIG = injectionCheck.config.parse({});

const asDocument = (text: string, label: string): TextInput =>
  textInput(text, { author: 'third_party', kind: 'document', label });

/** What a row scores for a finding: over .5 when it is hidden, when the rules are sure, or when a model says so. */
function scoreOf({ score, probability }: TextFinding, hidden: boolean): number {
  if (hidden) return Math.max(0.65, Math.min(0.99, score + 0.05));
  if (probability !== undefined) return score >= 0.5 ? Math.max(0.51, Math.min(0.99, score)) : 0.8 * score;
  if (score < RULES_SURE) return 0.7 * score;
  return Math.min(0.98, 0.55 + ((score - RULES_SURE) * 0.43) / 0.39);
}

function hitsOf(text: string, result: CheckResult<TextFinding>): Hit[] {
  const hits = unseenText(text);
  if (result.outcome === 'error')
    hits.push({ kind: NOT_JUDGED, score: 0.55, message: 'could not be judged: treat it as unread' });
  if (result.outcome !== 'findings') return hits;
  const unseen = hits.some(({ score }) => score > 0.5);
  for (const found of result.findings) {
    const hidden = unseen || found.kind === 'obfuscated' || isUnseen(text, found);
    const said = `${found.message.charAt(0).toLowerCase()}${found.message.slice(1).replace(/\.$/, '')}`;
    const score = scoreOf(found, hidden);
    hits.push({
      kind: hidden ? HIDDEN_ORDERS : score > 0.5 ? ORDERS : MAYBE_ORDERS,
      score,
      message: hidden ? `${said}, where a reader does not see it` : said,
    });
  }
  return hits;
}

const TITLES: Readonly<Record<string, string>> = {
  [ORDERS]: 'Documents that give orders to a model',
  [HIDDEN_ORDERS]: 'Hidden orders to a model in documents',
  [HIDDEN_TEXT]: 'Documents with a message in characters that nobody sees',
  [UNSEEN_TEXT]: 'Documents with text that is hidden from the reader',
  [NOT_JUDGED]: 'Documents that could not be judged',
};
const SEVERITY: Readonly<Record<string, DatasetFinding['severity']>> = {
  [ORDERS]: 'high',
  [HIDDEN_ORDERS]: 'critical',
  [HIDDEN_TEXT]: 'high',
  [UNSEEN_TEXT]: 'low',
  [NOT_JUDGED]: 'medium',
};

function finding({ column, kind, share, rows, count }: ColumnContent): DatasetFinding {
  return {
    check: INJECTED_INSTRUCTIONS,
    title: TITLES[kind] ?? kind,
    severity: SEVERITY[kind] ?? 'medium',
    message:
      `${count} texts of “${shown(column)}” (${percent(share.value)}). A model that is given such a document may follow ` +
      'it: read the texts as they are stored, not as they are shown, and keep out what was not meant for readers.',
    rows,
    count,
    precision: null,
    evidence: { column: shown(column), kind, share: share.value },
    maps: INDIRECT_INJECTION,
  };
}

const BY_RULES =
  'Orders are judged by rules, without the trained detector: most of those that are worded in a way of their own are not seen.';
const BLIND = [
  'Texts in pictures, and what a document links to, are not read.',
  'Data that is made of requests to an assistant gives orders by its nature: this check is for documents.',
];

function outcomeOf(scanned: Scanned, blind: readonly string[]): ContentOutcome {
  const { selection, blindSpots, columns, ...found } = scanned;
  return {
    ...found,
    columns,
    findings: columns.filter(({ kind }) => kind !== MAYBE_ORDERS).map(finding),
    blindSpots: [...blindSpots, ...blind],
    looked: selection.rows.length,
  };
}

export const checkDocuments: CheckDocuments = function* (
  columns: readonly Column[],
  options: ContentOptions = {},
): Steps<ContentOutcome> {
  const inspect = ({ text }: Unit, column: string): Hit[] => {
    const result = injectionCheck.run(asDocument(text, column), CONFIG);
    if (result instanceof Promise) throw new DatasetInputError('The rules answer at once.');
    return hitsOf(text, result);
  };
  return outcomeOf(yield* scanContent(INJECTED_INSTRUCTIONS, columns, options, inspect), [
    BY_RULES,
    ...BLIND,
  ]);
};

export const judgeDocuments: JudgeDocuments = async (
  columns: readonly Column[],
  options: JudgedDocuments,
): Promise<ContentOutcome> => {
  const { injection, signal } = options;
  const inspect = async ({ text }: Unit, column: string): Promise<Hit[]> =>
    hitsOf(text, await injection.judge(asDocument(text, column), signal));
  return outcomeOf(await scanContentLater(INJECTED_INSTRUCTIONS, columns, options, inspect), BLIND);
};
