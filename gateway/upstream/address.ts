import { BlockList, isIP } from 'node:net';

/**
 * What may be done with an address. `refused`: never an upstream (link-local and cloud metadata, multicast,
 * unspecified, reserved). `private`: loopback, private and documentation networks, only where the upstream
 * allows them. Sources: IANA special-purpose address registries (RFC 6890); the metadata addresses of AWS,
 * Azure, Alibaba and Oracle.
 */
export type AddressClass = 'public' | 'private' | 'refused';

const REFUSED_V4 = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '192.0.0.192/32',
];
const PRIVATE_V4 = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
];
const REFUSED_V6 = ['::/128', 'fe80::/10', 'fec0::/10', 'ff00::/8', 'fd00:ec2::254/128'];
const PRIVATE_V6 = ['::1/128', 'fc00::/7', '100::/64', '2001:db8::/32'];

function listOf(networks: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
const refusedV4 = listOf(REFUSED_V4, 'ipv4');
const privateV4 = listOf(PRIVATE_V4, 'ipv4');
const refusedV6 = listOf(REFUSED_V6, 'ipv6');
const privateV6 = listOf(PRIVATE_V6, 'ipv6');

/** The eight 16-bit groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const before = parse(head);
  const after = parse(tail ?? '');
  return tail === undefined
    ? before
    : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

const v4Of = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join('.');

/** The IPv4 addresses that an IPv6 address leads to by mapping, translation or tunnelling. */
function embeddedV4(groups: readonly number[]): string[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const zeros = (a | b | c | d) === 0;
  if (zeros && e === 0 && (f === 0xffff || f === 0)) return f === 0 && g === 0 && h <= 1 ? [] : [v4Of(g, h)];
  if (zeros && e === 0xffff && f === 0) return [v4Of(g, h)]; // RFC 2765 translated
  if (a === 0x64 && b === 0xff9b) return [v4Of(g, h)]; // NAT64, RFC 6052 and 8215
  if (a === 0x2002) return [v4Of(b, c)]; // 6to4
  if (a === 0x2001 && b === 0) return [v4Of(c, d), v4Of(g ^ 0xffff, h ^ 0xffff)]; // Teredo
  return [];
}

const STRICTNESS: readonly AddressClass[] = ['public', 'private', 'refused'];

/** Classifies a literal address; anything that is not one is refused. */
export function classifyAddress(address: string): AddressClass {
  const plain = address.split('%')[0] ?? '';
  const family = isIP(plain);
  if (family === 4) {
    if (refusedV4.check(plain, 'ipv4')) return 'refused';
    return privateV4.check(plain, 'ipv4') ? 'private' : 'public';
  }
  if (family !== 6) return 'refused';
  const classes = embeddedV4(groupsOf(plain)).map(classifyAddress);
  if (classes.length === 0 || !plain.startsWith('::')) {
    if (refusedV6.check(plain, 'ipv6')) return 'refused';
    classes.push(privateV6.check(plain, 'ipv6') ? 'private' : 'public');
  }
  return STRICTNESS[Math.max(...classes.map((one) => STRICTNESS.indexOf(one)))] ?? 'refused';
}

/** True when a connection to the address may be opened. */
export function mayConnect(address: string, allowPrivate: boolean): boolean {
  const found = classifyAddress(address);
  return found === 'public' || (found === 'private' && allowPrivate);
}
