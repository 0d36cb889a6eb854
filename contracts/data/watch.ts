import { z } from 'zod';
import { Id, Instant } from '../common.ts';
import { defineRoute } from '../route.ts';

/**
 * `off`: switched off. `no-label`: nobody said which column is the label, or it is no class. `waiting`: for a version
 * that it can be compared with. `learning`: no source has brought enough yet. `watching`: at least one is watched.
 */
export const DATA_WATCH_STATES = ['off', 'no-label', 'waiting', 'learning', 'watching'] as const;

const Column = z.string().min(1).max(1_000);

export const DataWatchSettings = z.object({
  enabled: z.boolean().default(true),
  /** False alarms a year over all sources and counts of the dataset together, when each source reports once a day. */
  falseAlarmsPerYear: z.number().min(0.01).max(52).default(1),
  /** Column that names the batch of a record, in which days are told apart; null: what came on a day (UTC) is one. */
  batch: Column.nullable().default(null),
  /** Column that names the source of a record; null: as the chain of custody has it. */
  source: Column.nullable().default(null),
});
export type DataWatchSettings = z.infer<typeof DataWatchSettings>;

/** Something that is counted of a source's records; values of few records are not said. */
export const DataWatchCount = z.object({
  /** Column that it is about; null where it is about the label, or about whole records. */
  column: z.string().nullable(),
  /** E.g. `zip = “94110”, label “refused”`. */
  what: z.string(),
  /** Share of the source's records before, as learnt; 0..1. */
  usual: z.number(),
  /** Share since the change, as estimated; 0..1. */
  now: z.number(),
  /** Records more than usual since then. */
  excess: z.number().nonnegative(),
  /** Day or batch on which it most likely began. */
  since: z.string(),
});
export type DataWatchCount = z.infer<typeof DataWatchCount>;

/** What a version brought on a day or in a batch. */
export const DataWatchDay = z.object({
  /**
   * The batch, or the day as `2026-11-22`. Where a column names batches, one that the profile of its version shows;
   * else `“…”` and a number.
   */
  name: z.string(),
  at: Instant,
  /** Version that brought it, the last where there are several. */
  version: z.number().int().positive(),
  records: z.number().int().nonnegative(),
  /** The e-detector's value after it. */
  evidence: z.number().nonnegative(),
});

export const DataWatchAlarm = z.object({
  id: Id,
  source: z.string(),
  at: Instant,
  /** First and last day or batch of the change. */
  since: z.string(),
  until: z.string(),
  /** What came in between, the oldest first; 100 at most. */
  batches: z.array(DataWatchDay),
  counts: z.array(DataWatchCount),
  evidence: z.number(),
  threshold: z.number(),
  dealtAt: Instant.nullable(),
  dealtBy: z.string().nullable(),
  reason: z.string().nullable(),
  /** Of what was dealt with: true where what came is usual from now on. */
  accepted: z.boolean(),
});
export type DataWatchAlarm = z.infer<typeof DataWatchAlarm>;

export const DataWatchSource = z.object({
  /** Where a column names sources, one that a profile shows; else `“…”` and a number. */
  source: z.string(),
  /** Days or batches that its usual shares were learnt from, and how many are needed. */
  learnt: z.number().int().nonnegative(),
  needed: z.number().int().positive(),
  /** It alarms when this reaches the threshold. */
  evidence: z.number().nonnegative(),
  threshold: z.number().positive(),
  /** The newest 60 days or batches, the oldest first. */
  days: z.array(DataWatchDay),
  /** What carries the evidence, the strongest first. */
  counts: z.array(DataWatchCount),
});
export type DataWatchSource = z.infer<typeof DataWatchSource>;

/** An endpoint that serves what was made from records that are no longer trusted. */
export const DataExposure = z.object({
  id: Id,
  endpointId: Id,
  endpoint: z.string(),
  version: z.number().int().positive(),
  /** `quarantined`: records of the version were taken out. `finding`: a scan found something grave in it. */
  cause: z.enum(['quarantined', 'finding']),
  since: Instant,
  clearedAt: Instant.nullable(),
});
export type DataExposure = z.infer<typeof DataExposure>;

/** That somebody made the watch see less. */
export const DataWatchLoosening = z.object({
  at: Instant,
  by: z.string(),
  reason: z.string(),
  /** What it sees less of, in words. */
  what: z.array(z.string()),
});
export type DataWatchLoosening = z.infer<typeof DataWatchLoosening>;

export const DataWatch = z.object({
  datasetId: Id,
  dataset: z.string(),
  state: z.enum(DATA_WATCH_STATES),
  label: z.string().nullable(),
  settings: DataWatchSettings,
  /** Of the last 30 days, and for as long as the watch sees less than before it; the newest first, 20 at most. */
  loosened: z.array(DataWatchLoosening),
  /** Columns that are counted, and how many counts there are over all sources. */
  columns: z.array(z.string()),
  counts: z.number().int().nonnegative(),
  sources: z.array(DataWatchSource),
  /** Those that nobody dealt with first; 100 at most. */
  alarms: z.array(DataWatchAlarm),
  /** Endpoints within the caller's reach, those that still depend first; 100 at most. */
  exposures: z.array(DataExposure),
  /** What it does not see, and what could not be read. */
  notes: z.array(z.string()),
});
export type DataWatch = z.infer<typeof DataWatch>;

const Params = z.object({ dataset: z.string().min(1).max(256) });
const Reason = z.string().trim().min(1, 'say why').max(2_000);

export const dataWatchRoutes = {
  get: defineRoute({
    id: 'dataWatch.get',
    method: 'GET',
    path: '/api/v1/data/datasets/:dataset/watch',
    summary: 'What incoming records do to the accepted history, source by source',
    access: 'data.read',
    params: Params,
    response: DataWatch,
  }),
  set: defineRoute({
    id: 'dataWatch.set',
    method: 'PUT',
    path: '/api/v1/data/datasets/:dataset/watch',
    summary:
      'Change how a dataset is watched; other columns mean that it learns anew. What makes it see less is told on the page of the dataset',
    access: 'data.manage',
    params: Params,
    body: DataWatchSettings.extend({ reason: Reason }),
    response: DataWatch,
  }),
  deal: defineRoute({
    id: 'dataWatch.deal',
    method: 'POST',
    path: '/api/v1/data/datasets/:dataset/watch/alarms/:id/deal',
    summary: 'Say that an alarm was dealt with: the evidence of its source starts anew',
    access: 'data.manage',
    params: Params.extend({ id: Id }),
    body: z.object({
      reason: Reason,
      /** True: the change is right; the source's usual shares are learnt anew from what comes next. */
      accept: z.boolean().default(false),
    }),
    response: DataWatch,
  }),
} as const;
