import type { Severity } from '@bartizan/contracts';
import { type SinkEvent, severityNumber } from '../event.ts';

/** Open Cybersecurity Schema Framework, https://schema.ocsf.io/1.8.0 */
export const OCSF_VERSION = '1.8.0';

export type Json = Readonly<Record<string, unknown>>;

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

export const OTHER = 99;

export interface Activity {
  readonly id: number;
  readonly name: string;
}

export function frame(
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
export function present(fields: Readonly<Record<string, unknown>>): Json {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== null && value !== undefined),
  );
}

export const success = (yes: boolean): Json =>
  yes ? { status_id: 1, status: 'Success' } : { status_id: 2, status: 'Failure' };

/** `key:0190…` → `key` and `0190…`. */
export function split(subject: string): [string, string] {
  const colon = subject.indexOf(':');
  return colon < 0 ? [subject, ''] : [subject.slice(0, colon), subject.slice(colon + 1)];
}
