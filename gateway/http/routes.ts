import { chatCompletions } from '../formats/chat.ts';
import { countTokens, messages } from '../formats/messages.ts';
import { completions, embeddings } from '../formats/plain.ts';
import { responses } from '../formats/responses.ts';
import type { Format } from '../formats/types.ts';
import type { ErrorDialect } from './errors.ts';
import { type Problem, problem } from './problem.ts';

/** What a method and path ask for. */
export type Route =
  | { readonly kind: 'api'; readonly format: Format; readonly slug: string | null }
  | { readonly kind: 'models'; readonly model: string | null; readonly slug: string | null }
  | { readonly kind: 'healthz' }
  | { readonly kind: 'readyz' }
  | { readonly kind: 'refused'; readonly problem: Problem; readonly dialect: ErrorDialect };

const POST_ROUTES: ReadonlyMap<string, Extract<Route, { kind: 'api' }>> = new Map(
  [chatCompletions, responses, messages, countTokens, embeddings, completions].map((format) => [
    `/v1${format.path}`,
    { kind: 'api', format, slug: null },
  ]),
);

const SUPPORTED = [...POST_ROUTES.keys()].map((path) => `POST ${path}`).join(', ');
const PREFIXED = /^\/e\/([a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?)(\/.*)$/;
const LONGEST_MODEL = 512;

function refused(path: string, code: 'unknown_url' | 'method_not_allowed', message: string): Route {
  return { kind: 'refused', problem: problem(code, message), dialect: dialectOf(path) };
}

/** Which error shape a path's clients expect. */
export const dialectOf = (path: string): ErrorDialect =>
  path.includes('/v1/messages') ? 'anthropic' : 'openai';

/** Finds the route of a request. `path` has no query. */
export function routeOf(method: string, path: string): Route {
  if (method === 'POST') {
    const direct = POST_ROUTES.get(path);
    if (direct !== undefined) return direct;
  }
  const prefixed = path.length < 2048 ? PREFIXED.exec(path) : null;
  const slug = prefixed?.[1] ?? null;
  const below = prefixed?.[2] ?? path;
  const api = POST_ROUTES.get(below);
  if (api !== undefined) {
    return method === 'POST'
      ? { ...api, slug }
      : refused(path, 'method_not_allowed', `${below} takes POST, not ${method.slice(0, 10)}.`);
  }
  if (method === 'GET' || method === 'HEAD') {
    if (below === '/healthz') return { kind: 'healthz' };
    if (below === '/readyz') return { kind: 'readyz' };
    if (below === '/v1/models') return { kind: 'models', model: null, slug };
    if (below.startsWith('/v1/models/')) return modelRoute(below.slice('/v1/models/'.length), slug, path);
  }
  if (below.startsWith('/v1/responses/')) return statefulRoute(below);
  return refused(
    path,
    'unknown_url',
    `Unknown request: ${method.slice(0, 10)} ${path.slice(0, 200)}. This gateway serves ${SUPPORTED}, GET /v1/models, each also below /e/<endpoint>.`,
  );
}

function modelRoute(encoded: string, slug: string | null, path: string): Route {
  try {
    const model = decodeURIComponent(encoded);
    if (model !== '' && model.length <= LONGEST_MODEL) return { kind: 'models', model, slug };
  } catch {
    // Falls through to the refusal: the name is not percent-encoded UTF-8.
  }
  return refused(path, 'unknown_url', 'The model name in the path cannot be read.');
}

function statefulRoute(path: string): Route {
  return {
    kind: 'refused',
    dialect: dialectOf(path),
    problem: problem(
      'stateful_not_offered',
      'Stored responses are not offered: reading or continuing them would go past the guards. Send the conversation in full to POST /v1/responses with `store: false`.',
    ),
  };
}
