import { ApiFailure, createClient } from '@bartizan/contracts/client.ts';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { connection } from './connection.ts';

/** The control plane's API on the console's own origin; the session cookie goes along. */
export const api = createClient({ baseUrl: '' });

const unreachable = (error: unknown): boolean =>
  error instanceof ApiFailure && (error.status === 0 || error.status === 503 || error.status === 502);

let onSignedOut: () => void = () => {};
/** Called once the server says that nobody is signed in. */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

function onError(error: unknown): void {
  if (unreachable(error)) connection.lost();
  if (error instanceof ApiFailure && error.status === 401) onSignedOut();
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError, onSuccess: () => connection.restored() }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (mutation.meta?.public !== true) onError(error);
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      networkMode: 'always',
      retry: (count, error) => unreachable(error) && count < 1,
      retryDelay: 500,
    },
    mutations: { networkMode: 'always' },
  },
});
