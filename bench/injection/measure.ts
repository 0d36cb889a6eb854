import { setTimeout } from 'node:timers/promises';
import type { Judge, Verdict } from './judge.ts';
import type { Facet, Row } from './rows.ts';
import { FACETS } from './rows.ts';
import type { SetRow, Sets } from './sets.ts';
import type { Tally } from './tally.ts';
import { createTally } from './tally.ts';

/** Texts that are under way at once. */
const AT_ONCE = 8;
/** Times that a text is asked about, and the pause before the next, which grows. */
const ATTEMPTS = 3;
const PAUSE_MS = 300;
/** Values of a facet that are told apart; rarer ones, met later, are counted together. */
const MOST_VALUES = 400;

/** What came of all texts, by set, and by what rows say of themselves. */
export interface Outcome {
  readonly judge: Pick<Judge, 'name' | 'points'>;
  readonly pooled: Tally;
  readonly sets: ReadonlyMap<string, Tally>;
  readonly facets: ReadonlyMap<Facet | 'origin', ReadonlyMap<string, Tally>>;
}

export interface MeasureOptions {
  /** Told now and then how many texts are done. */
  readonly progress?: (done: number) => void;
}

function within(groups: Map<string, Tally>, name: string, most = Number.POSITIVE_INFINITY): Tally {
  const key = groups.has(name) || groups.size < most ? name : '(other)';
  const known = groups.get(key);
  if (known !== undefined) return known;
  const tally = createTally();
  groups.set(key, tally);
  return tally;
}

/** Runs `work` on what comes, at most `AT_ONCE` at a time. Rejects at the first failure. */
export async function eachOf<Item>(
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const busy = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | null = null;
  for await (const item of items) {
    const job: Promise<void> = work(item)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => busy.delete(job));
    busy.add(job);
    if (busy.size >= AT_ONCE) await Promise.race(busy);
    if (failure !== null) break;
  }
  await Promise.all(busy);
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}

/** Asks again after a crash, which another text may have caused; throws, naming the row, when that does not help. */
async function judged(judge: Judge, row: Row): Promise<Verdict> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await judge.judge(row.text, row.origin);
    } catch (cause) {
      if (attempt === ATTEMPTS) {
        throw new Error(`${row.at}: ${judge.name}: ${(cause as Error).message}`, { cause });
      }
      await setTimeout(PAUSE_MS * attempt);
    }
  }
}

/** Has a detector judge every text. Figures do not depend on the order in which texts come back. */
export async function measure(judge: Judge, sets: Sets, options: MeasureOptions = {}): Promise<Outcome> {
  const pooled = createTally();
  const bySet = new Map<string, Tally>();
  for (const name of sets.names) within(bySet, name);
  const byFacet = new Map<Facet | 'origin', Map<string, Tally>>(
    (['origin', ...FACETS] as const).map((facet) => [facet, new Map()]),
  );
  let done = 0;
  await eachOf(sets.rows(), async ({ set, row }: SetRow) => {
    const verdict = await judged(judge, row);
    pooled.add(row.label, verdict);
    within(bySet, set).add(row.label, verdict);
    for (const [facet, groups] of byFacet) {
      const value = facet === 'origin' ? row.origin : row.facets[facet];
      if (value !== undefined) within(groups, value, MOST_VALUES).add(row.label, verdict);
    }
    done += 1;
    options.progress?.(done);
  });
  return { judge: { name: judge.name, points: judge.points }, pooled, sets: bySet, facets: byFacet };
}
