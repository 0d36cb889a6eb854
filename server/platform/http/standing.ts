import type { Access } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { demandAccess } from './access.ts';
import type { Principal } from './types.ts';

/** An open event stream asks again this often whether its caller may still have it. */
const RECHECK_MS = 10_000;

type Reach = '*' | ReadonlySet<string> | undefined;

function same(a: Reach, b: Reach): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.size === b.size && [...a].every((item) => b.has(item));
}

/** Whether the caller is still who they were, with the same permissions, teams and endpoints. */
function unchanged(before: Principal | null, now: Principal | null): boolean {
  return (
    before?.id === now?.id &&
    same(before?.permissions, now?.permissions) &&
    same(before?.teams, now?.teams) &&
    same(before?.endpoints, now?.endpoints)
  );
}

export interface Watched {
  readonly route: { readonly id: string; readonly access: Access };
  readonly principal: Principal | null;
  readonly authenticate: () => Promise<Principal | null>;
  /** Ends the stream. */
  readonly end: () => void;
  readonly everyMs?: number | undefined;
}

/**
 * Ends a long stream when its caller signed out, was disabled, lost the permission or changed teams: what they
 * may see was decided when it began. Returns how to stop watching. While that cannot be told (database away) the
 * stream goes on.
 */
export function watchStanding({ route, principal, authenticate, end, everyMs }: Watched): () => void {
  if (route.access === 'public') return () => undefined;
  let asking = false;
  async function look(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      const now = await authenticate();
      demandAccess(route, now);
      if (!unchanged(principal, now)) end();
    } catch (error) {
      if (error instanceof AppError && error.status < 500) end();
    } finally {
      asking = false;
    }
  }
  const timer = setInterval(() => void look(), everyMs ?? RECHECK_MS);
  timer.unref();
  return () => clearInterval(timer);
}
