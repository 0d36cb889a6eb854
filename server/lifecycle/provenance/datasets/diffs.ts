import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DatasetDiff, DatasetDiffRecords } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { ContentRefused } from '../confined/errors.ts';
import { type Laying, limitsFor, type Workplace } from './laying.ts';
import { type StoredVersion, summaryOf } from './model.ts';
import type { Reads } from './reads.ts';
import type { Versions } from './versions.ts';
import type { VersionStore } from './versions-store.ts';
import { type WorkOptions, work } from './worker/process.ts';
import type { Compared, Picked, Readable } from './worker/protocol.ts';

export interface DiffDeps {
  readonly versions: VersionStore;
  readonly findRead: Versions['findRead'];
  readonly reads: Reads;
  readonly laying: Laying;
  readonly config: { readonly maxUploadBytes: number };
}

interface Asked {
  readonly from: string;
  readonly to: string;
  readonly key?: string | undefined;
  readonly limit: number;
  /** Why keys are read; empty where nobody said. */
  readonly purpose: string;
  readonly signal: AbortSignal;
}
interface AskedRecords {
  readonly from: string;
  readonly to: string;
  readonly was: readonly number[];
  readonly now: readonly number[];
  readonly purpose: string;
  readonly signal: AbortSignal;
}
type Read = Awaited<ReturnType<Versions['findRead']>>;

const DIFF_MS = 10 * 60_000;
const RECORDS_MS = 120_000;
/** Comparisons that this server makes at once. */
const AT_ONCE = 2;
/** Characters of a key that are recorded. */
const MOST_OF_KEY = 500;
const WITHHELD =
  'Which records differ is for those who may read records (data.content): who may push could test guesses with it.';
const KINDS = ['added', 'removed', 'changed', 'moved'] as const;

/** Names of columns, separated by commas; a comma in a name is written twice. */
export function keysOf(key: string | undefined): string[] {
  if (key === undefined || key === '') return [];
  return key
    .replaceAll(',,', '\0')
    .split(',')
    .map((name) => name.replaceAll('\0', ','));
}

function schemaDifference(was: Schema, now: Schema): DatasetDiff['schema'] {
  const typeOf = (type: unknown): string => JSON.stringify(type);
  const before = new Map(was.columns.map(({ name, type }) => [name, typeOf(type)]));
  const after = new Set(now.columns.map(({ name }) => name));
  return {
    added: now.columns.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    removed: was.columns.filter(({ name }) => !after.has(name)).map(({ name }) => name),
    retyped: now.columns
      .filter(({ name, type }) => before.has(name) && before.get(name) !== typeOf(type))
      .map(({ name }) => name),
  };
}

function demandKeyRight({ permissions }: Principal): void {
  if (permissions.has('data.content')) return;
  throw new AppError('forbidden', 'comparing by a key needs the permission data.content', {
    hint: 'It tells which records hold which keys. Leave the key out to see how many records differ.',
  });
}

/**
 * Differences of versions, record by record: counts for whoever sees the dataset; places and columns, and what lies at
 * the places, for those who may read records. Who may push could else read a version by pushing guesses. Reading keys
 * and reading records are recorded.
 */
