import { createCipheriv, createDecipheriv, createHash, type KeyObject, randomBytes } from 'node:crypto';

/**
 * Envelope encryption for secrets and content at rest.
 * A sealed value is `bzs1.<key id>.<wrapped data key>.<ciphertext>` (base64url parts): a fresh 256-bit data
 * key encrypts the plaintext with AES-256-GCM, and the master key wraps the data key the same way. `context`
 * is authenticated with it, so a value moved to another row or column does not open.
 * Node only; the console never imports this file.
 */
const PREFIX = 'bzs1';
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface MasterKey {
  /** First 8 hex characters of the SHA-256 of the key: names it, reveals nothing. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** Reads a master key from 64 hex characters. Throws when it is anything else. */
export function masterKeyFromHex(hex: string): MasterKey {
  if (!/^[0-9a-f]{64}$/i.test(hex.trim())) {
    throw new Error('the master key must be 64 hexadecimal characters (32 random bytes)');
  }
  const bytes = Buffer.from(hex.trim(), 'hex');
  return Object.freeze({ id: createHash('sha256').update(bytes).digest('hex').slice(0, 8), bytes });
}

/** AES-256-GCM: returns iv ‖ ciphertext ‖ tag. `key` is 32 bytes; as a KeyObject it is three times as fast. */
export function encryptBytes(key: Buffer | KeyObject, plain: Buffer, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Inverse of {@link encryptBytes}; throws when key, context or bytes are not those that were sealed. */
export function decryptBytes(key: Buffer | KeyObject, sealed: Buffer, context: string): Buffer {
  if (sealed.length < IV_BYTES + TAG_BYTES) throw new Error('sealed value is too short');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([
    decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES)),
    decipher.final(),
  ]);
}

/** Seals a text under the master key. */
export function seal(master: MasterKey, plain: string, context: string): string {
  const dataKey = randomBytes(32);
  const wrapped = encryptBytes(master.bytes, dataKey, `key:${context}`);
  const body = encryptBytes(dataKey, Buffer.from(plain), context);
  return [PREFIX, master.id, wrapped.toString('base64url'), body.toString('base64url')].join('.');
}

/** Opens what {@link seal} made. Throws a message without content when it cannot. */
export function unseal(master: MasterKey, sealed: string, context: string): string {
  const [prefix, keyId, wrapped, body] = sealed.split('.');
  if (prefix !== PREFIX || !keyId || !wrapped || !body) throw new Error('not a sealed value');
  if (keyId !== master.id)
    throw new Error(`sealed with master key ${keyId}, but the key in use is ${master.id}`);
  try {
    const dataKey = decryptBytes(master.bytes, Buffer.from(wrapped, 'base64url'), `key:${context}`);
    return decryptBytes(dataKey, Buffer.from(body, 'base64url'), context).toString();
  } catch (cause) {
    throw new Error('sealed value does not open: it was altered or belongs elsewhere', { cause });
  }
}
