import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AnyTextCheck, compilePolicy } from '@bartizan/checks';
import type { DryRunResult, PolicyDocument, Verdict } from '@bartizan/contracts';
import { isEvaluable, judgeRecording } from './judge.ts';
import type { EndpointContext, PolicyPorts, Recording, RecordingQuery } from './ports.ts';

/** Longest stretch of judging before other work of this process gets its turn. */
const SLICE_MS = 20;
const TIME_LIMIT_MS = 25_000;
const MAX_CHANGES = 500;
const EXCERPT_CHARS = 160;

interface Tally {
  examined: number;
  notEvaluable: number;
  unchanged: number;
  readonly changes: DryRunResult['changes'];
  readonly counts: Map<string, DryRunResult['summary'][number]>;
}

function count(tally: Tally, before: Verdict, after: Verdict): void {
  const key = `${before}→${after}`;
  const line = tally.counts.get(key) ?? { before, after, count: 0 };
  line.count += 1;
  tally.counts.set(key, line);
}

/** The first words of what the user last wrote. */
function excerptOf(recording: Recording): string {
  const input = recording.segments.filter(
    (segment) => segment.direction === 'input' && (segment.text ?? '') !== '',
  );
  const last = input.findLast((segment) => segment.author === 'user') ?? input.at(-1);
  return (last?.text ?? '').slice(0, EXCERPT_CHARS).replaceAll(/\s+/g, ' ').trim();
}

/** Remembers each endpoint's context for the length of one run. */
function contexts(endpoints: PolicyPorts['endpoints']) {
  const known = new Map<string, EndpointContext | undefined>();
  return async (id: string | null): Promise<EndpointContext | undefined> => {
    if (id === null) return undefined;
    if (!known.has(id)) known.set(id, await endpoints.context(id));
    return known.get(id);
  };
}

export interface DryRunOptions {
  readonly document: PolicyDocument;
  readonly query: RecordingQuery;
  readonly checks: readonly AnyTextCheck[];
  readonly ports: PolicyPorts;
  /** What excerpts may show: false leaves them empty. */
  readonly showContent: boolean;
}

/**
 * Judges recorded traffic with a draft. Runs in slices of 20 ms between which other requests are served, for at
 * most 25 s: `examined` tells how far it came. Lists at most 500 changes; `summary` counts all.
 */
export async function dryRun(options: DryRunOptions): Promise<DryRunResult> {
  const { document, query, checks, ports } = options;
  const compiled = compilePolicy(document, checks);
  const contextOf = contexts(ports.endpoints);
  const deadline = performance.now() + TIME_LIMIT_MS;
  const tally: Tally = { examined: 0, notEvaluable: 0, unchanged: 0, changes: [], counts: new Map() };

  async function examine(recording: Recording): Promise<void> {
    tally.examined += 1;
    if (!isEvaluable(recording)) {
      tally.notEvaluable += 1;
      return;
    }
    const endpoint = await contextOf(recording.endpointId);
    const { verdict: after, rules } = await judgeRecording(recording, { document, compiled }, endpoint);
    count(tally, recording.verdict, after);
    if (after === recording.verdict) {
      tally.unchanged += 1;
      return;
    }
    if (tally.changes.length >= MAX_CHANGES) return;
    tally.changes.push({
      interactionId: recording.id,
      at: recording.at,
      endpoint: recording.endpointSlug,
      before: recording.verdict,
      after,
      rules: [...rules],
      excerpt: options.showContent ? excerptOf(recording) : '',
    });
  }

  let sliceStart = performance.now();
  pages: for await (const page of ports.recordings.newest(query)) {
    for (const recording of page) {
      await examine(recording);
      if (performance.now() - sliceStart < SLICE_MS) continue;
      await nextTurn();
      sliceStart = performance.now();
      if (query.signal.aborted || sliceStart > deadline) break pages;
    }
  }
  const { counts, ...result } = tally;
  return { ...result, summary: [...counts.values()].sort((a, b) => b.count - a.count) };
}
