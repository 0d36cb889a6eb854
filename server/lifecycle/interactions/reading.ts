import type { Actor } from '../../audit/index.ts';
import type { Recording } from '../policies/index.ts';
import type { Contents } from './contents-store.ts';
import { keptTexts, maskedSegments, toDetail } from './model.ts';
import type { Row } from './pages.ts';
import { wordsOf } from './words.ts';

/** Who reads, and whether they may see content unmasked. */
export interface Reader {
  readonly actor: Actor;
  readonly mayReadContent: boolean;
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
    for await (const { id, body } of contents.bodies(rows)) {
      if (!body) continue;
      const there = wordsOf(keptTexts(reader.mayReadContent ? body.segments : maskedSegments(body)));
      if (words.every((word) => there.has(word))) matching.add(id);
    }
    return rows.filter(({ id }) => matching.has(id));
  }

  /** JSON Lines in chunks of about 64 KiB, so that neither many small rows nor one large one weigh much. */
  async function* exported(
    rows: readonly Row[],
    reader: Reader,
    signal: AbortSignal,
  ): AsyncGenerator<string, void> {
    let chunk = '';
    for await (const { body, hasRaw } of contents.bodies(rows)) {
      if (body) chunk += `${JSON.stringify(toDetail(body, hasRaw, reader.mayReadContent))}\n`;
      if (chunk.length < EXPORT_CHUNK) continue;
      yield chunk;
      if (signal.aborted) return;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  }

  /** Pages of recordings of a bounded size; a row whose content is gone counts as kept by digest. */
  async function* recordings(rows: readonly Row[]): AsyncGenerator<readonly Recording[], void> {
    const byId = new Map(rows.map((row) => [row.id, row]));
    let page: Recording[] = [];
    let chars = 0;
    for await (const { id, body } of contents.bodies(rows)) {
      const row = byId.get(id);
      byId.delete(id);
      if (!row) continue;
      const { retention = 'hash', findings = [], segments = [] } = body ?? {};
      const { at, endpointId, endpointSlug, verdict } = row;
      page.push({ id, at, endpointId, endpointSlug, verdict, retention, findings, segments });
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
