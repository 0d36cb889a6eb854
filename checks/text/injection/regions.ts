import type { Span } from '../normalise/index.ts';

/** Parts of a document that its reader does not see, or not as its text. */
const HIDDEN: readonly RegExp[] = [
  /<!--[^]{0,8000}?-->/g,
  /\/\*[^]{0,4000}?\*\//g,
  /\[(?:\/\/|comment|_)\]:\s{0,4}[#<][^\n]{0,2000}/g,
  /<[a-z][a-z0-9]{0,12}\s[^>]{0,600}(?:display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden|font-size\s{0,4}:\s{0,4}[01](?:px|pt|em)?\b|opacity\s{0,4}:\s{0,4}0(?![.\d])|color\s{0,4}:\s{0,4}(?:white|#fff(?:fff)?)\b|\bhidden\b|aria-hidden)[^>]{0,400}>[^<]{0,4000}/g,
  /\b(?:alt|title|aria-label|content|placeholder|data-[a-z-]{1,30}|summary)\s{0,4}=\s{0,4}"[^"]{12,2000}"/g,
  /<(?:meta|noscript|template|title|desc|metadata)\b[^]{0,2000}?>/g,
];
const COMMENT_LINES = /(?:^|\n)[^\n]{0,200}?(?:\/\/|#|--|;)\s[^\n]{0,600}/g;
const CODE =
  /[{};]\s{0,4}\n|^\s{0,12}(?:def|class|import|function|const|let|var|return|public|#include|package|select)\b/m;

/** Stretches of a folded text that were hidden from its reader: comments, invisible elements, attributes. */
export function findHidden(text: string): Span[] {
  const found: Span[] = [];
  const collect = (pattern: RegExp): void => {
    for (const match of text.matchAll(pattern)) {
      found.push({ start: match.index, end: match.index + match[0].length });
      if (found.length >= 200) return;
    }
  };
  if (text.includes('<') || text.includes('/*') || text.includes(']:'))
    for (const pattern of HIDDEN) collect(pattern);
  if (CODE.test(text)) collect(COMMENT_LINES);
  return found;
}

const HEADS =
  /(?:^|\n)[ \t>]{0,8}(?:subject|from|to|date|betreff|von|an|de|objet|para|asunto|assunto|da|oggetto|onderwerp|van|aan|re|fwd|cc|title|author|invoice|order|ticket|status|review|abstract|summary|description|name|id|url|source)\s{0,2}:/g;

/**
 * How much a text looks like something that was copied in (mail, page, data, code) rather than typed as a
 * request, 0..1. Whoever speaks to "the assistant" in such a text is not the one who sent it.
 */
export function documentLikeness(text: string): number {
  let score = 0;
  const heads = text.match(HEADS)?.length ?? 0;
  if (heads >= 2) score += 0.6;
  else if (heads === 1) score += 0.3;
  if (/^\s{0,20}[{[<]/.test(text)) score += 0.5;
  if (/\n\s{0,8}(?:[-*•]|\d{1,2}[.)])\s/.test(text)) score += 0.15;
  if (/\n-{3,}|\n={3,}|```|<\/[a-z]{1,12}>|"[\w-]{1,40}"\s{0,4}:/.test(text)) score += 0.35;
  if (text.length > 400) score += 0.15;
  if (/\n\s{0,4}\n/.test(text)) score += 0.1;
  return Math.min(1, score);
}
