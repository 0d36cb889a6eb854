import {
  type GuardFinding,
  SEVERITIES,
  type Severity,
  type SinkKind,
  VERDICTS,
  type Verdict,
} from '@bartizan/contracts';

/** The listed facts of an interaction, and what its endpoint is served by. */
export interface InteractionFacts {
  readonly id: string;
  readonly at: number;
  readonly endpointId: string | null;
  readonly endpointSlug: string;
  readonly keyId: string | null;
  readonly keyName: string;
  readonly user: string | null;
  readonly api: string;
  readonly model: string;
  readonly streamed: boolean;
  readonly status: number;
  readonly outcome: string;
  readonly verdict: Verdict;
  readonly wouldBe: Verdict;
  readonly checks: readonly string[];
  readonly totalMs: number;
  readonly tokens: number | null;
  /** Names of the upstreams behind the endpoint. */
  readonly provider: string;
  /** First words of the prompt with findings masked; null unless the sink asks for it. */
  readonly excerpt: string | null;
}

/** An entry of the audit log. */
export interface AuditFacts {
  readonly actorKind: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface AlarmFacts {
  readonly kind: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly subject: string;
}

interface Common {
  /** Unique among all events of the instance and the same each time the event is sent: receivers may drop repeats. */
  readonly uid: string;
  readonly at: number;
  /** Of the interaction, entry or alarm that it came from. */
  readonly subjectId: string;
  readonly severity: Severity;
}

export type SinkEvent = Common &
  (
    | { readonly kind: 'interactions'; readonly interaction: InteractionFacts }
    | { readonly kind: 'findings'; readonly interaction: InteractionFacts; readonly finding: GuardFinding }
    | { readonly kind: 'audit'; readonly entry: AuditFacts; readonly test?: boolean }
    | { readonly kind: 'alarms'; readonly alarm: AlarmFacts }
  );

const OF_VERDICT: Readonly<Record<Verdict, Severity>> = {
  allow: 'informational',
  flag: 'low',
  redact: 'medium',
  block: 'high',
};

export const severityOfVerdict = (verdict: Verdict): Severity => OF_VERDICT[verdict];

/** 1 (informational) to 5 (critical), as OCSF numbers them. */
export const severityNumber = (severity: Severity): number => SEVERITIES.indexOf(severity) + 1;

export interface Wanted {
  readonly kinds: readonly SinkKind[];
  readonly minimumVerdict: Verdict;
  readonly minimumSeverity: Severity;
  readonly endpoints: readonly string[];
}

/** Whether a sink with this filter sends the event. */
export function passes(event: SinkEvent, filter: Wanted): boolean {
  if (!filter.kinds.includes(event.kind)) return false;
  if (severityNumber(event.severity) < severityNumber(filter.minimumSeverity)) return false;
  if (event.kind === 'audit' || event.kind === 'alarms') return true;
  const verdict = event.kind === 'findings' ? event.finding.action : event.interaction.verdict;
  if (VERDICTS.indexOf(verdict) < VERDICTS.indexOf(filter.minimumVerdict)) return false;
  const { endpointId } = event.interaction;
  return filter.endpoints.length === 0 || (endpointId !== null && filter.endpoints.includes(endpointId));
}
