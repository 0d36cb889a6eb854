import { type Column, DatasetInputError } from '../types.ts';
import { guessAnnotators } from './crowd.ts';
import { rowsOf } from './shape.ts';
import type { AnnotatorColumns, Roles } from './types.ts';

/** Roles as they were named; what is absent is guessed, what is null is none. */
export type NamedRoles = Partial<Roles>;

const LABELS =
  /^(?:labels?|targets?|class(?:es)?|y|sentiments?|category|outcome|ground_?truth|is_?(?:spam|fraud|toxic))$/;
const TEXTS =
  /^(?:texts?|sentences?|contents?|documents?|reviews?|comments?|messages?|body|passage|utterance|article)$/;
const PROMPTS = /^(?:prompts?|instructions?|questions?|user|input)$/;
const RESPONSES = /^(?:responses?|completions?|answers?|assistant|outputs?)$/;
const BATCHES = /^(?:batch|batch_?(?:id|no|number|date)|ingested_?(?:at|on))$/;
const SOURCES = /^(?:sources?|source_?(?:id|name)|origin|provider)$/;
const ACCESS = /^(?:access|access_?(?:label|level)|classification|acl)$/;

const IDENTIFIERS =
  /^(?:(?:.*[_ -])?(?:id|uuid|guid|index|idx|key|rowid|row|nr|no|number)|unnamed: ?\d+|[a-z]+Id)$/i;
/** Tables of fewer rows hold no identifiers that could be told from other values. */
const LEAST_ROWS = 20;

/** Most different values that a guessed label may have. */
const MOST_GUESSED_CLASSES = 1000;
/** A column of texts with as many words as this on average is prose. */
const PROSE_WORDS = 4;
const LOOKED_AT = 1000;

const plain = (name: string): string => name.trim().toLowerCase();

/**
 * The column that a user means by a name: itself, without blanks around it, or in other case. DatasetInputError where
 * there is none, or several.
 */
export function meant(columns: readonly Column[], name: string): string {
  const exact = columns.find((column) => column.name === name);
  if (exact !== undefined) return exact.name;
  const alike = columns.filter((column) => plain(column.name) === plain(name));
  if (alike.length === 1) return (alike[0] as Column).name;
  throw new DatasetInputError(
    `There ${alike.length === 0 ? 'is no' : 'is more than one'} column “${name}”. The columns are: ${listed(columns)}.`,
  );
}

const listed = (columns: readonly Column[]): string => columns.map(({ name }) => name.trim()).join(', ');

/**
 * What each column is to the scan: as the user named it, else as names and values suggest. DatasetInputError where a
 * label is needed that nobody named and none can be guessed; null as label says that there is none.
 */
export function rolesOf(columns: readonly Column[], named: NamedRoles): Roles {
  const by = (name: string | null | undefined): string | null | undefined =>
    name === undefined || name === null ? name : meant(columns, name);
  const knowledgeBase = named.knowledgeBase ?? false;
  const isPlain = !knowledgeBase && [named.text, named.prompt, named.features].every((each) => !each);
  const annotators =
    named.annotators === undefined && isPlain
      ? guessAnnotators(columns, by(named.label) ?? null)
      : annotatorsOf(columns, named.annotators ?? null);
  const given = by(named.label);
  // What each annotator said is no label of a record.
  const label =
    knowledgeBase || annotators !== null ? (given === annotators?.label ? null : (given ?? null)) : given;
  const chosen = { prompt: by(named.prompt), response: by(named.response), text: by(named.text), label };
  const { prompt, response } =
    annotators !== null && !chosen.prompt ? { prompt: null, response: null } : pairOf(columns, chosen);
  const isPairs = prompt !== null && response !== null;
  const taken = [prompt, response, annotators?.item, annotators?.annotator, annotators?.label];
  const free = columns.filter(({ name }) => !taken.includes(name));
  const givenLabel =
    label === undefined ? guessLabel(free, { isPairs, text: chosen.text ?? null }, columns) : label;
  const rest = free.filter(({ name }) => name !== givenLabel);
  const one = (given: string | null | undefined, pattern: RegExp): string | null =>
    given === undefined ? (rest.find(({ name }) => pattern.test(plain(name)))?.name ?? null) : given;
  const features = named.features?.map((name) => meant(columns, name));
  const text =
    chosen.text ?? (chosen.text === null || features !== undefined || isPairs ? null : guessText(rest));
  const batch = one(by(named.batch), BATCHES);
  const source = one(by(named.source), SOURCES);
  const access = by(named.access) ?? (knowledgeBase ? one(undefined, ACCESS) : null);
  const used = [text, batch, source, access];
  return {
    label: givenLabel,
    text,
    features:
      features ??
      rest.filter((column) => !used.includes(column.name) && !isIdentifier(column)).map(({ name }) => name),
    batch,
    source,
    prompt,
    response,
    access,
    annotators,
    knowledgeBase,
  };
}

