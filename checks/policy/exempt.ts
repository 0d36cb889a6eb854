import type { PolicyFinding } from './types.ts';

/** Findings that lie in no span which an `allow` rule of their check found. Spans are grouped, widest first. */
export function withoutExempt(
  findings: readonly PolicyFinding[],
  exempt: readonly PolicyFinding[],
): PolicyFinding[] {
  const spans = new Map<string, PolicyFinding[]>();
  for (const span of exempt) {
    const key = `${span.segment} ${span.check}`;
    const own = spans.get(key);
    if (own === undefined) spans.set(key, [span]);
    else own.push(span);
  }
  const reach = new Map<string, readonly { readonly start: number; readonly end: number }[]>();
  for (const [key, own] of spans) reach.set(key, furthest(own));
  return findings.filter((finding) => {
    const own = reach.get(`${finding.segment} ${finding.check}`);
    return own === undefined || !covers(own, finding);
  });
}

/** Spans by start, each with the furthest end of those that start no later. */
function furthest(spans: readonly PolicyFinding[]): { start: number; end: number }[] {
  let end = 0;
  return [...spans]
    .sort((a, b) => a.start - b.start)
    .map((span) => {
      end = Math.max(end, span.end);
      return { start: span.start, end };
    });
}

/** Whether one span holds all of `finding`: of those that start no later, the one that ends furthest. */
function covers(
  spans: readonly { readonly start: number; readonly end: number }[],
  finding: PolicyFinding,
): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.start ?? 0) <= finding.start) low = middle + 1;
    else high = middle;
  }
  return low > 0 && finding.end <= (spans[low - 1]?.end ?? 0);
}
