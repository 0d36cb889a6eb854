export interface DiffRow {
  readonly kind: 'same' | 'removed' | 'added' | 'changed';
  readonly left: string | null;
  readonly right: string | null;
}

/** Longest texts compared line by line; beyond this the whole is shown as replaced. */
const MOST_LINES = 2000;

/**
 * Two texts side by side by their longest common subsequence of lines. A run of removed lines is set beside the
 * run of added lines that follows it. O(n·m) in lines, at most 2,000 each.
 */
export function diffLines(left: readonly string[], right: readonly string[]): DiffRow[] {
  if (left.length > MOST_LINES || right.length > MOST_LINES) return pair([...left], [...right]);
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? (lengths[(i + 1) * width + j + 1] as number) + 1
          : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
    }
  }
  const rows: DiffRow[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const flush = () => {
    rows.push(...pair(removed, added));
    removed = [];
    added = [];
  };
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      flush();
      rows.push({ kind: 'same', left: left[i] as string, right: right[j] as string });
      i += 1;
      j += 1;
    } else if (
      j >= right.length ||
      (i < left.length && (lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number))
    ) {
      removed.push(left[i] as string);
      i += 1;
    } else {
      added.push(right[j] as string);
      j += 1;
    }
  }
  flush();
  return rows;
}

function pair(removed: readonly string[], added: readonly string[]): DiffRow[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => {
    const left = removed[index] ?? null;
    const right = added[index] ?? null;
    return { kind: left === null ? 'added' : right === null ? 'removed' : 'changed', left, right };
  });
}
