const LONGEST = 60;

/** A name or value of the dataset as a message may show it: one line, no control characters, at most 60 characters. */
export function shown(text: string): string {
  const clean = [...text.slice(0, 4 * LONGEST).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu, ' ')];
  return clean.length > LONGEST || text.length > 4 * LONGEST
    ? `${clean.slice(0, LONGEST - 1).join('')}…`
    : clean.join('');
}

/** What may be shown of a value that must not be: its first characters, at most an eighth of it, and its length. */
export function masked(value: string): string {
  const kept = Math.min(4, Math.floor(value.length / 8));
  return `${shown(value.slice(0, kept))}…, ${value.length} characters`;
}

/** 43.2%; small shares with more digits, so that what is there is never 0%. */
export function percent(share: number): string {
  const value = 100 * share;
  if (value === 0 || value >= 0.1) return `${value.toFixed(1).replace(/\.0$/, '')}%`;
  return `${value.toPrecision(1)}%`;
}
