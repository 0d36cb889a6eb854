import { X509Certificate } from 'node:crypto';
import { type Der, readDer, readDerList, readOid, readSmallInteger, TAG, writeDer } from './der.ts';
import { SignatureError } from './error.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const EXTENSION = Object.freeze({
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  /** Signed certificate timestamps (RFC 6962 §3.3). */
  timestamps: '1.3.6.1.4.1.11129.2.4.2',
  /** Fulcio's OIDC issuer: raw text, and its successor as a UTF8String. */
  issuerV1: '1.3.6.1.4.1.57264.1.1',
  issuer: '1.3.6.1.4.1.57264.1.8',
});
/** Critical extensions that are looked at here; any other critical one means that the certificate is not understood. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.basicConstraints,
  EXTENSION.extendedKeyUsage,
]);
/** How certificates may be signed: SHA-2 with RSA (PKCS #1 and PSS) or ECDSA, and Ed25519. */
const SIGNATURES: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.113549.1.1.10',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
]);
const MOST_BYTES = 64 * 1024;

/** A certificate with what of it node:crypto does not tell. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly validFromMs: number;
  readonly validToMs: number;
  readonly isAuthority: boolean;
  /** Authorities that may stand below it; null: no bound. */
  readonly pathLength: number | null;
  /** Bits of the key usage, the first one (digitalSignature) at 0; null where the extension is absent. */
  readonly keyUsage: ReadonlySet<number> | null;
  /** Object identifiers; null where the extension is absent. */
  readonly extendedKeyUsage: ReadonlySet<string> | null;
  /** E-mail addresses, URIs and names of hosts. */
  readonly identities: readonly string[];
  /** The OpenID Connect issuer that Fulcio wrote in. */
  readonly issuer: string | null;
  /** The extension's content: the list of signed certificate timestamps. */
  readonly timestamps: Buffer | null;
  readonly extensionsAreUnderstood: boolean;
  readonly signatureIsStrong: boolean;
}

/** Reads a certificate in DER; throws `malformed`. Nothing is verified. */
export function readCertificate(der: Buffer): Certificate {
  if (der.length > MOST_BYTES) throw new SignatureError('too_large', 'a certificate is too large');
  const [tbs, algorithm] = readDerList(readDer(der, TAG.sequence).content);
  if (!tbs || !algorithm) throw new SignatureError('malformed', 'no certificate');
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(der);
  } catch (cause) {
    throw new SignatureError('malformed', 'a certificate cannot be read', { cause });
  }
  const extensions = extensionsOf(tbs);
  const constraints = basicConstraintsOf(extensions.get(EXTENSION.basicConstraints)?.value);
  return Object.freeze({
    x509,
    validFromMs: x509.validFromDate.getTime(),
    validToMs: x509.validToDate.getTime(),
    ...constraints,
    keyUsage: keyUsageOf(extensions.get(EXTENSION.keyUsage)?.value),
    extendedKeyUsage: oidsOf(extensions.get(EXTENSION.extendedKeyUsage)?.value),
    identities: identitiesOf(extensions.get(EXTENSION.subjectAltName)?.value),
    issuer: issuerOf(extensions),
    timestamps: extensions.get(EXTENSION.timestamps)?.value ?? null,
    extensionsAreUnderstood: [...extensions].every(([oid, { critical }]) => !critical || UNDERSTOOD.has(oid)),
    signatureIsStrong: SIGNATURES.has(readOid(readDerList(algorithm.content)[0]?.content ?? Buffer.alloc(0))),
  });
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

const EXTENSIONS_TAG = TAG.context(3);

function extensionsOf(tbs: Der): Map<string, Extension> {
  const all = new Map<string, Extension>();
  const wrapper = readDerList(tbs.content).find(({ tag }) => tag === EXTENSIONS_TAG);
  if (!wrapper) return all;
  for (const one of readDerList(readDer(wrapper.content, TAG.sequence).content)) {
    const parts = readDerList(one.content);
    const oid = readOid(parts[0]?.content ?? Buffer.alloc(0));
    const value = parts.at(-1);
    if (parts.length > 3 || value?.tag !== TAG.octetString || all.has(oid))
      throw new SignatureError('malformed', 'an extension of a certificate is not as specified');
    const critical = parts.length === 3 && parts[1]?.tag === TAG.boolean && parts[1].content[0] === 0xff;
    all.set(oid, { critical, value: value.content });
  }
  return all;
}

function basicConstraintsOf(value: Buffer | undefined): Pick<Certificate, 'isAuthority' | 'pathLength'> {
  if (!value) return { isAuthority: false, pathLength: null };
  const parts = readDerList(readDer(value, TAG.sequence).content);
  const isAuthority = parts[0]?.tag === TAG.boolean && parts[0].content[0] === 0xff;
  const length = parts.find(({ tag }) => tag === TAG.integer);
  return { isAuthority, pathLength: length ? readSmallInteger(length.content) : null };
}

function keyUsageOf(value: Buffer | undefined): ReadonlySet<number> | null {
  if (!value) return null;
  const bits = readDer(value, TAG.bitString).content.subarray(1);
  const set = new Set<number>();
  for (const [at, byte] of bits.subarray(0, 2).entries()) {
    for (let bit = 0; bit < 8; bit += 1) if (byte & (0x80 >> bit)) set.add(at * 8 + bit);
  }
  return set;
}

function oidsOf(value: Buffer | undefined): ReadonlySet<string> | null {
  if (!value) return null;
  return new Set(readDerList(readDer(value, TAG.sequence).content).map(({ content }) => readOid(content)));
}

