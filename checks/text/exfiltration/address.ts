/** An address taken apart just far enough to judge it; lenient where clients are lenient. */
export interface Address {
  readonly scheme: string;
  readonly user: string;
  /** Lower case, without port; '' for relative addresses and schemes without a host. */
  readonly host: string;
  readonly path: string;
  /** The query and fragment, without their signs. */
  readonly query: string;
}

const PARTS =
  /^(?:([a-z][a-z0-9+.-]{0,30}):)?(?:[\\/]{2}([^/?#\\]{0,512}))?([^?#]{0,4096})(?:[?#](.{0,4096}))?/is;

export function takeApart(url: string): Address {
  const clean = url.replace(/[\t\n\r]/g, '').trim();
  const match = PARTS.exec(clean);
  const authority = match?.[2] ?? '';
  const at = authority.lastIndexOf('@');
  const host = authority
    .slice(at + 1)
    .replace(/:\d{0,5}$/, '')
    .toLowerCase();
  return {
    scheme: (match?.[1] ?? '').toLowerCase(),
    user: at < 0 ? '' : authority.slice(0, at),
    host: host.replace(/\.$/, ''),
    path: match?.[3] ?? '',
    query: match?.[4] ?? '',
  };
}

/** True when `host` is one of `domains` or below it. */
export function isWithin(host: string, domains: readonly string[]): boolean {
  return domains.some((domain) => {
    const wanted = domain
      .trim()
      .toLowerCase()
      .replace(/^\*?\./, '');
    return wanted !== '' && (host === wanted || host.endsWith(`.${wanted}`));
  });
}

/** A literal address instead of a name: dotted, decimal, hexadecimal or IPv6. */
export function isRawAddress(host: string): boolean {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|\d{8,10}|0x[0-9a-f]{1,8}(?:\.0x[0-9a-f]{1,8}){0,3}|\[[0-9a-f:.]{2,45}\])$/.test(
    host,
  );
}

/** Loopback and private ranges: a developer's own machine or network. */
export function isLocal(host: string): boolean {
  return (
    host === 'localhost' ||
    host === '[::1]' ||
    /^(?:127|10)\.|^192\.168\.|^172\.(?:1[6-9]|2\d|3[01])\.|^0\.0\.0\.0$/.test(host)
  );
}
