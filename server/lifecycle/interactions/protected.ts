import type { InteractionDetail, InteractionFilter } from '@bartizan/contracts';
import type { AuditLog } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { timeOfUuidv7 } from '../../kernel/id.ts';
import { type Sight, sees } from '../sight.ts';
import type { Contents, Place } from './contents-store.ts';
import { type RawContent, type RecordBody, toDetail } from './model.ts';
import type { Page } from './pages.ts';
import type { Reader, Reading } from './reading.ts';

export interface ProtectedDeps {
  readonly contents: Pick<Contents, 'place' | 'bodies' | 'raw'>;
  readonly reading: Pick<Reading, 'verified' | 'exported'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly pagesOf: (
    filter: InteractionFilter,
    reader: Reader,
    signal: AbortSignal,
  ) => { readonly words: readonly string[]; readonly pages: AsyncIterable<Page> };
}

const noSuchInteraction = (): AppError =>
  new AppError('not_found', 'there is no such interaction', {
    hint: 'It may have expired: endpoints keep interactions for a number of days.',
  });

/** The instant that a UUIDv7 carries, or null for another kind of id. */
const hintOf = (id: string): number | null => (id[14] === '7' ? timeOfUuidv7(id) : null);

/** What a filter says, but for the words that somebody searched for: those may be content themselves. */
const filterFacts = (filter: InteractionFilter) => ({
  ...filter,
  text: filter.text === undefined ? undefined : '…',
});

/**
 * Reading single interactions and exporting many. What shows content is written into the audit log first, with who
 * read it and why: if that cannot be written, nothing is shown.
 */
export function createProtectedReads(deps: ProtectedDeps) {
  const { contents, reading, audit, pagesOf } = deps;

  /** Where it is kept. What is not there for the reader is answered as if it never was. */
  async function placeOf(id: string, reader: Pick<Reader, 'sight'>): Promise<Place> {
    const place = await contents.place(id, hintOf(id));
    if (!place || !sees(reader.sight, place.endpointId)) throw noSuchInteraction();
    return place;
  }

  async function open(
    id: string,
    reader: Pick<Reader, 'sight'>,
  ): Promise<{ body: RecordBody; hasRaw: boolean }> {
    const found = (await contents.bodies([await placeOf(id, reader)]).next()).value;
    if (!found) throw noSuchInteraction();
    const { body, hasRaw } = found;
    if (body) return { body, hasRaw };
    throw new AppError('gone', 'the content of this interaction cannot be opened any more', {
      hint: 'It was sealed with another master key. Start Bartizan with the key that was in use then.',
    });
  }

  const note = (reader: Reader, action: string, id: string, purpose: string) =>
    audit.record({
      actor: reader.actor,
      action,
      subject: `interaction:${id}`,
      detail: { purpose },
    });

  return Object.freeze({
    /** Where and when it was; `not_found` for what is out of sight. Shows no content. */
    place: placeOf,

    /** With every span masked that a guard found. */
    async get(id: string, reader: Reader): Promise<InteractionDetail> {
      const { body, hasRaw } = await open(id, reader);
      return toDetail(body, hasRaw, false);
    },

    /** As kept, for stages that judge what was said and show none of it to the reader. */
    async record(id: string, sight: Sight): Promise<RecordBody> {
      return (await open(id, { sight })).body;
    },

    /** With nothing masked, as far as retention keeps it. */
    async content(id: string, reader: Reader, purpose: string): Promise<InteractionDetail> {
      const { body, hasRaw } = await open(id, reader);
      await note(reader, 'interactions.content_read', id, purpose);
      return toDetail(body, hasRaw, true);
    },

    /** Request and response as they were sent; null where retention keeps none. */
    async raw(id: string, reader: Reader, purpose: string): Promise<RawContent> {
      const place = await placeOf(id, reader);
      await note(reader, 'interactions.raw_read', id, purpose);
      return (await contents.raw(place)) ?? { request: null, response: null };
    },

    /**
     * Everything that matches as JSON Lines, newest first, a page in memory at a time. One audit entry says before
     * what is exported and why, another one afterwards how many interactions went out and whether that was all.
     */
    async *export(
      filter: InteractionFilter,
      reader: Reader,
      purpose: string,
      signal: AbortSignal,
    ): AsyncGenerator<string, void> {
      const { words, pages } = pagesOf(filter, reader, signal);
      const facts = { filter: filterFacts(filter), unmasked: reader.unmasked, purpose };
      const entry = { actor: reader.actor, subject: 'interactions' };
      await audit.record({ ...entry, action: 'interactions.exported', detail: facts });
      let count = 0;
      let complete = false;
      const add = (interactions: number): void => {
        count += interactions;
      };
      try {
        for await (const { rows } of pages) {
          yield* reading.exported(await reading.verified(rows, words, reader), reader, add, signal);
          if (signal.aborted) return;
        }
        complete = true;
      } finally {
        const detail = { ...facts, count, complete };
        await audit.record({ ...entry, action: 'interactions.export_ended', detail });
      }
    },
  });
}