export function createDiffs({ versions, findRead, reads, laying, config }: DiffDeps) {
  let running = 0;

  const schemaOf = async (version: StoredVersion): Promise<Schema> =>
    ((await versions.measured(version.id))?.schema ?? { columns: [] }) as Schema;

  async function contentOf(version: StoredVersion, place: Workplace, name: string): Promise<Readable> {
    const files = await versions.files(version.id);
    const path = await place.below(name, version, files);
    return { path, format: version.format, options: version.options, schema: await schemaOf(version) };
  }

  async function byPlace(was: Read, now: Read, options: WorkOptions & { limit: number }): Promise<Compared> {
    const place = await laying.begin(options.signal);
    try {
      const before = await place.fetch(was.leaves, 'was');
      const after = await place.fetch(now.leaves, 'now');
      const task = { is: 'compare', was: before, now: after, limit: options.limit } as const;
      const compared = await work(task, { ...options, folder: place.folder });
      const schema = schemaDifference(await schemaOf(was.version), await schemaOf(now.version));
      const same = compared.same && was.schemaDigest === now.schemaDigest;
      return { ...compared, same, schema };
    } finally {
      await place.remove();
    }
  }

  async function byKey(
    was: Read,
    now: Read,
    keys: readonly string[],
    options: WorkOptions & { limit: number },
  ): Promise<Compared> {
    const place = await laying.begin(options.signal);
    try {
      const before = await contentOf(was.version, place, 'was');
      const after = await contentOf(now.version, place, 'now');
      const task = { is: 'keyed', was: before, now: after, keys, limit: options.limit } as const;
      const compared = await work(task, { ...options, folder: place.folder });
      const { removed, changed } = compared.counts;
      return { ...compared, counts: { ...compared.counts, unchanged: was.rows - removed - changed } };
    } finally {
      await place.remove();
    }
  }

  function demandContent({ version }: Read): void {
    if (version.storage === 'value' && version.contentRemovedAt === null) return;
    throw new AppError(
      'gone',
      `the content of version ${version.number} is not here, so that it has no keys`,
      {
        hint: 'Leave the key out: versions are then compared by the hashes of their records.',
      },
    );
  }

  /** Lets few be read at once; what the content is to blame for becomes `blamed`. */
  async function oneOfFew<T>(
    task: () => Promise<T>,
    blamed: (error: ContentRefused) => AppError,
  ): Promise<T> {
    if (running >= AT_ONCE)
      throw new AppError('too_many_requests', 'other versions are being compared', {
        hint: 'Try again in a moment.',
        retryAfterMs: 5_000,
      });
    running += 1;
    try {
      return await task();
    } catch (error) {
      throw error instanceof ContentRefused ? blamed(error) : error;
    } finally {
      running -= 1;
    }
  }

  async function pickOf(
    { version }: Read,
    rows: readonly number[],
    signal: AbortSignal,
  ): Promise<Picked | null> {
    if (rows.length === 0) return null;
    const place = await laying.begin(signal);
    try {
      const content = await contentOf(version, place, 'content');
      const limits = limitsFor(config, RECORDS_MS);
      return await work({ is: 'pick', content, rows }, { folder: place.folder, limits, signal });
    } finally {
      await place.remove();
    }
  }

  async function compare(was: Read, now: Read, { key, limit, signal }: Asked): Promise<Compared> {
    const keys = keysOf(key);
    const options = { folder: '', limits: limitsFor(config, DIFF_MS), signal, limit };
    return keys.length === 0 ? await byPlace(was, now, options) : await byKey(was, now, keys, options);
  }

  /** Nothing where there is no key; else the keys of both versions are read, on record. */
  async function demandKeys(
    principal: Principal,
    [was, now]: readonly [Read, Read],
    { key, purpose }: Asked,
  ): Promise<void> {
    const keys = keysOf(key);
    if (keys.length === 0) return;
    demandContent(was);
    demandContent(now);
    for (const [{ version }, beside] of [
      [was, now],
      [now, was],
    ] as const)
      await reads.demand(principal, version, {
        purpose,
        what: {
          what: 'keys',
          key: keys.join(', ').slice(0, MOST_OF_KEY),
          comparedWith: beside.version.number,
        },
      });
  }

  return Object.freeze({
    /** Counts for whoever sees the dataset. AppError `forbidden` for a key without data.content. */
    async between(principal: Principal, dataset: string, asked: Asked): Promise<DatasetDiff> {
      if (keysOf(asked.key).length > 0) demandKeyRight(principal);
      const was = await findRead(principal, { dataset, version: asked.from });
      const now = await findRead(principal, { dataset, version: asked.to });
      await demandKeys(principal, [was, now], asked);
      const limit = principal.permissions.has('data.content') ? asked.limit : 0;
      const { same, counts, schema, entries } = await oneOfFew(
        () => compare(was, now, { ...asked, limit }),
        (error) => new AppError('invalid_input', error.message, { cause: error }),
      );
      const complete = KINDS.every((kind) => counts[kind] <= limit);
      return {
        from: summaryOf(was.version),
        to: summaryOf(now.version),
        key: keysOf(asked.key),
        same,
        counts,
        schema,
        entries: [...entries],
        withheld: complete || principal.permissions.has('data.content') ? null : WITHHELD,
        complete,
      };
    },

    /** What lies at places that a diff named. Each version that is read of is one read on record. */
    async records(principal: Principal, dataset: string, asked: AskedRecords): Promise<DatasetDiffRecords> {
      const { purpose, signal } = asked;
      if (asked.was.length + asked.now.length === 0)
        throw new AppError('invalid_input', 'no rows are named', { hint: 'Name some: was=3,17 or now=4.' });
      const was = await findRead(principal, { dataset, version: asked.from });
      const now = await findRead(principal, { dataset, version: asked.to });
      const sides = [
        { read: was, rows: inside(was, asked.was), beside: now.version.number },
        { read: now, rows: inside(now, asked.now), beside: was.version.number },
      ] as const;
      for (const { read, rows, beside } of sides)
        if (rows.length > 0)
          await reads.demand(principal, read.version, {
            purpose,
            what: { what: 'records', records: rows.length, rows: rows.join(','), comparedWith: beside },
          });
      return await oneOfFew(
        async () => {
          const before = await pickOf(was, sides[0].rows, signal);
          const after = await pickOf(now, sides[1].rows, signal);
          return { was: before, now: after } as DatasetDiffRecords;
        },
        (error) =>
          new AppError('unavailable', `the stored content cannot be read: ${error.message}`, {
            hint: 'Verify the version: it may have been changed.',
            cause: error,
          }),
      );
    },
  });
}

const inside = ({ rows }: Read, places: readonly number[]): number[] =>
  places.filter((row) => row < rows).toSorted((a, b) => a - b);

export type Diffs = ReturnType<typeof createDiffs>;
