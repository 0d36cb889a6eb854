import type { Span } from '../../normalise/index.ts';

/** What a window may weigh, and what neighbours share, in estimated tokens. */
export const WINDOW_WEIGHT = 128;
export const OVERLAP_WEIGHT = 28;
/** Tokens of a window that the encoder reads, the special ones included. */
export const WINDOW_TOKENS = 144;

/** About how many tokens a character makes: English letters 0.21, digits and signs more, other scripts about one. */
const ASCII_WEIGHTS = Float64Array.from({ length: 128 }, (_, unit) => {
  if ((unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90)) return 0.21;
  if (unit === 32 || unit === 9 || unit === 10 || unit === 13) return 0.06;
  return unit >= 48 && unit <= 57 ? 0.45 : 0.95;
});

function weightOf(unit: number): number {
  if (unit < 128) return ASCII_WEIGHTS[unit] as number;
  return unit > 0x2ff ? 0.9 : 0.5;
}

/**
 * Cuts a text into windows of about `WINDOW_WEIGHT` tokens, evenly spread, each sharing at least about
 * `OVERLAP_WEIGHT` with its neighbour, edges moved to white space where there is some near. Time is linear.
 */
export function cut(text: string): Span[] {
  const total = weigh(text);
  if (total <= WINDOW_WEIGHT) return text.length === 0 ? [] : [{ start: 0, end: text.length }];
  const count = Math.ceil((total - OVERLAP_WEIGHT) / (WINDOW_WEIGHT - OVERLAP_WEIGHT));
  const stride = (total - WINDOW_WEIGHT) / (count - 1);
  const marks: number[] = [];
  for (let i = 0; i < count; i += 1) marks.push(i * stride, i * stride + WINDOW_WEIGHT);
  const order = marks.map((_, i) => i).sort((a, b) => (marks[a] ?? 0) - (marks[b] ?? 0));
  const places = placesOf(
    text,
    order.map((i) => marks[i] ?? 0),
  );
  const at = Array.from(marks, () => text.length);
  order.forEach((mark, i) => {
    at[mark] = places[i] ?? text.length;
  });
  return Array.from({ length: count }, (_, i) => ({
    start: i === 0 ? 0 : atSpace(text, at[2 * i] ?? 0),
    end: i === count - 1 ? text.length : atSpace(text, at[2 * i + 1] ?? text.length),
  }));
}

function weigh(text: string): number {
  let total = 0;
  for (let i = 0; i < text.length; i += 1) total += weightOf(text.charCodeAt(i));
  return total;
}

/** Offsets at which the running weight reaches each of the ascending `marks`. */
function placesOf(text: string, marks: readonly number[]): number[] {
  const places: number[] = [];
  let weight = 0;
  let next = 0;
  for (let i = 0; i < text.length && next < marks.length; i += 1) {
    while (next < marks.length && weight >= (marks[next] ?? 0)) {
      places.push(i);
      next += 1;
    }
    weight += weightOf(text.charCodeAt(i));
  }
  return places;
}

/** Moves an offset back to just after white space when there is some within 24 characters. */
function atSpace(text: string, at: number): number {
  for (let i = at; i > Math.max(0, at - 24); i -= 1) if (/\s/.test(text[i - 1] ?? '')) return i;
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit < 0xe000 ? at - 1 : at;
}
