/**
 * Whether `text` fits a pattern in which `*` stands for any run of characters, all else for itself. Takes at most
 * the product of both lengths in steps; letters count as they are written.
 */
export function fitsPattern(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next;
      next += 1;
      resume = at;
    } else if (next < pattern.length && pattern[next] === text[at]) {
      next += 1;
      at += 1;
    } else if (star >= 0) {
      next = star + 1;
      resume += 1;
      at = resume;
    } else {
      return false;
    }
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}

export const fitsAny = (text: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => fitsPattern(text, pattern));
