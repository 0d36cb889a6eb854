import { createHash } from 'node:crypto';
import type { DetectorOrigin } from '@bartizan/contracts';
import { MAX_CORRECTED_CHARS } from '@bartizan/contracts';
import type { Settled } from '../datasets/store.ts';
import type { Recording } from '../ports.ts';
import { createTally, type Tally } from './tally.ts';
import type { Runner } from './worker/process.ts';
import type { Both, Question } from './worker/protocol.ts';

export interface RunParts {
  readonly runner: Pick<Runner, 'judge'>;
  /** Newest first. */
  readonly recordings: AsyncIterable<readonly Recording[]>;
  readonly corrections: AsyncIterable<Settled>;
  readonly signal: AbortSignal;
  /** Interactions that were looked at. */
  readonly onProgress: (done: number) => void;
}

/** Texts that are remembered with what both said of them: conversations repeat what was said. */
const MOST_REMEMBERED = 200_000;

interface Judging {
  readonly both: Both | null;
  /** Not met before in an interaction. */
  readonly fresh: boolean;
}

function createJudging(runner: RunParts['runner'], tally: Tally) {
  const known = new Map<string, { readonly both: Both | null; met: boolean }>();

  /** `met`: in an interaction, not as a corrected text. */
  return async (question: Question, met: boolean): Promise<Judging> => {
    const { origin, kind, text } = question;
    const digest = createHash('sha256')
      .update(`${origin}\0${kind}\0`)
      .update(Buffer.from(text, 'utf16le'))
      .digest('base64');
    let one = known.get(digest);
    if (one === undefined) {
      one = { both: text.length > MAX_CORRECTED_CHARS ? null : await runner.judge(question), met: false };
      tally.judged(one.both);
      if (known.size < MOST_REMEMBERED) known.set(digest, one);
    }
    const fresh = met && !one.met;
    if (met) one.met = true;
    return { both: one.both, fresh };
  };
}

/** What the injection check judges of a recorded interaction. */
const judgedOf = ({ segments }: Recording) =>
  segments.flatMap(({ index, direction, author, kind, text }) =>
    direction === 'input' && text !== null && text !== '' && (author === 'user' || author === 'third_party')
      ? [{ index, origin: author as DetectorOrigin, kind, text }]
      : [],
  );

/** Lets two models judge recorded traffic and corrected texts, one text after the other. */
export async function compare(parts: RunParts) {
  const { runner, recordings, corrections, signal, onProgress } = parts;
  const began = performance.now();
  const tally = createTally();
  const judge = createJudging(runner, tally);
  for await (const { text, origin, segmentKind: kind, label } of corrections) {
    signal.throwIfAborted();
    tally.correction(label, (await judge({ text, origin, kind }, false)).both);
  }
  let done = 0;
  for await (const page of recordings) {
    for (const recording of page) {
      signal.throwIfAborted();
      const segments = judgedOf(recording);
      const told: (Both | null)[] = [];
      for (const { index, ...question } of segments) {
        const { both, fresh } = await judge(question, true);
        told.push(both);
        if (!fresh) continue;
        const { id: interactionId, at, endpointId } = recording;
        tally.text({ interactionId, at, endpointId, segment: index, origin: question.origin }, both);
      }
      if (segments.length === 0) tally.notEvaluable();
      else tally.interaction(told);
      done += 1;
      onProgress(done);
    }
  }
  return tally.result(performance.now() - began);
}
