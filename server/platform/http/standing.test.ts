import { afterEach, expect, test, vi } from 'vitest';
import { AppError } from '../../kernel/error.ts';
import { watchStanding } from './standing.ts';
import type { Principal } from './types.ts';

const ROUTE = { id: 'interactions.live', access: 'interactions.read' } as const;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const person = (change: Partial<Principal> = {}): Principal => ({
  kind: 'person',
  id: 'ada',
  name: 'Ada',
  roles: ['viewer'],
  permissions: new Set(['interactions.read']),
  teams: new Set(['a']),
  ...change,
});

/** Watches a stream of Ada's, whose standing becomes what `later` says; resolves once it was ended. */
function ended(later: () => Promise<Principal | null>): Promise<void> {
  return new Promise((resolve) => {
    ends.push(
      watchStanding({ route: ROUTE, principal: person(), authenticate: later, end: resolve, everyMs: 5 }),
    );
  });
}

test.each<[string, () => Promise<Principal | null>]>([
  ['signed out', async () => null],
  ['lost the permission', async () => person({ permissions: new Set() })],
  ['left a team', async () => person({ teams: new Set() })],
  ['came into a team', async () => person({ teams: new Set(['a', 'b']) })],
  ['must set up a second factor', async () => person({ mustEnrol: true })],
  ['was narrowed to endpoints', async () => person({ endpoints: new Set(['x']) })],
  ['is not let in', () => Promise.reject(new AppError('unauthenticated', 'no'))],
])('a stream ends when its caller %s', async (_, later) => {
  await ended(later);
});

test('it goes on while nothing changed, and while that cannot be told', async () => {
  const end = vi.fn();
  let asked = 0;
  const authenticate = async () => {
    asked += 1;
    if (asked % 2 === 0) throw new AppError('unavailable', 'the database is away');
    return person();
  };
  ends.push(watchStanding({ route: ROUTE, principal: person(), authenticate, end, everyMs: 2 }));
  await vi.waitFor(() => expect(asked).toBeGreaterThan(6), { timeout: 20_000 });
  expect(end).not.toHaveBeenCalled();
});
