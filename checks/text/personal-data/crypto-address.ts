import { createHash } from 'node:crypto';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
const BECH32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

function decode58(text: string): Uint8Array | null {
  const bytes: number[] = [];
  for (const char of text) {
    let carry = BASE58.indexOf(char);
    if (carry < 0) return null;
    for (let i = 0; i < bytes.length; i++) {
      carry += (bytes[i] ?? 0) * 58;
      bytes[i] = carry & 255;
      carry >>= 8;
    }
    for (; carry > 0; carry >>= 8) bytes.push(carry & 255);
  }
  for (let i = 0; text[i] === '1'; i++) bytes.push(0);
  return Uint8Array.from(bytes.toReversed());
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** Base58Check (Bitcoin, Litecoin, Dogecoin, Tron): 21 bytes and four of their doubled SHA-256. */
export function isBase58Check(text: string): boolean {
  if (text.length < 26 || text.length > 35) return false;
  const bytes = decode58(text);
  if (bytes === null || bytes.length !== 25) return false;
  const sum = sha256(sha256(bytes.subarray(0, 21)));
  return [0, 1, 2, 3].every((i) => sum[i] === bytes[21 + i]);
}

function bech32Polymod(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  let check = 1;
  for (const value of values) {
    const top = check >>> 25;
    check = ((check & 0x1ffffff) << 5) ^ value;
    for (let i = 0; i < 5; i++) if ((top >>> i) & 1) check ^= generators[i] ?? 0;
  }
  return check >>> 0;
}

/** BIP 173 and BIP 350 addresses (`bc1…`, `ltc1…`): 1 for bech32, 0x2bc830a3 for bech32m. */
export function isBech32(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower !== text && text.toUpperCase() !== text) return false;
  const split = lower.lastIndexOf('1');
  const prefix = lower.slice(0, split);
  const data = Array.from(lower.slice(split + 1), (char) => BECH32.indexOf(char));
  if (split < 1 || data.length < 6 || data.includes(-1)) return false;
  const expanded = [
    ...Array.from(prefix, (c) => c.charCodeAt(0) >> 5),
    0,
    ...Array.from(prefix, (c) => c.charCodeAt(0) & 31),
  ];
  const check = bech32Polymod([...expanded, ...data]);
  return check === 1 || check === 0x2bc830a3;
}
