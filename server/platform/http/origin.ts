import { isIP } from 'node:net';
import { AppError } from '../../kernel/error.ts';

export interface OriginFacts {
  readonly method: string;
  /** Host as the client sent it (or a trusted proxy passed on), with port. */
  readonly host: string;
  readonly header: (name: string) => string | undefined;
}

/** The name in a Host header: without port, brackets and case. Null when it is malformed. */
export function hostName(host: string): string | null {
  const match = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::\d{1,5})?$/.exec(host);
  return (match?.[1] ?? match?.[2] ?? null)?.toLowerCase() ?? null;
}

/**
 * Refuses a Host that is not ours: a page of somebody else's domain that resolves to our address (DNS
 * rebinding) would otherwise be of our origin. Such an attack always carries a name, so addresses pass.
 */
export function demandKnownHost(host: string, publicUrl: string | null): void {
  const name = hostName(host);
  const known =
    name !== null &&
    (isIP(name) !== 0 ||
      name === 'localhost' ||
      name.endsWith('.localhost') ||
      (publicUrl !== null && name === hostName(new URL(publicUrl).host)));
  if (known) return;
  throw new AppError('forbidden', 'this name is not one that Bartizan answers to', {
    hint: 'Open it by its configured address, or set BARTIZAN_PUBLIC_URL to the address people use.',
  });
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Refuses a change that another site's page asks for. Browsers say where a request comes from in
 * Sec-Fetch-Site, and in Origin on every cross-origin change; programs that send neither carry no cookies
 * that somebody could ride on.
 */
export function demandSameOrigin(request: OriginFacts, publicUrl: string | null): void {
  if (SAFE_METHODS.has(request.method)) return;
  const site = request.header('sec-fetch-site');
  const origin = request.header('origin');
  const foreign =
    (site !== undefined && site !== 'same-origin') ||
    (origin !== undefined && !isOwnOrigin(origin, request.host, publicUrl));
  if (!foreign) return;
  throw new AppError('forbidden', 'this request comes from another site', {
    hint: 'Use the console on its own address; programs send an API key instead of a cookie.',
  });
}

function isOwnOrigin(origin: string, host: string, publicUrl: string | null): boolean {
  if (origin === publicUrl) return true;
  const from = URL.parse(origin);
  // Through the same scheme, so that a default port counts as none on both sides.
  return from !== null && from.host !== '' && from.host === URL.parse(`${from.protocol}//${host}`)?.host;
}
