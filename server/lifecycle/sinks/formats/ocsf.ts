import { isIP } from 'node:net';
import type { Severity } from '@bartizan/contracts';
import { type AuditFacts, type InteractionFacts, type SinkEvent, severityNumber } from '../event.ts';

/** Open Cybersecurity Schema Framework, https://schema.ocsf.io/1.8.0 */
export const OCSF_VERSION = '1.8.0';

type Json = Readonly<Record<string, unknown>>;

const CLASSES = {
  detection: { uid: 2004, name: 'Detection Finding', category: 2, categoryName: 'Findings' },
  authentication: {
    uid: 3002,
    name: 'Authentication',
    category: 3,
    categoryName: 'Identity & Access Management',
  },
  api: { uid: 6003, name: 'API Activity', category: 6, categoryName: 'Application Activity' },
} as const;

const SEVERITY_NAMES: Readonly<Record<Severity, string>> = {
  informational: 'Informational',
  low: 'Low',
  medium: 'Medium',
  high: 'High',
  critical: 'Critical',
};

const OTHER = 99;
/** JSON of an audit entry's detail is cut at this. */
const MAX_DETAIL_CHARS = 4_000;

interface Activity {
  readonly id: number;
  readonly name: string;
}

function frame(
  event: SinkEvent,
  kind: keyof typeof CLASSES,
  activity: Activity,
  about: { readonly version: string; readonly labels?: readonly string[] },
): Json {
  const { uid, name, category, categoryName } = CLASSES[kind];
  return {
    metadata: {
      version: OCSF_VERSION,
      product: { name: 'Bartizan', vendor_name: 'Bartizan', version: about.version },
      uid: event.uid,
      log_name: event.kind,
      ...(kind === 'api' && event.kind === 'interactions' ? { profiles: ['ai_operation'] } : {}),
      ...(about.labels ? { labels: about.labels } : {}),
    },
    time: event.at,
    category_uid: category,
    category_name: categoryName,
    class_uid: uid,
    class_name: name,
    activity_id: activity.id,
    activity_name: activity.name,
    type_uid: uid * 100 + activity.id,
    type_name: `${name}: ${activity.name}`,
    severity_id: severityNumber(event.severity),
    severity: SEVERITY_NAMES[event.severity],
  };
}

