import { z } from 'zod';
import { Id, Instant, Slug } from './common.ts';

export const SYSTEM_STATES = ['idea', 'development', 'pilot', 'production', 'retired'] as const;
export const SystemState = z.enum(SYSTEM_STATES);
export type SystemState = z.infer<typeof SystemState>;

const Line = z.string().trim().max(200);
const Name = z.string().trim().min(1).max(200);
const Text = z.string().max(4000);
const HttpUrl = z.url({ protocol: /^https?$/ }).max(2000);

/** Who answers for a system: somebody with an account, a team, or a name of somebody without an account. */
export const SystemPartyInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('person'), id: Id }),
  z.object({ kind: z.literal('team'), id: Id }),
  z.object({ kind: z.literal('named'), name: Name }),
]);
export type SystemPartyInput = z.infer<typeof SystemPartyInput>;

/**
 * As read. `account`: `active`; `disabled`; `gone`, removed since; `none`, a name that no account stands behind:
 * nobody can be reached or held to it here.
 */
export const SystemParty = z.object({
  kind: z.enum(['person', 'team', 'named']),
  id: Id.nullable(),
  name: z.string(),
  account: z.enum(['active', 'disabled', 'gone', 'none']),
});
export type SystemParty = z.infer<typeof SystemParty>;

/** What its output does to a decision: a person hears of it, is told what to do, or it is decided. */
export const DECISION_ROLES = ['informs', 'recommends', 'decides'] as const;
export const DecisionRole = z.enum(DECISION_ROLES);
export type DecisionRole = z.infer<typeof DecisionRole>;

export const DATA_KINDS = [
  'database',
  'documents',
  'files',
  'stream',
  'api',
  'user-input',
  'purchased',
  'web',
  'other',
] as const;
export const DataKind = z.enum(DATA_KINDS);
/** `special`: special categories of personal data (GDPR Art. 9). */
export const PERSONAL_DATA = ['no', 'yes', 'special', 'unknown'] as const;
export const PersonalData = z.enum(PERSONAL_DATA);

export const SystemDataSource = z.object({
  name: Name,
  kind: DataKind.default('other'),
  personalData: PersonalData.default('unknown'),
});
export type SystemDataSource = z.infer<typeof SystemDataSource>;

/** How many people it affects in a year. */
export const PEOPLE_BANDS = ['none', 'under-100', 'under-10k', 'under-100k', 'under-1m', 'over-1m'] as const;
export const PeopleBand = z.enum(PEOPLE_BANDS);
export const SYSTEM_USERS = ['internal', 'partners', 'public'] as const;
export const SystemUsers = z.enum(SYSTEM_USERS);
export const SYSTEM_ORIGINS = ['own', 'vendor', 'mixed'] as const;
export const SystemOrigin = z.enum(SYSTEM_ORIGINS);

/** Different from each other, whatever their case. */
const distinct = <T extends z.ZodType<string>>(item: T, most: number) =>
  z
    .array(item)
    .max(most)
    .refine(
      (all) => new Set(all.map((one) => one.toLowerCase())).size === all.length,
      'something is listed twice',
    );

/** A day without a time, ISO 8601. */
export const Day = z.iso.date();

