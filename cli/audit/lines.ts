/** The lines of a stream of bytes, without their breaks; a line longer than `maxBytes` is cut there. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): AsyncGenerator<string, void> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let left = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk);
    for (let at = left.indexOf(10); at >= 0; at = left.indexOf(10)) {
      yield Buffer.concat([...rest, left.subarray(0, at)]).toString('utf8');
      rest = [];
      length = 0;
      left = left.subarray(at + 1);
    }
    if (length + left.length > maxBytes) continue;
    rest.push(left);
    length += left.length;
  }
  if (length > 0) yield Buffer.concat(rest).toString('utf8');
}
