import { allows, ROLES } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { demandStepUp } from '../../platform/http/access.ts';
import type { Caller } from '../../reviews/index.ts';
import type { NewEndpoint, NewUpstream } from './model.ts';
import type { Fields, StoredEndpoint, UpstreamSettings } from './store.ts';

/** What sends traffic elsewhere or weakens how it is kept and watched, by the names that the audit log shows. */
export type Weakening =
  | 'upstreams.destination'
  | 'upstreams.allowPrivateNetwork'
  | 'models'
  | 'retention.content'
  | 'retention.days'
  | 'canaries';

type Destination = Pick<UpstreamSettings, 'provider' | 'baseUrl'>;

/** Where requests go. The path counts: on a shared host it says whose account it is. */
function destinationOf({ provider, baseUrl }: Destination): string {
  return `${provider} ${baseUrl === '' ? '' : new URL(baseUrl).href.replace(/\/$/, '')}`;
}

function upstreamWeakenings(upstreams: readonly NewUpstream[], stored: StoredEndpoint): Weakening[] {
  const known = new Map(stored.upstreams.map(({ id, settings }) => [id, settings]));
  return upstreams.flatMap(({ id, ...next }): Weakening[] => {
    const before = id === undefined ? undefined : known.get(id);
    const moved = before === undefined || destinationOf(before) !== destinationOf(next);
    const opened = next.allowPrivateNetwork && before?.allowPrivateNetwork !== true;
    return [
      ...(moved ? ['upstreams.destination' as const] : []),
      ...(opened ? ['upstreams.allowPrivateNetwork' as const] : []),
    ];
  });
}

type Models = Fields['models'];

/** True when a name that clients could use is gone or means another model upstream. None listed means every one. */
function takesModels(before: Models, after: Models): boolean {
  if (before.length === 0) return after.length > 0;
  const upstreamNames = new Map(after.map(({ name, upstreamName }) => [name, upstreamName ?? name]));
  return before.some(({ name, upstreamName }) => upstreamNames.get(name) !== (upstreamName ?? name));
}

const KEPT: Readonly<Record<Fields['retention']['content'], number>> = { hash: 0, redacted: 1, full: 2 };

/** What of a change diverts or weakens; empty when nothing does. Never a value, for values may be secret. */
export function weakenings(stored: StoredEndpoint, next: NewEndpoint): Weakening[] {
  const { fields } = stored;
  const found = new Set<Weakening>(upstreamWeakenings(next.upstreams, stored));
  if (takesModels(fields.models, next.models)) found.add('models');
  if (KEPT[next.retention.content] < KEPT[fields.retention.content]) found.add('retention.content');
  if (next.retention.days < fields.retention.days) found.add('retention.days');
  // A canary that is gone is a leak that nobody sees.
  if (fields.canaries.some((canary) => !next.canaries.includes(canary))) found.add('canaries');
  return [...found];
}

/** What of a new endpoint takes a confirmation: it diverts nobody, but may reach into the own network. */
export function weakeningsOfNew({ upstreams }: Pick<NewEndpoint, 'upstreams'>): Weakening[] {
  return upstreams.some(({ allowPrivateNetwork }) => allowPrivateNetwork)
    ? ['upstreams.allowPrivateNetwork']
    : [];
}

const APPROVE = 'policies.approve';

/**
 * Throws `forbidden` while four eyes are demanded and the caller is none who may approve, and `step_up_required`
 * for a person who has not confirmed lately.
 */
export function demandMayWeaken(
  caller: Caller,
  found: readonly Weakening[],
  given: { readonly fourEyes: boolean; readonly nowMs: number },
): void {
  if (found.length === 0) return;
  const diverts = found.some((one) => one !== 'canaries');
  if (given.fourEyes && diverts && !caller.permissions.has(APPROVE)) {
    const roles = ROLES.filter((role) => allows([role], APPROVE)).join(', ');
    throw new AppError(
      'forbidden',
      'while a second person is demanded for guards, only those who may approve change where traffic goes and what is kept',
      { hint: `Ask somebody with one of the roles ${roles}. This changes: ${found.join(', ')}.` },
    );
  }
  demandStepUp(caller, given.nowMs);
}

/** Throws `forbidden` when somebody of some teams would take what is everybody's for one of them. */
export function demandMayTake(
  { teams }: Pick<Caller, 'teams'>,
  before: string | null,
  after: string | null | undefined,
): void {
  if (before !== null || typeof after !== 'string' || teams === '*') return;
  throw new AppError(
    'forbidden',
    'this endpoint is everybody’s: giving it to one team takes it from the others',
    {
      hint: 'Somebody who looks after all teams (administrator or security) can do this. You can make a new endpoint in your team.',
    },
  );
}
