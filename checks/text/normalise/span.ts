/** A half-open range of UTF-16 offsets. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Carries a range of a derived text back to the text it was derived from. */
export type SpanMap = (start: number, end: number) => Span;

export const identityMap: SpanMap = (start, end) => ({ start, end });

/** For a derived text whose character `i` came from `offset + i`. */
export function shiftedMap(offset: number): SpanMap {
  return (start, end) => ({ start: start + offset, end: end + offset });
}

/**
 * For a derived text whose character `i` came from `starts[i]`. `starts` has one entry more than the text
 * has characters: where the last one ends.
 */
export function tableMap(starts: ArrayLike<number>): SpanMap {
  const last = starts.length - 1;
  return (start, end) => {
    const from = starts[Math.min(start, last)] ?? 0;
    const to = starts[Math.min(end, last)] ?? from;
    return { start: from, end: Math.max(from, to) };
  };
}

/** For a derived text that stands for the range `at` as a whole, `length` characters long, evenly spread. */
export function stretchedMap(at: Span, length: number): SpanMap {
  const ratio = length === 0 ? 0 : (at.end - at.start) / length;
  return (start, end) => ({
    start: at.start + Math.floor(start * ratio),
    end: Math.min(at.end, at.start + Math.ceil(end * ratio)),
  });
}

/** For a text written backwards. */
export function reversedMap(length: number): SpanMap {
  return (start, end) => ({ start: length - end, end: length - start });
}

/** First `inner` (derived → middle), then `outer` (middle → original). */
export function chainMaps(outer: SpanMap, inner: SpanMap): SpanMap {
  if (outer === identityMap) return inner;
  if (inner === identityMap) return outer;
  return (start, end) => {
    const middle = inner(start, end);
    return outer(middle.start, middle.end);
  };
}

/** One part of a derived text that was put together from several: where it begins there, and its own map. */
export interface MappedPart {
  readonly from: number;
  readonly length: number;
  readonly map: SpanMap;
}

/** For a derived text of several parts in ascending order of `from`; what lies between two parts belongs to the first. */
export function partedMap(parts: readonly MappedPart[]): SpanMap {
  const partAt = (at: number): MappedPart | undefined => {
    let low = 0;
    let high = parts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((parts[middle]?.from ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return parts[low];
  };
  const within = (part: MappedPart, at: number): number => Math.min(part.length, Math.max(0, at - part.from));
  return (start, end) => {
    const first = partAt(start);
    const last = partAt(Math.max(start, end - 1));
    if (first === undefined || last === undefined) return { start: 0, end: 0 };
    if (first === last) return first.map(within(first, start), within(first, end));
    const a = first.map(within(first, start), first.length);
    const b = last.map(0, within(last, end));
    return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
  };
}
