import { z } from 'zod';
import { decodeBase64 } from './base64.ts';
import { SignatureError } from './error.ts';
import { type JsonLimits, parseStrictJson } from './strict-json.ts';

export const BUNDLE_MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const ALSO_V03 = 'application/vnd.dev.sigstore.bundle+json;version=0.3';
/** Of a bundle and of the statement in it. */
export const BUNDLE_LIMITS: JsonLimits = Object.freeze({
  maxBytes: 48 * 1024 * 1024,
  maxDepth: 24,
  maxValues: 1_000_000,
});

/** An entry of a transparency log, as far as dsse bundles carry it. */
export interface LogEntry {
  readonly logIndex: number;
  /** SHA-256 of the log's key, 32 bytes. */
  readonly logId: Buffer;
  readonly kind: string;
  readonly kindVersion: string;
  /** Seconds since the epoch; 0 where the log gives none. */
  readonly integratedTime: number;
  readonly signedEntryTimestamp: Buffer | null;
  readonly proof: {
    readonly logIndex: number;
    readonly treeSize: number;
    readonly rootHash: Buffer;
    readonly hashes: readonly Buffer[];
    readonly checkpoint: string;
  } | null;
  readonly body: Buffer;
}

/** What the bundle says it was signed with. Certificates are DER, the signer's first. */
export type Material =
  | { readonly kind: 'key'; readonly hint: string | null; readonly pem: string | null }
  | { readonly kind: 'certificates'; readonly certificates: readonly Buffer[] };

export interface Envelope {
  readonly payloadType: string;
  readonly payload: Buffer;
  readonly signature: Buffer;
}

/** A parsed Sigstore bundle v0.3 around a DSSE envelope; nothing of it is verified yet. */
export interface Bundle {
  readonly material: Material;
  readonly log: readonly LogEntry[];
  readonly envelope: Envelope;
}

const Base64 = z.string();
/** Protobuf's JSON writes 64-bit numbers as strings. */
const Int64 = z
  .union([z.string().regex(/^(?:0|[1-9]\d{0,15})$/), z.number().int().nonnegative()])
  .transform(Number)
  .refine(Number.isSafeInteger);
const Certificate = z.strictObject({ rawBytes: Base64.max(100_000) });
const Hash = Base64.max(100);

const Entry = z.strictObject({
  logIndex: Int64.default(0),
  logId: z.strictObject({ keyId: Hash }),
  kindVersion: z.strictObject({ kind: z.string().max(100), version: z.string().max(100) }),
  integratedTime: Int64.default(0),
  inclusionPromise: z.strictObject({ signedEntryTimestamp: Base64.max(2000) }).nullish(),
  inclusionProof: z
    .strictObject({
      logIndex: Int64.default(0),
      rootHash: Hash,
      treeSize: Int64,
      hashes: z.array(Hash).max(64).default([]),
      checkpoint: z.strictObject({ envelope: z.string().max(20_000) }),
    })
    .nullish(),
  canonicalizedBody: Base64.max(1_000_000),
});

const Verification = z.strictObject({
  publicKey: z
    .strictObject({
      hint: z.string().max(200).nullish(),
      rawBytes: Base64.max(20_000).nullish(),
      keyDetails: z.string().max(100).nullish(),
    })
    .optional(),
  x509CertificateChain: z.strictObject({ certificates: z.array(Certificate).min(1).max(10) }).optional(),
  certificate: Certificate.optional(),
  tlogEntries: z.array(Entry).max(5).nullish(),
  timestampVerificationData: z
    .strictObject({
      rfc3161Timestamps: z
        .array(z.strictObject({ signedTimestamp: Base64.max(100_000) }))
        .max(5)
        .nullish(),
    })
    .nullish(),
});

