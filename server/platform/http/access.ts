import { type Access, ALL_PERMISSIONS, type Permission } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { Principal } from './types.ts';

/** A person has confirmed that it is them for this long. */
export const CONFIRMED_FOR_MS = 10 * 60_000;

/** The one route that a key without any permission may call: who am I. */
const WHO_AM_I = 'auth.me';

/**
 * Whether `principal` may call a route. Denies by default: an access value that is none of the known ones
 * admits nobody.
 */
export function permits(
  route: { readonly id: string; readonly access: Access },
  principal: Principal,
): boolean {
  switch (route.access) {
    case 'public':
      return true;
    case 'gateway':
    case 'scim':
      return principal.kind === route.access;
    case 'signed-in':
      if (principal.kind === 'person') return true;
      return principal.kind === 'key' && (principal.permissions.size > 0 || route.id === WHO_AM_I);
    default:
      return isPermission(route.access) && principal.permissions.has(route.access);
  }
}

const isPermission = (value: string): value is Permission =>
  (ALL_PERMISSIONS as readonly string[]).includes(value);

/** What nobody is told: how to be somebody here. Never whether a key was once good. */
function unauthenticated(access: Access, sentKey: boolean): AppError {
  if (access === 'scim') {
    return new AppError(
      'unauthenticated',
      sentKey ? 'this provisioning token is not known, or has ended' : 'send a provisioning token',
      { hint: 'An administrator makes one for the directory; send "Authorization: Bearer bzs_…".' },
    );
  }
  if (sentKey) {
    return new AppError('unauthenticated', 'this API key is not known, or has ended', {
      hint: 'Make a new one on the console or with the command line, and send "Authorization: Bearer bz_…".',
    });
  }
  return new AppError('unauthenticated', 'sign in or send an API key', {
    hint: 'Sign in on the console, or send "Authorization: Bearer bz_…".',
  });
}

/**
 * Throws `unauthenticated` or `forbidden` unless `principal` may call the route. `sentKey`: the request came with
 * an Authorization header, so that who is nobody hears that it is not good.
 */
export function demandAccess(
  route: { readonly id: string; readonly access: Access },
  principal: Principal | null,
  sentKey = false,
): void {
  if (route.access === 'public') return;
  if (principal === null) throw unauthenticated(route.access, sentKey);
  if (principal.mustEnrol && route.access !== 'signed-in') {
    throw new AppError('second_factor_required', 'you must set up a second factor first', {
      hint: 'Set up an authenticator app or a passkey under Account; then everything else opens.',
    });
  }
  if (permits(route, principal)) return;
  throw new AppError('forbidden', `you may not do this: it needs "${route.access}"`, {
    hint: 'An administrator can give you a role, or a key a scope, that includes it.',
  });
}

/**
 * Throws `step_up_required` when a person has not proved lately who they are. Keys pass: somebody who had
 * proved it gave them their scope.
 */
export function demandStepUp(principal: Pick<Principal, 'kind' | 'confirmedAt'> | null, nowMs: number): void {
  if (principal === null || principal.kind !== 'person') return;
  const ageMs = nowMs - (principal.confirmedAt ?? Number.NEGATIVE_INFINITY);
  if (ageMs >= 0 && ageMs <= CONFIRMED_FOR_MS) return;
  throw new AppError('step_up_required', 'confirm that it is you', {
    hint: 'Confirm with your password, your authenticator app or a passkey, then try again.',
  });
}

/**
 * Throws `forbidden` for an emergency account, where what is asked for gives access that would outlast its
 * session: whoever found the paper must not leave a door open behind them.
 */
export function refuseLasting(principal: Pick<Principal, 'breakGlass'> | null): void {
  if (!principal?.breakGlass) return;
  throw new AppError('forbidden', 'not with an emergency account: what this gives would outlast its hour', {
    hint: 'Bring another administrator back first (reset their password or second factor); they can do this.',
  });
}

const PURPOSE = { min: 10, max: 500 };

/** The reason in the header `bartizan-purpose`. Throws `purpose_required` where it is missing or says nothing. */
export function demandPurpose(header: string | undefined): string {
  const purpose = decoded(header ?? '')
    .replace(/\s+/g, ' ')
    .trim();
  // Characters that nobody sees say nothing: format characters, blanks of every kind.
  const seen = purpose.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();
  if (seen.length >= PURPOSE.min && purpose.length <= PURPOSE.max) return purpose;
  throw new AppError('purpose_required', 'say why you read this', {
    hint: `Send the reason in the header bartizan-purpose, percent-encoded, ${PURPOSE.min} to ${PURPOSE.max} characters. It goes into the audit log.`,
  });
}

function decoded(value: string): string {
  try {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a reason
    return decodeURIComponent(value).replace(/[\u0000-\u001f\u007f]/g, ' ');
  } catch {
    return '';
  }
}