/** Leaves out what is null or undefined. */
function present(fields: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

const success = (yes: boolean): Json =>
  yes ? { status_id: 1, status: 'Success' } : { status_id: 2, status: 'Failure' };

/** The caller is known by its API key; the gateway records no address. */
const clientOf = (interaction: InteractionFacts): Json => ({
  name: interaction.keyName || 'unknown',
  uid: interaction.keyId ?? 'unknown',
});

const actorOf = (interaction: InteractionFacts): Json =>
  present({
    app_name: interaction.keyName || 'unknown',
    app_uid: interaction.keyId,
    user:
      interaction.user === null || interaction.user === '' ? null : { name: interaction.user, type_id: 1 },
  });

const endpointOf = (interaction: InteractionFacts): Json =>
  present({ name: interaction.endpointSlug || 'unknown', uid: interaction.endpointId });

const contextOf = (interaction: InteractionFacts): Json =>
  present({
    service: endpointOf(interaction),
    total_tokens: interaction.tokens,
  });

function interactionEvent(event: SinkEvent & { kind: 'interactions' }, version: string): Json {
  const { interaction } = event;
  const { verdict, outcome } = interaction;
  return {
    ...frame(event, 'api', { id: OTHER, name: 'Invoke' }, { version }),
    ...success(outcome === 'answered'),
    status_detail: outcome,
    status_code: String(interaction.status),
    message: `Model call to ${interaction.endpointSlug}: ${verdict}`,
    actor: actorOf(interaction),
    api: {
      operation: interaction.api,
      service: endpointOf(interaction),
      request: { uid: interaction.id },
      response: { code: interaction.status },
    },
    src_endpoint: clientOf(interaction),
    http_response: { code: interaction.status, latency: Math.round(interaction.totalMs) },
    resources: [{ ...endpointOf(interaction), type: 'endpoint' }],
    ai_model: { name: interaction.model || 'unknown', ai_provider: interaction.provider || 'unknown' },
    message_context: contextOf(interaction),
    unmapped: present({
      verdict,
      would_be: interaction.wouldBe,
      outcome,
      checks: interaction.checks,
      streamed: interaction.streamed,
      total_ms: interaction.totalMs,
      excerpt: interaction.excerpt,
    }),
  };
}

/** OCSF's confidence in thirds: 1 low, 2 medium, 3 high. */
const confidenceId = (score: number): number => (score < 1 / 3 ? 1 : score < 2 / 3 ? 2 : 3);

function findingEvent(event: SinkEvent & { kind: 'findings' }, version: string): Json {
  const { interaction, finding } = event;
  return {
    ...frame(event, 'detection', { id: 1, name: 'Create' }, { version }),
    status_id: 1,
    status: 'New',
    message: finding.message,
    is_alert: finding.enforced && finding.action === 'block',
    confidence_id: confidenceId(finding.score),
    confidence_score: Math.round(finding.score * 100),
    finding_info: {
      uid: event.uid,
      title: finding.message || finding.check,
      types: [finding.check, ...(finding.kind ? [finding.kind] : [])],
      created_time: event.at,
      analytic: { type_id: 1, type: 'Rule', name: finding.check, uid: finding.rule },
    },
    evidences: [
      {
        actor: actorOf(interaction),
        api: {
          operation: interaction.api,
          service: endpointOf(interaction),
          request: { uid: interaction.id },
          response: { code: interaction.status },
        },
        src_endpoint: clientOf(interaction),
        data: {
          direction: finding.direction,
          author: finding.author,
          segment: finding.segment,
          start: finding.start,
          end: finding.end,
        },
      },
    ],
    resources: [
      { ...endpointOf(interaction), type: 'endpoint' },
      { name: interaction.model || 'unknown', type: 'model' },
    ],
    unmapped: present({
      action: finding.action,
      enforced: finding.enforced,
      verdict: interaction.verdict,
      excerpt: interaction.excerpt,
    }),
  };
}

const USER_TYPES: Readonly<Record<string, number>> = { person: 1, system: 3, key: 4, gateway: 4, scim: 4 };

const userOf = (entry: AuditFacts): Json => ({
  name: entry.actorName || entry.actorId,
  uid: entry.actorId,
  type_id: USER_TYPES[entry.actorKind] ?? OTHER,
  ...(entry.actorKind in USER_TYPES ? {} : { type: entry.actorKind }),
});

/** Verbs of audit actions, `<domain>.<what happened>`, as OCSF groups them. */
const VERBS: readonly (readonly [RegExp, Activity])[] = [
  [
    /(?:^|[._-])(?:created|added|invited|joined|made|issued|seeded|set-up|set_up|appended|uploaded)$/,
    { id: 1, name: 'Create' },
  ],
  [
    /(?:^|[._-])(?:read|exported|viewed|listed|downloaded|verified|dry_run|tested|tried)$/,
    { id: 2, name: 'Read' },
  ],
  [/(?:^|[._-])(?:removed|deleted|revoked|ended|left|discarded|expired|dropped)$/, { id: 4, name: 'Delete' }],
  [
    /(?:^|[._-])(?:updated|changed|replaced|rotated|renamed|activated|enabled|disabled|paused|resumed|approved|rejected|moved)$/,
    { id: 3, name: 'Update' },
  ],
];

/** The kind of activity that an audit action is. */
export function activityOf(action: string): Activity {
  return VERBS.find(([pattern]) => pattern.test(action))?.[1] ?? { id: OTHER, name: action };
}

const SIGN_IN = /(?:^|[._])(?:signed-in|signed_in|sign-in-failed|sign_in_failed|signed-out|signed_out)$/;

/** The address of the client, where the entry says one. */
function addressOf(entry: AuditFacts): Json {
  const { address } = entry.detail;
  if (typeof address === 'string' && isIP(address) !== 0) return { ip: address };
  return { name: entry.actorName || entry.actorId, uid: entry.actorId };
}

function detailOf(entry: AuditFacts): string {
  const text = JSON.stringify(entry.detail);
  return text.length <= MAX_DETAIL_CHARS ? text : `${text.slice(0, MAX_DETAIL_CHARS).toWellFormed()}…`;
}

function auditEvent(event: SinkEvent & { kind: 'audit' }, version: string): Json {
  const { entry } = event;
  const labels = event.test ? ['test'] : undefined;
  const message = event.test
    ? 'Test event of Bartizan'
    : `${entry.actorName}: ${entry.action} (${entry.subject})`;
  const unmapped = { action: entry.action, subject: entry.subject, detail: detailOf(entry) };
  const about = labels ? { version, labels } : { version };
  if (SIGN_IN.test(entry.action)) {
    const out = entry.action.endsWith('out');
    return {
      ...frame(event, 'authentication', out ? { id: 2, name: 'Logoff' } : { id: 1, name: 'Logon' }, about),
      ...success(!entry.action.endsWith('failed')),
      message,
      user: userOf(entry),
      service: { name: 'Bartizan' },
      is_remote: true,
      src_endpoint: addressOf(entry),
      unmapped,
    };
  }
  const [kind = '', id = ''] = split(entry.subject);
  return {
    ...frame(event, 'api', activityOf(entry.action), about),
    ...success(true),
    message,
    actor: { user: userOf(entry) },
    api: { operation: entry.action, service: { name: 'Bartizan' } },
    src_endpoint: addressOf(entry),
    resources: [id === '' ? { name: entry.subject || 'unknown' } : { uid: id, type: kind }],
    unmapped,
  };
}

/** `key:0190…` → `key` and `0190…`. */
function split(subject: string): [string, string] {
  const colon = subject.indexOf(':');
  return colon < 0 ? [subject, ''] : [subject.slice(0, colon), subject.slice(colon + 1)];
}

function alarmEvent(event: SinkEvent & { kind: 'alarms' }, version: string): Json {
  const { alarm } = event;
  const [kind, id] = split(alarm.subject);
  return {
    ...frame(event, 'detection', { id: 1, name: 'Create' }, { version }),
    status_id: 1,
    status: 'New',
    is_alert: true,
    message: alarm.summary,
    finding_info: {
      uid: event.uid,
      title: alarm.summary || alarm.kind,
      types: [alarm.kind],
      created_time: event.at,
      analytic: { type_id: 1, type: 'Rule', name: alarm.kind },
    },
    resources: [id === '' ? { name: alarm.subject || 'unknown' } : { uid: id, type: kind }],
    unmapped: { kind: alarm.kind, subject: alarm.subject },
  };
}

/**
 * One event as an OCSF object: interactions and audit entries as API Activity (6003), sign-ins as
 * Authentication (3002), findings and alarms as Detection Finding (2004). Never throws; lone surrogates, which
 * JSON may not carry (RFC 8259 §8.2), are replaced.
 */
export function toOcsf(event: SinkEvent, version: string): Json {
  switch (event.kind) {
    case 'interactions':
      return interactionEvent(event, version);
    case 'findings':
      return findingEvent(event, version);
    case 'audit':
      return auditEvent(event, version);
    case 'alarms':
      return alarmEvent(event, version);
  }
}

/** The object as one line: JSON escapes every line break inside. */
export const toLine = (value: unknown): string => JSON.stringify(wellFormed(value));

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, wellFormed(inner)]));
}
