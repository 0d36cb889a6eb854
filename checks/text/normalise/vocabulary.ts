/**
 * The words that attacks spell letter by letter: enough to cut `ignoreallpreviousinstructions` into words.
 * What is not here stays joined.
 */
const WORDS = new Set(
  (
    'a about above act admin all and any are as bypass code commands confidential credentials developer disregard do ' +
    'everything exactly filter filters follow for forget from give guidelines hidden i ignore in initial ' +
    'instruction instructions is it key limits listen me message mode my new no not now of on only or output override ' +
    'password previous print prior prompt prompts repeat restrictions reveal rules safety say secret secrets send show ' +
    'system tell that the them these this to unrestricted what with without word write you your'
  ).split(' '),
);
const LONGEST = 14;

/** Cuts a row of letters into known words (longest first, with look-back); unknown stretches stay whole. */
export function segmentWords(row: string): string[] {
  const limit = Math.min(row.length, 2000);
  // best[i]: the fewest unknown letters in row[0..i], and where its last piece starts.
  const cost = new Int32Array(limit + 1);
  const from = new Int32Array(limit + 1);
  for (let end = 1; end <= limit; end += 1) {
    cost[end] = (cost[end - 1] ?? 0) + 10;
    from[end] = end - 1;
    for (let length = 1; length <= Math.min(LONGEST, end); length += 1) {
      if (!WORDS.has(row.slice(end - length, end))) continue;
      const total = (cost[end - length] ?? 0) + 1;
      if (total < (cost[end] ?? 0)) {
        cost[end] = total;
        from[end] = end - length;
      }
    }
  }
  const pieces: string[] = [];
  for (let end = limit; end > 0; end = from[end] ?? 0) pieces.push(row.slice(from[end] ?? 0, end));
  pieces.reverse();
  if (row.length > limit) pieces.push(row.slice(limit));
  return mergeUnknown(pieces);
}

function mergeUnknown(pieces: readonly string[]): string[] {
  const merged: string[] = [];
  let unknown = '';
  for (const piece of pieces) {
    if (WORDS.has(piece) && (piece.length > 1 || unknown === '')) {
      if (unknown !== '') merged.push(unknown);
      unknown = '';
      merged.push(piece);
    } else unknown += piece;
  }
  if (unknown !== '') merged.push(unknown);
  return merged;
}
