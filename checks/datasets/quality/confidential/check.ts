import type { Steps } from '../../neighbours/index.ts';
import { type Column, type DatasetFinding, DatasetInputError, MAX_ROWS_NAMED } from '../../types.ts';
import { scanContent } from '../content/scan.ts';
import { columnNamed, textAt, type Written } from '../content/select.ts';
import type { Hit } from '../content/tally.ts';
import type { Unit } from '../content/units.ts';
import { DISCLOSURE } from '../frameworks.ts';
import { percent, shown } from '../shown.ts';
import type {
  AccessLabel,
  AccessLevel,
  CheckConfidential,
  ColumnContent,
  ConfidentialOptions,
  ContentOutcome,
} from '../types.ts';
import { isStricter, parseAccessLabel } from './access.ts';
import { findMarks } from './marks.ts';

export const CONFIDENTIAL = 'datasets/confidential';

/** What a row scores whose mark is sure. */
const SCORE: Readonly<Record<AccessLevel, number>> = {
  public: 0,
  internal: 0.6,
  confidential: 0.75,
  restricted: 0.9,
};
/** A notice within a sentence may be about another document. */
const IN_SENTENCE = 0.85;
const IN_SENTENCE_SHARE = 0.9;

function hitOf(text: string, label: AccessLabel | null): Hit | null {
  const mark = findMarks(text).find(({ score }) => score >= 0.5);
  if (mark === undefined || (label !== null && !isStricter(mark.level, label.level))) return null;
  const against = label === null ? '' : `, but its label opens it to “${label.level}”`;
  return {
    kind: mark.level,
    score: SCORE[mark.level] * (mark.score >= IN_SENTENCE ? 1 : IN_SENTENCE_SHARE),
    message: `marked “${mark.text}” (${mark.level})${against}`,
  };
}

const SEVERITY: Readonly<Record<AccessLevel, DatasetFinding['severity']>> = {
  public: 'info',
  internal: 'medium',
  confidential: 'high',
  restricted: 'critical',
};

function finding(content: ColumnContent, labelled: boolean): DatasetFinding {
  const { column, kind, share, rows, count } = content;
  const name = shown(column);
  return {
    check: CONFIDENTIAL,
    title: labelled ? `Documents marked ${kind} under a wider label` : `Documents marked ${kind}`,
    severity: SEVERITY[kind as AccessLevel],
    message: labelled
      ? `${count} documents in “${name}” are marked ${kind}, but their access label opens them to more people. Correct the label or take them out.`
      : `${count} documents in “${name}” (${percent(share.value)}) are marked ${kind}. Without access labels whoever searches the data may read them: take them out or label them.`,
    rows,
    count,
    precision: null,
    evidence: { column: name, level: kind, share: share.value, labelled },
    maps: DISCLOSURE,
  };
}

function unreadable(access: string, rows: readonly number[]): DatasetFinding {
  return {
    check: CONFIDENTIAL,
    title: 'Access labels that cannot be read',
    severity: 'medium',
    message:
      `${rows.length} rows have no label in “${shown(access)}”, or one that cannot be read: nobody may read them. ` +
      'A label is public, internal, confidential or restricted, with groups after a colon: “internal: hr, legal”.',
    rows: rows.slice(0, MAX_ROWS_NAMED),
    count: rows.length,
    precision: { value: 1, low: 1, high: 1 },
    evidence: { column: shown(access) },
    maps: DISCLOSURE,
  };
}

function accessColumn(columns: readonly Column[], name: string): Written {
  const column = columnNamed(columns, name);
  if (column.kind === 'number')
    throw new DatasetInputError(
      `Column “${shown(name)}” holds numbers; access labels are public, internal, confidential or restricted.`,
    );
  return column;
}

/** Labels by row, each different value read once; null for all where there is no column of labels. */
function labelsOf(columns: readonly Column[], access: string | undefined) {
  if (access === undefined) return null;
  const column = accessColumn(columns, access);
  const known = new Map<string, AccessLabel | null>();
  return (row: number): AccessLabel | null => {
    const text = textAt(column, row) ?? '';
    const label = known.get(text);
    if (label !== undefined) return label;
    const read = parseAccessLabel(text);
    if (known.size < 10_000) known.set(text, read);
    return read;
  };
}

const BLIND = [
  'A document is called confidential by the marks that stand in it: one without a mark, or with its mark in a picture, a header or a file property that was not taken over, is not seen.',
];

/** Texts of a category are judged row by row here: each row has a label of its own. */
const asTexts = (columns: readonly Column[], access: string | undefined): Column[] =>
  columns
    .filter(({ name }) => name !== access)
    .map((column) =>
      column.kind === 'category' && access !== undefined
        ? {
            kind: 'text',
            name: column.name,
            values: Array.from(column.codes, (code) => column.values[code] ?? null),
          }
        : column,
    );

export const checkConfidential: CheckConfidential = function* (
  columns: readonly Column[],
  options: ConfidentialOptions = {},
): Steps<ContentOutcome> {
  const { access } = options;
  const labelOf = labelsOf(columns, access);
  const inspect = ({ text, row }: Unit): Hit[] => {
    const label = labelOf?.(row) ?? null;
    // What nobody may read is not open to too many.
    const hit = labelOf !== null && label === null ? null : hitOf(text, label);
    return hit === null ? [] : [hit];
  };
  const { selection, blindSpots, ...found } = yield* scanContent(
    CONFIDENTIAL,
    asTexts(columns, access),
    options,
    inspect,
  );
  const findings = found.columns.map((content) => finding(content, labelOf !== null));
  const outcome = {
    ...found,
    findings,
    looked: selection.rows.length,
    blindSpots: [...blindSpots, ...BLIND],
  };
  return labelOf === null || access === undefined ? outcome : withUnreadable(outcome, access, labelOf);
};

/** Adds the rows whose label is missing or cannot be read: a gap to fill, which is no reason to suspect a document. */
function withUnreadable(
  outcome: ContentOutcome,
  access: string,
  labelOf: (row: number) => AccessLabel | null,
): ContentOutcome {
  const rows: number[] = [];
  for (let row = 0; row < outcome.scores.length; row++) if (labelOf(row) === null) rows.push(row);
  if (rows.length === 0) return outcome;
  return { ...outcome, findings: [...outcome.findings, unreadable(access, rows)] };
}
