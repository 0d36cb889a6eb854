import type { LaidModel } from '@bartizan/checks/text/injection/model/folders.ts';
import type { DetectorComparison, DetectorComparisonChange } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import { within } from '../../within.ts';
import { speakerOf } from '../actor.ts';
import { createDatasetStore } from '../datasets/store.ts';
import type { Live } from '../models/live.ts';
import type { ModelService } from '../models/service.ts';
import { afterOf, numberOf, positionOf } from '../paging.ts';
import type { DetectorDeps } from '../ports.ts';
import type { Sealing } from '../sealing.ts';
import type { DemandAll } from '../whole.ts';
import { comparisonQueue } from './queue.ts';
import { compare } from './run.ts';
import { type ComparisonRow, createComparisonStore } from './store.ts';
import { ComparisonFailed, createRunner, type Runner } from './worker/process.ts';

export interface ComparisonDeps
  extends Pick<DetectorDeps, 'database' | 'audit' | 'clock' | 'ports' | 'jobs' | 'logger'> {
  readonly models: Pick<ModelService, 'known' | 'lay'>;
  readonly live: Pick<Live, 'now'>;
  readonly demandAll: DemandAll;
  readonly sealing: Pick<Sealing, 'open'>;
}

export type { Compared } from './store.ts';

const OPEN = ['waiting', 'running'] as const;
const COMPARED = 'a comparison reads what was recorded of';

/** What was compared on nothing was not compared. */
const NOTHING =
  'there was no text to judge: among the interactions looked at, none has a kept text by a user or a third party';

const noSuchComparison = (): AppError =>
  new AppError('not_found', 'there is no such comparison', {
    hint: 'List the comparisons to see their ids.',
  });

