import type { DataProfile, DataWatch, DataWatchSettings } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { inReach } from '../datasets/reach.ts';
import type { KnownDataset } from '../ports.ts';
import { type Known, knownOf, plainLine } from '../scans/masking.ts';
import type { DataWatchDeps } from './deps.ts';
import type { ExposureStore } from './exposures-store.ts';
import { LEARNS_ANEW, looseningOf, standingLoosenings, withLoosening } from './loosening.ts';
import { LEARNING_DAYS, standingsOf, type WatchMemory } from './memory.ts';
import { dayTold, demandGroups, shownNames, sourceTold } from './names.ts';
import type { StoredAlarm, StoredCount, StoredDay, StoredWatch, WatchStore } from './store.ts';
import { countWords } from './words.ts';
import { dealtWith, settled } from './worker/watching.ts';

type View = DataWatch;
const DAYS_OF_A_YEAR = 365;
/** Values that a float can say; evidence beyond it tells nothing more. */
const MOST_EVIDENCE = 1e12;

const BLIND_SPOTS = [
  'Texts are not counted, and what a column holds is counted by its commonest values or by eighths of its range.',
  `Poison that was there in the history, or that comes in a source’s first ${LEARNING_DAYS} days or batches, is taken as usual.`,
  'The budget of false alarms holds over all sources and counts together, as far as each source reports once a day and days are as alike as they were.',
] as const;

const dayOf = (day: StoredDay): View['alarms'][number]['batches'][number] => ({
  name: dayTold(day),
  at: day.at,
  version: day.version,
  records: day.records,
  evidence: Math.min(MOST_EVIDENCE, day.evidence),
});

