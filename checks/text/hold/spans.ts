import type { PolicyFinding } from '../../policy/types.ts';

/** True for findings whose text must not come out: of a rule that redacts or blocks, in enforce mode. */
export function isActing(finding: PolicyFinding): boolean {
  return finding.enforced && (finding.action === 'redact' || finding.action === 'block');
}

/** Moves `cut` before every finding that it would part, down to `floor` at most. */
export function beforeStraddling(findings: readonly PolicyFinding[], cut: number, floor: number): number {
  let moved = cut;
  for (let again = true; again; ) {
    again = false;
    for (const { start, end } of findings) {
      if (start >= moved || end <= moved || moved <= floor) continue;
      moved = Math.max(floor, start);
      again = true;
    }
  }
  return moved;
}

/** The findings with offsets moved by `by`. */
export function shifted(findings: readonly PolicyFinding[], by: number): readonly PolicyFinding[] {
  if (by === 0 || findings.length === 0) return findings;
  return findings.map((finding) => ({ ...finding, start: finding.start + by, end: finding.end + by }));
}

/** The parts of findings within `[from, to)`, with offsets from `from` on. */
export function clipped(
  findings: readonly PolicyFinding[],
  from: number,
  to: number,
): readonly PolicyFinding[] {
  const parts: PolicyFinding[] = [];
  for (const finding of findings) {
    if (finding.end <= from || finding.start >= to) continue;
    parts.push({
      ...finding,
      start: Math.max(finding.start, from) - from,
      end: Math.min(finding.end, to) - from,
    });
  }
  return parts;
}

/** True when two findings of one rule and kind overlap. */
export function sameAs(a: PolicyFinding, b: PolicyFinding): boolean {
  return (
    a.rule === b.rule && a.kind === b.kind && (a.start === b.start || (a.start < b.end && b.start < a.end))
  );
}