const BundleJson = z.strictObject({
  mediaType: z.string().max(200),
  verificationMaterial: Verification,
  dsseEnvelope: z.strictObject({
    payload: Base64,
    payloadType: z.string().max(200),
    signatures: z
      .array(z.strictObject({ sig: Base64.max(2000), keyid: z.string().max(500).nullish() }))
      .max(10),
  }),
});

/**
 * Parses a Sigstore bundle v0.3 (sigstore/protobuf-specs, `sigstore_bundle.proto`) that holds a DSSE envelope, with
 * the ways in which model-signing 0.2 to 1.1 wrote it. One signature exactly; fields that are not known are refused,
 * so that nothing is skipped which another verifier would look at. Throws `too_large`, `malformed`, `not_signed`.
 */
export function parseBundle(bytes: Uint8Array, limits: JsonLimits = BUNDLE_LIMITS): Bundle {
  const parsed = BundleJson.safeParse(parseStrictJson(bytes, limits));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = issue?.path.join('.').slice(0, 100) || 'the top';
    throw new SignatureError('malformed', `no Sigstore bundle with a DSSE envelope: see ${place}`);
  }
  const { mediaType, verificationMaterial, dsseEnvelope } = parsed.data;
  if (mediaType !== BUNDLE_MEDIA_TYPE && mediaType !== ALSO_V03)
    throw new SignatureError('unsupported', 'only Sigstore bundles of version 0.3 are read');
  return Object.freeze({
    material: materialOf(verificationMaterial),
    log: (verificationMaterial.tlogEntries ?? []).map(entryOf),
    envelope: envelopeOf(dsseEnvelope),
  });
}

function envelopeOf({
  payload,
  payloadType,
  signatures,
}: z.infer<typeof BundleJson>['dsseEnvelope']): Envelope {
  const [first] = signatures;
  if (!first?.sig) throw new SignatureError('not_signed', 'the envelope carries no signature');
  if (signatures.length > 1)
    throw new SignatureError('malformed', 'the envelope carries more than one signature');
  return {
    payloadType,
    payload: decodeBase64(payload, 'the payload'),
    signature: decodeBase64(first.sig, 'the signature'),
  };
}

function materialOf({
  publicKey,
  x509CertificateChain,
  certificate,
}: z.infer<typeof Verification>): Material {
  const given = [publicKey, x509CertificateChain, certificate].filter((one) => one !== undefined);
  if (given.length !== 1)
    throw new SignatureError('malformed', 'a bundle names one key, one certificate or one chain');
  if (publicKey) {
    const raw = publicKey.rawBytes ? decodeBase64(publicKey.rawBytes, 'the key in the bundle') : null;
    return { kind: 'key', hint: publicKey.hint || null, pem: raw?.toString('utf8') ?? null };
  }
  const chain = x509CertificateChain?.certificates ?? (certificate ? [certificate] : []);
  return {
    kind: 'certificates',
    certificates: chain.map(({ rawBytes }) => decodeBase64(rawBytes, 'a certificate')),
  };
}

function entryOf(entry: z.infer<typeof Entry>): LogEntry {
  const proof = entry.inclusionProof;
  return {
    logIndex: entry.logIndex,
    logId: decodeBase64(entry.logId.keyId, 'the id of the log'),
    kind: entry.kindVersion.kind,
    kindVersion: entry.kindVersion.version,
    integratedTime: entry.integratedTime,
    signedEntryTimestamp: entry.inclusionPromise
      ? decodeBase64(entry.inclusionPromise.signedEntryTimestamp, 'the promise of the log')
      : null,
    proof: proof
      ? {
          logIndex: proof.logIndex,
          treeSize: proof.treeSize,
          rootHash: decodeBase64(proof.rootHash, 'the root of the log'),
          hashes: proof.hashes.map((one) => decodeBase64(one, 'the proof of the log')),
          checkpoint: proof.checkpoint.envelope,
        }
      : null,
    body: decodeBase64(entry.canonicalizedBody, 'the entry of the log'),
  };
}
