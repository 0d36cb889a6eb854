/** How far back an address is looked for, in UTF-16 units. */
export const URL_LOOKBACK = 2_048;

const SLASHES = /\/\\?\/|\bwww\./i;
const ADDRESS_ATTRIBUTE = /(?:src|srcset|href|poster|action|background|url)\s{0,4}[=(]\s{0,4}\\?$/i;

function endsRun(code: number): boolean {
  // White space, quotes, back-tick and angle brackets end an address that is not enclosed.
  return (
    code <= 32 || code === 34 || code === 39 || code === 96 || code === 60 || code === 62 || code === 0xa0
  );
}

/**
 * True when text that follows `before` would become part of an address: a bare one, a Markdown destination in
 * angle brackets, or an HTML attribute in quotes (both of which may contain spaces). Looks at the last 2,048
 * units of `before`.
 */
export function endsWithinUrl(before: string): boolean {
  const text = before.slice(-URL_LOOKBACK);
  let start = text.length;
  while (start > 0 && !endsRun(text.charCodeAt(start - 1))) start -= 1;
  if (SLASHES.test(text.slice(start))) return true;
  const destination = text.lastIndexOf('](');
  if (destination >= 0) {
    const rest = text.slice(destination + 2).trimStart();
    if (rest.startsWith('<') && !/[>\n]/.test(rest)) return true;
  }
  for (const quote of ['"', "'"]) {
    const open = text.lastIndexOf(quote);
    if (open < 0 || !SLASHES.test(text.slice(open))) continue;
    if (ADDRESS_ATTRIBUTE.test(text.slice(Math.max(0, open - 24), open))) return true;
  }
  return false;
}
