const SHORTEST = 12;
/** Bits of guessing work that count as strong. */
const STRONG_BITS = 75;

const COMMON = /password|passwort|qwerty|letmein|welcome|admin|bartizan|123456|abcdef|iloveyou/gi;

/**
 * A rough judgement of a password for the person who types it: `share` 0..1 of what counts as strong, and words.
 * It counts character classes and length, and counts repeated characters, runs (abc, 321) and well-known words
 * hardly at all. The server's rule is the length alone.
 */
export function judgePassword(password: string): { readonly share: number; readonly words: string } {
  if (password.length < SHORTEST) {
    const missing = SHORTEST - password.length;
    return {
      share: (password.length / SHORTEST) * 0.3,
      words: `${missing} more ${missing === 1 ? 'character' : 'characters'}`,
    };
  }
  const classes: readonly (readonly [RegExp, number])[] = [
    [/[a-z]/, 26],
    [/[A-Z]/, 26],
    [/[0-9]/, 10],
    [/[^a-zA-Z0-9]/, 33],
  ];
  const alphabet = classes.reduce((sum, [pattern, size]) => sum + (pattern.test(password) ? size : 0), 0);
  const bits = effectiveLength(password.replace(COMMON, '·')) * Math.log2(Math.max(2, alphabet)) * 0.75;
  const share = Math.min(1, bits / STRONG_BITS);
  return { share, words: share < 0.5 ? 'Easy to guess' : share < 0.85 ? 'Fair' : 'Strong' };
}

function effectiveLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    const step = i === 0 ? Number.NaN : text.charCodeAt(i) - text.charCodeAt(i - 1);
    length += Math.abs(step) <= 1 ? 0.2 : 1;
  }
  return length;
}
