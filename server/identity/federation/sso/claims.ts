import { Email, type SsoProviderFields } from '@bartizan/contracts';
import type { z } from 'zod';

export type ProviderSettings = z.output<typeof SsoProviderFields>;
export type Claims = Readonly<Record<string, unknown>>;

/** Who the provider says that somebody is, as far as it can be believed. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** Lower case; null when there is none or it is no address. */
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly name: string;
  readonly groups: readonly string[];
  /** The provider says that it used several factors, and is trusted to say so. */
  readonly secondFactor: boolean;
}

const MAX_GROUPS = 2_000;
const MAX_NAME = 100;

const own = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Record<string, unknown>)[name]
    : undefined;

/** A claim by its name, or, where there is none of that name, by a path whose steps are joined with dots. */
export function claimAt(claims: Claims, path: string): unknown {
  const direct = own(claims, path);
  if (direct !== undefined) return direct;
  let at: unknown = claims;
  for (const step of path.split('.')) at = own(at, step);
  return at;
}

/** Providers write it as a boolean, a text or a number (Entra ID's `xms_edov` is 1 or "1"). */
const isYes = (value: unknown): boolean => value === true || value === 'true' || value === 1 || value === '1';

function groupsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
  return list.filter((item): item is string => typeof item === 'string').slice(0, MAX_GROUPS);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a name
const CONTROLS = /[\u0000-\u001f\u007f]/g;

function nameOf(claims: Claims, path: string, fallback: string): string {
  const value = claimAt(claims, path);
  const name = typeof value === 'string' ? value.replace(CONTROLS, ' ').trim().slice(0, MAX_NAME) : '';
  return name === '' ? fallback : name;
}

function usedSeveralFactors(claims: Claims, settings: ProviderSettings): boolean {
  if (!settings.trustedForMfa) return false;
  const { amr, acr } = claims;
  const methods = Array.isArray(amr) ? amr : [];
  return (
    settings.mfaAmr.some((method) => methods.includes(method)) ||
    (typeof acr === 'string' && settings.mfaAcr.includes(acr))
  );
}

/**
 * Reads what counts out of an ID token's claims, checked before. Never throws: what is not as expected counts
 * as absent, so that it gives nothing.
 */
export function readIdentity(
  claims: Claims & { iss: string; sub: string },
  settings: ProviderSettings,
): Identity {
  const { claims: names } = settings;
  const email = Email.safeParse(claimAt(claims, names.email));
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: email.success ? email.data : null,
    emailVerified: isYes(claimAt(claims, names.emailVerified)),
    name: nameOf(claims, names.name, email.success ? email.data : 'Unnamed'),
    groups: groupsOf(claimAt(claims, names.groups)),
    secondFactor: usedSeveralFactors(claims, settings),
  };
}

export interface Grant {
  readonly roles: ProviderSettings['defaultRoles'];
  readonly teams: string[];
}

/** What the mapped ones among `groups` give together; null when none is mapped. */
export function grantOf(settings: Pick<ProviderSettings, 'groups'>, groups: readonly string[]): Grant | null {
  const held = new Set(groups);
  const mapped = settings.groups.filter(({ group }) => held.has(group));
  if (mapped.length === 0) return null;
  return {
    roles: [...new Set(mapped.flatMap(({ roles }) => roles))],
    teams: [...new Set(mapped.flatMap(({ teams }) => teams))],
  };
}
