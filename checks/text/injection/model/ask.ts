import type { ScoreCache } from './cache.ts';
import type { Asking, Encoder } from './encoder/contract.ts';
import { ROW } from './encoder/protocol.ts';
import { EncoderRefused } from './encoder/refused.ts';

/** Texts that are asked about at once: what is answered is remembered before the next are. */
const CHUNK = 32;
/** A question of more texts than these that is not answered in time is late for its own size. */
export const LARGE = 256;
/** Less than a policy gives its checks. */
const BUDGET_MS = 1_800;

/** What the encoder says of texts, by text. */
export type Rows = ReadonlyMap<string, Float32Array>;

/** At once where the cache has all of them. Rejects with {@link EncoderRefused}, or the signal's reason. */
export type AskRows = (texts: Iterable<string>, asking?: Asking) => Rows | Promise<Rows>;

export interface AskParts {
  readonly encoder: Pick<Encoder, 'score'>;
  readonly cache: ScoreCache;
  /** A clock that never goes back, ms. */
  readonly nowMs: () => number;
  /** How long a question may go on, in ms; default 1,800. */
  readonly budgetMs?: number | undefined;
}

/**
 * Asks the encoder about what the cache does not know, a chunk at a time, each of which is remembered: a long
 * conversation that is not answered in time is further along when it is asked about again. How long it is is its
 * author's doing, so that it is then refused as `large`, which is never shed.
 */
export function createAskRows({ encoder, cache, nowMs, budgetMs = BUDGET_MS }: AskParts): AskRows {
  async function score(texts: readonly string[], rows: Map<string, Float32Array>, asking?: Asking) {
    const values = await encoder.score(texts, asking);
    if (values.length !== texts.length * ROW) throw new Error('The encoder left out a window.');
    for (const [i, text] of texts.entries()) {
      const row = values.slice(i * ROW, (i + 1) * ROW);
      cache.set(text, row);
      rows.set(text, row);
    }
  }

  async function ask(
    texts: readonly string[],
    rows: Map<string, Float32Array>,
    asking?: Asking,
  ): Promise<Rows> {
    const endMs = nowMs() + budgetMs;
    const late = (read: number): EncoderRefused => {
      const why = `${read} of ${texts.length} windows were read in time`;
      return texts.length > LARGE
        ? new EncoderRefused('large', `the texts are long: ${why}; those are remembered`)
        : new EncoderRefused('late', why);
    };
    for (let at = 0; at < texts.length; at += CHUNK) {
      if (at > 0 && nowMs() > endMs) throw late(at);
      try {
        await score(texts.slice(at, at + CHUNK), rows, asking);
      } catch (error) {
        const slow = error instanceof EncoderRefused && error.refusal === 'late';
        throw slow && texts.length > LARGE ? late(at) : error;
      }
    }
    return rows;
  }

  return (texts, asking) => {
    const rows = new Map<string, Float32Array>();
    const missing = new Set<string>();
    for (const text of texts) {
      if (rows.has(text) || missing.has(text)) continue;
      const known = cache.get(text);
      if (known === undefined) missing.add(text);
      else rows.set(text, known);
    }
    return missing.size === 0 ? rows : ask([...missing], rows, asking);
  };
}
