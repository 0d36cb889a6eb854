/**
 * Counts of given by true labels, scaled so that each given label has as many as it has rows, in whole numbers that keep
 * those totals (Northcutt et al., equation 3). `rows` per given label. O(classes² · log classes).
 */
export function calibratedCounts(counts: Float64Array, rows: Int32Array): Int32Array {
  const classes = rows.length;
  const result = new Int32Array(classes * classes);
  for (let given = 0; given < classes; given++) {
    const line = counts.subarray(given * classes, (given + 1) * classes);
    const sum = line.reduce((total, count) => total + count, 0);
    const total = rows[given] as number;
    result.set(wholeNumbers(line.map((count) => (count / sum) * total)), given * classes);
  }
  return result;
}

/** Whole numbers nearest to these, with the same sum: what is over or under falls on those rounded furthest. */
export function wholeNumbers(numbers: Float64Array): Int32Array {
  const result = Int32Array.from(numbers, Math.round);
  let missing = Math.round(numbers.reduce((sum, number) => sum + number, 0));
  for (const number of result) missing -= number;
  const sign = Math.sign(missing);
  const owed = numbers.map((number, place) => sign * (number - (result[place] as number)));
  const order = Array.from(numbers.keys()).sort((a, b) => (owed[b] as number) - (owed[a] as number));
  for (const place of order.slice(0, Math.abs(missing))) result[place] = (result[place] as number) + sign;
  return result;
}