/** rfc822Name [1], dNSName [2] and uniformResourceIdentifier [6] of GeneralNames (RFC 5280 §4.2.1.6). */
const NAME_TAGS: ReadonlySet<number> = new Set([0x81, 0x82, 0x86]);

function identitiesOf(value: Buffer | undefined): string[] {
  if (!value) return [];
  return readDerList(readDer(value, TAG.sequence).content)
    .filter(({ tag }) => NAME_TAGS.has(tag))
    .map(({ content }) => {
      const text = content.toString('latin1');
      if (!/^[\x21-\x7e]{1,1000}$/.test(text))
        throw new SignatureError('malformed', 'a name in a certificate has characters that no name has');
      return text;
    });
}

function issuerOf(extensions: ReadonlyMap<string, Extension>): string | null {
  const current = extensions.get(EXTENSION.issuer)?.value;
  if (current) return readDer(current, TAG.utf8).content.toString('utf8');
  return extensions.get(EXTENSION.issuerV1)?.value.toString('utf8') ?? null;
}

/** The part of a certificate that a timestamp signs: without the timestamps themselves (RFC 6962 §3.2). */
export function withoutTimestamps(certificate: Certificate): Buffer {
  const [tbs] = readDerList(readDer(Buffer.from(certificate.x509.raw), TAG.sequence).content);
  if (!tbs) throw new SignatureError('malformed', 'no certificate');
  const parts = readDerList(tbs.content).map((part) => {
    if (part.tag !== EXTENSIONS_TAG) return part.whole;
    const kept = readDerList(readDer(part.content, TAG.sequence).content)
      .filter(
        (one) => readOid(readDerList(one.content)[0]?.content ?? Buffer.alloc(0)) !== EXTENSION.timestamps,
      )
      .map(({ whole }) => whole);
    return writeDer(EXTENSIONS_TAG, writeDer(TAG.sequence, Buffer.concat(kept)));
  });
  return writeDer(TAG.sequence, Buffer.concat(parts));
}

const DIGITAL_SIGNATURE = 0;
const CERTIFICATE_SIGNING = 5;

/** Throws `certificate_unfit` unless the certificate is for signing code, and says so. */
export function requireForCodeSigning({ keyUsage, extendedKeyUsage }: Certificate): void {
  if (keyUsage && !keyUsage.has(DIGITAL_SIGNATURE))
    throw new SignatureError('certificate_unfit', 'the certificate is not for signatures (key usage)');
  if (!extendedKeyUsage?.has(CODE_SIGNING))
    throw new SignatureError(
      'certificate_unfit',
      'the certificate is not for signing code (extended key usage)',
    );
}

const mayIssue = ({ isAuthority, keyUsage, extendedKeyUsage }: Certificate): boolean =>
  isAuthority &&
  (keyUsage === null || keyUsage.has(CERTIFICATE_SIGNING)) &&
  (extendedKeyUsage === null || extendedKeyUsage.has(CODE_SIGNING));

const isIssuedBy = ({ x509, signatureIsStrong }: Certificate, issuer: Certificate): boolean =>
  signatureIsStrong && strongEnough(issuer.x509) && x509.verify(issuer.x509.publicKey);

function strongEnough({ publicKey }: X509Certificate): boolean {
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  return bits === undefined || bits >= 2048;
}

export interface ChainQuestion {
  readonly leaf: Certificate;
  /** Certificates that came along; they prove nothing by themselves. */
  readonly others: readonly Certificate[];
  /** Certificates of authorities that are trusted. */
  readonly roots: readonly Certificate[];
  /** When all of the chain must be valid, in ms since the epoch. */
  readonly atMs: number;
}

const LONGEST_CHAIN = 6;
const MOST_TRIES = 100;

/**
 * The chain from the leaf to one of the roots, both included (RFC 5280 §6, without names that are bounded and
 * without revocation lists: a certificate with critical extensions beyond these is refused). Throws
 * `certificate_expired` where there is a chain but not at that time, `certificate_untrusted` where there is none.
 */
export function chainTo({ leaf, others, roots, atMs }: ChainQuestion): readonly Certificate[] {
  const question = { others, roots, triesLeft: MOST_TRIES };
  const atThatTime = (one: Certificate): boolean => one.validFromMs <= atMs && atMs <= one.validToMs;
  const found = search([leaf], { ...question, fits: atThatTime });
  if (found) return found;
  if (search([leaf], { ...question, fits: () => true }))
    throw new SignatureError('certificate_expired', 'a certificate was not valid at that time');
  throw new SignatureError('certificate_untrusted', 'no trusted authority stands behind the certificate');
}

interface Search {
  readonly others: readonly Certificate[];
  readonly roots: readonly Certificate[];
  readonly fits: (certificate: Certificate) => boolean;
  /** Signatures that may still be looked at: whoever sends certificates decides how they cross-sign. */
  triesLeft: number;
}

function search(chain: readonly Certificate[], question: Search): readonly Certificate[] | null {
  const last = chain.at(-1);
  if (!last || !last.extensionsAreUnderstood || !question.fits(last)) return null;
  if (chain.length > 1 && (!mayIssue(last) || (last.pathLength ?? LONGEST_CHAIN) < chain.length - 2))
    return null;
  const known = question.roots.some(({ x509 }) => x509.raw.equals(last.x509.raw));
  if (known && chain.length > 1) return chain;
  if (chain.length >= LONGEST_CHAIN) return null;
  for (const issuer of [...question.roots, ...question.others]) {
    if (chain.includes(issuer) || !last.x509.checkIssued(issuer.x509)) continue;
    question.triesLeft -= 1;
    if (question.triesLeft < 0) return null;
    if (!isIssuedBy(last, issuer)) continue;
    const found = search([...chain, issuer], question);
    if (found) return found;
  }
  return null;
}
