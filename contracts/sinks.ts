import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from './common.ts';
import { defineRoute } from './route.ts';
import { Verdict } from './verdicts.ts';

/**
 * What a sink may carry. `interactions`: one event for each, with its verdict. `findings`: one for each finding
 * that flagged, redacted or blocked. `audit`: entries of the audit log, sign-ins among them. `alarms`: what
 * people must hear of at once.
 */
export const SINK_KINDS = ['interactions', 'findings', 'audit', 'alarms'] as const;
export const SinkKind = z.enum(SINK_KINDS);
export type SinkKind = z.infer<typeof SinkKind>;

/** Weakest first; as in OCSF's `severity_id` 1 to 5. */
export const SEVERITIES = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export const Severity = z.enum(SEVERITIES);
export type Severity = z.infer<typeof Severity>;

export const SinkFilter = z.object({
  kinds: z
    .array(SinkKind)
    .min(1)
    .default([...SINK_KINDS]),
  /** Interactions and findings below this are left out. */
  minimumVerdict: Verdict.default('allow'),
  /** Events of any kind below this are left out. */
  minimumSeverity: Severity.default('informational'),
  /** Endpoint ids whose interactions and findings are sent; empty means all. */
  endpoints: z.array(Id).max(500).default([]),
});
export type SinkFilter = z.infer<typeof SinkFilter>;

/** PEM certificates, one or several; absent or null means those that the system trusts. */
const Pem = z.string().max(100_000).nullable();
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
const HeaderName = z.string().regex(HEADER_NAME, 'a header name has letters, digits and hyphens');
/** Visible ASCII and blanks: no line break can get in. */
const HeaderValue = z
  .string()
  .max(4096)
  .regex(/^[\x20-\x7e]*$/, 'use visible ASCII characters only');
const Secret = z.string().min(1).max(8192);
/** Write-only values: absent keeps what is stored, null removes it. */
const secret = (schema: z.ZodType<string>) => schema.nullable().optional();

const HttpUrl = z.url({ protocol: /^https?$/ }).max(2000);
const Host = z
  .string()
  .max(253)
  .regex(
    /^(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+)$/,
    'give a host name or an IP address',
  );

/** How a receiver over a network is reached. */
const Network = {
  /** Allow loopback and private addresses (a receiver in your own network). */
  allowPrivateNetwork: z.boolean().default(false),
  /** Allow a connection without TLS: events then cross the network readable. */
  allowPlaintext: z.boolean().default(false),
  /** Certificates of the authorities that may vouch for the receiver, as PEM. */
  ca: Pem.default(null),
  /** Our own certificate, where the receiver asks for one (mTLS), as PEM. Its key is a secret. */
  clientCertificate: Pem.default(null),
};

const HttpsFields = z.object({
  type: z.literal('https'),
  url: HttpUrl,
  format: z.literal('ocsf').default('ocsf'),
  /** Events of one request: a JSON array, or one JSON object a line. */
  body: z.enum(['json-array', 'ndjson']).default('json-array'),
  compress: z.boolean().default(false),
  auth: z.enum(['none', 'bearer', 'basic']).default('none'),
  /** For `basic`. */
  username: z
    .string()
    .max(200)
    .regex(/^[^:\p{Cc}]*$/u, 'no colon or control character')
    .default(''),
  ...Network,
});

const FileFields = z.object({
  type: z.literal('file'),
  /** File name in the folder `sinks` of the data directory of the server, e.g. `events.ndjson`. */
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}(?:\.[A-Za-z][A-Za-z0-9]{0,9})?$/,
      'give a plain file name, e.g. events.ndjson',
    ),
  format: z.enum(['ocsf', 'cef']).default('ocsf'),
  /** A file that has grown past this is renamed to `name.1` (older ones count up) and a new one begun. */
  maxBytes: z
    .number()
    .int()
    .min(64 * 1024)
    .max(10 * 1024 ** 3)
    .default(100 * 1024 * 1024),
  /** Renamed files that are kept. */
  keepFiles: z.number().int().min(1).max(100).default(10),
});

const SyslogFields = z.object({
  type: z.literal('syslog'),
  host: Host,
  port: z.number().int().min(1).max(65_535).default(6514),
  protocol: z.enum(['tls', 'tcp', 'udp']).default('tls'),
  format: z.enum(['cef', 'ocsf']).default('cef'),
  /** RFC 5424 facility: 10 is security messages, 13 log audit, 16 to 23 local use. */
  facility: z.number().int().min(0).max(23).default(13),
  /** RFC 5424 APP-NAME. */
  appName: z
    .string()
    .regex(/^[\x21-\x7e]{1,48}$/, 'use 1 to 48 visible ASCII characters')
    .default('bartizan'),
  /** Name that the receiver's certificate must bear; the host where empty. */
  serverName: z.union([z.literal(''), Host]).default(''),
  ...Network,
});

