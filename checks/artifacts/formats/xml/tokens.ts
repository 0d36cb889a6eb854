import { ScanFault } from '../../types.ts';

export interface XmlToken {
  readonly kind: 'open' | 'close' | 'text' | 'doctype' | 'instruction';
  /** Of an element; empty for the other kinds. */
  readonly name: string;
  readonly text: string;
  /** UTF-16 offset. */
  readonly offset: number;
}

const MOST_TOKENS = 20_000_000;
const MOST_DEPTH = 5_000;

/**
 * The tokens of an XML text in order; comments are left out, CDATA is text. Resolves nothing. Throws `ScanFault` where
 * a token does not end, elements are nested too deep, or closed that were not opened.
 */
export function* xmlTokens(text: string): Generator<XmlToken> {
  let at = 0;
  let depth = 0;
  for (let count = 0; at < text.length; count += 1) {
    if (count > MOST_TOKENS) throw new ScanFault(`more than ${MOST_TOKENS} tokens`, at);
    const token = tokenAt(text, at);
    if (token === null) return;
    if (token.kind === 'open' && !token.isEmpty) depth += 1;
    if (token.kind === 'close') depth -= 1;
    if (depth < 0) throw new ScanFault('an element is closed that was not opened', at);
    if (depth > MOST_DEPTH) throw new ScanFault('elements nested too deep', at);
    if (token.kind !== 'comment') {
      yield { kind: token.kind, name: token.name ?? '', text: text.slice(at, token.end), offset: at };
    }
    at = token.end;
  }
  if (depth !== 0) throw new ScanFault('an element does not end', text.length);
}

interface Raw {
  readonly kind: XmlToken['kind'] | 'comment';
  readonly end: number;
  readonly name?: string;
  readonly isEmpty?: boolean;
}

const NAME = /[A-Za-z_:\u0080-\uffff][\w:.\u0080-\uffff-]{0,1000}/y;

function tokenAt(text: string, at: number): Raw | null {
  if (text[at] !== '<') {
    const end = text.indexOf('<', at);
    return { kind: 'text', end: end < 0 ? text.length : end };
  }
  if (text.startsWith('<!--', at)) return { kind: 'comment', end: endAfter(text, '-->', at + 4) };
  if (text.startsWith('<![CDATA[', at)) return { kind: 'text', end: endAfter(text, ']]>', at + 9) };
  if (text.startsWith('<?', at)) {
    return { kind: 'instruction', end: endAfter(text, '?>', at + 2) };
  }
  if (text.startsWith('<!', at)) return { kind: 'doctype', end: doctypeEnd(text, at) };
  const isClose = text[at + 1] === '/';
  NAME.lastIndex = at + (isClose ? 2 : 1);
  const name = NAME.exec(text)?.[0];
  if (name === undefined) throw new ScanFault('a < that opens nothing', at);
  const end = tagEnd(text, at);
  return { kind: isClose ? 'close' : 'open', end, name, isEmpty: text[end - 2] === '/' };
}

function endAfter(text: string, closer: string, from: number): number {
  const end = text.indexOf(closer, from);
  if (end < 0) throw new ScanFault(`no ${closer}`, from);
  return end + closer.length;
}

function tagEnd(text: string, from: number): number {
  let quote = '';
  for (let at = from; at < text.length; at += 1) {
    const unit = text[at] as string;
    if (quote !== '') {
      if (unit === quote) quote = '';
    } else if (unit === '"' || unit === "'") quote = unit;
    else if (unit === '>') return at + 1;
  }
  throw new ScanFault('a tag does not end', from);
}

/** A document type ends at the `>` outside of quotes and of its brackets. */
function doctypeEnd(text: string, from: number): number {
  let quote = '';
  let inside = 0;
  for (let at = from; at < text.length; at += 1) {
    const unit = text[at] as string;
    if (quote !== '') {
      if (unit === quote) quote = '';
    } else if (unit === '"' || unit === "'") quote = unit;
    else if (unit === '[') inside += 1;
    else if (unit === ']') inside -= 1;
    else if (unit === '>' && inside <= 0) return at + 1;
  }
  throw new ScanFault('a document type does not end', from);
}
