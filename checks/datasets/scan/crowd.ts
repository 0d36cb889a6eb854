import type { Column } from '../types.ts';
import { asCategory, rowsOf } from './shape.ts';
import type { AnnotatorColumns } from './types.ts';

const ITEMS =
  /^(?:items?|tasks?|questions?|examples?|units?|documents?|images?)(?:_?(?:id|no|nr|number|index))?$/;
const ANNOTATORS =
  /^(?:workers?|annotators?|raters?|users?|coders?|labell?ers?|judges?)(?:_?(?:id|no|nr|number|name))?$/;
const LABELS = /^(?:labels?|answers?|ratings?|responses?|votes?|judge?ments?|annotations?|class)$/;

const LEAST_ROWS = 20;
/** Columns beside the three: when it was said, how long it took, what is known to be right. */
const MOST_OTHERS = 4;
/** Labels of an item, and of an annotator, on average at least. */
const LEAST_OF_ITEM = 1.5;
const LEAST_OF_ANNOTATOR = 5;
/** Share of rows that no other row has the item and annotator of. */
const LEAST_UNIQUE = 0.95;
const MOST_LABELS = 100;

const plain = (name: string): string => name.trim().toLowerCase();

/**
 * The columns of a table with one annotator's label per row, by their names and values; null where it is none. `label`:
 * the column that was named as the label, which must be what they gave; null where none was.
 */
export function guessAnnotators(columns: readonly Column[], label: string | null): AnnotatorColumns | null {
  if (columns.length > 3 + MOST_OTHERS) return null;
  const one = (pattern: RegExp): Column | undefined => {
    const found = columns.filter(({ name }) => pattern.test(plain(name)));
    return found.length === 1 ? found[0] : undefined;
  };
  const [item, annotator, given] = [one(ITEMS), one(ANNOTATORS), one(LABELS)];
  if (!item || !annotator || !given || (label !== null && label !== given.name)) return null;
  return isCrowd(item, annotator, given)
    ? { item: item.name, annotator: annotator.name, label: given.name }
    : null;
}

/** Items that several people labelled, people who labelled several, hardly any the same twice, and few labels. */
function isCrowd(item: Column, annotator: Column, given: Column): boolean {
  const rows = rowsOf(item);
  if (rows < LEAST_ROWS) return false;
  const [items, people, labels] = [asCategory(item), asCategory(annotator), asCategory(given)];
  if (people.values.length < 2 || people.values.length > rows / LEAST_OF_ANNOTATOR) return false;
  if (items.values.length > rows / LEAST_OF_ITEM) return false;
  if (labels.values.length < 2 || labels.values.length > MOST_LABELS) return false;
  const pairs = new Set<number>();
  for (let row = 0; row < rows; row++)
    pairs.add((items.codes[row] as number) * people.values.length + (people.codes[row] as number));
  return pairs.size >= LEAST_UNIQUE * rows;
}