export function createWatchService(
  deps: DataWatchDeps & {
    readonly store: WatchStore;
    readonly exposures: ExposureStore;
    readonly lookAgain: (versionIds: readonly string[]) => void;
  },
) {
  const { database, store, exposures, audit, clock, datasets, custody, lookAgain } = deps;

  async function newestProfile(datasetId: string): Promise<DataProfile | null> {
    const newest = await store.newestReady(datasetId);
    const measured = newest === undefined ? null : await datasets.profile(newest);
    return measured?.profile ?? null;
  }

  /** What may be said of a dataset to those who may not read its records: as its newest version shows it. */
  const knownValues = async (datasetId: string, columns: readonly string[]): Promise<Known> =>
    knownOf(columns, await newestProfile(datasetId));

  function wordsOf(counts: readonly StoredCount[], memory: WatchMemory | null, known: Known, names: Names) {
    const reference = memory?.reference ?? { columns: [], labels: [] };
    return counts.map(({ name, usual, now, excess, since }) => ({
      ...countWords(name, reference, known),
      usual,
      now,
      excess,
      since: names(since),
    }));
  }

  /** Name of an alarm's source as it may be told: as its days may be. */
  async function alarmSource(
    datasetId: string,
    alarm: StoredAlarm,
    memory: WatchMemory | null,
  ): Promise<string> {
    const days = await store.daysBetween(datasetId, alarm);
    const isShown = days.some(({ sourceShown }) => sourceShown);
    return sourceTold(alarm.source, isShown, memory?.sources ?? []);
  }

  async function alarmsOf(
    datasetId: string,
    memory: WatchMemory | null,
    { known, names }: { known: Known; names: Names },
  ): Promise<View['alarms']> {
    return await Promise.all(
      (await store.alarms(datasetId)).map(async (alarm: StoredAlarm) => ({
        id: alarm.id,
        source: await alarmSource(datasetId, alarm, memory),
        at: alarm.at,
        since: names(alarm.since),
        until: names(alarm.until),
        batches: (await store.daysBetween(datasetId, alarm)).map(dayOf),
        counts: wordsOf(alarm.counts, memory, known, names),
        evidence: Math.min(MOST_EVIDENCE, alarm.evidence),
        threshold: alarm.threshold,
        dealtAt: alarm.dealtAt,
        dealtBy: alarm.dealtBy,
        reason: alarm.reason,
        accepted: alarm.accepted,
      })),
    );
  }

  function sourcesOf(
    { memory, settings }: StoredWatch,
    days: readonly StoredDay[],
    { known, names }: { known: Known; names: Names },
  ): View['sources'] {
    if (memory === null) return [];
    const state = settled(memory, settings.falseAlarmsPerYear);
    const shown = shownNames(settings, known);
    const isShown = (source: string): boolean =>
      shown.source(source) || days.some((day) => day.source === source && day.sourceShown);
    return standingsOf(state).map(({ source, learnt, evidence, counts }) => ({
      source: sourceTold(source, isShown(source), memory.sources),
      learnt: Math.min(learnt, LEARNING_DAYS),
      needed: LEARNING_DAYS,
      evidence: Math.min(MOST_EVIDENCE, evidence),
      threshold: DAYS_OF_A_YEAR / settings.falseAlarmsPerYear,
      days: days.filter((day) => day.source === source).map(dayOf),
      counts: wordsOf(counts, memory, known, names),
    }));
  }

  function stateOf(
    { settings, memory, unusable }: StoredWatch,
    label: string | null,
    sources: View['sources'],
  ): View['state'] {
    if (!settings.enabled) return 'off';
    if (label === null || unusable !== null) return 'no-label';
    if (memory === null) return 'waiting';
    return sources.some(({ learnt, needed }) => learnt >= needed) ? 'watching' : 'learning';
  }

  async function view(viewer: Viewer, dataset: KnownDataset): Promise<View> {
    const { id, label } = dataset;
    const watch = await store.find(id);
    const { memory, settings, unusable } = watch;
    const columns = memory?.reference.columns.map(({ name }) => name) ?? [];
    const [known, days, failures, reached] = await Promise.all([
      knownValues(id, columns),
      store.days(id),
      store.failures(id),
      exposures.of(id),
    ]);
    const names = namesIn(days);
    const sources = sourcesOf(watch, days, { known, names });
    return {
      datasetId: id,
      dataset: dataset.name,
      state: stateOf(watch, label, sources),
      label,
      settings,
      loosened: [...standingLoosenings(watch.loosened, settings, clock.now())],
      columns: columns.map((name) => plainLine(name, 1_000)),
      counts: memory === null ? 0 : memory.before.streams.length,
      sources,
      alarms: await alarmsOf(id, memory, { known, names }),
      exposures: reached
        .filter(({ teamId }) => inReach(viewer, teamId))
        .map(({ teamId: _team, versionId: _version, ...exposure }) => exposure),
      notes: [
        ...(unusable === null ? [] : [unusable]),
        ...failures.map(({ number, failure }) => `Version ${number} was not watched: ${failure}`),
        ...watch.notes,
        ...BLIND_SPOTS,
      ],
    };
  }

  /** Into the audit log and the chain of custody, in the transaction of the change. */
  async function note(
    actor: Principal,
    { id }: KnownDataset,
    { action, reason, detail }: { action: string; reason: string; detail: Record<string, unknown> },
    tx: Database,
  ): Promise<void> {
    await audit.record({ actor, action, subject: `dataset:${id}`, detail: { ...detail, reason } }, tx);
    await custody(
      { datasetId: id, versionId: null, action: 'changed', actor, reason, audit: action, detail },
      tx,
    );
  }

  const meanwhile = (): AppError =>
    new AppError('conflict', 'the watch changed in this moment', {
      hint: 'Look at it again, then try again.',
    });

  return Object.freeze({
    /** Also has endpoints that depend looked at again, for what they serve may have changed. */
    async get(viewer: Viewer, ref: string): Promise<View> {
      const dataset = await datasets.find(viewer, ref);
      const standing = (await exposures.of(dataset.id)).filter(({ clearedAt }) => clearedAt === null);
      lookAgain([...new Set(standing.map(({ versionId }) => versionId))]);
      return await view(viewer, dataset);
    },

    async set(
      actor: Principal,
      ref: string,
      { reason, ...settings }: DataWatchSettings & { readonly reason: string },
    ): Promise<View> {
      const dataset = await datasets.find(actor, ref);
      const profile = await newestProfile(dataset.id);
      await database.transaction().execute(async (tx) => {
        const before = await store.find(dataset.id, { tx, held: true });
        demandGroups(settings, before.settings, profile);
        const same = before.settings.batch === settings.batch && before.settings.source === settings.source;
        const what = [
          ...looseningOf(before.settings, settings),
          ...(same || before.memory === null ? [] : [LEARNS_ANEW]),
        ];
        const loosening = { at: clock.now(), by: actor.name, reason, what, before: before.settings };
        const after: StoredWatch = {
          ...before,
          settings,
          loosened: withLoosening(before.loosened, loosening),
          memory: same ? before.memory : null,
          unusable: same ? before.unusable : null,
        };
        if (!(await store.save(dataset.id, after, tx))) throw meanwhile();
        const detail = { before: before.settings, after: settings, learnsAnew: !same, loosened: what };
        await note(actor, dataset, { action: 'data.watch-changed', reason, detail }, tx);
      });
      return await view(actor, dataset);
    },

    async deal(
      actor: Principal,
      { dataset: ref, id }: { readonly dataset: string; readonly id: string },
      { reason, accept }: { readonly reason: string; readonly accept: boolean },
    ): Promise<View> {
      const dataset = await datasets.find(actor, ref);
      await database.transaction().execute(async (tx) => {
        const watch = await store.find(dataset.id, { tx, held: true });
        const alarm = await store.alarm(dataset.id, id, tx);
        if (!alarm)
          throw new AppError('not_found', 'there is no such alarm', {
            hint: 'Look at the watch of the dataset.',
          });
        if (alarm.dealtAt !== null)
          throw new AppError('conflict', `${alarm.dealtBy ?? 'somebody'} has dealt with this alarm already`);
        const { source } = alarm;
        const { falseAlarmsPerYear } = watch.settings;
        const memory =
          watch.memory === null ? null : dealtWith(watch.memory, { source, accept, falseAlarmsPerYear });
        const sourceName = await alarmSource(dataset.id, alarm, watch.memory);
        const what = accept ? [`of the source “${sourceName}” ${LEARNS_ANEW}`] : [];
        const loosening = { at: clock.now(), by: actor.name, reason, what, before: watch.settings };
        const loosened = withLoosening(watch.loosened, loosening);
        if (!(await store.save(dataset.id, { ...watch, memory, loosened }, tx))) throw meanwhile();
        await store.deal(id, { by: actor.name, reason, accepted: accept, atMs: clock.now() }, tx);
        const detail = { alarm: id, source: sourceName, accepted: accept ? 'yes' : 'no' };
        await note(actor, dataset, { action: 'data.watch-alarm-dealt', reason, detail }, tx);
      });
      return await view(actor, dataset);
    },
  });
}
export type WatchService = ReturnType<typeof createWatchService>;

/** Name of the day with that number; empty for one that is no longer known. */
type Names = (day: number) => string;

function namesIn(days: readonly StoredDay[]): Names {
  const names = new Map(days.map((day) => [day.day, dayTold(day)]));
  return (day) => names.get(day) ?? '';
}
