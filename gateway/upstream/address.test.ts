import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressClass, classifyAddress, mayConnect } from './address.ts';

const CASES: readonly [string, AddressClass][] = [
  ['93.184.216.34', 'public'],
  ['8.8.8.8', 'public'],
  ['2606:4700::6810:84e5', 'public'],
  ['127.0.0.1', 'private'],
  ['127.255.255.254', 'private'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['::1', 'private'],
  ['fd12:3456::1', 'private'],
  ['169.254.169.254', 'refused'],
  ['100.100.100.200', 'refused'],
  ['168.63.129.16', 'refused'],
  ['0.0.0.0', 'refused'],
  ['0.1.2.3', 'refused'],
  ['224.0.0.1', 'refused'],
  ['255.255.255.255', 'refused'],
  ['::', 'refused'],
  ['fe80::1', 'refused'],
  ['fe80::1%eth0', 'refused'],
  ['ff02::1', 'refused'],
  ['fd00:ec2::254', 'refused'],
  ['::ffff:127.0.0.1', 'private'],
  ['::ffff:7f00:1', 'private'],
  ['::ffff:169.254.169.254', 'refused'],
  ['::ffff:a9fe:a9fe', 'refused'],
  ['0:0:0:0:0:ffff:a9fe:a9fe', 'refused'],
  ['::ffff:8.8.8.8', 'public'],
  ['::127.0.0.1', 'private'],
  ['64:ff9b::a9fe:a9fe', 'refused'],
  ['64:ff9b::7f00:1', 'private'],
  ['2002:7f00:0001::', 'private'],
  ['2002:a9fe:a9fe::1', 'refused'],
  ['2001:0:a9fe:a9fe::', 'refused'],
  ['localhost', 'refused'],
  ['', 'refused'],
  ['2130706433', 'refused'],
];

describe('address guard', () => {
  it.each(CASES)('%s is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected);
    expect(mayConnect(address, false)).toBe(expected === 'public');
    expect(mayConnect(address, true)).toBe(expected !== 'refused');
  });

  it('is never milder about an IPv6 spelling of an IPv4 address', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(classifyAddress(`::ffff:${address}`)).toBe(classifyAddress(address));
      }),
    );
  });

  it('answers for any text without throwing', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.ipV6()), (text) => void classifyAddress(text)));
  });
});
