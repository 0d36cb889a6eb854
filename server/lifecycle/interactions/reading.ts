import type { Actor } from '../../audit/index.ts';
import type { Recording } from '../policies/index.ts';
import type { Sight } from '../sight.ts';
import type { Contents } from './contents-store.ts';
import { excerptOf, keptTexts, maskedSegments, toDetail } from './model.ts';
import type { Row } from './pages.ts';
import { wordsOf } from './words.ts';

/** Who reads, and what is there for them. */
export interface Reader {
  readonly actor: Actor;
  readonly sight: Sight;
  /** Content as kept rather than masked: only where the reader said why, which is recorded. */
  readonly unmasked: boolean;
}

const EXPORT_CHUNK = 64 * 1024;
const RECORDING_CHARS = 2_000_000;

/** What is made of opened content, one interaction at a time. */
export function createReading(contents: Pick<Contents, 'bodies'>) {
  /**
   * Rows whose text, as far as the reader may see it, really holds the words. Hashes could collide; and who may
   * not see a masked span must not learn by searching what stands there.
   */
  async function verified(rows: readonly Row[], words: readonly string[], reader: Reader): Promise<Row[]> {
    if (words.length === 0) return [...rows];
    const matching = new Set<string>();
    for await (const { id, body } of contents.bodies(rows, true)) {
      if (!body) continue;
      const there = wordsOf(keptTexts(reader.unmasked ? body.segments : maskedSegments(body)));
      if (words.every((word) => there.has(word))) matching.add(id);
    }
    return rows.filter(({ id }) => matching.has(id));
  }

  /**
   * JSON Lines in chunks of about 64 KiB, so that neither many small rows nor one large one weigh much. `count` is
   * called with the number of interactions in each chunk before it goes out.
   */
  async function* exported(
    rows: readonly Row[],
    reader: Reader,
    count: (interactions: number) => void,
    signal: AbortSignal,
  ): AsyncGenerator<string, void> {
    let held = 0;
    let chunk = '';
    for await (const { body, hasRaw } of contents.bodies(rows)) {
      if (body) held += 1;
      if (body) chunk += `${JSON.stringify(toDetail(body, hasRaw, reader.unmasked))}\n`;
      if (chunk.length < EXPORT_CHUNK) continue;
      count(held);
      held = 0;
      yield chunk;
      if (signal.aborted) return;
      chunk = '';
    }
    if (chunk === '') return;
    count(held);
    yield chunk;
  }

  /** Pages of recordings of a bounded size; a row whose content is gone counts as kept by digest. */
  async function* recordings(rows: readonly Row[]): AsyncGenerator<readonly Recording[], void> {
    const byId = new Map(rows.map((row) => [row.id, row]));
    let page: Recording[] = [];
    let chars = 0;
    for await (const { id, body } of contents.bodies(rows, true)) {
      const row = byId.get(id);
      byId.delete(id);
      if (!row) continue;
      const { retention = 'hash', findings = [], segments = [] } = body ?? {};
      const excerpt = (body && excerptOf(body)?.masked) || '';
      const { at, endpointId, endpointSlug, verdict } = row;
      page.push({ id, at, endpointId, endpointSlug, verdict, retention, findings, segments, excerpt });
      chars += segments.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
      if (chars < RECORDING_CHARS) continue;
      yield page;
      page = [];
      chars = 0;
    }
    if (page.length > 0) yield page;
  }

  return Object.freeze({ verified, exported, recordings });
}
export type Reading = ReturnType<typeof createReading>;
