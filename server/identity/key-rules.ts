import {
  type ApiKeyInput,
  type KeyScope,
  type Limits,
  MAX_OVERLAP_DAYS,
  type Permission,
} from '@bartizan/contracts';
import type { z } from 'zod';
import type { Actor } from '../audit/index.ts';
import { AppError } from '../kernel/error.ts';
import type { Principal } from '../platform/http/index.ts';
import { INVOKE, isLive, type KeyRow, type PersonRow, permissionsOf } from './model.ts';

export type KeyInput = z.output<typeof ApiKeyInput>;
/** What a key may do, for how long and how much. */
export type KeyShape = Pick<KeyInput, 'scopes' | 'endpoints' | 'limits' | 'expiresAt'>;

/** Who makes or changes a key: a person, or a key with `keys.manage`, which acts for its owner. */
export interface KeyMaker extends Actor {
  readonly permissions: ReadonlySet<Permission>;
  readonly teams?: Principal['teams'];
  readonly endpoints?: Principal['endpoints'];
  readonly breakGlass?: Principal['breakGlass'];
}

/** Who looks at keys. */
export type KeyViewer = Pick<Principal, 'kind' | 'id' | 'teams' | 'endpoints'>;

/** As much as the maker says of themselves; who says nothing sees nothing of teams. */
export const viewerOf = ({ kind, id, teams = new Set(), endpoints }: KeyMaker): KeyViewer => ({
  kind: kind === 'system' ? 'key' : kind,
  id,
  teams,
  ...(endpoints === undefined ? {} : { endpoints }),
});

/**
 * Whether a key is there for the viewer: a person's own, one of a service account of their team, and any that
 * reaches nothing which they do not see (`seen`). A key for certain endpoints sees keys for these endpoints only.
 */
export function isThereFor(row: KeyRow, viewer: KeyViewer, seen: ReadonlySet<string> | '*'): boolean {
  if (seen === '*') return true;
  if (row.endpoints !== null && row.endpoints.length > 0) {
    if (row.endpoints.every((id) => seen.has(id))) return true;
  }
  if (viewer.endpoints) return false;
  const { teams } = viewer;
  if (row.service_account_id !== null) {
    return teams === '*' || row.owner_teams.some(({ id }) => teams.has(id));
  }
  return viewer.kind === 'person' && row.owner_id === viewer.id;
}

const DAY_MS = 86_400_000;

const wider = (what: string, hint?: string) =>
  new AppError('forbidden', `a key cannot give more than its maker has: ${what}`, hint ? { hint } : {});

const invalid = (path: string, message: string, fix: string) =>
  new AppError('invalid_input', message, { issues: [{ path, message: fix }] });

export const shapeOf = (row: KeyRow): KeyShape => ({
  scopes: row.scopes,
  endpoints: row.endpoints ?? '*',
  limits: row.limits,
  expiresAt: row.expires_at?.getTime() ?? null,
});

/** Names of the limits that `limits` sets looser than `bound` does. */
function looser(limits: Limits, bound: Limits): (keyof Limits)[] {
  return (Object.keys(bound) as (keyof Limits)[]).filter((name) => {
    const most = bound[name] ?? null;
    const given = limits[name] ?? null;
    return most !== null && (given === null || given > most);
  });
}

/** What is made with a key is never wider than that key: not in scopes, endpoints, limits or time. */
export function demandNotWider(shape: KeyShape, maker: KeyRow): void {
  if (shape.scopes.includes(INVOKE) && !maker.scopes.includes(INVOKE)) throw wider(INVOKE);
  const allowed = maker.endpoints;
  if (allowed !== null) {
    if (shape.endpoints === '*' || shape.endpoints.some((id) => !allowed.includes(id)))
      throw wider('endpoints');
    // To name none is no bound on the API.
    const api = shape.scopes.some((scope) => scope !== INVOKE);
    if (api && allowed.length > 0 && shape.endpoints.length === 0) throw wider('endpoints');
  }
  const [loose] = looser(shape.limits, maker.limits);
  if (loose) throw wider(`limits (${loose})`, 'Give at most the limits of the key that you use.');
  if (maker.expires_at === null) return;
  if (shape.expiresAt === null || shape.expiresAt > maker.expires_at.getTime()) {
    const until = maker.expires_at.toISOString().slice(0, 16);
    throw wider(
      'expiry',
      `This key ends ${until} UTC: ask for an earlier expiry, or make the key in the console.`,
    );
  }
}

