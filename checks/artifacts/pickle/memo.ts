import type { Value } from './values.ts';
import { FORGOTTEN, MISSING, text } from './values.ts';

/** Characters of a text that the memo keeps; a longer one is no name and counts as unknown when used as one. */
const MOST_TEXT = 512;

/**
 * The memo of a pickle in bounded memory: the first `limit` entries and as many pinned later ones (imports and
 * what names are made of) are kept; other entries are known to exist, no more.
 */
export interface Memo {
  put(index: number, value: Value): void;
  /** As MEMOIZE does: under the number of entries that there are. */
  memoize(value: Value): void;
  get(index: number): Value;
  clear(): void;
}

function stored(value: Value): Value {
  if (typeof value === 'number' || value.kind !== 'text' || value.text.length <= MOST_TEXT) return value;
  return text(value.text.slice(0, MOST_TEXT), false, value.written);
}

/** Values that calls are made of: worth keeping when plain data is not. */
function isTelling(value: Value): boolean {
  return (
    typeof value === 'object' &&
    (value.kind === 'import' || value.kind === 'bound' || value.kind === 'module')
  );
}

export function createMemo(limit: number): Memo {
  let dense: (Value | undefined)[] = [];
  let pinned = new Map<number, Value>();
  let far = new Set<number>();
  let count = 0;
  /** Entries below this are all set. */
  let contiguous = 0;
  /** Some entry may exist that is recorded nowhere. */
  let inexact = false;

  const isSet = (index: number): boolean =>
    index < contiguous || (index < limit ? dense[index] !== undefined : far.has(index));

  function put(index: number, value: Value): void {
    if (!isSet(index)) {
      count += 1;
      if (index === contiguous) contiguous += 1;
      else if (index >= limit) {
        if (far.size < limit) far.add(index);
        else inexact = true;
      }
    }
    if (index < limit) {
      while (dense.length < index) dense.push(undefined);
      dense[index] = stored(value);
    } else if (isTelling(value) && pinned.size < limit) pinned.set(index, value);
    else if (pinned.size > 0) pinned.delete(index);
  }

  return Object.freeze({
    put,
    memoize(value: Value) {
      if (count === contiguous && count < limit && dense.length === count) {
        dense.push(stored(value));
        count += 1;
        contiguous += 1;
      } else put(count, value);
    },
    get(index: number): Value {
      const value = index < limit ? dense[index] : pinned.get(index);
      if (value !== undefined) return value;
      return inexact || isSet(index) ? FORGOTTEN : MISSING;
    },
    clear() {
      dense = [];
      pinned = new Map();
      far = new Set();
      count = 0;
      contiguous = 0;
      inexact = false;
    },
  });
}
