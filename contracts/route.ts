import type { z } from 'zod';
import type { Permission } from './permissions.ts';

/**
 * Who may call a route.
 * `public`: anyone (setup, login, health). `signed-in`: any person or API key that is known.
 * `gateway`: a gateway process with the instance's internal token. `scim`: an identity provider with its
 * provisioning token. Otherwise a permission.
 */
export type Access = Permission | 'public' | 'signed-in' | 'gateway' | 'scim';

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * One HTTP route as data: the server registers it, clients call it, a test walks all of them.
 * `response` is absent where the body is a stream (`streams` names its media type).
 */
export interface RouteContract<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
> {
  readonly id: string;
  readonly method: HttpMethod;
  /** Path with `:name` parameters, e.g. `/api/v1/endpoints/:id`; a last `*` takes the rest, with its slashes. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /**
   * A dangerous act: a person must have signed in, or confirmed that it is them, within the last minutes;
   * otherwise the answer is 403 `step_up_required`. Keys were given their scope in such a way already.
   */
  readonly stepUp?: boolean;
  /**
   * Gives access that outlasts the session which gives it: an emergency account gets 403 `forbidden`. Such
   * accounts bring administrators back; what is to last is theirs to give.
   */
  readonly lasting?: boolean;
  /**
   * Reads protected content: the caller says why in the header `bartizan-purpose` (percent-encoded UTF-8, 10
   * to 500 characters); otherwise the answer is 400 `purpose_required`. The reason goes into the audit log.
   */
  readonly purpose?: boolean;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly response?: Response;
  /** For browsers: answers 303 with a Location instead of a body. The handler returns `{ location }`. */
  readonly redirects?: true;
  /**
   * Takes bytes of any media type: the handler reads them from `context.body` as they come, they are not
   * buffered. Such a request may take as long as it likes, as long as bytes keep coming.
   */
  readonly receives?: 'application/octet-stream';
  /** Errors in the form of another protocol's clients instead of ours. */
  readonly errors?: 'mlflow';
  /** Of bodies and answers, where it is not JSON of our own; errors then take the shape that belongs to it. */
  readonly mediaType?: 'application/scim+json';
  readonly streams?: 'text/event-stream' | 'application/x-ndjson' | 'text/plain' | 'application/octet-stream';
  /** Largest request body in bytes; the server's default (1 MiB; of `receives`: 1 TiB) where absent. */
  readonly bodyLimitBytes?: number;
}

/** Declares a route; the generics carry the exact types to server and clients. */
export function defineRoute<
  Params extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Response extends z.ZodType,
>(
  route: RouteContract<Params, Query, Body, Response>,
): Readonly<RouteContract<Params, Query, Body, Response>> {
  return Object.freeze(route);
}

type Part<T, Key extends string> = T extends z.ZodType
  ? unknown extends z.input<T>
    ? { readonly [K in Key]?: undefined }
    : { readonly [K in Key]: z.input<T> }
  : { readonly [K in Key]?: undefined };

/** What a client passes to call the route. */
export type RouteInput<R> =
  R extends RouteContract<infer P, infer Q, infer B, z.ZodType>
    ? Part<P, 'params'> & Part<Q, 'query'> & Part<B, 'body'>
    : never;

/** What a client gets back. */
export type RouteOutput<R> =
  R extends RouteContract<z.ZodType, z.ZodType, z.ZodType, infer S> ? z.output<S> : never;
