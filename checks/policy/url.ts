/** How far back an address is looked for, in UTF-16 units. */
export const URL_LOOKBACK = 2_048;

/**
 * What begins an address: two slashes (browsers take `\` for `/`), a scheme that browsers complete
 * without them (`https:host`), or a bare host with something after it. In JSON each may be escaped.
 */
const ADDRESS =
  /\/\\{0,2}\/|\/\\|[="'<]\s{0,4}\\{2}|\bwww\.|\b(?:https?|wss?|ftp|javascript|vbscript):|&colon;|&sol;|&#(?:x2f|x3a|47|58);|(?<![a-z0-9-])[a-z0-9-]{1,63}\.[a-z]{2,24}(?::\d{1,5})?[/?#]/i;
/** `mailto:` and the like send what stands after their question mark; what stands right after them is whom to. */
const MESSAGE = /\b(?:mailto|sms|tel|whatsapp|tg):[^\s?&,;]{0,120}[?&,;]/i;
const ADDRESS_ATTRIBUTE =
  /(?:src|srcset|href|poster|action|formaction|background|data|ping|cite|url)\s{0,4}[=(]\s{0,4}\\?$/i;

const isAddress = (text: string): boolean => ADDRESS.test(text) || MESSAGE.test(text);

function endsRun(code: number): boolean {
  // White space, quotes, back-tick and angle brackets end an address that is not enclosed.
  return (
    code <= 32 || code === 34 || code === 39 || code === 96 || code === 60 || code === 62 || code === 0xa0
  );
}

/** Within `<…>`: an autolink, a destination or definition in angle brackets, or a tag whose attribute goes on. */
function inAngleBrackets(text: string): boolean {
  const open = text.lastIndexOf('<');
  if (open < 0) return false;
  const rest = text.slice(open + 1);
  return !/[>\n]/.test(rest) && (isAddress(rest) || /\]\(\s{0,8}$/.test(text.slice(0, open)));
}

/** Within a Markdown destination, whether or not it looks like an address: `](/\host/…`, `](path/…`. */
function inDestination(run: string): boolean {
  const open = run.lastIndexOf('](');
  if (open < 0) return false;
  const rest = run.slice(open + 2);
  // Whom a message goes to is no secret from whom it goes to.
  return !rest.includes(')') && !/^(?:mailto|tel|sms):[^?&,;]{0,500}$/i.test(rest);
}

function inAttribute(text: string): boolean {
  for (const quote of ['"', "'"]) {
    const open = text.lastIndexOf(quote);
    if (open < 0 || !isAddress(text.slice(open))) continue;
    if (ADDRESS_ATTRIBUTE.test(text.slice(Math.max(0, open - 24), open))) return true;
  }
  return false;
}

/**
 * True when text that follows `before` would become part of an address: a bare one, a Markdown destination or
 * definition, or an HTML attribute in quotes (which, like angle brackets, may contain spaces). Errs towards true:
 * a placeholder then stays. Looks at the last 2,048 units of `before`.
 */
export function endsWithinUrl(before: string): boolean {
  const text = before.slice(-URL_LOOKBACK);
  let start = text.length;
  while (start > 0 && !endsRun(text.charCodeAt(start - 1))) start -= 1;
  const run = text.slice(start);
  return isAddress(run) || inDestination(run) || inAngleBrackets(text) || inAttribute(text);
}