const SplunkFields = z.object({
  type: z.literal('splunk-hec'),
  /** e.g. `https://splunk.example.com:8088`; the path `/services/collector/event` is added where none is given. */
  url: HttpUrl,
  format: z.literal('ocsf').default('ocsf'),
  index: z
    .string()
    .max(200)
    .regex(/^[\w-]*$/, 'use letters, digits, _ and -')
    .default(''),
  source: z.string().max(200).default('bartizan'),
  sourcetype: z.string().max(200).default('bartizan:ocsf'),
  /** Wait until the indexer says that the events are stored (indexer acknowledgement). */
  ack: z.boolean().default(false),
  compress: z.boolean().default(false),
  ...Network,
});

const HttpsSecrets = {
  /** Bearer token or password of `basic`. */
  password: secret(HeaderValue.min(1)),
  /** Private key of `clientCertificate`, as PEM. */
  clientKey: secret(z.string().min(1).max(100_000)),
};

/** Where events go, as read: without secrets. `headers` names those that are sent; `has…` says what is stored. */
export const SinkTarget = z.discriminatedUnion('type', [
  HttpsFields.extend({ headers: z.array(z.string()), hasPassword: z.boolean(), hasClientKey: z.boolean() }),
  FileFields,
  SyslogFields.extend({ hasClientKey: z.boolean() }),
  SplunkFields.extend({ hasToken: z.boolean(), hasClientKey: z.boolean() }),
]);
export type SinkTarget = z.infer<typeof SinkTarget>;

/** Where events go, as written. A secret that is absent stays as stored, unless the target points elsewhere. */
export const SinkTargetInput = z.discriminatedUnion('type', [
  HttpsFields.extend({
    /** Further headers; a `value` that is absent stays as stored. */
    headers: z
      .array(z.object({ name: HeaderName, value: HeaderValue.optional() }))
      .max(20)
      .default([]),
    ...HttpsSecrets,
  }),
  FileFields,
  SyslogFields.extend({ clientKey: HttpsSecrets.clientKey }),
  SplunkFields.extend({
    token: secret(Secret.regex(/^[\x21-\x7e]+$/, 'use visible ASCII characters only')),
    clientKey: HttpsSecrets.clientKey,
  }),
]);
export type SinkTargetInput = z.input<typeof SinkTargetInput>;

const SinkFields = z.object({
  name: z.string().trim().min(1).max(100),
  filter: SinkFilter.prefault({}),
  /** Adds the first words of a prompt with findings masked; off, no event carries a word of any prompt. */
  includeExcerpts: z.boolean().default(false),
  /** Events in one request or write, at most. */
  maxBatch: z.number().int().min(1).max(2000).default(500),
  timeoutMs: z.number().int().min(1000).max(120_000).default(15_000),
  /** An alarm is raised when the oldest waiting event is older than this. */
  alarmAfterSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(900),
});

export const SinkInput = SinkFields.extend({ target: SinkTargetInput });
export type SinkInput = z.input<typeof SinkInput>;

/**
 * `delivering`: events go out, or there are none. `retrying`: the receiver cannot be reached or says no; tried
 * again at `nextAttemptAt`. `paused`: by a person. `waiting`: no server has taken it up yet.
 */
export const SinkState = z.enum(['delivering', 'retrying', 'paused', 'waiting']);

export const SinkStatus = z.object({
  state: SinkState,
  lag: z.object({
    /** Records not yet passed, before filters. */
    records: z.number().int().nonnegative(),
    /** Age of the oldest of them; 0 when there is none. */
    seconds: z.number().nonnegative(),
  }),
  /** True while the lag is past `alarmAfterSeconds`. */
  alarm: z.boolean(),
  /** Events that the receiver took, since the sink was made. */
  delivered: z.number().int().nonnegative(),
  /** Attempts that failed, since the sink was made. */
  failedAttempts: z.number().int().nonnegative(),
  /** Records that expired, or fell out of the bounded backlog, before they could be sent. */
  lost: z.number().int().nonnegative(),
  /** Events that the receiver refused and that are set aside. */
  deadLetters: z.number().int().nonnegative(),
  lastSuccessAt: Instant.nullable(),
  lastError: z
    .object({
      at: Instant,
      message: z.string(),
      /** HTTP status, where there was one. */
      status: z.number().int().nullable(),
    })
    .nullable(),
  nextAttemptAt: Instant.nullable(),
});
export type SinkStatus = z.infer<typeof SinkStatus>;

export const Sink = SinkFields.extend({
  id: Id,
  target: SinkTarget,
  paused: z.boolean(),
  createdAt: Instant,
  updatedAt: Instant,
  status: SinkStatus,
});
export type Sink = z.infer<typeof Sink>;

/** What the receiver said to a test event. */
export const SinkTestResult = z.object({
  ok: z.boolean(),
  message: z.string(),
  /** HTTP status, where there was one. */
  status: z.number().int().nullable(),
  /** First characters of the receiver's answer, control characters replaced. */
  answer: z.string(),
  latencyMs: z.number(),
});
export type SinkTestResult = z.infer<typeof SinkTestResult>;

