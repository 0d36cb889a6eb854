/** Between two lines, in milliseconds. */
const LINE_MS = 5_000;

/** Says how many records were read: where there are some, where there are more than it said last, and now and then. */
export function rowNotes(
  note: (line: string) => void,
  verb: string,
  nowMs: () => number = () => performance.now(),
): (rows: number) => void {
  let saidMs = nowMs();
  let said = 0;
  return (rows) => {
    if (rows === said || nowMs() - saidMs < LINE_MS) return;
    saidMs = nowMs();
    said = rows;
    note(`${verb} ${rows.toLocaleString('en')} records`);
  };
}
