import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from './common.ts';
import { defineRoute } from './route.ts';

/** SHA-256 in base64, as checkpoints and proofs write it. */
const Hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'give a SHA-256 in base64');
const Index = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

/** A verifier key as C2SP signed-note writes it: `<name>+<8 hex>+<base64>`. */
export const VerifierKey = z
  .string()
  .max(400)
  .regex(/^[^\s+]{1,255}\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/, 'give a key such as name+1a2b3c4d+BASE64');

/** One entry as the log has it. What is hashed is exactly `{action, actor, at, detail, id, subject, v}`. */
export const AuditEntryView = z.object({
  id: Id,
  /** Place in the tree, from 0; null while the entry waits for one (normally under 200 ms). */
  index: z.number().int().nonnegative().nullable(),
  at: Instant,
  actor: z.object({
    /** person, key, gateway, scim or system. */
    kind: z.string(),
    id: z.string(),
    name: z.string(),
  }),
  /** `<domain>.<what happened>`, e.g. `keys.created`. */
  action: z.string(),
  /** `<kind>:<id>`. */
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  /** Why protected content was read, where the entry is about that. */
  purpose: z.string().nullable(),
});
export type AuditEntryView = z.infer<typeof AuditEntryView>;

export const Cosignature = z.object({
  witness: z.string(),
  keyId: z.string(),
  /** When the witness saw the checkpoint. */
  at: Instant,
});
export type Cosignature = z.infer<typeof Cosignature>;

