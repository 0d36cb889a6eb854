/** Milliseconds of one scenario. */
export interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Runs `once` so often and reports how long it took; `index` counts from 0. */
export async function measure(times: number, once: (index: number) => Promise<unknown>): Promise<Latency> {
  const took: number[] = [];
  for (let index = 0; index < times; index += 1) {
    const started = performance.now();
    await once(index);
    took.push(performance.now() - started);
  }
  took.sort((a, b) => a - b);
  const at = (q: number): number =>
    Math.round((took[Math.min(took.length - 1, Math.floor(q * took.length))] ?? 0) * 100) / 100;
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Indexes that a plan uses, and daily partitions that it reads as a whole. */
export function readPlan(node: PlanNode): { readonly indexes: Set<string>; readonly scanned: Set<string> } {
  const indexes = new Set<string>();
  const scanned = new Set<string>();
  const visit = (part: PlanNode): void => {
    if (part['Index Name']) indexes.add(part['Index Name'].replace(/_\d{8}_/, '_<day>_'));
    const relation = part['Relation Name'] ?? '';
    if (part['Node Type'].includes('Seq Scan') && /_\d{8}$/.test(relation)) scanned.add(relation);
    for (const child of part.Plans ?? []) visit(child);
  };
  visit(node);
  return { indexes, scanned };
}
