import type { Permission, Role, RouteContract, RouteInput, RouteOutput } from '@bartizan/contracts';
import type { z } from 'zod';

/** Who calls: a signed-in person, an API key, a gateway of this instance, or an identity provider. */
export interface Principal {
  readonly kind: 'person' | 'key' | 'gateway' | 'scim';
  readonly id: string;
  /** As logs and reviews show it; of a key with its owner: `Ada (key Command line)`. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly permissions: ReadonlySet<Permission>;
  /** Of the session, where there is one. */
  readonly sessionId?: string;
  /** Teams whose things they may see and, with the permission, change; `*` is everybody's. */
  readonly teams: ReadonlySet<string> | '*';
  /** Of a key that names endpoints: the only ones that it may see and change. Absent: no such bound. */
  readonly endpoints?: ReadonlySet<string>;
  /** The person who answers for what is done: themselves, or the owner of the key. Null: nobody. */
  readonly ownerId?: string | null;
  /** Of a service account's key: the account, which is bounded otherwise than the person who answers for it. */
  readonly serviceAccountId?: string;
  /** An emergency account: rules that need a second person do not hold it up, and raise an alarm instead. */
  readonly breakGlass?: boolean;
  /** When a person last proved who they are (signing in, or stepping up), in ms since the epoch. */
  readonly confirmedAt?: number;
  /** A person of whom a second factor is demanded and who has none yet: may do nothing but set one up. */
  readonly mustEnrol?: boolean;
}

/** What is needed to tell who calls. */
export interface AuthenticateRequest {
  readonly header: (name: string) => string | undefined;
  /** Address of the client, after trusted proxies. */
  readonly address: string;
}
/** Null when nobody known calls; throws only when that cannot be told (database away). */
export type Authenticate = (request: AuthenticateRequest) => Promise<Principal | null>;

/** What a handler knows of the request beside its validated input. */
export interface RequestContext<P = Principal> {
  readonly principal: P;
  readonly requestId: string;
  /** Address of the client, after trusted proxies. */
  readonly address: string;
  readonly userAgent: string;
  readonly header: (name: string) => string | undefined;
  /** Why the caller reads protected content; empty where the route does not ask. */
  readonly purpose: string;
  /**
   * The bytes of the request, of a route that `receives` them; empty elsewhere. Can be read once. Throws
   * `too_large` past the route's limit and `invalid_input` when the client stops before the end.
   */
  readonly body: AsyncIterable<Uint8Array>;
  readonly setHeader: (name: string, value: string | string[]) => void;
  /** Answers 304 or another bare status instead of a body. */
  readonly status: (code: number) => void;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
}

type AnyRoute = RouteContract<z.ZodType, z.ZodType, z.ZodType, z.ZodType>;
type Parsed<T> = T extends z.ZodType ? z.output<T> : undefined;
export interface HandlerInput<R> {
  readonly params: R extends RouteContract<infer P, z.ZodType, z.ZodType, z.ZodType> ? Parsed<P> : undefined;
  readonly query: R extends RouteContract<z.ZodType, infer Q, z.ZodType, z.ZodType> ? Parsed<Q> : undefined;
  readonly body: R extends RouteContract<z.ZodType, z.ZodType, infer B, z.ZodType> ? Parsed<B> : undefined;
}

/** Where a redirecting route sends the browser. */
export interface Redirect {
  readonly location: string;
}

/** A streaming route's handler answers with the chunks to send, a redirecting one with the address to go to. */
export type HandlerOutput<R> = R extends { readonly streams: 'application/octet-stream' }
  ? AsyncIterable<string | Uint8Array>
  : R extends { readonly streams: string }
    ? AsyncIterable<string>
    : R extends { readonly redirects: true }
      ? Redirect
      : RouteOutput<R>;

/** A contract with the function that serves it. Public routes get `principal: null`. */
export interface RouteImplementation {
  readonly contract: AnyRoute;
  readonly handle: (
    input: HandlerInput<AnyRoute>,
    context: RequestContext<Principal | null>,
  ) => Promise<unknown>;
}

/** Binds a contract to its handler; access is checked and input validated before the handler runs. */
export function implement<R extends AnyRoute>(
  contract: R,
  handle: (
    input: HandlerInput<R>,
    context: RequestContext<R['access'] extends 'public' ? Principal | null : Principal>,
  ) => Promise<HandlerOutput<R>>,
): RouteImplementation {
  return Object.freeze({ contract, handle: handle as unknown as RouteImplementation['handle'] });
}

export type { RouteInput };
