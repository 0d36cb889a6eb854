import type { SnapshotEndpoint } from '@bartizan/contracts';
import type { ErrorDialect } from '../http/errors.ts';
import { isObject } from '../http/json.ts';
import { type Problem, problem } from '../http/problem.ts';
import type { Upstreams } from '../ports.ts';
import { namedEndpoint, type Scope } from './resolve.ts';
import { failureProblem, garbage, unavailable } from './translate.ts';

interface ModelsRequest {
  readonly scope: Scope;
  readonly slug: string | null;
  /** One model, or null for the list. */
  readonly model: string | null;
  readonly dialect: ErrorDialect;
}

const LONGEST_LIST_BYTES = 4 * 1024 * 1024;
const MOST_MODELS = 5_000;
/** Models have no birthday here; the SDKs want one. */
const CREATED_SECONDS = 1_767_225_600;

/** Names as clients ask for them, over all endpoints that are meant. */
export async function answerModels(
  request: ModelsRequest,
  upstreams: Upstreams,
): Promise<{ readonly body: string } | Problem> {
  const endpoints = endpointsOf(request);
  if ('code' in endpoints) return endpoints;
  const several = endpoints.length > 1;
  const names: { id: string; owner: string }[] = [];
  for (const endpoint of endpoints) {
    const known = await modelsOf(endpoint, request.dialect, upstreams);
    if ('code' in known) {
      if (!several) return known;
      continue;
    }
    for (const name of known) {
      names.push({ id: several ? `${endpoint.slug}/${name}` : name, owner: endpoint.slug });
    }
  }
  return request.model === null
    ? listOf(names, request.dialect)
    : oneOf(names, request.model, request.dialect);
}

function endpointsOf({ scope, slug }: ModelsRequest): readonly SnapshotEndpoint[] | Problem {
  if (slug !== null) {
    const endpoint = namedEndpoint(scope, slug);
    return 'code' in endpoint ? endpoint : [endpoint];
  }
  return scope.endpoints.filter((endpoint) => endpoint.enabled);
}

/** The endpoint's own list, or what its upstream offers when it allows everything. */
async function modelsOf(
  endpoint: SnapshotEndpoint,
  dialect: ErrorDialect,
  upstreams: Upstreams,
): Promise<readonly string[] | Problem> {
  if (endpoint.models.length > 0) return endpoint.models.map((model) => model.name);
  const answer = await upstreams.forward({
    endpoint,
    api: dialect,
    method: 'GET',
    path: '/models',
    body: () => Buffer.alloc(0),
    headers: dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {},
    signal: new AbortController().signal,
    streamed: false,
  });
  if (!answer.ok) {
    return unavailable(answer, { api: dialect === 'openai' ? 'OpenAI' : 'Anthropic', slug: endpoint.slug });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > LONGEST_LIST_BYTES) return garbage('a list of models that is too long');
    }
    return answer.status === 200
      ? idsOf(JSON.parse(Buffer.concat(chunks).toString('utf8')))
      : garbage('no list of models');
  } catch (error) {
    return error instanceof SyntaxError ? garbage('no list of models') : failureProblem(error);
  }
}

function idsOf(list: unknown): readonly string[] {
  if (!isObject(list) || !Array.isArray(list.data)) return [];
  const ids: string[] = [];
  for (const model of (list.data as unknown[]).slice(0, MOST_MODELS)) {
    if (isObject(model) && typeof model.id === 'string') ids.push(model.id.slice(0, 200));
  }
  return ids;
}

interface Named {
  readonly id: string;
  readonly owner: string;
}

function shown(model: Named, dialect: ErrorDialect): object {
  return dialect === 'openai'
    ? { id: model.id, object: 'model', created: CREATED_SECONDS, owned_by: model.owner }
    : {
        type: 'model',
        id: model.id,
        display_name: model.id,
        created_at: new Date(CREATED_SECONDS * 1000).toISOString(),
      };
}

function listOf(models: readonly Named[], dialect: ErrorDialect): { body: string } {
  const data = models.map((model) => shown(model, dialect));
  if (dialect === 'openai') return { body: JSON.stringify({ object: 'list', data }) };
  return {
    body: JSON.stringify({
      data,
      has_more: false,
      first_id: models[0]?.id ?? null,
      last_id: models.at(-1)?.id ?? null,
    }),
  };
}

function oneOf(models: readonly Named[], id: string, dialect: ErrorDialect): { body: string } | Problem {
  const found = models.find((model) => model.id === id);
  return found === undefined
    ? problem('model_not_found', `There is no model called "${id.slice(0, 100)}" here.`, { param: 'model' })
    : { body: JSON.stringify(shown(found, dialect)) };
}
