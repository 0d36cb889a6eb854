import { createHash } from 'node:crypto';
import type { CorrectionDataset } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import { demandStepUp } from '../../../platform/http/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { within } from '../../within.ts';
import { speakerOf } from '../actor.ts';
import { numberOf } from '../paging.ts';
import type { DetectorDeps } from '../ports.ts';
import { NO_DAY, type Sealing } from '../sealing.ts';
import type { DemandAll } from '../whole.ts';
import { rowOf } from './rows.ts';
import { createDatasetStore, type DatasetRow, type Settled } from './store.ts';

export interface DatasetDeps extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'objects'> {
  readonly sealing: Sealing;
  readonly demandAll: DemandAll;
}

/** A line of the stored object: a row sealed with the key of the correction `of`, which expires at `at`. */
interface SealedLine {
  readonly at: number | null;
  /** Absent from objects of before, whose rows are sealed with the key of a `day`. */
  readonly of?: string;
  readonly day?: number;
  readonly sealed: string;
}

const CHUNK_CHARS = 64 * 1024;

const contextOf = (id: string, index: number): string => `detector-dataset:${id}:${index}`;

/** What is counted and hashed while the rows go by. */
function createTally() {
  const digest = createHash('sha256');
  const expiries: Record<string, number> = {};
  const counts = { label: {}, kind: {}, origin: {}, lang: {} } as Record<
    'label' | 'kind' | 'origin' | 'lang',
    Record<string, number>
  >;
  const of: string[] = [];
  const one = (into: Record<string, number>, name: string): void => {
    into[name] = (into[name] ?? 0) + 1;
  };
  return {
    add(line: string, { id, label, kind, origin, lang, expiresAt }: Settled): void {
      digest.update(line);
      of.push(id);
      one(expiries, expiresAt === null ? '' : String(expiresAt));
      one(counts.label, label);
      one(counts.kind, kind);
      one(counts.origin, origin);
      one(counts.lang, lang ?? 'und');
    },
    done: () => ({ digest: digest.digest('hex'), of, rows: of.length, expiries, counts }),
  };
}

function toDataset(row: DatasetRow): CorrectionDataset {
  const { id: _id, objectSha256: _object, expiries: _expiries, byId, byName, digest, ...rest } = row;
  return { ...rest, sha256: digest, by: { id: byId, name: byName } };
}

/** Lines of a stored object, in order. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

/** Versions of the dataset of corrections: made once, never changed, readable as long as retention allows. */
export function createDatasetService(deps: DatasetDeps) {
  const { database, audit, clock, objects, sealing, demandAll } = deps;
  const store = createDatasetStore(database, sealing);

  async function find(version: number): Promise<DatasetRow> {
    const row = await store.find(version, clock.now());
    if (row) return row;
    throw new AppError('not_found', `there is no version ${version} of the dataset of corrections`, {
      hint: 'List the versions to see which there are.',
    });
  }

  async function* sealedLines(
    id: string,
    nowMs: number,
    tally: ReturnType<typeof createTally>,
  ): AsyncGenerator<Uint8Array, void> {
    let index = 0;
    for await (const one of store.settled(nowMs)) {
      const line = `${JSON.stringify(rowOf(one))}\n`;
      const sealed = await sealing.sealRow(one.id, line, contextOf(id, index));
      // Withdrawn while the dataset is made.
      if (sealed === null) continue;
      tally.add(line, one);
      index += 1;
      const kept: SealedLine = { at: one.expiresAt, of: one.id, sealed: sealed.toString('base64') };
      yield Buffer.from(`${JSON.stringify(kept)}\n`);
    }
  }

  async function* opened({ id, objectSha256 }: DatasetRow, nowMs: number): AsyncGenerator<string, void> {
    let index = -1;
    for await (const line of linesOf(objects.open(objectSha256))) {
      index += 1;
      const { at, of, day, sealed } = JSON.parse(line) as SealedLine;
      if (at !== null && at <= nowMs) continue;
      const [bytes, context] = [Buffer.from(sealed, 'base64'), contextOf(id, index)];
      const text = await (of === undefined
        ? sealing.open(day ?? NO_DAY, bytes, context)
        : sealing.openRow(of, bytes, context));
      if (text !== null) yield text;
    }
  }

  return Object.freeze({
    async list(query: { readonly cursor?: string | undefined; readonly limit: number }) {
      const rows = await store.list(numberOf(query.cursor), query.limit + 1, clock.now());
      const items = rows.slice(0, query.limit);
      const next = rows.length > query.limit ? String(items.at(-1)?.version) : null;
      return { items: items.map((row) => toDataset(row)), next };
    },

    get: async (version: number): Promise<CorrectionDataset> => toDataset(await find(version)),

    /** Throws `conflict` where nothing is settled, or nothing changed since the last version. */
    async create(caller: Principal, note: string): Promise<CorrectionDataset> {
      await demandAll(caller, 'a dataset of corrections holds content of');
      const at = clock.now();
      const id = uuidv7(at);
      const tally = createTally();
      const stored = await objects.put(sealedLines(id, at, tally));
      const { digest, of, rows, expiries, counts } = tally.done();
      if (rows === 0) {
        throw new AppError('conflict', 'there are no settled corrections to make a dataset of', {
          hint: 'Correct verdicts first, and settle those about which people disagree.',
        });
      }
      const [last] = await store.list(null, 1, at);
      if (last?.digest === digest) {
        throw new AppError('conflict', `nothing changed since version ${last.version}`);
      }
      const { id: byId, name: byName } = speakerOf(caller);
      const conflicting = await store.conflicting(at);
      const row = {
        id,
        digest,
        objectSha256: stored.sha256,
        rows,
        expiries,
        counts,
        conflicting,
        note: note.replaceAll('\0', '').toWellFormed(),
        byId,
        byName,
        at,
      };
      const version = await within(database, async (tx) => {
        const added = await store.add(row, of, tx);
        const detail = { version: added, rows, conflicting, sha256: digest, counts };
        const subject = `corrections:${added}`;
        await audit.record({ actor: caller, action: 'detector.dataset_made', subject, detail }, tx);
        return added;
      });
      return toDataset(await find(version));
    },

    /** The rows that have not expired, as JSON Lines; the reason is in the audit log before anything goes out. */
    async rows(caller: Principal, version: number, purpose: string): Promise<AsyncIterable<string>> {
      const row = await find(version);
      if (!caller.permissions.has('interactions.content')) {
        throw new AppError('forbidden', 'the rows are content: it needs "interactions.content" too');
      }
      demandStepUp(caller, clock.now());
      await demandAll(caller, 'a dataset of corrections holds content of');
      const { rows, readable } = toDataset(row);
      await audit.record({
        actor: caller,
        action: 'detector.dataset_exported',
        subject: `corrections:${version}`,
        detail: { purpose, rows, readable },
      });
      async function* chunks(): AsyncGenerator<string, void> {
        let chunk = '';
        for await (const line of opened(row, clock.now())) {
          chunk += line;
          if (chunk.length < CHUNK_CHARS) continue;
          yield chunk;
          chunk = '';
        }
        if (chunk !== '') yield chunk;
      }
      return chunks();
    },
  });
}
export type DatasetService = ReturnType<typeof createDatasetService>;
