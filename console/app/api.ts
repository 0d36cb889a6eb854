import { ApiFailure, type Client, createClient } from '@bartizan/contracts/client.ts';
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';
import { ask } from './asking.ts';
import { connection } from './connection.ts';

const client = createClient({ baseUrl: '' });

/** Has the person confirm that it is them where the server wants that, then tries once more. */
async function confirmed<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (failure) {
    if (!(failure instanceof ApiFailure) || failure.body.code !== 'step_up_required') throw failure;
    if ((await ask('confirm')) === null) throw failure;
    return attempt();
  }
}

/** The control plane's API on the console's own origin; the session cookie goes along. */
export const api: Client = Object.freeze({
  call: ((route, input) => confirmed(() => client.call(route, input))) as Client['call'],
  stream: (route, input) => confirmed(() => client.stream(route, input)),
});

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
