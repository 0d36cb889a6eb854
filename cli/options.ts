import { InvalidArgumentError } from 'commander';

/** An option parser for whole numbers from `low` to `high`. */
export const wholeNumber =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new InvalidArgumentError(`give a whole number from ${low} to ${high}.`);
    }
    return value;
  };

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `30d`, `12h`, `15m`, `90s` in milliseconds. */
export function duration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  if (!match?.[1]) throw new InvalidArgumentError('give a time such as 30d, 12h, 15m or 90s.');
  return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}

/** An instant: ISO 8601, or a duration meaning "so long ago". */
export function instant(text: string): number {
  if (/^\d{1,6}[smhd]$/.test(text)) return Date.now() - duration(text);
  const at = Date.parse(text);
  if (Number.isNaN(at))
    throw new InvalidArgumentError('give a date such as 2026-05-01T12:00, or a time ago such as 2h.');
  return at;
}

/** Gathers an option that may be given again. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];
