import { type Access, ALL_PERMISSIONS, type Permission } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { Principal } from './types.ts';

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
      return principal.kind === 'gateway';
    case 'signed-in':
      if (principal.kind === 'person') return true;
      return principal.kind === 'key' && (principal.permissions.size > 0 || route.id === WHO_AM_I);
    default:
      return isPermission(route.access) && principal.permissions.has(route.access);
  }
}

const isPermission = (value: string): value is Permission =>
  (ALL_PERMISSIONS as readonly string[]).includes(value);

/** Throws `unauthenticated` or `forbidden` unless `principal` may call the route. */
export function demandAccess(
  route: { readonly id: string; readonly access: Access },
  principal: Principal | null,
): void {
  if (route.access === 'public') return;
  if (principal === null) {
    throw new AppError('unauthenticated', 'sign in or send an API key', {
      hint: 'Sign in on the console, or send "Authorization: Bearer bz_…".',
    });
  }
  if (permits(route, principal)) return;
  throw new AppError('forbidden', `you may not do this: it needs "${route.access}"`, {
    hint: 'An administrator can give you a role, or a key a scope, that includes it.',
  });
}
