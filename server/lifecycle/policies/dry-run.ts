import { randomUUID } from 'node:crypto';
import type { DryRunResult, PolicyDocument, Verdict } from '@bartizan/contracts';
import { isEvaluable, type Judgement } from './judge.ts';
import { createJudging } from './judging.ts';
import type { EndpointContext, PolicyPorts, Recording, RecordingQuery } from './ports.ts';

const TIME_LIMIT_MS = 25_000;
/** For one page of recordings; a guard that takes longer hangs. */
const PAGE_LIMIT_MS = 20_000;
const MAX_CHANGES = 500;

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
  readonly ports: PolicyPorts;
  /** False leaves excerpts empty. */
  readonly showExcerpts: boolean;
}

function enter(tally: Tally, recording: Recording, judged: Judgement, showExcerpts: boolean): void {
  const { verdict: after, rules } = judged;
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
    excerpt: showExcerpts ? recording.excerpt : '',
  });
}

/**
 * Judges recorded traffic with a draft, in a thread of its own and for at most 25 s: `examined` tells how far it
 * came. Lists at most 500 changes; `summary` counts all. Throws `unavailable` when the guards hang.
 */
export async function dryRun(options: DryRunOptions): Promise<DryRunResult> {
  const { document, query, ports, showExcerpts } = options;
  const contextOf = contexts(ports.endpoints);
  const judging = createJudging(ports.injectionModel);
  const run = randomUUID();
  const deadline = performance.now() + TIME_LIMIT_MS;
  const tally: Tally = { examined: 0, notEvaluable: 0, unchanged: 0, changes: [], counts: new Map() };
  try {
    for await (const page of ports.recordings.newest(query)) {
      const evaluable = page.filter(isEvaluable);
      const recordings = [];
      for (const recording of evaluable) {
        recordings.push({ recording, endpoint: await contextOf(recording.endpointId) });
      }
      const judged =
        recordings.length === 0
          ? []
          : await judging.recordings(
              { kind: 'recordings', run, document, recordings },
              PAGE_LIMIT_MS,
              query.signal,
            );
      tally.examined += page.length;
      tally.notEvaluable += page.length - evaluable.length;
      for (const [index, recording] of evaluable.entries()) {
        const judgement = judged[index];
        if (judgement) enter(tally, recording, judgement, showExcerpts);
      }
      if (query.signal.aborted || performance.now() > deadline) break;
    }
  } finally {
    judging.close();
  }
  const { counts, ...result } = tally;
  return { ...result, summary: [...counts.values()].sort((a, b) => b.count - a.count) };
}