/** What a person says of a system; everything but key and name may be left open. */
export const SystemFields = z.object({
  /** Its short name in addresses, CSV files and on the command line. */
  key: Slug,
  name: z.string().trim().min(1).max(120),
  description: Text.default(''),
  /** Why the business runs it. */
  purpose: Text.default(''),
  state: SystemState.default('idea'),
  decisions: z.object({ text: Text.default(''), how: DecisionRole.nullable().default(null) }).prefault({}),
  inputs: Text.default(''),
  dataSources: z.array(SystemDataSource).max(100).default([]),
  people: z
    .object({
      groups: distinct(Name, 30).default([]),
      band: PeopleBand.nullable().default(null),
      /** Groups in a weak position: children, patients, people in debt. */
      vulnerable: distinct(Name, 30).default([]),
    })
    .prefault({}),
  origin: z
    .object({
      kind: SystemOrigin.nullable().default(null),
      vendor: Line.default(''),
      contractUrl: z.union([z.literal(''), HttpUrl]).default(''),
      /** Data processing agreement. */
      dpaUrl: z.union([z.literal(''), HttpUrl]).default(''),
    })
    .prefault({}),
  /** Models of vendors, or any that are not in the registry, by name. */
  vendorModels: distinct(Name, 50).default([]),
  access: z
    .object({
      users: z.array(SystemUsers).max(SYSTEM_USERS.length).default([]),
      /** How users prove who they are. */
      authentication: Line.default(''),
    })
    .prefault({}),
  /** Who is told when it misbehaves: an address, a channel, a rota. */
  monitoringContact: Line.default(''),
  /** Days from one review to the next. */
  reviewEveryDays: z.number().int().min(1).max(1095).default(180),
  /** Null: nobody said when. */
  nextReviewOn: Day.nullable().default(null),
  tags: distinct(z.string().trim().min(1).max(50), 30).default([]),
  links: z
    .array(z.object({ title: Name, url: HttpUrl }))
    .max(30)
    .default([]),
});
export type SystemFields = z.infer<typeof SystemFields>;

/** As written by a client. What it links to and the caller does not see stays linked. */
export const SystemInput = SystemFields.extend({
  owner: SystemPartyInput.nullable().default(null),
  backupOwner: SystemPartyInput.nullable().default(null),
  /** The team that it belongs to; null is everybody's. */
  teamId: Id.nullable().default(null),
  /** Of the registry. */
  modelIds: z.array(Id).max(200).default([]),
  endpointIds: z.array(Id).max(200).default([]),
});
export type SystemInput = z.input<typeof SystemInput>;

export const ATTENTION_KINDS = [
  'retired-with-traffic',
  'prohibited',
  'no-owner',
  'owner-gone',
  'owner-disabled',
  'owner-left-team',
  'owner-without-account',
  'nothing-linked',
  'link-gone',
  'not-assessed',
  'assessment-outdated',
  'override-outdated',
  'review-overdue',
  'no-review-date',
  'unclaimed-endpoint',
  'unclaimed-model',
] as const;
export const AttentionKind = z.enum(ATTENTION_KINDS);
export type AttentionKind = z.infer<typeof AttentionKind>;

/** Something that somebody must look into. */
export const Attention = z.object({
  kind: AttentionKind,
  severity: z.enum(['low', 'medium', 'high']),
  subject: z.object({ kind: z.enum(['system', 'endpoint', 'model']), id: Id, name: z.string() }),
  /** What is wrong, in one sentence. */
  reason: z.string(),
  /** What to do about it. */
  next: z.string(),
});
export type Attention = z.infer<typeof Attention>;

/** Something that a system uses, as the caller may see it. `gone`: removed since. */
export const SystemLink = z.object({ id: Id, name: z.string(), slug: z.string(), gone: z.boolean() });
export type SystemLink = z.infer<typeof SystemLink>;

export const SystemReview = z.object({
  at: Instant,
  by: z.string(),
  note: z.string(),
  nextReviewOn: Day,
});
export type SystemReview = z.infer<typeof SystemReview>;

/** One field of a change, in words or as JSON. */
export const SystemFieldChange = z.object({
  /** e.g. `owner`, `people.band`, `endpointIds`. */
  field: z.string(),
  before: z.unknown(),
  after: z.unknown(),
});

export const SystemChange = z.object({
  id: Id,
  /** Of the system after it. */
  revision: z.number().int().positive(),
  at: Instant,
  by: z.object({ kind: z.string(), id: z.string(), name: z.string() }),
  action: z.enum(['created', 'updated', 'retired', 'restored', 'reviewed', 'assessed', 'overridden']),
  changes: z.array(SystemFieldChange),
  note: z.string(),
});
export type SystemChange = z.infer<typeof SystemChange>;
