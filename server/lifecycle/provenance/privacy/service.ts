import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  draw,
  expire,
  type Ledger,
  type LedgerEntry,
  type LedgerStep,
  release as ledgerRelease,
  PrivacyInputError,
  type Reservation,
  readStatisticRequest,
  releaseCost,
  releaseStatistic,
  reserve,
} from '@bartizan/checks/privacy/index.ts';
import type { PrivacyBudget, PrivateQuery, PrivateRelease } from '@bartizan/contracts';
import type { Actor, AuditLog, RecordedEntries } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { afterOf, positionOf } from '../datasets/paging.ts';
import type { DatasetsPort, GovernancePort } from '../ports.ts';
import { type DpSgd, spendOfTraining } from './accounting.ts';
import { ledgerOf, neighboursOf, reopened, termsOf, viewOf } from './books.ts';
import { valuesOf } from './columns.ts';
import { demandLedger, type LedgerPart, ledgerAudit, releaseDigest } from './recorded.ts';
import { answerOf, statisticOf } from './statistics.ts';
import type { Answer, PrivacyStore, StoredRelease } from './store.ts';

export interface PrivacyDeps {
  readonly database: Database;
  readonly store: PrivacyStore;
  readonly audit: Pick<AuditLog, 'record' | 'recordMany'>;
  readonly recorded: Pick<RecordedEntries, 'history'>;
  readonly clock: Clock;
  readonly datasets: Pick<DatasetsPort, 'find' | 'version' | 'records'>;
  readonly governance: Pick<GovernancePort, 'mayUse' | 'custody'>;
}

const refused = (step: Extract<LedgerStep, { ok: false }>): AppError =>
  new AppError('conflict', step.message, {
    hint:
      step.reason === 'over-budget'
        ? 'Ask with a smaller ε, or have somebody with data.manage raise the budget.'
        : 'Ask again under another request id.',
  });

function taken(step: LedgerStep): Extract<LedgerStep, { ok: true }> {
  if (step.ok) return step;
  throw refused(step);
}

function viewOfRelease({ answer, ...release }: StoredRelease & { readonly answer: Answer }): PrivateRelease {
  return { ...release, ...answer };
}

/** Wrong words of an asker, as such. */
function asked<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PrivacyInputError)) throw error;
    throw new AppError('invalid_input', error.message, { cause: error });
  }
}

/** Releases whose records are read at once by this server: each takes a process, and holds a column. */
const AT_ONCE = 2;

