import { prompt } from '../checks/prompts.ts';
import { mean, quantile } from './figures.ts';
import type { Stage, TimedJudge } from './judge.ts';
import type { Harmless } from './survey.ts';

/** Lengths that are timed, in characters, and how many texts of each. */
export const LENGTHS = { 100: 400, 1000: 300, 10000: 100 } as const;
type Length = keyof typeof LENGTHS;
/** Texts of a length that warm up before it is timed. */
const WARM_UP = 20;
/** Seconds after which a length has been timed enough. */
const ENOUGH_S = 30;
/** Harmless texts whose cost is taken as they are. */
const MOST_COSTED = 1_000;

/** Milliseconds of texts judged one at a time. */
export interface Timing {
  readonly texts: number;
  readonly p50: number;
  readonly p99: number;
  /** Of those that the encoder read; null where it read none. */
  readonly encoderP50: number | null;
}

/**
 * Texts of exactly `chars` characters, no two alike: pieces of the data's harmless texts, short ones joined; ordinary
 * sentences where the data has none.
 */
export function textsOf(harmless: readonly Harmless[], chars: number, count: number): string[] {
  const texts = new Set<string>();
  let piece = '';
  for (const { text } of harmless) {
    if (texts.size >= count) return [...texts];
    piece += piece === '' ? text.trim() : `\n\n${text.trim()}`;
    if (piece.length < chars) continue;
    texts.add(piece.slice(0, chars));
    piece = '';
  }
  for (let seed = 0; texts.size < count; seed += 1) texts.add(prompt(chars, seed));
  return [...texts];
}

async function timed(judge: TimedJudge, texts: readonly string[]): Promise<Timing> {
  for (const text of texts.slice(0, WARM_UP)) await judge.time(text, 'user');
  const all: number[] = [];
  const encoder: number[] = [];
  const until = performance.now() + 1_000 * ENOUGH_S;
  for (const text of texts.slice(WARM_UP)) {
    const { ms, stage } = await judge.time(text, 'user');
    all.push(ms);
    if (stage === 'encoder') encoder.push(ms);
    if (performance.now() > until) break;
  }
  return {
    texts: all.length,
    p50: quantile(all, 0.5),
    p99: quantile(all, 0.99),
    encoderP50: encoder.length === 0 ? null : quantile(encoder, 0.5),
  };
}

/** Times by length of text, one text after the other, each new to the check. */
export async function latencies(
  judge: TimedJudge,
  harmless: readonly Harmless[],
): Promise<Readonly<Record<Length, Timing>>> {
  const entries: [string, Timing][] = [];
  for (const [chars, count] of Object.entries(LENGTHS)) {
    entries.push([chars, await timed(judge, textsOf(harmless, Number(chars), count + WARM_UP))]);
  }
  return Object.fromEntries(entries) as unknown as Record<Length, Timing>;
}

/** What harmless texts cost, one after the other, each new to the check. */
export interface Cost {
  readonly texts: number;
  readonly meanMs: number;
  readonly meanChars: number;
  readonly stages: readonly {
    readonly stage: Stage;
    /** 0..1. */
    readonly share: number;
    readonly meanMs: number;
    readonly p50Ms: number;
    readonly p99Ms: number;
  }[];
}

/** Costs of the data's harmless texts as they are, an even sample. Null where there are none. */
export async function costOf(judge: TimedJudge, harmless: readonly Harmless[]): Promise<Cost | null> {
  if (harmless.length === 0) return null;
  const step = Math.max(1, harmless.length / MOST_COSTED);
  const byStage = new Map<Stage, number[]>();
  const all: number[] = [];
  let chars = 0;
  for (let i = 0; i < harmless.length; i += step) {
    const { text, origin } = harmless[Math.floor(i)] as Harmless;
    const { ms, stage } = await judge.time(text, origin);
    all.push(ms);
    chars += text.length;
    byStage.set(stage, [...(byStage.get(stage) ?? []), ms]);
  }
  return {
    texts: all.length,
    meanMs: mean(all),
    meanChars: chars / all.length,
    stages: [...byStage].map(([stage, ms]) => ({
      stage,
      share: ms.length / all.length,
      meanMs: mean(ms),
      p50Ms: quantile(ms, 0.5),
      p99Ms: quantile(ms, 0.99),
    })),
  };
}
