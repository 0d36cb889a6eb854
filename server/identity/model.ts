import {
  ALL_PERMISSIONS,
  type ApiKey,
  type FactorKind,
  type KeyOwnerKind,
  type KeyScope,
  type KeyWarning,
  type Limits,
  type Permission,
  type Person,
  ROLE_PERMISSIONS,
  ROLES_OVER_ALL_TEAMS,
  type Role,
  type TeamRef,
} from '@bartizan/contracts';

/** The nil UUID (RFC 9562 §5.9): the owner, on the wire, of what Bartizan made by itself. */
export const NOBODY = '00000000-0000-0000-0000-000000000000';
export const INVOKE = 'gateway.invoke';

export interface PersonRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: Role[];
  readonly teams: TeamRef[];
  readonly disabled: boolean;
  readonly break_glass: boolean;
  readonly break_glass_used_at: Date | null;
  readonly factors: FactorKind[];
  readonly last_seen_at: Date | null;
  readonly created_at: Date;
}

export interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: string;
  readonly scopes: KeyScope[];
  /** Null means every endpoint. */
  readonly endpoints: string[] | null;
  readonly limits: Limits;
  /** Null for a service account's key, and for one of Bartizan itself, which may call endpoints and nothing else. */
  readonly owner_id: string | null;
  readonly service_account_id: string | null;
  /** The person who answers for it: its owner, or that of its service account; null when nobody does. */
  readonly answers_id: string | null;
  /** Of a service account's key: nobody answers for the account. */
  readonly orphaned: boolean;
  readonly owner_name: string;
  readonly owner_roles: Role[];
  readonly owner_teams: TeamRef[];
  readonly owner_disabled: boolean;
  readonly created_at: Date;
  readonly rotated_at: Date | null;
  /** Of the secret before the last rotation. */
  readonly previous_hash: string | null;
  readonly previous_prefix: string | null;
  readonly previous_ends_at: Date | null;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly revoked_at: Date | null;
}

/** Everything that `roles` grant together. */
export function permissionsOf(roles: readonly Role[]): ReadonlySet<Permission> {
  return new Set(roles.flatMap((role) => ROLE_PERMISSIONS[role] ?? []));
}

/** Whether any of `roles` looks after the whole instance. */
export const isOverAllTeams = (roles: readonly Role[]): boolean =>
  roles.some((role) => ROLES_OVER_ALL_TEAMS.includes(role));

/** Teams whose things somebody with these roles and teams may see. */
export function reachOf(roles: readonly Role[], teams: readonly TeamRef[]): ReadonlySet<string> | '*' {
  return isOverAllTeams(roles) ? '*' : new Set(teams.map(({ id }) => id));
}

/** Teams whose things a key may see: its owner's. A service account that belongs to a team is for that team alone. */
export function keyReach(
  key: Pick<KeyRow, 'service_account_id' | 'owner_roles' | 'owner_teams'>,
): ReadonlySet<string> | '*' {
  const bound = key.service_account_id !== null && key.owner_teams.length > 0;
  return reachOf(bound ? [] : key.owner_roles, key.owner_teams);
}

/** A key is good while it is neither revoked nor expired and its owner is not disabled. */
export function isLive(key: KeyRow, nowMs: number): boolean {
  return (
    key.revoked_at === null &&
    !key.owner_disabled &&
    (key.expires_at === null || key.expires_at.getTime() > nowMs)
  );
}

/** Longest part of a byline, in characters. */
const BYLINE_PART = 100;
// Controls, and format characters that turn the order of what stands beside them; joiners of emoji stay.
const HIDDEN = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;
const clip = (text: string): string => {
  const characters = [...text.replace(HIDDEN, ' ').trim()];
  return characters.length <= BYLINE_PART
    ? characters.join('')
    : `${characters.slice(0, BYLINE_PART - 1).join('')}…`;
};

/** Who acts with a key, in words of at most 210 characters: its owner first, since anybody may name a key anything. */
export const bylineOf = (key: Pick<KeyRow, 'name' | 'owner_name'>): string =>
  `${clip(key.owner_name)} (key ${clip(key.name)})`;

/** What a key may do now: its scopes, less what its owner may no longer do. */
export function keyPermissions(key: Pick<KeyRow, 'scopes' | 'owner_roles'>): ReadonlySet<Permission> {
  const owner = permissionsOf(key.owner_roles);
  return new Set(ALL_PERMISSIONS.filter((name) => key.scopes.includes(name) && owner.has(name)));
}

/** Whether everything in `part` is in `whole`. */
export function within<T>(part: Iterable<T>, whole: ReadonlySet<T>): boolean {
  for (const item of part) if (!whole.has(item)) return false;
  return true;
}

const instant = (date: Date | null): number | null => date?.getTime() ?? null;

export function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: row.roles,
    teams: row.teams,
    disabled: row.disabled,
    breakGlass: row.break_glass,
    secondFactor: row.factors.some((kind) => kind !== 'recovery'),
    createdAt: row.created_at.getTime(),
    lastSeenAt: instant(row.last_seen_at),
  };
}

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
const UNUSED_MS = 90 * DAY_MS;

/** When the secret before the last rotation ends, where it still works at `nowMs`; null otherwise. */
export function overlapEndsAt(row: KeyRow, nowMs: number): Date | null {
  const end = row.previous_ends_at;
  return end !== null && end.getTime() > nowMs ? end : null;
}

function warningsOf(row: KeyRow, nowMs: number): KeyWarning[] {
  if (!isLive(row, nowMs)) return [];
  const quietMs = nowMs - (row.last_used_at ?? row.created_at).getTime();
  const found: [KeyWarning, boolean][] = [
    ['expires-soon', row.expires_at !== null && row.expires_at.getTime() - nowMs < SOON_MS],
    ['never-expires', row.expires_at === null],
    ['unused', quietMs > UNUSED_MS],
    ['orphaned', row.orphaned],
  ];
  return found.filter(([, holds]) => holds).map(([name]) => name);
}

function ownerKind(row: KeyRow): KeyOwnerKind {
  if (row.service_account_id !== null) return 'service-account';
  return row.owner_id === null ? 'bartizan' : 'person';
}

export function toApiKey(row: KeyRow, nowMs: number): ApiKey {
  const overlap = overlapEndsAt(row, nowMs);
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    endpoints: row.endpoints ?? '*',
    limits: row.limits,
    ownerId: row.owner_id ?? row.service_account_id ?? NOBODY,
    ownerName: row.owner_name,
    ownerKind: ownerKind(row),
    createdAt: row.created_at.getTime(),
    rotatedAt: (row.rotated_at ?? row.created_at).getTime(),
    previous: overlap && { prefix: row.previous_prefix ?? '', endsAt: overlap.getTime() },
    expiresAt: instant(row.expires_at),
    lastUsedAt: instant(row.last_used_at),
    revokedAt: instant(row.revoked_at),
    warnings: warningsOf(row, nowMs),
  };
}