/** The log's signed word of how many entries there are and what their root is. */
export const Checkpoint = z.object({
  size: z.number().int().nonnegative(),
  root: Hash,
  at: Instant,
  /** Names the key that signed: 8 hex digits. */
  keyId: z.string(),
  cosignatures: z.array(Cosignature),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export const AuditKey = z.object({
  /** 8 hex digits, as in the note's key hash. */
  keyId: z.string(),
  verifierKey: VerifierKey,
  createdAt: Instant,
  /** Null for the key in use. */
  retiredAt: Instant.nullable(),
  /** A note signed with the key before this one, which names this one; null for the first. */
  vouchedBy: z.string().nullable(),
});
export type AuditKey = z.infer<typeof AuditKey>;

export const Witness = z.object({
  id: Id,
  /** From the key. */
  name: z.string(),
  verifierKey: VerifierKey,
  /** Where checkpoints are sent by the tlog-witness protocol; null when the witness fetches them itself. */
  url: z.string().nullable(),
  addedAt: Instant,
  lastSize: z.number().int().nonnegative().nullable(),
  lastAt: Instant.nullable(),
  /** Why the last checkpoint that was sent is not cosigned; null when it is, or nothing is sent. */
  problem: z.string().nullable(),
});
export type Witness = z.infer<typeof Witness>;

export const PROBLEM_KINDS = [
  'entry-altered',
  'entry-removed',
  'entry-inserted',
  'entry-moved',
  'entry-missing',
  'truncated',
  'tree-altered',
  'checkpoint-altered',
  'key-altered',
  'rolled-back',
  'forked',
  'verdict-altered',
  'verdict-missing',
  'waiting-altered',
  'file-altered',
] as const;
export const ProblemKind = z.enum(PROBLEM_KINDS);
export type ProblemKind = z.infer<typeof ProblemKind>;

/** Something that is not as it was signed. */
export const AuditProblem = z.object({
  kind: ProblemKind,
  /** First place in the tree that it is about; null where it is about none. */
  index: z.number().int().nonnegative().nullable(),
  /** One after the last place where only a range is known; null where `index` is exact. */
  before: z.number().int().nonnegative().nullable(),
  /** Entry or interaction, where known. */
  id: z.string().nullable(),
  /** One sentence in plain words. */
  message: z.string(),
});
export type AuditProblem = z.infer<typeof AuditProblem>;

/** The result of checking the whole log, or how far that has come. */
export const Verification = z.object({
  state: z.enum(['running', 'passed', 'failed', 'error']),
  startedAt: Instant,
  endedAt: Instant.nullable(),
  done: z.number().int().nonnegative(),
  total: z.number().int().nonnegative(),
  /** What is being looked at, in words. */
  phase: z.string(),
  size: z.number().int().nonnegative(),
  root: Hash.nullable(),
  /** Interactions whose stored verdict was compared with the digest in the log. */
  interactions: z.number().int().nonnegative(),
  /** The first entry that is not as it was, where there is one. */
  firstAltered: AuditProblem.nullable(),
  /** At most 100. */
  problems: z.array(AuditProblem),
});
export type Verification = z.infer<typeof Verification>;

/** Once noticed, it stays until a person with `audit.manage` has said that they know of it. */
export const AuditBreak = z.object({
  id: Id,
  at: Instant,
  kind: ProblemKind,
  /** First place in the tree that it is about, where known. */
  index: z.number().int().nonnegative().nullable(),
  message: z.string(),
  acknowledgedAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  note: z.string().nullable(),
});
export type AuditBreak = z.infer<typeof AuditBreak>;

export const AuditStatus = z.object({
  /** Name of this log, first line of every checkpoint. */
  origin: z.string(),
  size: z.number().int().nonnegative(),
  root: Hash,
  checkpoint: Checkpoint.nullable(),
  waiting: z.object({
    entries: z.number().int().nonnegative(),
    /** Age of the oldest in ms; null when none waits. */
    oldestMs: z.number().nonnegative().nullable(),
  }),
  key: AuditKey.nullable(),
  witnesses: z.array(Witness),
  /** The highest checkpoint that this server keeps outside the database. */
  remembered: z.object({ size: z.number().int().nonnegative(), at: Instant }).nullable(),
  /** `stopped`: entries wait and none gets a place, for the reason in `problem`. */
  state: z.enum(['running', 'starting', 'stopped']),
  problem: z.string().nullable(),
  breaks: z.array(AuditBreak),
  verification: Verification.nullable(),
});
export type AuditStatus = z.infer<typeof AuditStatus>;

export const InclusionProof = z.object({
  index: z.number().int().nonnegative(),
  size: z.number().int().positive(),
  leafHash: Hash,
  root: Hash,
  /** RFC 6962 §2.1.1, from the leaf upward. */
  proof: z.array(Hash),
});
export type InclusionProof = z.infer<typeof InclusionProof>;

export const ConsistencyProof = z.object({
  from: z.number().int().nonnegative(),
  to: z.number().int().nonnegative(),
  fromRoot: Hash,
  toRoot: Hash,
  /** RFC 6962 §2.1.2. */
  proof: z.array(Hash),
});
export type ConsistencyProof = z.infer<typeof ConsistencyProof>;

export const EntryWithProof = z.object({
  entry: AuditEntryView,
  /** The exact bytes that were hashed, as text. */
  leaf: z.string(),
  /** Null while the entry waits. */
  inclusion: InclusionProof.nullable(),
  /** The signed note that the proof leads to, with cosignatures; null while the entry waits. */
  checkpoint: z.string().nullable(),
});
export type EntryWithProof = z.infer<typeof EntryWithProof>;

export const AuditFilter = z.object({
  /** Id of the actor, or words in their name. */
  actor: z.string().max(200).optional(),
  /** `keys.created`, several with commas, or a whole domain as `keys.*`. */
  action: z.string().max(500).optional(),
  /** `key:<id>`, or the start of one such as `key:`. */
  subject: z.string().max(300).optional(),
  /** Words in the reason of a protected read; `*` for every entry that has one. */
  purpose: z.string().max(200).optional(),
  from: z.coerce.number().int().nonnegative().optional(),
  /** Exclusive. */
  to: z.coerce.number().int().nonnegative().optional(),
});
export type AuditFilter = z.infer<typeof AuditFilter>;

const Count = z.object({ name: z.string(), count: z.number().int() });

export const AuditSummary = z.object({
  entries: z.number().int(),
  /** Most frequent first, at most 50. */
  actions: z.array(Count),
  /** At most 20. */
  actors: z.array(Count.extend({ id: z.string(), kind: z.string() })),
  /** Reasons that were given for reading protected content; at most 20. */
  purposes: z.array(Count),
});
export type AuditSummary = z.infer<typeof AuditSummary>;

const ById = z.object({ id: Id });
const read = { method: 'GET', access: 'audit.read' } as const;

export const auditRoutes = {
  status: defineRoute({
    ...read,
    id: 'audit.status',
    path: '/api/v1/audit/status',
    summary: 'How the audit log stands: size, root, last checkpoint, what waits, what was noticed',
    response: AuditStatus,
  }),
  entries: defineRoute({
    ...read,
    id: 'audit.entries',
    path: '/api/v1/audit/entries',
    summary: 'Entries, newest first',
    query: AuditFilter.extend(CursorQuery.shape),
    response: pageOf(AuditEntryView),
  }),
  entry: defineRoute({
    ...read,
    id: 'audit.entry',
    path: '/api/v1/audit/entries/:id',
    summary: 'One entry with the proof that it is in the log',
    params: ById,
    response: EntryWithProof,
  }),
  summary: defineRoute({
    ...read,
    id: 'audit.summary',
    path: '/api/v1/audit/summary',
    summary: 'What was done, by whom, and why protected content was read, over a window',
    query: z.object({
      windowMs: z.coerce
        .number()
        .int()
        .min(60_000)
        .max(366 * 86_400_000)
        .default(30 * 86_400_000),
    }),
    response: AuditSummary,
  }),
  inclusion: defineRoute({
    ...read,
    id: 'audit.inclusion',
    path: '/api/v1/audit/proofs/inclusion',
    summary: 'Proof that the entry at an index is in the tree of a size',
    query: z.object({ index: Index, size: Index.optional() }),
    response: InclusionProof,
  }),
  consistency: defineRoute({
    ...read,
    id: 'audit.consistency',
    path: '/api/v1/audit/proofs/consistency',
    summary: 'Proof that the tree of one size begins with the tree of a smaller one',
    query: z.object({ from: Index, to: Index.optional() }),
    response: ConsistencyProof,
  }),
  checkpoints: defineRoute({
    ...read,
    id: 'audit.checkpoints',
    path: '/api/v1/audit/checkpoints',
    summary: 'Kept checkpoints, newest first',
    query: CursorQuery,
    response: pageOf(Checkpoint.extend({ note: z.string() })),
  }),
  keys: defineRoute({
    ...read,
    id: 'audit.keys',
    path: '/api/v1/audit/keys',
    summary: 'Public keys that sign or signed checkpoints, newest first',
    response: z.object({ items: z.array(AuditKey) }),
  }),
  rotateKey: defineRoute({
    id: 'audit.rotate-key',
    method: 'POST',
    path: '/api/v1/audit/keys/rotate',
    summary: 'A new signing key, vouched for by the one in use until now',
    access: 'audit.manage',
    stepUp: true,
    body: Empty,
    response: AuditKey,
  }),
  witnesses: defineRoute({
    ...read,
    id: 'audit.witnesses',
    path: '/api/v1/audit/witnesses',
    summary: 'Witnesses whose cosignatures count',
    response: z.object({ items: z.array(Witness) }),
  }),
  addWitness: defineRoute({
    id: 'audit.add-witness',
    method: 'POST',
    path: '/api/v1/audit/witnesses',
    summary: 'Say whose cosignatures count',
    access: 'audit.manage',
    stepUp: true,
    body: z.object({
      verifierKey: VerifierKey,
      /** Prefix to which `/add-checkpoint` is appended. */
      url: z
        .url({ protocol: /^https?$/ })
        .max(500)
        .nullable()
        .default(null),
      /** Allow loopback and private addresses (a witness in your own network). */
      allowPrivateNetwork: z.boolean().default(false),
    }),
    response: Witness,
  }),
  removeWitness: defineRoute({
    id: 'audit.remove-witness',
    method: 'DELETE',
    path: '/api/v1/audit/witnesses/:id',
    summary: 'A witness counts no more; what it cosigned stays',
    access: 'audit.manage',
    stepUp: true,
    params: ById,
    response: Empty,
  }),
  cosign: defineRoute({
    id: 'audit.cosign',
    method: 'POST',
    path: '/api/v1/audit/log/cosignatures',
    summary: 'Hand in a checkpoint with cosignatures of registered witnesses; others are refused',
    access: 'audit.read',
    body: z.object({ note: z.string().min(1).max(16_384) }),
    response: z.object({ stored: z.number().int() }),
  }),
  acknowledge: defineRoute({
    id: 'audit.acknowledge',
    method: 'POST',
    path: '/api/v1/audit/breaks/:id/acknowledge',
    summary: 'Say that one knows of something that was noticed, and why it is so (a restored backup)',
    access: 'audit.manage',
    stepUp: true,
    params: ById,
    body: z.object({ note: z.string().trim().min(10).max(500) }),
    response: AuditBreak,
  }),
  verify: defineRoute({
    id: 'audit.verify',
    method: 'POST',
    path: '/api/v1/audit/verification',
    summary: 'Check every entry, the tree, checkpoints and recorded verdicts; answers at once and goes on',
    access: 'audit.read',
    body: Empty,
    response: Verification,
  }),
  verification: defineRoute({
    ...read,
    id: 'audit.verification',
    path: '/api/v1/audit/verification',
    summary: 'The verification under way, or the last one of this server',
    response: z.object({ verification: Verification.nullable() }),
  }),
  export: defineRoute({
    ...read,
    id: 'audit.export',
    path: '/api/v1/audit/export',
    summary: 'The whole log as JSON Lines with keys and checkpoint, to be verified without this server',
    streams: 'application/x-ndjson',
  }),
  logCheckpoint: defineRoute({
    ...read,
    id: 'audit.log-checkpoint',
    path: '/api/v1/audit/log/checkpoint',
    summary: 'The newest checkpoint as a signed note with its cosignatures (C2SP tlog-checkpoint)',
    streams: 'text/plain',
  }),
  logTile: defineRoute({
    ...read,
    id: 'audit.log-tile',
    path: '/api/v1/audit/log/tile/*',
    summary: 'A tile `<L>/<N>[.p/<W>]` or an entry bundle `entries/<N>[.p/<W>]` (C2SP tlog-tiles)',
    params: z.object({ '*': z.string().max(200) }),
    streams: 'application/octet-stream',
  }),
} as const;
