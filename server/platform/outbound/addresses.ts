import { BlockList, isIP } from 'node:net';

/**
 * Where an outbound call may go. Sources: IANA special-purpose registries for IPv4 and IPv6 (RFC 6890 and
 * updates), and the documented instance-metadata addresses of the large clouds.
 */
const FORBIDDEN: readonly [string, number][] = [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16], // link-local; metadata of AWS, Azure, GCP, DigitalOcean
  ['100.100.100.200', 32], // metadata of Alibaba Cloud
  ['168.63.129.16', 32], // Azure's host agent
  ['192.0.0.0', 24], // IETF protocol assignments; metadata of Oracle Cloud
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['::', 128],
  ['fe80::', 10],
  ['fd00:ec2::', 32], // metadata of AWS over IPv6
  ['fd20:ce::254', 128], // metadata of GCP over IPv6
  ['ff00::', 8],
  ['100::', 64],
  ['2001:db8::', 32],
];
const PRIVATE: readonly [string, number][] = [
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['198.18.0.0', 15],
  ['::1', 128],
  ['fc00::', 7],
];
const FORBIDDEN_NAMES = new Set(['metadata', 'metadata.google.internal', 'metadata.goog', 'instance-data']);

function blockList(ranges: readonly [string, number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges)
    list.addSubnet(network, prefix, isIP(network) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
const forbidden = blockList(FORBIDDEN);
const privateNetworks = blockList(PRIVATE);

/** IPv4 inside an IPv6 address: mapped (::ffff:0:0/96), NAT64 (64:ff9b::/96), 6to4 (2002::/16), compatible (::/96). */
function embeddedIpv4(address: string): string | null {
  const groups = expandIpv6(address);
  const at = (index: number): number => groups[index] ?? 0;
  const dotted = (high: number, low: number): string =>
    [high >> 8, high & 255, low >> 8, low & 255].join('.');
  if (at(0) === 0x2002) return dotted(at(1), at(2));
  const zeros = (to: number): boolean => groups.slice(0, to).every((group) => group === 0);
  const mapped = zeros(5) && at(5) === 0xffff;
  const translated = at(0) === 0x64 && at(1) === 0xff9b;
  const compatible = zeros(6) && at(6) !== 0;
  return mapped || translated || compatible ? dotted(at(6), at(7)) : null;
}

function expandIpv6(address: string): number[] {
  // The URL parser normalises every spelling to hexadecimal groups.
  const text = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const front = groups(head);
  if (tail === undefined) return front;
  const back = groups(tail);
  return [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
}

export type Reach = 'public' | 'private' | 'forbidden';

/** What kind of place an IP address is. Anything that is no IP address is forbidden. */
export function reachOf(address: string): Reach {
  const family = isIP(address);
  if (family === 0) return 'forbidden';
  if (family === 6) {
    const inner = embeddedIpv4(address);
    if (inner !== null) return reachOf(inner);
  }
  const plain = address.split('%')[0] ?? address;
  const kind = family === 6 ? 'ipv6' : 'ipv4';
  if (forbidden.check(plain, kind)) return 'forbidden';
  return privateNetworks.check(plain, kind) ? 'private' : 'public';
}

/** The host of a URL without the brackets of IPv6 and a trailing dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** Why a base URL is refused before any look-up, or null. */
export function urlProblem(url: URL, allowPrivateNetwork: boolean): string | null {
  if (url.search !== '' || url.hash !== '')
    return 'it has a query or fragment; give only scheme, host and path';
  return hostProblem(url, allowPrivateNetwork);
}

/** Why nothing is sent to the host of a URL, as far as that shows before its name is looked up, or null. */
export function hostProblem(url: URL, allowPrivateNetwork: boolean): string | null {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'it must begin with https:// or http://';
  if (url.username !== '' || url.password !== '') {
    return 'it contains credentials; put the provider key into its own field';
  }
  const host = hostOf(url);
  if (FORBIDDEN_NAMES.has(host.toLowerCase())) return 'it names a cloud metadata service';
  if (isIP(host) !== 0) return addressProblem(host, allowPrivateNetwork);
  if (!allowPrivateNetwork && (host === 'localhost' || host.endsWith('.localhost'))) return PRIVATE_HINT;
  return null;
}

const PRIVATE_HINT = 'it lies in a private network; allow the private network for it if that is meant';

/** Why an address is not connected to, or null. */
export function addressProblem(address: string, allowPrivateNetwork: boolean): string | null {
  const reach = reachOf(address);
  if (reach === 'forbidden') return 'it points at a link-local, metadata or reserved address';
  return reach === 'private' && !allowPrivateNetwork ? PRIVATE_HINT : null;
}
