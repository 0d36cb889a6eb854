/** How far back an unfinished link, tag or address is followed. */
const HOLD_LIMIT = 8_192;

const BARE_TAIL = /[^\s<>"'`)\]}]{0,4200}$/;

/**
 * The smallest index from which more text could still make a link, image, tag or address: an open bracket
 * whose target is not finished, an open tag, an open `url(`, or the last run without a blank.
 */
export function holdFrom(text: string): number {
  const floor = Math.max(0, text.length - HOLD_LIMIT);
  const tail = text.slice(floor);
  let hold = tail.length - (BARE_TAIL.exec(tail)?.[0].length ?? 0);
  const markdown = openMarkdown(tail);
  if (markdown >= 0) hold = Math.min(hold, markdown);
  const tag = tail.lastIndexOf('<');
  if (tag >= 0 && !tail.slice(tag).includes('>')) hold = Math.min(hold, tag);
  // A quoted attribute may hold further `<`, and blanks.
  const earlier = tail.search(/<[a-z][^>]{0,6100}$/i);
  if (earlier >= 0) hold = Math.min(hold, earlier);
  const css = tail.search(/(?:url\(|@import)[^)\n]{0,4100}$/i);
  if (css >= 0) hold = Math.min(hold, css);
  return floor + hold;
}

/** Start of the earliest `[` on its way to `](…)`, `]: …` or `][…]` that has not come to its end. */
function openMarkdown(tail: string): number {
  const match =
    /!?\[[^\]\n]{0,512}(?:\](?:\(\s{0,8}[^\s)]{0,4200}|:\s{0,8}[^\s]{0,4200}|\[[^\]\n]{0,256})?)?$/.exec(
      tail,
    );
  return match?.index ?? -1;
}
