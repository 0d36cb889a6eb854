import { AppError } from '../kernel/error.ts';
import type { Principal, RequestContext } from '../platform/http/index.ts';
import type { Caller } from './auth.ts';

type AnyContext = RequestContext<Principal | null>;

export const callerOf = (context: Pick<AnyContext, 'address' | 'userAgent' | 'header'>): Caller => ({
  address: context.address,
  userAgent: context.userAgent,
  cookie: context.header('cookie'),
});

/** Keys have no password, session, factor or account of their own. Throws `forbidden` for them. */
export function demandPerson(principal: Principal): Principal & { readonly sessionId: string } {
  const { kind, sessionId } = principal;
  if (kind === 'person' && sessionId !== undefined) return { ...principal, sessionId };
  throw new AppError('forbidden', 'this is for people who are signed in, not for keys');
}

/** Sets the cookies that came with an answer and returns the rest of it. */
export function withCookies<T extends { readonly cookies: string[] }>(
  context: Pick<AnyContext, 'setHeader'>,
  { cookies, ...rest }: T,
): Omit<T, 'cookies'> {
  context.setHeader('set-cookie', cookies);
  return rest;
}