/** Statistics with differential privacy, each paid from the budget of its dataset. */
export function createPrivacy(deps: PrivacyDeps) {
  const { database, store, audit, recorded, clock, datasets, governance } = deps;
  let reading = 0;

  async function opened(datasetId: string, tx: Database): Promise<{ id: string; ledger: Ledger }> {
    const { id, entries } = await store.ledger(datasetId, tx);
    const ledger = ledgerOf(entries);
    if (id !== null && ledger !== null) return { id, ledger };
    throw new AppError('conflict', 'nothing is released of this dataset: it has no privacy budget', {
      hint: 'Somebody with data.manage sets one under Private statistics.',
    });
  }

  /** Appends to a ledger, and tells the audit log what. Entries that the log does not hold yet are told with them. */
  async function append(
    actor: Actor,
    { datasetId, ledger, entries }: LedgerPart,
    tx: Database,
    before: readonly LedgerEntry[] = [],
  ): Promise<void> {
    await store.append(ledger, entries, clock.now(), tx);
    await audit.recordMany(ledgerAudit(actor, { datasetId, ledger, entries: [...before, ...entries] }), tx);
  }

  interface Step {
    readonly actor: Actor;
    readonly datasetId: string;
    readonly take: (ledger: Ledger) => LedgerStep;
  }

  /** Takes a step in the newest ledger, in one transaction that no other release of the dataset enters. */
  async function step(
    { actor, datasetId, take }: Step,
    also?: (tx: Database) => Promise<void>,
  ): Promise<void> {
    await database.transaction().execute(async (tx) => {
      await store.lock(datasetId, tx);
      const { id, ledger } = await opened(datasetId, tx);
      await append(actor, { datasetId, ledger: id, entries: taken(take(ledger)).entries }, tx);
      await also?.(tx);
    });
  }

  /** The first step of a release, from a ledger that is what the audit log holds. */
  async function reserveIn(actor: Actor, datasetId: string, reservation: Reservation): Promise<void> {
    await database.transaction().execute(async (tx) => {
      await store.lock(datasetId, tx);
      const log = await demandLedger({ database: tx, recorded }, datasetId);
      const { id, ledger } = await opened(datasetId, tx);
      const { entries } = taken(reserve(ledger, reservation));
      const unheld = log.id === null ? ledger.entries : [];
      await append(actor, { datasetId, ledger: id, entries }, tx, unheld);
    });
  }

  interface Asked {
    readonly query: PrivateQuery;
    readonly requestId: string;
    readonly purpose: string;
    readonly signal: AbortSignal;
  }

  async function release(
    principal: Principal,
    dataset: string,
    { query, requestId, purpose, signal }: Asked,
  ): Promise<PrivateRelease> {
    const version = await datasets.version(principal, dataset, query.version);
    const { datasetId } = version;
    if (version.state !== 'ready' || version.quarantined)
      throw new AppError('conflict', 'this version is not in use: it is not ready, or in quarantine');
    await governance.mayUse(principal, version, purpose);
    const input = statisticOf(query);
    const statistic = asked(() => readStatisticRequest(input));
    const request = `${principal.ownerId ?? principal.id}/${requestId}`;
    const known = await store.byRequest(datasetId, request);
    if (known) return repeated(known, query);

    const { entries } = await store.ledger(datasetId);
    const terms = ledgerOf(entries)?.terms;
    const neighbours = terms?.neighbours ?? neighboursOf('add-or-remove-one');
    const cost = asked(() => releaseCost(statistic, neighbours));
    await reserveIn(principal, datasetId, { request, neighbours, cost });
    const at = { actor: principal, datasetId };

    const data = await readColumn(version.id, query, signal).catch(async (error: unknown) => {
      await step({ ...at, take: (ledger) => expire(ledger, request) });
      throw error;
    });
    const id = uuidv7(clock.now());
    const begun = { id, query, purpose, createdBy: principal.name, createdAt: clock.now() };
    // From here on it is spent, whatever becomes of it.
    await step({ ...at, take: (ledger) => draw(ledger, request) }, (tx) =>
      store.begin(datasetId, request, begun, tx),
    );
    const answer = answerOf(
      asked(() => releaseStatistic(input, data, { random: { bytes: randomBytes }, neighbours })),
    );
    await step({ ...at, take: (ledger) => ledgerRelease(ledger, request) }, async (tx) => {
      await store.answer(id, answer, tx);
      const digest = releaseDigest({ ...begun, answer });
      const detail = { number: version.number, query, spent: answer.spent, purpose, release: id, digest };
      const subject = `dataset:${datasetId}`;
      await audit.record({ actor: principal, action: 'data.statistic-released', subject, detail }, tx);
      await governance.custody(
        {
          datasetId,
          versionId: version.id,
          action: 'released',
          actor: principal,
          reason: purpose,
          audit: 'data.statistic-released',
          detail: { statistic: query.kind, epsilon: answer.spent.epsilon },
        },
        tx,
      );
    });
    return viewOfRelease({ ...begun, answer });
  }

  function repeated(known: StoredRelease, query: PrivateQuery): PrivateRelease {
    if (!isDeepStrictEqual(known.query, query))
      throw new AppError('conflict', 'this request id was used for another question', {
        hint: 'Ask under another request id.',
      });
    if (known.answer !== null) return viewOfRelease({ ...known, answer: known.answer });
    throw new AppError(
      'conflict',
      'noise was drawn for this request and the answer was lost: it stays spent',
      {
        hint: 'Ask again under another request id; that is paid again.',
      },
    );
  }

  async function readColumn(versionId: string, query: PrivateQuery, signal: AbortSignal) {
    if (reading >= AT_ONCE)
      throw new AppError('too_many_requests', 'other statistics are being worked out', {
        hint: 'Ask again in a moment; nothing was spent.',
        retryAfterMs: 2_000,
      });
    reading += 1;
    try {
      return await readValues(versionId, query, signal);
    } finally {
      reading -= 1;
    }
  }

  async function readValues(versionId: string, query: PrivateQuery, signal: AbortSignal) {
    const data = await datasets.records(versionId, signal);
    try {
      const isCategory = query.kind === 'histogram' || (query.kind === 'count' && query.column !== undefined);
      return await valuesOf(
        data,
        query.column,
        isCategory ? 'category' : 'number',
        query.kind === 'count' ? query.value : undefined,
      );
    } finally {
      await data.close();
    }
  }

  return Object.freeze({
    release,

    async budget(viewer: Viewer, dataset: string) {
      const { id } = await datasets.find(viewer, dataset);
      return await database.transaction().execute(async (tx) => {
        await store.lock(id, tx);
        await demandLedger({ database: tx, recorded }, id);
        const { entries } = await store.ledger(id, tx);
        return viewOf(ledgerOf(entries), await store.count(id, tx));
      });
    },

    /** A budget may be raised or lowered, but not below what was spent. */
    async setBudget(principal: Principal, dataset: string, budget: PrivacyBudget) {
      const { id } = await datasets.find(principal, dataset);
      await database.transaction().execute(async (tx) => {
        await store.lock(id, tx);
        await demandLedger({ database: tx, recorded }, id);
        const { entries } = await store.ledger(id, tx);
        const before = ledgerOf(entries);
        const ledger = asked(() => reopened(before, termsOf(budget)));
        const atMs = clock.now();
        const ledgerId = await store.open(id, { name: principal.name, atMs }, tx);
        const told = { datasetId: id, ledger: ledgerId, entries: ledger.entries };
        await append(principal, told, tx);
        const detail = { ...budget, before: before?.terms.epsilon ?? null, ledger: ledgerId };
        const subject = `dataset:${id}`;
        await audit.record({ actor: principal, action: 'data.privacy-budget-set', subject, detail }, tx);
        await governance.custody(
          {
            datasetId: id,
            versionId: null,
            action: 'changed',
            actor: principal,
            reason: '',
            audit: 'data.privacy-budget-set',
            detail: { budget: budget.epsilon },
          },
          tx,
        );
      });
      const { entries } = await store.ledger(id);
      return viewOf(ledgerOf(entries), await store.count(id));
    },

    async releases(
      viewer: Viewer,
      dataset: string,
      { cursor, limit }: { cursor?: string | undefined; limit: number },
    ) {
      const { id } = await datasets.find(viewer, dataset);
      const found = await store.page(id, afterOf(cursor), limit + 1);
      const items = found.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.flatMap((item) =>
          item.answer === null ? [] : [viewOfRelease({ ...item, answer: item.answer })],
        ),
        next: found.length > limit && last ? positionOf({ at: last.createdAt, id: last.id }) : null,
      };
    },

    account: (training: DpSgd) => spendOfTraining(training),
  });
}
export type Privacy = ReturnType<typeof createPrivacy>;
