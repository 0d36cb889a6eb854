/** A string value of a JSON text, decoded, with the place of its content. */
export interface StringValue {
  /** The member name that it belongs to, '' in arrays and for bare texts. */
  readonly name: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
  /** Its closing quote is there. */
  readonly closed: boolean;
}

/** Strings beyond this number are not looked at one by one, but as one. */
const MAX_STRINGS = 2_000;

function closingQuote(text: string, open: number): number {
  for (let i = open + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 92) i += 1;
    else if (code === 34) return i;
  }
  return -1;
}

function decode(raw: string): string {
  if (!raw.includes('\\')) return raw;
  try {
    const value: unknown = JSON.parse(`"${raw}"`);
    return typeof value === 'string' ? value : raw;
  } catch {
    return raw;
  }
}

/**
 * The string values of a JSON text, in order, found by its quotes alone: so broken or truncated JSON is read
 * as far as it goes. A text without any quotes is one value. Linear.
 */
export function stringValues(text: string): StringValue[] {
  const found: StringValue[] = [];
  let name = '';
  let i = text.indexOf('"');
  while (i >= 0 && found.length < MAX_STRINGS) {
    const close = closingQuote(text, i);
    const end = close < 0 ? text.length : close;
    let next = end + 1;
    while (next < text.length && /\s/.test(text.charAt(next))) next += 1;
    const value = decode(text.slice(i + 1, end));
    if (text.charAt(next) === ':') name = value;
    else {
      found.push({ name, value, start: i + 1, end, closed: close >= 0 });
      if (text.charAt(next) !== ',' || !/^\s{0,64}"/.test(text.slice(next + 1, next + 66))) name = '';
    }
    i = text.indexOf('"', end + 1);
  }
  if (i >= 0)
    found.push({ name: '', value: decode(text.slice(i)), start: i, end: text.length, closed: true });
  if (found.length === 0)
    found.push({ name: '', value: text, start: 0, end: text.length, closed: !/^\s{0,64}[{[]/.test(text) });
  return found;
}
