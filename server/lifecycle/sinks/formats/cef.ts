import type { Severity } from '@bartizan/contracts';
import type { InteractionFacts, SinkEvent } from '../event.ts';

/**
 * Common Event Format, version 0 (ArcSight Common Event Format, Implementation Standard, rev. 27):
 * `CEF:0|vendor|product|version|signature|name|severity|extension`.
 */
const MAX_VALUE_CHARS = 1_000;

/** CEF's scale of 0 to 10: 0–3 low, 4–6 medium, 7–8 high, 9–10 very high. */
const SEVERITY: Readonly<Record<Severity, number>> = {
  informational: 1,
  low: 3,
  medium: 5,
  high: 8,
  critical: 10,
};

/** Control characters but tab, line feed and carriage return, which are dealt with by place. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u2028\u2029]/g;

const bounded = (value: string): string =>
  (value.length <= MAX_VALUE_CHARS ? value : `${value.slice(0, MAX_VALUE_CHARS)}…`).toWellFormed();

/** A header field: backslash and pipe escaped; a header has no line breaks, so they become blanks. */
export function cefHeader(value: string): string {
  return bounded(value)
    .replace(CONTROL, '')
    .replace(/[\r\n\t]+/g, ' ')
    .replace(/[\\|]/g, '\\$&');
}

/** A value of the extension: backslash and equals sign escaped, line breaks written as `\n` and `\r`. */
export function cefValue(value: string): string {
  return bounded(value)
    .replace(CONTROL, '')
    .replace(/[\\=]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r');
}

type Fields = Readonly<Record<string, string | number | null | undefined>>;

/** Keys are ours and plain; empty values are left out. */
function extension(fields: Fields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== null && value !== undefined && value !== '')
    .map(([key, value]) => `${key}=${cefValue(String(value))}`)
    .join(' ');
}

function ofInteraction(interaction: InteractionFacts): Fields {
  return {
    requestMethod: interaction.api,
    app: 'llm',
    suser: interaction.user,
    sourceServiceName: interaction.keyName,
    suid: interaction.keyId,
    destinationServiceName: interaction.endpointSlug,
    duid: interaction.endpointId,
    outcome: interaction.outcome,
    cs1Label: 'model',
    cs1: interaction.model,
    cs2Label: 'verdict',
    cs2: interaction.verdict,
    cs3Label: 'interaction',
    cs3: interaction.id,
    cn1Label: 'status',
    cn1: interaction.status,
    cs6Label: interaction.excerpt ? 'excerpt' : null,
    cs6: interaction.excerpt,
  };
}

interface Shape {
  readonly signature: string;
  readonly name: string;
  readonly fields: Fields;
}

function shapeOf(event: SinkEvent): Shape {
  switch (event.kind) {
    case 'interactions': {
      const { interaction } = event;
      return {
        signature: `interaction.${interaction.verdict}`,
        name: `Model call: ${interaction.verdict}`,
        fields: {
          act: interaction.verdict,
          ...ofInteraction(interaction),
          cs4Label: interaction.checks.length > 0 ? 'checks' : null,
          cs4: interaction.checks.join(','),
          cn2Label: interaction.tokens === null ? null : 'tokens',
          cn2: interaction.tokens,
          cn3Label: 'durationMs',
          cn3: Math.round(interaction.totalMs),
        },
      };
    }
    case 'findings': {
      const { interaction, finding } = event;
      return {
        signature: finding.check,
        name: finding.message || finding.check,
        fields: {
          act: finding.enforced ? finding.action : 'observed',
          ...ofInteraction(interaction),
          cs4Label: 'rule',
          cs4: finding.rule,
          cs5Label: finding.kind ? 'finding' : null,
          cs5: finding.kind,
          cn2Label: 'confidence',
          cn2: Math.round(finding.score * 100),
          deviceDirection: finding.direction === 'input' ? 0 : 1,
        },
      };
    }
    case 'audit': {
      const { entry } = event;
      return {
        signature: entry.action,
        name: event.test ? 'Test event of Bartizan' : entry.action,
        fields: {
          act: entry.action,
          suser: entry.actorName,
          suid: entry.actorId,
          cs1Label: 'subject',
          cs1: entry.subject,
          cs2Label: 'actorKind',
          cs2: entry.actorKind,
          msg: JSON.stringify(entry.detail),
        },
      };
    }
    case 'alarms':
      return {
        signature: `alarm.${event.alarm.kind}`,
        name: event.alarm.summary || event.alarm.kind,
        fields: { cs1Label: 'subject', cs1: event.alarm.subject },
      };
  }
}

/** One event as one line of CEF, without a line break whatever the event holds. */
export function toCef(event: SinkEvent, version: string): string {
  const { signature, name, fields } = shapeOf(event);
  const header = [
    'CEF:0',
    'Bartizan',
    'Bartizan',
    version,
    signature,
    name,
    String(SEVERITY[event.severity]),
  ];
  const head = header.map((part, index) => (index === 0 ? part : cefHeader(part))).join('|');
  return `${head}|${extension({ rt: event.at, externalId: event.uid, cat: event.kind, ...fields })}`;
}
