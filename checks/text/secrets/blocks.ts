/** A private key block in a text. */
export interface KeyBlock {
  readonly start: number;
  readonly end: number;
  readonly kind: 'private-key' | 'pgp-private-key' | 'ssh-private-key';
  /** Its end has not been seen (yet): more text could still belong to it. */
  readonly open: boolean;
  /** Enough of the body is there to call it a key. */
  readonly solid: boolean;
}

/** UTF-16 units after which a block counts as finished without its end line. */
export const BLOCK_LIMIT = 16_384;
const BEGIN = '-----BEGIN';
const HEADER = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----/y;
const HEADER_SO_FAR = /-----BEGIN(?: [A-Z0-9 ]{0,56}-{0,4})?$/y;
const FOOTER = /-----END [A-Z0-9 ]{1,60}-----/y;
const FOOTER_SO_FAR = /-----?(?:E(?:N(?:D(?: [A-Z0-9 ]{0,60}-{0,4})?)?)?)?$/y;
const GAP = /(?:\\.?|[\s"',>|#*]){1,512}/y;
const WORD = /(?:(?!-----)[^\s\\"',>|#*]){1,4096}/y;
const SOLID_WORD = 20;
const SHORT_WORDS_IN_PROSE = 4;

interface Body {
  readonly end: number;
  readonly state: 'open' | 'closed' | 'prose';
  readonly solid: boolean;
}

function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/**
 * Reads the body after a header. It ends at the END line, at the limit, or after four short words in a row,
 * which no key body has ("… and then comes the base64 text").
 */
function readBody(text: string, from: number, limit: number): Body {
  const stop = Math.min(text.length, limit);
  let at = from;
  let shortWords = 0;
  let solidEnd = from;
  let afterColon = false;
  while (at < stop) {
    const footer = matchEnd(FOOTER, text, at);
    if (footer >= 0) return { end: footer, state: solidEnd > from ? 'closed' : 'prose', solid: true };
    if (text.startsWith('-----', at)) {
      if (matchEnd(FOOTER_SO_FAR, text, at) >= 0)
        return { end: text.length, state: 'open', solid: solidEnd > from };
      return { end: solidEnd, state: solidEnd > from ? 'closed' : 'prose', solid: true };
    }
    const gap = matchEnd(GAP, text, at);
    if (gap >= 0) {
      at = gap;
      continue;
    }
    const end = matchEnd(WORD, text, at);
    if (end - at >= SOLID_WORD) {
      solidEnd = end;
      shortWords = 0;
    } else if (end < text.length && !afterColon && text[end - 1] !== ':') shortWords++;
    afterColon = text[end - 1] === ':';
    if (shortWords >= SHORT_WORDS_IN_PROSE) {
      return { end: solidEnd, state: solidEnd > from ? 'closed' : 'prose', solid: true };
    }
    at = end;
  }
  const solid = solidEnd > from;
  if (text.length > limit) return { end: at, state: solid ? 'closed' : 'prose', solid };
  return { end: shortWords > 0 && solid ? solidEnd : text.length, state: 'open', solid };
}

const kindOf = (label: string): KeyBlock['kind'] =>
  label.includes('PGP') ? 'pgp-private-key' : label.includes('OPENSSH') ? 'ssh-private-key' : 'private-key';

/** All private key blocks in order, unfinished ones and unfinished headers included (`open`). */
export function keyBlocks(text: string): KeyBlock[] {
  const blocks: KeyBlock[] = [];
  let at = text.indexOf(BEGIN);
  while (at >= 0) {
    HEADER.lastIndex = at;
    const header = HEADER.exec(text);
    let next = at + BEGIN.length;
    if (header === null) {
      if (matchEnd(HEADER_SO_FAR, text, at) >= 0) {
        blocks.push({ start: at, end: text.length, kind: 'private-key', open: true, solid: false });
      }
    } else {
      const body = readBody(text, at + header[0].length, at + BLOCK_LIMIT);
      if (body.state !== 'prose') {
        const { solid } = body;
        blocks.push({
          start: at,
          end: body.end,
          kind: kindOf(header[1] ?? ''),
          open: body.state === 'open',
          solid,
        });
        next = Math.max(next, body.end);
      }
    }
    at = text.indexOf(BEGIN, next);
  }
  return blocks;
}
