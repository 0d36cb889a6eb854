import type { Span } from '../normalise/span.ts';

/** How a text refers to another place. Those that load by themselves need no click. */
export type Form = 'image' | 'link' | 'reference' | 'html-load' | 'html-link' | 'css' | 'bare';

export interface Target extends Span {
  readonly url: string;
  readonly form: Form;
  /** A client fetches it as soon as the text is shown. */
  readonly loads: boolean;
}

/** Bounds keep each pattern linear: no title, label or address is longer in honest text. */
const MARKDOWN =
  /(!?)\[[^\]\n]{0,512}\]\(\s{0,8}<?([^\s<>()]{1,4096}(?:\([^\s<>()]{0,256}\)[^\s<>()]{0,1024})?)/g;
const DEFINITION = /^ {0,3}\[([^\]\n]{1,256})\]:\s{0,8}<?([^\s<>]{1,4096})/gm;
const TAG = /<([a-z][a-z0-9]{0,20})\b([^>]{0,6000})/gi;
const ATTRIBUTE =
  /\b(src|href|srcset|background|poster|action|formaction|data|ping|xlink:href|style)\s{0,4}=\s{0,4}(?:"([^"]{1,4096})"|'([^']{1,4096})'|([^\s"'>]{1,4096}))/gi;
const CSS_URL = /(?:url\(\s{0,4}|@import\s{1,4})["']?([^"')\s]{1,4096})/gi;
const BARE = /(?:\b[a-z][a-z0-9+.-]{1,20}:\/\/|(?<![\w:/])\/\/(?=[a-z0-9-]{1,63}\.))[^\s<>"'`)\]}]{1,4096}/gi;
const ODD_SCHEME = /\b(?:javascript|vbscript|data|file):[^\s<>"')\]]{1,4096}/gi;

const LOADING_TAGS = new Set([
  'img',
  'iframe',
  'script',
  'source',
  'video',
  'audio',
  'embed',
  'input',
  'link',
  'object',
  'image',
  'track',
  'body',
  'table',
]);

/** The address in `match[0]`, searched from its end so that a label which repeats it is not taken. */
function locate(match: RegExpExecArray | RegExpMatchArray, url: string, base = 0): Span {
  const start = base + (match.index ?? 0) + match[0].lastIndexOf(url);
  return { start, end: start + url.length };
}

function fromTags(text: string): Target[] {
  const found: Target[] = [];
  for (const tag of text.matchAll(TAG)) {
    const name = (tag[1] ?? '').toLowerCase();
    const base = tag.index + 1 + name.length;
    for (const attribute of (tag[2] ?? '').matchAll(ATTRIBUTE)) {
      const value = attribute[2] ?? attribute[3] ?? attribute[4] ?? '';
      const kind = (attribute[1] ?? '').toLowerCase();
      if (kind === 'style') continue;
      const loads =
        kind === 'ping' ||
        kind === 'background' ||
        kind === 'poster' ||
        kind === 'srcset' ||
        (LOADING_TAGS.has(name) && kind !== 'action');
      found.push({
        url: value,
        form: loads ? 'html-load' : 'html-link',
        loads,
        ...locate(attribute, value, base),
      });
    }
  }
  return found;
}

/** False when a text has no sign of an address at all, which most texts have not. */
export function mayHoldTargets(text: string): boolean {
  return (
    text.includes('//') ||
    text.includes('](') ||
    text.includes(']:') ||
    (text.includes(':') && hasOddScheme(text)) ||
    text.includes('=')
  );
}

function hasOddScheme(text: string): boolean {
  return /(?:javascript|vbscript|data|file):/i.test(text);
}

const USED_LABEL = /\]\[([^\]\n]{1,256})\]/g;

/** Everything in a text that points elsewhere: Markdown, HTML, CSS and bare addresses, without overlaps. */
export function findTargets(text: string): Target[] {
  const found: Target[] = [];
  // Targets cover all their characters, so that one without a covered character overlaps none before it.
  const covered = new Uint8Array(text.length);
  const push = (target: Target): void => {
    if (covered.subarray(target.start, target.end).includes(1)) return;
    covered.fill(1, target.start, target.end);
    found.push(target);
  };
  if (text.includes('](')) {
    for (const match of text.matchAll(MARKDOWN)) {
      const url = match[2] ?? '';
      const image = match[1] === '!';
      push({ url, form: image ? 'image' : 'link', loads: image, ...locate(match, url) });
    }
  }
  if (text.includes(']:')) {
    const used = new Set<string>();
    if (text.includes('![')) for (const [, label] of text.matchAll(USED_LABEL)) used.add(label ?? '');
    for (const match of text.matchAll(DEFINITION)) {
      const url = match[2] ?? '';
      if (!/^[a-z][a-z0-9+.-]{0,20}:|^\/\//i.test(url)) continue;
      // `![alt][label]` loads what the definition names.
      push({
        url,
        form: 'reference',
        loads: used.has(match[1] ?? ''),
        ...locate(match, url),
      });
    }
  }
  if (text.includes('<')) for (const target of fromTags(text)) push(target);
  if (/url\(|@import/i.test(text)) {
    for (const match of text.matchAll(CSS_URL)) {
      const url = match[1] ?? '';
      push({ url, form: 'css', loads: true, ...locate(match, url) });
    }
  }
  if (text.includes('//')) {
    for (const match of text.matchAll(BARE)) {
      const url = match[0].replace(/[.,;:!?*_]{1,8}$/, '');
      push({ url, form: 'bare', loads: false, start: match.index, end: match.index + url.length });
    }
  }
  if (hasOddScheme(text)) {
    for (const match of text.matchAll(ODD_SCHEME)) {
      push({
        url: match[0],
        form: 'bare',
        loads: false,
        start: match.index,
        end: match.index + match[0].length,
      });
    }
  }
  return found;
}
