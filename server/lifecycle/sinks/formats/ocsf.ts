import type { InteractionFacts, SinkEvent } from '../event.ts';
import { auditEvent } from './ocsf-audit.ts';
import { frame, type Json, OTHER, present, split, success } from './ocsf-frame.ts';

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

/** JSON.stringify escapes a lone surrogate like this, and nothing else (ECMA-262, QuoteJSONString). */
const LONE_SURROGATE = /\\ud[89a-f]/;

/** The object as one line: JSON escapes every line break inside. */
export function toLine(value: unknown): string {
  const line = JSON.stringify(value);
  return LONE_SURROGATE.test(line) ? JSON.stringify(wellFormed(value)) : line;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, wellFormed(inner)]));
}
