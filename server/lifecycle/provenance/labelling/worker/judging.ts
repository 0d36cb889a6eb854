import {
  type Annotations,
  type AnnotatorReport,
  agreement,
  buildAnnotations,
  checkAnnotators,
  disagreementQueue,
} from '@bartizan/checks/datasets/annotators/index.ts';
import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import type { ColumnChunk } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import { textOf, valueAt } from './cells.ts';
import {
  type Annotator,
  type JudgeTask,
  MOST_ANNOTATORS,
  MOST_ANNOTATORS_SHOWN,
  MOST_CLASSES,
  MOST_ITEMS,
  MOST_JUDGEMENTS,
  MOST_SHOWN,
  type QueuedItem,
  type QueueHead,
} from './protocol.ts';
import { writeLines } from './writing.ts';

const LONGEST_SUSPICION = 1_000;
const PAGE = 1_000;

interface Judgement {
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
}

interface Judgements {
  readonly judgements: Judgement[];
  /** By item, the first of its rows. */
  readonly rows: Map<string, number[]>;
  readonly leftOut: number;
}

/** One string for all that are equal, so that millions of them are held once, and how many there are. */
function interning(most: number, refusal: string): (text: string) => string {
  const known = new Map<string, string>();
  return (text) => {
    const same = known.get(text);
    if (same !== undefined) return same;
    if (known.size >= most) throw new DatasetInputError(refusal);
    known.set(text, text);
    return text;
  };
}

const interns = () => [
  interning(MOST_ITEMS, `There are more than ${MOST_ITEMS} items; split the judgements by item.`),
  interning(
    MOST_ANNOTATORS,
    `There are more than ${MOST_ANNOTATORS} annotators; is the column an identifier of the rows?`,
  ),
  interning(
    MOST_CLASSES,
    `There are more than ${MOST_CLASSES} different labels; is the column free text or an identifier?`,
  ),
];

async function load(data: OpenDataset, task: JudgeTask): Promise<Judgements> {
  const { columns } = data.schema;
  const places = [task.item, task.annotator, task.label].map((name) =>
    columns.findIndex((column) => column.name === name),
  );
  const [ofItem, ofAnnotator, ofLabel] = interns() as [Intern, Intern, Intern];
  const judgements: Judgement[] = [];
  const rows = new Map<string, number[]>();
  let [row, leftOut] = [0, 0];
  for await (const chunk of data.chunks())
    for (let at = 0; at < chunk.rows; at++, row++) {
      const [item, annotator, label] = places.map((place) => {
        const type = columns[place]?.type ?? { kind: 'text' };
        const value = valueAt(chunk.columns[place] as ColumnChunk, at, type);
        return value === null ? '' : textOf(value, type);
      }) as [string, string, string];
      if (item === '' || annotator === '' || label === '') {
        leftOut++;
        continue;
      }
      if (judgements.length >= MOST_JUDGEMENTS)
        throw new DatasetInputError(`There are more than ${MOST_JUDGEMENTS} judgements; split them by item.`);
      demandShort([item, annotator, label], row);
      const known = ofItem(item);
      judgements.push({ item: known, annotator: ofAnnotator(annotator), label: ofLabel(label) });
      const own = rows.get(known);
      if (own === undefined) rows.set(known, [row]);
      else if (own.length < MOST_SHOWN) own.push(row);
    }
  return { judgements, rows, leftOut };
}
type Intern = (text: string) => string;

const LONGEST = 1_000;
function demandShort(names: readonly string[], row: number): void {
  if (names.some((name) => name.length > LONGEST))
    throw new DatasetInputError(
      `Row ${row} has an item, annotator or label of more than ${LONGEST} characters; name the columns with short names.`,
    );
}

function annotatorsOf(annotations: Annotations, report: AnnotatorReport): Annotator[] {
  const given = new Int32Array(annotations.annotatorNames.length);
  for (const annotator of annotations.annotators) (given[annotator] as number)++;
  const reasons = new Map<number, string[]>();
  for (const { annotator, message } of report.accused)
    reasons.set(annotator, [...(reasons.get(annotator) ?? []), message]);
  return report.annotators
    .map(({ annotator, labels, accuracy: { value, low, high } }): Annotator => {
      const reliability =
        labels > 0 && [value, low, high].every(Number.isFinite) ? { value, low, high } : null;
      const suspicion = reasons.get(annotator)?.join('; ').slice(0, LONGEST_SUSPICION).toWellFormed() ?? null;
      const name = annotations.annotatorNames[annotator] as string;
      return { name, labels: given[annotator] ?? 0, reliability, suspicion };
    })
    .sort(
      (a, b) =>
        Number(b.suspicion !== null) - Number(a.suspicion !== null) ||
        (a.reliability?.value ?? 2) - (b.reliability?.value ?? 2) ||
        b.labels - a.labels,
    )
    .slice(0, MOST_ANNOTATORS_SHOWN);
}

/** Votes of each item, the first of them. */
function votesOf({ items, annotators, labels, itemNames, annotatorNames, classNames }: Annotations) {
  const votes: QueuedItem['votes'][number][][] = itemNames.map(() => []);
  for (const [place, item] of items.entries()) {
    const own = votes[item] as QueuedItem['votes'][number][];
    if (own.length >= MOST_SHOWN) continue;
    own.push({
      annotator: annotatorNames[annotators[place] as number] as string,
      label: classNames[labels[place] as number] as string,
    });
  }
  return votes;
}

function* queued(
  annotations: Annotations,
  report: AnnotatorReport,
  rows: ReadonlyMap<string, readonly number[]>,
): Generator<QueuedItem> {
  const votes = votesOf(annotations);
  for (let after: string | null | undefined; after !== null; ) {
    const options = { limit: PAGE, ...(after === undefined ? {} : { after }) };
    const page = disagreementQueue(annotations, report.aggregate, options);
    for (const { item, name, likeliest, reason } of page.entries) {
      const best = likeliest[0];
      yield {
        rows: rows.get(name) ?? [],
        name,
        current: null,
        proposed: best === undefined || best.label < 0 ? null : best.label,
        confidence: best === undefined ? null : Math.min(1, Math.max(0, best.probability)),
        votes: votes[item] ?? [],
        reason,
      };
    }
    after = page.next;
  }
}

function* lines(head: QueueHead, items: Iterable<QueuedItem>): Generator<string> {
  yield JSON.stringify(head);
  for (const item of items) yield JSON.stringify(item);
}

/** Who agrees with whom, and what a person should look at first. An annotator's later label of an item counts. */
export async function judge(
  data: OpenDataset,
  task: JudgeTask,
  tell: (stage: string) => void,
): Promise<void> {
  const { judgements, rows, leftOut } = await load(data, task);
  if (judgements.length === 0)
    throw new DatasetInputError('No row has an item, an annotator and a label. Name other columns.');
  tell('weighing annotators');
  const annotations = buildAnnotations(judgements, { repeats: 'last' });
  judgements.length = 0;
  const { alpha } = agreement(annotations, { resamples: 0, pairs: 0 });
  const report = checkAnnotators(annotations);
  const head: QueueHead = {
    classes: annotations.classNames,
    alpha: alpha.value,
    annotators: annotatorsOf(annotations, report),
    leftOut,
  };
  tell('putting items in order');
  await writeLines(task.out, lines(head, queued(annotations, report, rows)));
}
