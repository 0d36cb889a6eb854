/** How far back an unfinished link, tag or address is followed. */
const HOLD_LIMIT = 8_192;
const MAX_LABEL = 520;
const MAX_TAG = 6_100;

const ENDS_ADDRESS = new Set(' \t\n\r\f\v<>"\'`)]}');

/** Start of the last run that may be (the beginning of) an address. */
function lastRun(tail: string): number {
  let at = tail.length;
  while (at > 0 && !ENDS_ADDRESS.has(tail.charAt(at - 1))) at -= 1;
  return at;
}

/** Where reading stands within `[label](target)` or `[label]: target`. */
type Stage = 'none' | 'label' | 'closed' | 'target' | 'definition';

/** Start of a Markdown link, image or definition that the end of `tail` leaves unfinished, or -1. One pass. */
function openMarkdown(tail: string): number {
  let stage = 'none' as Stage;
  let from = -1;
  let bracket = -1;
  let started = false;
  let depth = 0;
  const open = (i: number): void => {
    stage = 'label';
    bracket = i;
    from = i > 0 && tail.charAt(i - 1) === '!' ? i - 1 : i;
  };
  for (let i = 0; i < tail.length; i += 1) {
    const char = tail.charAt(i);
    const blank = char <= ' ';
    if (stage === 'target' || stage === 'definition') {
      if (!blank) started = true;
      if (char === '(') depth += 1;
      const closes = stage === 'target' && char === ')' && depth === 0;
      if (char === ')') depth -= 1;
      if ((blank && started) || closes) stage = 'none';
      else continue;
    }
    if (stage === 'closed') {
      started = false;
      depth = 0;
      stage = char === '(' ? 'target' : char === ':' ? 'definition' : 'none';
      if (stage !== 'none') continue;
    }
    if (stage === 'label') {
      if (char === '\n') stage = 'none';
      else if (char === ']') stage = 'closed';
      else if (i - bracket > MAX_LABEL) {
        const next = tail.indexOf('[', bracket + 1);
        if (next >= 0 && next <= i) open(next);
        else stage = 'none';
      }
      if (stage !== 'none') continue;
    }
    if (char === '[') open(i);
  }
  if (stage === 'none') return tail.endsWith('!') ? tail.length - 1 : -1;
  return from;
}

/** Start of the first tag that has no end yet, or -1. */
function openTag(tail: string): number {
  let from = -1;
  for (let i = Math.max(0, tail.length - MAX_TAG); i < tail.length; i += 1) {
    const char = tail.charAt(i);
    if (char === '>') from = -1;
    else if (char === '<' && from < 0 && /^(?:[a-z]|$)/i.test(tail.charAt(i + 1))) from = i;
  }
  return from;
}

/** Start of a CSS address that has no end yet, or -1. */
function openStyle(tail: string): number {
  const lower = tail.slice(-4_200).toLowerCase();
  const from = Math.max(lower.lastIndexOf('url('), lower.lastIndexOf('@import'));
  return from < 0 || /[)\n;]/.test(lower.slice(from)) ? -1 : tail.length - lower.length + from;
}

/**
 * The smallest index from which more text could still make a link, image, tag or address: an open bracket
 * whose target is not finished, an open tag, an open `url(`, or the last run without a blank. Linear.
 */
export function holdFrom(text: string): number {
  const floor = Math.max(0, text.length - HOLD_LIMIT);
  const tail = text.slice(floor);
  const open = [openMarkdown(tail), openTag(tail), openStyle(tail)].filter((at) => at >= 0);
  return floor + Math.min(lastRun(tail), ...open);
}