/** Nobody hands out, with a fresh secret or more time, what they may not do themselves. */
export function demandWithin(scopes: readonly KeyScope[], maker: KeyMaker): void {
  if (maker.breakGlass) {
    throw new AppError(
      'forbidden',
      'no keys are made with an emergency account: they would outlive its hour',
      {
        hint: 'Bring another administrator back first.',
      },
    );
  }
  const beyond = scopes.find((scope) => scope !== INVOKE && !maker.permissions.has(scope));
  if (beyond) throw wider(beyond);
}

/** An emergency account is nobody's, used for an hour and then not: it answers for nothing that lasts. */
export function demandAnswerable(person: Pick<PersonRow, 'break_glass'>): void {
  if (!person.break_glass) return;
  throw new AppError('invalid_input', 'an emergency account answers for nothing that lasts', {
    hint: 'Name a person who can be asked.',
  });
}

export function demandFuture(expiresAt: number | null, nowMs: number): void {
  if (expiresAt !== null && expiresAt <= nowMs)
    throw invalid('expiresAt', 'the expiry is in the past', 'choose a time in the future');
}

/** `maxDays` is the setting; null lets keys live for ever. */
export function demandLifetime(expiresAt: number | null, maxDays: number | null, nowMs: number): void {
  if (maxDays === null) return;
  // A minute of grace, so that "now + the most" does not fail by the time that it took to arrive.
  if (expiresAt !== null && expiresAt <= nowMs + maxDays * DAY_MS + 60_000) return;
  const fix = `choose a time within ${maxDays} ${maxDays === 1 ? 'day' : 'days'}`;
  throw invalid('expiresAt', 'keys may not live that long here', fix);
}

export function demandEndpoints(shape: KeyShape): void {
  if (shape.scopes.includes(INVOKE) && shape.endpoints !== '*' && shape.endpoints.length === 0) {
    throw invalid(
      'endpoints',
      'a key that calls endpoints needs at least one',
      'choose endpoints, or all of them',
    );
  }
}

/** A scope beyond the account's roles would open nothing: better said at once. */
export function demandInAccount(
  scopes: readonly KeyScope[],
  roles: Parameters<typeof permissionsOf>[0],
): void {
  const may = permissionsOf(roles);
  const beyond = scopes.find((scope) => scope !== INVOKE && !may.has(scope));
  if (beyond)
    throw invalid('scopes', `the service account may not "${beyond}"`, 'leave it out, or widen the account');
}

export function demandOverlap(oldEndsAt: number, nowMs: number): void {
  if (oldEndsAt <= nowMs + MAX_OVERLAP_DAYS * DAY_MS + 60_000) return;
  throw invalid(
    'oldEndsAt',
    'the old secret would work for too long',
    `choose a time within ${MAX_OVERLAP_DAYS} days`,
  );
}

/** A person's key gets a new secret only from that person, or a key that acts for them: else others could act as them. */
export function demandOwn(row: KeyRow, maker: KeyMaker, own: KeyRow | undefined): void {
  const person = maker.kind === 'person' ? maker.id : own?.owner_id;
  if (row.owner_id === null || row.owner_id === person) return;
  throw new AppError('forbidden', 'only the person whose key it is can rotate it', {
    hint: 'Revoke it, or ask its owner to rotate it.',
  });
}

/** Only what is good can be rotated or changed. */
export function demandChangeable(row: KeyRow | undefined, nowMs: number): KeyRow {
  if (!row) throw new AppError('not_found', 'there is no such key');
  if (row.owner_id === null && row.service_account_id === null) {
    throw new AppError('conflict', 'this key belongs to Bartizan itself', {
      hint: 'Revoke it and make a key of your own.',
    });
  }
  if (!isLive(row, nowMs)) {
    throw new AppError('conflict', 'this key is not good any more', { hint: 'Make a new one.' });
  }
  return row;
}
