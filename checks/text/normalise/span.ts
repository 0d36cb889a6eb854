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
