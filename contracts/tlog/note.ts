import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from 'node:crypto';

/** C2SP signed-note: a text of whole lines, an empty line, and a line for each signature. */
export interface Note {
  /** Ends with a line break. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** First 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key), as 8 hex digits. */
  readonly keyId: string;
  readonly signature: Buffer;
}

/** Signature types of C2SP signed-note: plain Ed25519, and timestamped Ed25519 of tlog-cosignature. */
export const ED25519 = 0x01;
export const COSIGNATURE = 0x04;

export interface Verifier {
  readonly name: string;
  readonly keyId: string;
  readonly type: typeof ED25519 | typeof COSIGNATURE;
  /** `<name>+<key id>+<base64 of type ‖ public key>`. */
  readonly verifierKey: string;
  /** When a cosignature was made, in ms, or for plain signatures 0; null when the signature is not this key's. */
  readonly verify: (text: string, signature: Uint8Array) => number | null;
}

const MAX_NOTE_BYTES = 1_000_000;
const MAX_SIGNATURES = 100;
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const NAME = /^[^\s+\p{Cc}]{1,255}$/u;
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Strict base64: what decodes must encode to the same text. Null otherwise. */
export function fromBase64(text: string): Buffer | null {
  if (!CANONICAL_BASE64.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

export function keyIdOf(name: string, type: number, publicKey: Uint8Array): string {
  return createHash('sha256')
    .update(`${name}\n`)
    .update(Buffer.of(type))
    .update(publicKey)
    .digest('hex')
    .slice(0, 8);
}

/** The 32 bytes of an Ed25519 public key (RFC 8032). */
export function rawPublicKey(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  if (spki.length !== 44 || !spki.subarray(0, 12).equals(ED25519_SPKI))
    throw new TypeError('not an Ed25519 key');
  return spki.subarray(12);
}

export function verifierKeyOf(name: string, type: number, publicKey: Uint8Array): string {
  if (!NAME.test(name)) throw new TypeError('a key name has neither blanks nor plus signs');
  const encoded = Buffer.concat([Buffer.of(type), publicKey]).toString('base64');
  return `${name}+${keyIdOf(name, type, publicKey)}+${encoded}`;
}

/** Reads a verifier key of type Ed25519 or cosignature/v1; null when it is none or its key id does not fit. */
export function parseVerifierKey(text: string): Verifier | null {
  const match = /^([^+]{1,255})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text);
  const [, name = '', keyId = '', encoded = ''] = match ?? [];
  const bytes = fromBase64(encoded);
  const type = bytes?.[0];
  if (!match || bytes?.length !== 33 || !NAME.test(name)) return null;
  if (type !== ED25519 && type !== COSIGNATURE) return null;
  const raw = bytes.subarray(1);
  if (keyIdOf(name, type, raw) !== keyId) return null;
  try {
    const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, raw]), format: 'der', type: 'spki' });
    const verify = type === ED25519 ? verifyPlain : verifyCosignature;
    return Object.freeze({
      name,
      keyId,
      type,
      verifierKey: text,
      verify: (note: string, signature: Uint8Array) => verify(key, note, signature),
    });
  } catch {
    return null;
  }
}

function verifyPlain(key: KeyObject, text: string, signature: Uint8Array): number | null {
  return signature.length === 64 && verifyBytes(null, Buffer.from(text), key, signature) ? 0 : null;
}

const SECOND_MS = 1000;
const LATEST_SECOND = 2 ** 40;

/** C2SP tlog-cosignature v1: 8 bytes of time, then the signature over `cosignature/v1`, `time <t>` and the note. */
function verifyCosignature(key: KeyObject, text: string, signature: Uint8Array): number | null {
  if (signature.length !== 72) return null;
  const time = Number(Buffer.from(signature).readBigUInt64BE());
  if (time > LATEST_SECOND) return null;
  const signed = Buffer.from(cosignedText(text, time));
  return verifyBytes(null, signed, key, signature.subarray(8)) ? time * SECOND_MS : null;
}

const cosignedText = (text: string, time: number): string => `cosignature/v1\ntime ${time}\n${text}`;

export interface Signer {
  readonly name: string;
  readonly keyId: string;
  readonly verifierKey: string;
  readonly sign: (text: string) => NoteSignature;
}

/** Signs notes with an Ed25519 key. */
export function createSigner(name: string, key: KeyObject): Signer {
  const raw = rawPublicKey(key);
  const keyId = keyIdOf(name, ED25519, raw);
  return Object.freeze({
    name,
    keyId,
    verifierKey: verifierKeyOf(name, ED25519, raw),
    sign: (text: string) => ({ name, keyId, signature: signBytes(null, Buffer.from(text), key) }),
  });
}

/** Cosigns as a witness does (C2SP tlog-cosignature v1); `now` is in ms. */
export function createCosigner(name: string, key: KeyObject, now: () => number): Signer {
  const raw = rawPublicKey(key);
  const keyId = keyIdOf(name, COSIGNATURE, raw);
  return Object.freeze({
    name,
    keyId,
    verifierKey: verifierKeyOf(name, COSIGNATURE, raw),
    sign(text: string) {
      const time = Math.floor(now() / SECOND_MS);
      const stamp = Buffer.alloc(8);
      stamp.writeBigUInt64BE(BigInt(time));
      const signed = signBytes(null, Buffer.from(cosignedText(text, time)), key);
      return { name, keyId, signature: Buffer.concat([stamp, signed]) };
    },
  });
}

/** An Ed25519 private key from PKCS #8 PEM. Throws on anything else. */
export function signingKeyFromPem(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('not an Ed25519 key');
  return key;
}

/** One signature line, without its line break. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  return `— ${name} ${Buffer.concat([Buffer.from(keyId, 'hex'), signature]).toString('base64')}`;
}

export const formatNote = ({ text, signatures }: Note): string =>
  `${text}\n${signatures.map((signature) => `${signatureLine(signature)}\n`).join('')}`;

function parseSignature(line: string): NoteSignature | null {
  const match = /^— ([^ ]{1,255}) ([A-Za-z0-9+/=]{8,20000})$/.exec(line);
  const bytes = fromBase64(match?.[2] ?? '');
  if (!match?.[1] || !NAME.test(match[1]) || bytes === null || bytes.length < 5) return null;
  return { name: match[1], keyId: bytes.subarray(0, 4).toString('hex'), signature: bytes.subarray(4) };
}

/** Reads a signed note; null when it is not one. Nothing is verified yet. */
export function parseNote(note: string): Note | null {
  if (note.length > MAX_NOTE_BYTES || !note.isWellFormed() || !note.endsWith('\n')) return null;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a note has no control characters but line breaks
  if (/[\u0000-\u0009\u000b-\u001f\u007f]/.test(note)) return null;
  const cut = note.lastIndexOf('\n\n');
  if (cut < 1) return null;
  const lines = note.slice(cut + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return null;
  const signatures = lines.map(parseSignature);
  if (!signatures.every((signature) => signature !== null)) return null;
  return { text: note.slice(0, cut + 1), signatures };
}

/**
 * When this key signed the note (ms for cosignatures, 0 for plain signatures); null when it did not, or when one
 * of several signatures under its name and id is wrong.
 */
export function signedBy(note: Note, verifier: Verifier): number | null {
  const own = note.signatures.filter(({ name, keyId }) => name === verifier.name && keyId === verifier.keyId);
  let latest: number | null = null;
  for (const { signature } of own) {
    const at = verifier.verify(note.text, signature);
    if (at === null) return null;
    latest = Math.max(latest ?? 0, at);
  }
  return latest;
}
