/** How numbers, durations and instants are written everywhere. All functions are pure. */

const counts = new Intl.NumberFormat('en');
const rates = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

/** A whole number with thousands separated. */
export const formatCount = (value: number): string => counts.format(value);

/** "1 request", "12 requests". `plural` where adding s is not enough. */
export const formatNoun = (value: number, noun: string, plural = `${noun}s`): string =>
  `${formatCount(value)} ${value === 1 ? noun : plural}`;

/** A share with its base: "12 of 4,031 (0.3%)". */
export function formatShare(part: number, whole: number): string {
  return `${formatCount(part)} of ${formatCount(whole)} (${formatPercent(part, whole)})`;
}

/** "0%", "<0.1%", "0.3%", "12%". */
export function formatPercent(part: number, whole: number): string {
  if (whole === 0 || part === 0) return '0%';
  const percent = (part / whole) * 100;
  if (percent < 0.1) return '<0.1%';
  return percent < 10 ? `${percent.toFixed(1)}%` : `${Math.round(percent)}%`;
}

/** A rate over a window of `minutes`, in the unit in which it can be told from nothing: a minute, else an hour, else a day. */
export function formatRate(count: number, minutes: number): string {
  const perMinute = count / Math.max(1, minutes);
  if (count === 0 || perMinute >= 1) return `${rates.format(perMinute)} a minute`;
  if (perMinute * 60 >= 1) return `${rates.format(perMinute * 60)} an hour`;
  return `${rates.format(perMinute * 1440)} a day`;
}

/** A duration in milliseconds as people read it: "0.08 ms", "12 ms", "1.24 s", "3 min 5 s". */
export function formatMs(ms: number | null): string {
  if (ms === null) return '–';
  if (ms === 0) return '0 ms';
  if (ms < 0.005) return '<0.01 ms';
  if (ms < 1) return `${ms.toFixed(2)} ms`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Bytes with binary units: "64 MiB". */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`;
}

const exact = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
});
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric' });

/** The exact instant in the viewer's zone. */
export const formatExact = (at: number): string => exact.format(at);
export const formatClock = (at: number): string => clock.format(at);
export const formatDay = (at: number): string => day.format(at);

const STEPS: readonly (readonly [limitMs: number, unitMs: number, unit: string])[] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [86_400_000, 3_600_000, 'h'],
  [30 * 86_400_000, 86_400_000, 'd'],
];

/** "now", "12 s ago", "in 3 d"; beyond thirty days the date. */
export function formatRelative(at: number, now: number): string {
  const distance = Math.abs(now - at);
  if (distance < 1500) return 'now';
  for (const [limit, unit, name] of STEPS) {
    if (distance < limit) {
      const value = `${Math.floor(distance / unit)} ${name}`;
      return at <= now ? `${value} ago` : `in ${value}`;
    }
  }
  return formatDay(at);
}

/** A message as a sentence: it begins with a capital and ends with a stop. */
export function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.:?]$/.test(upper) ? upper : `${upper}.`;
}