function annotatorsOf(columns: readonly Column[], named: AnnotatorColumns | null): AnnotatorColumns | null {
  if (named === null) return null;
  return {
    item: meant(columns, named.item),
    annotator: meant(columns, named.annotator),
    label: meant(columns, named.label),
  };
}

/**
 * Whether a column numbers or names its rows: every row has its own value, and they are counted through or the name
 * says so. No model should learn from it, so it is no feature unless somebody names it.
 */
function isIdentifier(column: Column): boolean {
  const rows = rowsOf(column);
  if (rows < LEAST_ROWS) return false;
  if (column.kind !== 'number') {
    if (!IDENTIFIERS.test(column.name.trim())) return false;
    if (column.kind === 'text') return new Set(column.values).size === rows && !isProse(column, PROSE_WORDS);
    return column.values.length === rows;
  }
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of column.values) {
    if (!Number.isInteger(value)) return false;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const isCounted = high - low === rows - 1;
  if (!isCounted && !IDENTIFIERS.test(column.name.trim())) return false;
  return new Set(column.values).size === rows;
}

interface Chosen {
  readonly prompt: string | null | undefined;
  readonly response: string | null | undefined;
  readonly text: string | null | undefined;
  readonly label: string | null | undefined;
}

/** Prompt and response: both or none; guessed only where no text and no label was named. */
function pairOf(
  columns: readonly Column[],
  chosen: Chosen,
): { prompt: string | null; response: string | null } {
  const guessing = chosen.text === undefined && (chosen.label === undefined || chosen.label === null);
  const find = (pattern: RegExp): string | null =>
    columns.find((column) => pattern.test(plain(column.name)) && isProse(column, 1))?.name ?? null;
  if (chosen.prompt || chosen.response || guessing) {
    const prompt = chosen.prompt ?? find(PROMPTS);
    const response = chosen.response ?? find(RESPONSES);
    if (prompt !== null && response !== null && prompt !== response) return { prompt, response };
    if (chosen.prompt || chosen.response)
      throw new DatasetInputError(
        `Pairs need a prompt and a response: name both. The columns are: ${listed(columns)}.`,
      );
  }
  return { prompt: null, response: null };
}

/** The label; none for pairs, and where a text was named and no other column could be one. */
function guessLabel(
  free: readonly Column[],
  { isPairs, text }: { isPairs: boolean; text: string | null },
  all: readonly Column[],
): string | null {
  if (isPairs) return null;
  const found = free.filter((column) => LABELS.test(plain(column.name)) && isLabel(column));
  if (found.length === 1) return (found[0] as Column).name;
  const possible = free.filter((column) => column.name !== text && isLabel(column) && !isIdentifier(column));
  if (text !== null && possible.length === 0) return null;
  throw new DatasetInputError(
    `Which column is the label? ${found.length === 0 ? 'None is named like one' : `${listed(found)} are named like one`}. ` +
      `The columns are: ${listed(all)}.`,
  );
}

function isLabel(column: Column): boolean {
  if (column.kind === 'category')
    return column.values.length > 1 && column.values.length <= MOST_GUESSED_CLASSES;
  if (column.kind === 'text') return false;
  const known = new Set<number>();
  for (const value of column.values) {
    if (known.size > MOST_GUESSED_CLASSES) return false;
    if (!Number.isInteger(value)) return false;
    known.add(value);
  }
  return known.size > 1;
}

/** The column of prose that is named like a text, else the one with the longest texts. */
function guessText(rest: readonly Column[]): string | null {
  const prose = rest.filter((column) => isProse(column, PROSE_WORDS));
  const named = prose.find(({ name }) => TEXTS.test(plain(name)));
  if (named !== undefined) return named.name;
  return prose.sort((a, b) => meanWords(b) - meanWords(a))[0]?.name ?? null;
}

const isProse = (column: Column, words: number): boolean =>
  column.kind !== 'number' && (column.kind === 'text' || words === 1) && meanWords(column) >= words;

/** Words of a text on average, over at most 1,000 rows taken evenly. */
function meanWords(column: Column): number {
  if (column.kind === 'number') return 0;
  const rows = rowsOf(column);
  const stride = Math.max(1, Math.floor(rows / LOOKED_AT));
  let [words, count] = [0, 0];
  for (let row = 0; row < rows; row += stride) {
    const value = column.kind === 'text' ? column.values[row] : column.values[column.codes[row] ?? -1];
    if (value === null || value === undefined) continue;
    words += value.slice(0, 10_000).split(/\s+/u).length;
    count++;
  }
  return count === 0 ? 0 : words / count;
}
