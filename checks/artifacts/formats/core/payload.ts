import { magicOf } from './magic.ts';
import { cut } from './text.ts';

export interface Payload {
  readonly what: string;
  readonly excerpt: string;
}

const LOOK_CHARS = 4 * 2 ** 20;
const MOST = 5;
const BASE64 = /[A-Za-z0-9+/_-]{64,65536}={0,2}/g;
const CODE: readonly (readonly [RegExp, string])[] = [
  [/\b(?:exec|eval)\s{0,5}\(\s{0,5}(?:compile|__import__|base64|bytes|open|input)\b/, 'code that runs code'],
  [/\b__import__\s{0,5}\(/, 'code that imports'],
  [/\bos\s{0,3}\.\s{0,3}(?:system|popen|exec[lv]p?e?)\s{0,5}\(/, 'code that starts a process'],
  [
    /\bsubprocess\s{0,3}\.\s{0,3}(?:Popen|run|call|check_output|check_call)\s{0,5}\(/,
    'code that starts a process',
  ],
  [/(?:curl|wget)\s[^|\n]{1,200}\|\s{0,5}(?:ba|z)?sh\b/, 'a shell command that runs what it fetched'],
  [/<script[\s>]/i, 'a script for a web page'],
];

/** What in a text that should be mere description is code or a hidden file. */
export function payloadsIn(text: string): Payload[] {
  const part = text.slice(0, LOOK_CHARS);
  const found: Payload[] = [];
  for (const [pattern, what] of CODE) {
    const match = pattern.exec(part);
    if (match)
      found.push({ what, excerpt: cut(part.slice(Math.max(0, match.index - 40), match.index + 160)) });
  }
  for (const [run] of part.matchAll(BASE64)) {
    if (found.length >= MOST) break;
    const what = decoded(run);
    if (what !== undefined) found.push({ what: `${what} in base64`, excerpt: cut(run, 120) });
  }
  return found.slice(0, MOST);
}

function decoded(run: string): string | undefined {
  const bytes = new Uint8Array(
    Buffer.from(run, run.includes('-') || run.includes('_') ? 'base64url' : 'base64'),
  );
  const magic = magicOf(bytes);
  if (magic !== undefined && magic.is !== 'inert') return magic.name;
  const isPickle =
    bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 9) <= 5 && bytes.lastIndexOf(0x2e) > 2;
  return isPickle ? 'a pickle' : undefined;
}
