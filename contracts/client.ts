import type { z } from 'zod';
import { ApiError } from './common.ts';
import type { RouteContract, RouteInput, RouteOutput } from './route.ts';

export interface ClientOptions {
  /** Console address, e.g. `http://127.0.0.1:7600`. */
  readonly baseUrl: string;
  readonly headers?: () => Record<string, string>;
  readonly fetch?: typeof fetch;
}

/** An answer of the API that is not 2xx, or no answer at all (`status` 0, code `unreachable`). */
export class ApiFailure extends Error {
  readonly status: number;
  readonly body: ApiError['error'];
  constructor(status: number, body: ApiError['error']) {
    super(body.message);
    this.name = 'ApiFailure';
    this.status = status;
    this.body = body;
  }
}

type AnyRoute = RouteContract<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;
interface AnyInput {
  readonly params?: Record<string, unknown>;
  readonly query?: Record<string, unknown>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Why protected content is read, for routes that ask. */
  readonly purpose?: string;
  /** Further headers, such as `range`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What went wrong, in our form or in that of MLflow's clients, whose routes answer in it. */
function errorOf(response: Response, body: unknown): ApiError['error'] {
  const parsed = ApiError.safeParse(body);
  if (parsed.success) return parsed.data.error;
  const said = (body as { message?: unknown } | null)?.message;
  return {
    code: 'unexpected',
    message: typeof said === 'string' && said !== '' ? said : `the server answered ${response.status}`,
    requestId: response.headers.get('x-request-id') ?? '',
  };
}

/** The URL of a route with its parameters filled in. */
export function routeUrl(route: Pick<AnyRoute, 'path'>, input: Pick<AnyInput, 'params' | 'query'>): string {
  const path = route.path
    .replace(/:([a-zA-Z]+)/g, (_, name: string) => encodeURIComponent(String(input.params?.[name])))
    .replace(/\*$/, () => String(input.params?.['*']).split('/').map(encodeURIComponent).join('/'));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value === undefined || value === null || value === '') continue;
    search.set(name, Array.isArray(value) ? value.join(',') : String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
}

/** A typed client of the control plane, used by console and CLI alike. */
export function createClient(options: ClientOptions) {
  const send = options.fetch ?? fetch;

  async function open(route: AnyRoute, input: AnyInput): Promise<Response> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...input.headers,
      ...options.headers?.(),
    };
    if (input.body !== undefined) headers['content-type'] = 'application/json';
    if (input.purpose !== undefined) headers['bartizan-purpose'] = encodeURIComponent(input.purpose);
    let response: Response;
    try {
      response = await send(options.baseUrl + routeUrl(route, input), {
        method: route.method,
        headers,
        body: input.body === undefined ? undefined : JSON.stringify(input.body),
        credentials: 'same-origin',
        signal: input.signal,
      });
    } catch (cause) {
      if (input.signal?.aborted) throw cause;
      throw new ApiFailure(0, {
        code: 'unreachable',
        message: `Bartizan does not answer at ${options.baseUrl || 'this address'}`,
        hint: 'Check that it is running and that the address is right.',
        requestId: '',
      });
    }
    if (response.ok) return response;
    throw new ApiFailure(response.status, errorOf(response, await response.json().catch(() => null)));
  }

  return Object.freeze({
    /** Calls a route and returns its validated answer; throws {@link ApiFailure}. */
    async call<R extends AnyRoute>(
      route: R,
      input: RouteInput<R> & { signal?: AbortSignal; purpose?: string },
    ): Promise<RouteOutput<R>> {
      const response = await open(route, input as AnyInput);
      const body: unknown = await response.json();
      return (route.response ? route.response.parse(body) : body) as RouteOutput<R>;
    },
    /** Opens a streaming route (export). */
    stream: (route: AnyRoute, input: AnyInput) => open(route, input),
  });
}
export type Client = ReturnType<typeof createClient>;