/** Comparisons of a candidate with the live model, in the background: neither decides anything meanwhile. */
export function createComparisonService(deps: ComparisonDeps) {
  const { database, audit, clock, ports, jobs, models, live, sealing, demandAll } = deps;
  const store = createComparisonStore(database);
  const corrected = createDatasetStore(database, sealing);

  async function shown(rows: readonly ComparisonRow[]): Promise<DetectorComparison[]> {
    const running = rows.filter(({ state }) => state === 'running').map(({ id }) => id);
    const progress =
      running.length === 0 ? new Map<string, never>() : await jobs.progressOf(comparisonQueue, running);
    return rows.map(({ byId, byName, at, ...row }) => {
      const far = progress.get(row.id);
      return {
        ...row,
        requestedBy: { id: byId, name: byName },
        requestedAt: at,
        progress: far ? { done: far.done, total: far.total } : null,
      };
    });
  }

  async function get(id: string): Promise<DetectorComparison> {
    const row = await store.find(id);
    const [one] = row ? await shown([row]) : [];
    if (one) return one;
    throw noSuchComparison();
  }

  const send = (id: string, tx = database) =>
    jobs.send(comparisonQueue, { comparisonId: id }, { key: id, within: tx });

  const failed = (id: string, message: string) =>
    store.move(id, OPEN, { state: 'failed', message, finishedAt: clock.now(), result: null });

  async function attempt(row: ComparisonRow, { signal, progress }: Job<unknown>): Promise<void> {
    const laid: (LaidModel | null)[] = [];
    let runner: Runner | null = null;
    try {
      for (const sha256 of [row.liveSha256, row.candidateSha256]) laid.push(await models.lay(sha256));
      runner = createRunner({ live: laid[0]?.folder ?? null, candidate: laid[1]?.folder ?? null, signal });
      const { result, changes } = await compare({
        runner,
        recordings: ports.recordings({ sight: '*', limit: row.sample, signal }),
        corrections: corrected.settled(clock.now()),
        signal,
        onProgress: (done) => progress({ done, total: row.sample, detail: {} }),
      });
      signal.throwIfAborted();
      if (result.texts.user + result.texts.third_party === 0) throw new ComparisonFailed(NOTHING);
      await within(database, async (tx) => {
        const to = { state: 'done', message: '', finishedAt: clock.now(), result } as const;
        if (await store.move(row.id, ['running'], to, tx)) await store.keepChanges(row.id, changes, tx);
      });
    } finally {
      runner?.close();
      for (const one of laid) await one?.release();
    }
  }

  async function work(job: Job<{ comparisonId: string }>): Promise<void> {
    const row = await store.find(job.payload.comparisonId);
    if (!row) return;
    const begun = { state: 'running', message: '', finishedAt: null, result: null } as const;
    if (!(await store.move(row.id, OPEN, begun))) return;
    try {
      await attempt(row, job);
    } catch (error) {
      if (job.signal.aborted) throw error;
      if (error instanceof ComparisonFailed || error instanceof AppError) {
        await failed(row.id, error.message);
        return;
      }
      if (job.last) await failed(row.id, 'it broke off again and again; the server’s log says why');
      throw error;
    }
  }

  jobs.work(comparisonQueue, work);

  return Object.freeze({
    get,

    async list(query: {
      readonly cursor?: string | undefined;
      readonly limit: number;
      readonly candidate?: string | undefined;
    }) {
      const { cursor, limit, ...filter } = query;
      const rows = await store.list(filter, afterOf(cursor), limit + 1);
      const last = rows.slice(0, limit).at(-1);
      return {
        items: await shown(rows.slice(0, limit)),
        next: rows.length > limit && last ? positionOf(last) : null,
      };
    },

    /** Throws `conflict` where the candidate is live already, or is being compared with the live model now. */
    async create(caller: Principal, ref: string, sample: number): Promise<DetectorComparison> {
      await demandAll(caller, COMPARED);
      const { name: candidate, sha256: candidateSha256 } = await models.known(ref);
      const { name: liveName, sha256: liveSha256 } = await live.now();
      if (candidateSha256 === liveSha256) {
        throw new AppError('conflict', `"${candidate}" is live itself`, { hint: 'Name another model.' });
      }
      const busy = await store.underWay(candidateSha256, liveSha256);
      if (busy !== null) {
        throw new AppError('conflict', 'these two are being compared already', {
          hint: `Wait for the comparison ${busy}, or cancel it.`,
        });
      }
      const at = clock.now();
      const id = uuidv7(at);
      const { id: byId, name: byName } = speakerOf(caller);
      const row = {
        id,
        candidate,
        candidateSha256,
        live: liveName,
        liveSha256,
        state: 'waiting',
        message: '',
        sample,
        byId,
        byName,
        at,
      } as const;
      await within(database, async (tx) => {
        await store.add({ ...row, finishedAt: null, result: null }, tx);
        const subject = `detector-model:${candidate}`;
        const detail = { comparison: id, candidateSha256, live: liveName, liveSha256, sample };
        await audit.record({ actor: caller, action: 'detector.compared', subject, detail }, tx);
        await send(id, tx);
      });
      jobs.wake(comparisonQueue);
      return await get(id);
    },

    async cancel(caller: Principal, id: string): Promise<DetectorComparison> {
      await demandAll(caller, COMPARED);
      await get(id);
      await within(database, async (tx) => {
        const to = { state: 'cancelled', message: '', finishedAt: clock.now(), result: null } as const;
        if (!(await store.move(id, OPEN, to, tx))) {
          throw new AppError('conflict', 'this comparison has ended already');
        }
        const subject = `detector-comparison:${id}`;
        await audit.record(
          { actor: caller, action: 'detector.comparison_cancelled', subject, detail: {} },
          tx,
        );
      });
      await jobs.cancel(comparisonQueue, id);
      return await get(id);
    },

    async changes(
      caller: Principal,
      id: string,
      query: { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ items: DetectorComparisonChange[]; next: string | null }> {
      if (!(await store.find(id))) throw noSuchComparison();
      const page = { after: numberOf(query.cursor) ?? -1, limit: query.limit + 1 };
      const rows = await store.changes(id, await ports.sightOf(caller), page);
      const items = rows.slice(0, query.limit);
      return {
        items: items.map(({ place: _place, ...change }) => change),
        next: rows.length > query.limit ? String(items.at(-1)?.place ?? 0) : null,
      };
    },

    between: store.between,

    /** Queues again what lost its job, such as after a restore. */
    async resume(): Promise<void> {
      const open = await store.waiting();
      if (open.length === 0) return;
      const alive = await jobs.alive(comparisonQueue, open);
      for (const id of open) if (!alive.has(id)) await send(id);
    },
  });
}
export type ComparisonService = ReturnType<typeof createComparisonService>;