export const DeadLetter = z.object({
  id: Id,
  at: Instant,
  kind: SinkKind,
  /** Of the interaction, audit entry or alarm. */
  subjectId: z.string(),
  /** Why the receiver refused it. */
  reason: z.string(),
  status: z.number().int().nullable(),
  attempts: z.number().int().positive(),
  /** True when someone asked for another attempt that has not been made yet. */
  retrying: z.boolean(),
  /** The event as it was sent. */
  event: z.string(),
});
export type DeadLetter = z.infer<typeof DeadLetter>;

const Params = z.object({ id: Id });
/** All of them when absent. */
const Chosen = z.object({ ids: z.array(Id).min(1).max(1000).optional() });

export const sinkRoutes = {
  list: defineRoute({
    id: 'sinks.list',
    method: 'GET',
    path: '/api/v1/sinks',
    summary: 'Where events are sent, and how it goes',
    access: 'sinks.read',
    response: z.object({ items: z.array(Sink) }),
  }),
  get: defineRoute({
    id: 'sinks.get',
    method: 'GET',
    path: '/api/v1/sinks/:id',
    summary: 'One sink, without its secrets',
    access: 'sinks.read',
    params: Params,
    response: Sink,
  }),
  status: defineRoute({
    id: 'sinks.status',
    method: 'GET',
    path: '/api/v1/sinks/:id/status',
    summary: 'How far behind a sink is, and what went wrong last',
    access: 'sinks.read',
    params: Params,
    response: SinkStatus,
  }),
  create: defineRoute({
    id: 'sinks.create',
    method: 'POST',
    path: '/api/v1/sinks',
    summary: 'Send events somewhere, beginning with those stored from now on',
    access: 'sinks.manage',
    lasting: true,
    stepUp: true,
    body: SinkInput,
    response: Sink,
    bodyLimitBytes: 1024 * 1024,
  }),
  update: defineRoute({
    id: 'sinks.update',
    method: 'PUT',
    path: '/api/v1/sinks/:id',
    summary: 'Replace a sink; secrets that are not given stay, as long as it points at the same place',
    access: 'sinks.manage',
    lasting: true,
    stepUp: true,
    params: Params,
    body: SinkInput,
    response: Sink,
  }),
  remove: defineRoute({
    id: 'sinks.remove',
    method: 'DELETE',
    path: '/api/v1/sinks/:id',
    summary: 'Remove a sink with what waits for it and what was set aside',
    access: 'sinks.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
  pause: defineRoute({
    id: 'sinks.pause',
    method: 'POST',
    path: '/api/v1/sinks/:id/pause',
    summary: 'Stop sending for now; events wait',
    access: 'sinks.manage',
    stepUp: true,
    params: Params,
    response: Sink,
  }),
  resume: defineRoute({
    id: 'sinks.resume',
    method: 'POST',
    path: '/api/v1/sinks/:id/resume',
    summary: 'Send again, beginning with what waits; also ends a pause between attempts',
    access: 'sinks.manage',
    params: Params,
    response: Sink,
  }),
  test: defineRoute({
    id: 'sinks.test',
    method: 'POST',
    path: '/api/v1/sinks/:id/test',
    summary: 'Send one event that is labelled as a test',
    access: 'sinks.manage',
    params: Params,
    response: SinkTestResult,
  }),
  tryOut: defineRoute({
    id: 'sinks.tryOut',
    method: 'POST',
    path: '/api/v1/sinks/try',
    summary: 'Send one test event to a sink that is not saved; `sinkId` lends its stored secrets',
    access: 'sinks.manage',
    stepUp: true,
    body: z.object({ sinkId: Id.optional(), sink: SinkInput }),
    response: SinkTestResult,
  }),
  deadLetters: defineRoute({
    id: 'sinks.deadLetters',
    method: 'GET',
    path: '/api/v1/sinks/:id/dead-letters',
    summary: 'Events that the receiver refused, newest first',
    access: 'sinks.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(DeadLetter),
  }),
  retryDeadLetters: defineRoute({
    id: 'sinks.retryDeadLetters',
    method: 'POST',
    path: '/api/v1/sinks/:id/dead-letters/retry',
    summary: 'Send refused events again, all or the named ones',
    access: 'sinks.manage',
    params: Params,
    body: Chosen,
    response: z.object({ count: z.number().int() }),
  }),
  discardDeadLetters: defineRoute({
    id: 'sinks.discardDeadLetters',
    method: 'POST',
    path: '/api/v1/sinks/:id/dead-letters/discard',
    summary: 'Forget refused events, all or the named ones',
    access: 'sinks.manage',
    stepUp: true,
    params: Params,
    body: Chosen,
    response: z.object({ count: z.number().int() }),
  }),
} as const;
