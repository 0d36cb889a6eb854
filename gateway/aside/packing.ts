import type { Decision, PolicyFinding } from '@bartizan/checks/policy/types.ts';

/** A decision as it crosses between threads: findings as numbers over the few shapes that they have. */
export interface PackedDecision extends Omit<Decision, 'findings'> {
  readonly shapes: readonly PolicyFinding[];
  /** Four numbers a finding: its shape, segment, start and end. */
  readonly places: Uint32Array<ArrayBuffer>;
}

/** Copying a hundred thousand findings object by object would hold the receiver up; this does not. */
export function packDecision(decision: Decision): PackedDecision {
  const { findings, ...rest } = decision;
  const shapes: PolicyFinding[] = [];
  const known = new Map<string, number>();
  const places = new Uint32Array(findings.length * 4);
  for (const [index, finding] of findings.entries()) {
    const { rule, kind, score, probability, author, message, replacement } = finding;
    const key = `${rule}\n${kind}\n${score}\n${probability ?? ''}\n${author}\n${replacement ?? '\0'}\n${message}`;
    let shape = known.get(key);
    if (shape === undefined) {
      shape = shapes.length;
      known.set(key, shape);
      shapes.push(finding);
    }
    places.set([shape, finding.segment, finding.start, finding.end], index * 4);
  }
  return { ...rest, shapes, places };
}

/** The decision that was packed. */
export function unpackDecision(packed: PackedDecision): Decision {
  const { shapes, places, ...rest } = packed;
  const findings: PolicyFinding[] = [];
  for (let i = 0; i < places.length; i += 4) {
    const shape = shapes[places[i] as number] as PolicyFinding;
    findings.push({
      ...shape,
      segment: places[i + 1] as number,
      start: places[i + 2] as number,
      end: places[i + 3] as number,
    });
  }
  return { ...rest, findings };
}
