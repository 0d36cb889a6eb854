/** The operator's own words: literal, with `*` for some letters or digits, `?` for one, `#` for one digit. */
export interface TermMatcher {
  readonly find: (text: string) => readonly { readonly start: number; readonly end: number }[];
  /** Start of the words at the end of a growing text that may become a term. */
  readonly unfinishedFrom: (text: string) => number;
}

const NONE: TermMatcher = { find: () => [], unfinishedFrom: (text) => text.length };
const CJK = /[\u3040-\u9fff\uac00-\ud7af]/;
/** Characters at the end of a growing text that a term's beginning is looked for in. */
const TAIL = 400;

function wordSource(word: string): string {
  return [...word]
    .map((char) => {
      if (char === '*') return '[\\p{L}\\p{N}_-]{0,40}';
      if (char === '?') return '[\\p{L}\\p{N}]';
      if (char === '#') return '\\p{Nd}';
      return char.replace(/[.+^${}()|[\]\\/]/, '\\$&');
    })
    .join('');
}

const before = (term: string): string => (CJK.test(term[0] ?? '') ? '' : '(?<![\\p{L}\\p{N}_])');
const after = (term: string): string => (CJK.test(term.at(-1) ?? '') ? '' : '(?![\\p{L}\\p{N}_])');
const GAP = '\\s{1,4}';

/** Compiles literal terms and simple wildcards into two bounded patterns; nothing of a term is read as a pattern. */
export function compileTerms(terms: readonly string[], caseSensitive: boolean): TermMatcher {
  const clean = [...new Set(terms.map((term) => term.trim()).filter((term) => /[\p{L}\p{N}]/u.test(term)))];
  if (clean.length === 0) return NONE;
  const flags = caseSensitive ? 'gu' : 'giu';
  const words = clean.map((term) => term.split(/\s+/).map(wordSource));
  const full = words.map((parts, i) => before(clean[i] ?? '') + parts.join(GAP) + after(clean[i] ?? ''));
  const pattern = new RegExp(full.sort((a, b) => b.length - a.length).join('|'), flags);
  const starts = words.flatMap((parts, i) =>
    parts.slice(1).map((_, n) => before(clean[i] ?? '') + parts.slice(0, n + 1).join(GAP)),
  );
  const start = starts.length === 0 ? null : new RegExp(`(?:${starts.join('|')})\\s{0,4}$`, flags.slice(1));
  return {
    find: (text) =>
      Array.from(text.matchAll(pattern), (match) => ({
        start: match.index,
        end: match.index + match[0].length,
      })),
    unfinishedFrom: (text) => {
      const offset = Math.max(0, text.length - TAIL);
      const tail = text.slice(offset);
      const word = tail.search(/\S{0,200}$/);
      const begun = start?.exec(tail.slice(0, word))?.index ?? word;
      return offset + Math.min(word, begun);
    },
  };
}
