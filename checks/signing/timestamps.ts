import { hash } from 'node:crypto';
import { type Certificate, withoutTimestamps } from './certificate.ts';
import { readDer, TAG } from './der.ts';
import { SignatureError } from './error.ts';
import { signedBy } from './keys.ts';
import { isWithin, type TrustedLog } from './trusted-root.ts';

interface CertificateTimestamp {
  readonly logId: Buffer;
  readonly atMs: number;
  readonly extensions: Buffer;
  readonly signature: Buffer;
}

const SHA256_ECDSA = 0x0403;

/** SignedCertificateTimestampList of RFC 6962 §3.3, version 1 only. */
function parseList(extension: Buffer): CertificateTimestamp[] {
  const list = readDer(extension, TAG.octetString).content;
  const all: CertificateTimestamp[] = [];
  try {
    if (list.readUInt16BE(0) !== list.length - 2) throw new RangeError('length');
    for (let at = 2; at < list.length; ) {
      const end = at + 2 + list.readUInt16BE(at);
      all.push(parseOne(list.subarray(at + 2, end)));
      at = end;
    }
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new SignatureError('malformed', 'the timestamps of the certificate are not as specified', {
      cause,
    });
  }
  return all;
}

function parseOne(bytes: Buffer): CertificateTimestamp {
  const extensionsEnd = 43 + bytes.readUInt16BE(41);
  const signature = bytes.subarray(extensionsEnd + 4);
  if (bytes[0] !== 0 || bytes.readUInt16BE(extensionsEnd) !== SHA256_ECDSA) throw new RangeError('algorithm');
  if (bytes.readUInt16BE(extensionsEnd + 2) !== signature.length) throw new RangeError('length');
  const atMs = Number(bytes.readBigUInt64BE(33));
  return { logId: bytes.subarray(1, 33), atMs, extensions: bytes.subarray(43, extensionsEnd), signature };
}

/** What the log signed: `digitally-signed` of RFC 6962 §3.2 for a precertificate. */
function signedPart(one: CertificateTimestamp, tbs: Buffer, issuerKeyHash: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64BE(BigInt(one.atMs), 2);
  head.writeUInt16BE(1, 10);
  const length = Buffer.alloc(3);
  length.writeUIntBE(tbs.length, 0, 3);
  const extensions = Buffer.alloc(2);
  extensions.writeUInt16BE(one.extensions.length);
  return Buffer.concat([head, issuerKeyHash, length, tbs, extensions, one.extensions]);
}

/**
 * Verifies that one of the trusted certificate logs vouches for the certificate, where the trusted root names such
 * logs; where it names none, nothing is asked. Throws `certificate_untrusted`.
 */
export function verifyTimestamps(leaf: Certificate, issuer: Certificate, logs: readonly TrustedLog[]): void {
  if (logs.length === 0) return;
  const tbs = withoutTimestamps(leaf);
  const issuerKeyHash = hash(
    'sha256',
    issuer.x509.publicKey.export({ type: 'spki', format: 'der' }),
    'buffer',
  );
  const vouched = (leaf.timestamps ? parseList(leaf.timestamps) : []).some((one) =>
    logs.some(
      ({ id, key, valid }) =>
        id.equals(one.logId) &&
        isWithin(valid, one.atMs) &&
        key.asymmetricKeyType === 'ec' &&
        signedBy(key, { bytes: signedPart(one, tbs, issuerKeyHash), signature: one.signature }),
    ),
  );
  if (!vouched)
    throw new SignatureError(
      'certificate_untrusted',
      'no trusted log of certificates vouches for the certificate',
    );
}
