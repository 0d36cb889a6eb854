import { isIP } from 'node:net';
import type { AuditFacts, SinkEvent } from '../event.ts';
import { type Activity, frame, type Json, OTHER, split, success } from './ocsf-frame.ts';

/** JSON of an audit entry's detail is cut at this. */
const MAX_DETAIL_CHARS = 4_000;

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

/** An entry of the audit log: a sign-in as Authentication (3002), everything else as API Activity (6003). */
export function auditEvent(event: SinkEvent & { kind: 'audit' }, version: string): Json {
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
