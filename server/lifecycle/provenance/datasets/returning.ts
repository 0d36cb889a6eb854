import type { Database } from '../../../platform/database/types.ts';
import { ContentRefused } from '../confined/errors.ts';
import type { Workplace } from './laying.ts';
import type { StoredVersion } from './model.ts';
import type { RefusedVersion, Return, ReturnsStore } from './returns-store.ts';
import { type WorkOptions, work } from './worker/process.ts';
import type { Hashed } from './worker/protocol.ts';

/** Of what a refused version has of its own, this share is too much to come back; one record is where it has few. */
const MOST_BACK = 0.01;
/** What is compared at once: refused versions, and records of them with what is accepted. */
const MOST_VERSIONS = 64;
const MOST_ROWS = 20_000_000;
const TIME_MS = 30 * 60_000;

/** Refused versions that a version was compared with, and what it brings back of them. */
export interface ComparedReturns {
  readonly with: ReadonlySet<string>;
  readonly returns: readonly Return[];
}

/** In words for people: `39 records of version 2, which was rejected`. */
export function returnWords({ number, state, records, why }: Return): string {
  const which = {
    rejected: 'which was rejected',
    quarantined: 'which is in quarantine',
    'awaiting-review': 'which awaits review',
  }[state];
  const of = `version ${number}, ${which}`;
  if (why === 'records') return `${records} records of ${of}`;
  if (why === 'schema') return `a schema that is new since ${of}: its records cannot be told`;
  return `${of}, was not compared`;
}

/** The first of them that fit into one comparison. */
function fitting(refused: readonly RefusedVersion[]): readonly RefusedVersion[] {
  let rows = 0;
  return refused.slice(0, MOST_VERSIONS).filter((each) => {
    const more = each.rows + each.known.reduce((sum, known) => sum + known.rows, 0);
    if (rows + more > MOST_ROWS) return false;
    rows += more;
    return true;
  });
}

/** Writes each leaf file once; gives its place among them, null where it is gone or damaged. */
function createFiles(place: Workplace, signal: AbortSignal | undefined) {
  const files: string[] = [];
  const places = new Map<string, Promise<number | null>>();
  async function fetch(sha256: string): Promise<number | null> {
    try {
      const path = await place.fetch(sha256, `refused-${sha256}`);
      return files.push(path) - 1;
    } catch (error) {
      if (signal?.aborted) throw error;
      return null;
    }
  }
  return {
    files,
    at(sha256: string): Promise<number | null> {
      const found = places.get(sha256) ?? fetch(sha256);
      places.set(sha256, found);
      return found;
    },
  };
}

/** Whether a version brings back records of versions that are kept from use, whatever came in between. */
export function createReturning({ store }: { readonly store: ReturnsStore }) {
  async function count(
    refused: readonly RefusedVersion[],
    { place, leaves, options }: { place: Workplace; leaves: string; options: WorkOptions },
  ): Promise<ComparedReturns> {
    const { files, at } = createFiles(place, options.signal);
    const asked: { version: RefusedVersion; was: number; known: number[] }[] = [];
    for (const version of fitting(refused)) {
      const was = await at(version.leaves);
      if (was === null) continue;
      const known: number[] = [];
      for (const each of version.known) {
        const found = await at(each.leaves);
        if (found !== null) known.push(found);
      }
      asked.push({ version, was, known });
    }
    if (asked.length === 0) return { with: new Set(), returns: [] };
    const limits = { ...options.limits, timeMs: TIME_MS };
    const pairs = asked.map(({ was, known }) => ({ was, known }));
    const { counts } = await work(
      { is: 'returns', now: leaves, files, refused: pairs },
      { ...options, limits },
    );
    const returns = asked.flatMap(({ version: { id: of, number, state } }, place): Return[] => {
      const { own, back } = counts[place] ?? { own: 0, back: 0 };
      if (back < Math.max(1, own * MOST_BACK)) return [];
      return [{ of, number, state, records: back, why: 'records' }];
    });
    return { with: new Set(asked.map(({ version }) => version.id)), returns };
  }

  return Object.freeze({
    /** Compares hashes, in the process that reads. */
    async compare(
      version: StoredVersion,
      {
        found,
        ...at
      }: {
        readonly place: Workplace;
        readonly leaves: string;
        readonly options: WorkOptions;
        readonly found: Pick<Hashed, 'schemaDigest'>;
      },
    ): Promise<ComparedReturns> {
      const refused = await store.refused(version);
      const alike = refused.filter(({ schemaDigest }) => schemaDigest === found.schemaDigest);
      try {
        return await count(alike, at);
      } catch (error) {
        // Too much for the process: they count as not compared.
        if (error instanceof ContentRefused) return { with: new Set(), returns: [] };
        throw error;
      }
    },

    /** Keeps what comes back, in the transaction that settles the version. What was not compared is held against it. */
    async keep(
      version: StoredVersion,
      compared: ComparedReturns,
      schemaDigest: string | null,
      tx: Database,
    ): Promise<readonly Return[]> {
      const refused = await store.refused(version, tx);
      const missed = refused.filter(
        (each) =>
          each.schemaDigest === schemaDigest &&
          each.state !== 'awaiting-review' &&
          !compared.with.has(each.id),
      );
      const since = schemaDigest === null ? undefined : await store.schemaSince(version, schemaDigest, tx);
      const all: Return[] = [
        ...compared.returns,
        ...missed
          .slice(0, 1)
          .map(
            ({ id: of, number, state }): Return => ({ of, number, state, records: null, why: 'too-many' }),
          ),
        ...(since === undefined
          ? []
          : [
              {
                of: since.id,
                number: since.number,
                state: since.state,
                records: null,
                why: 'schema',
              } as const,
            ]),
      ];
      await store.insert(version.id, all, tx);
      return all;
    },
  });
}
export type Returning = ReturnType<typeof createReturning>;
