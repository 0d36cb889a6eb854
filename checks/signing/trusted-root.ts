import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { decodeBase64 } from './base64.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { SignatureError } from './error.ts';
import { parseStrictJson } from './strict-json.ts';

/** From when to when something is trusted, in ms since the epoch; `toMs` null: still. */
export interface Period {
  readonly fromMs: number;
  readonly toMs: number | null;
}
export interface TrustedLog {
  /** SHA-256 of the key (DER), 32 bytes. */
  readonly id: Buffer;
  readonly key: KeyObject;
  readonly valid: Period;
}
export interface TrustedAuthority {
  /** Below the root, nearest to the signers first. */
  readonly intermediates: readonly Certificate[];
  readonly root: Certificate;
  readonly valid: Period;
}

/** Whom a Sigstore instance consists of (protobuf-specs, `sigstore_trustroot.proto`). */
export interface TrustedRoot {
  readonly authorities: readonly TrustedAuthority[];
  /** Transparency logs of signatures (Rekor). */
  readonly logs: readonly TrustedLog[];
  /** Logs of certificates (RFC 6962). */
  readonly certificateLogs: readonly TrustedLog[];
}

const Base64 = z.string().max(100_000);
const Valid = z.object({
  start: z.iso.datetime({ offset: true }).optional(),
  end: z.iso.datetime({ offset: true }).optional(),
});
const Log = z.object({
  publicKey: z.object({ rawBytes: Base64, validFor: Valid.optional() }),
  logId: z.object({ keyId: Base64 }),
});
const Json = z.object({
  mediaType: z
    .string()
    .regex(/^application\/vnd\.dev\.sigstore\.trustedroot(?:\+json;version=0\.[12]|\.v0\.[12]\+json)$/),
  tlogs: z.array(Log).min(1).max(20),
  ctlogs: z.array(Log).max(20).default([]),
  certificateAuthorities: z
    .array(
      z.object({
        certChain: z.object({
          certificates: z
            .array(z.object({ rawBytes: Base64 }))
            .min(1)
            .max(6),
        }),
        validFor: Valid.optional(),
      }),
    )
    .min(1)
    .max(20),
});

const LIMITS = Object.freeze({ maxBytes: 1_000_000, maxDepth: 16, maxValues: 10_000 });

/** Reads a Sigstore TrustedRoot (JSON, version 0.1 or 0.2); throws `malformed`. */
export function readTrustedRoot(bytes: Uint8Array): TrustedRoot {
  const parsed = Json.safeParse(parseStrictJson(bytes, LIMITS));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') || 'the top';
    throw new SignatureError('malformed', `no Sigstore trusted root: see ${place}`);
  }
  const { certificateAuthorities, tlogs, ctlogs } = parsed.data;
  return Object.freeze({
    authorities: certificateAuthorities.map(authorityOf),
    logs: tlogs.map(logOf),
    certificateLogs: ctlogs.map(logOf),
  });
}

const periodOf = (valid: z.infer<typeof Valid> | undefined): Period => ({
  fromMs: valid?.start ? Date.parse(valid.start) : 0,
  toMs: valid?.end ? Date.parse(valid.end) : null,
});

/** Whether an instant lies in a period; both ends count. */
export const isWithin = ({ fromMs, toMs }: Period, atMs: number): boolean =>
  fromMs <= atMs && (toMs === null || atMs <= toMs);

function authorityOf({
  certChain,
  validFor,
}: z.infer<typeof Json>['certificateAuthorities'][number]): TrustedAuthority {
  const chain = certChain.certificates.map(({ rawBytes }) =>
    readCertificate(decodeBase64(rawBytes, 'a certificate')),
  );
  const root = chain.at(-1);
  if (!root?.isAuthority) throw new SignatureError('malformed', 'a certificate is not that of an authority');
  return { intermediates: chain.slice(0, -1), root, valid: periodOf(validFor) };
}

function logOf({ publicKey, logId }: z.infer<typeof Log>): TrustedLog {
  const der = decodeBase64(publicKey.rawBytes, 'the key of a log');
  const id = decodeBase64(logId.keyId, 'the id of a log');
  let key: KeyObject;
  try {
    key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  } catch (cause) {
    throw new SignatureError('malformed', 'the key of a log cannot be read', { cause });
  }
  // Logs with Ed25519 keys have ids made in another way; those of elliptic-curve keys are compared.
  if (key.asymmetricKeyType === 'ec' && !hash('sha256', der, 'buffer').equals(id))
    throw new SignatureError('malformed', 'the id of a log is not that of its key');
  return { id, key, valid: periodOf(publicKey.validFor) };
}
