import { hash } from 'node:crypto';
import { z } from 'zod';
import type { Bundle, LogEntry } from './bundle.ts';
import type { Certificate } from './certificate.ts';
import { SignatureError } from './error.ts';
import { signedBy } from './keys.ts';
import { parseStrictJson } from './strict-json.ts';
import { isWithin, type TrustedLog } from './trusted-root.ts';

/** Trees of RFC 6962, as this module needs them. */
export interface Merkle {
  readonly leafHash: (data: Uint8Array) => Uint8Array;
  readonly verifyInclusion: (claim: {
    readonly index: number;
    readonly size: number;
    readonly leafHash: Uint8Array;
    readonly root: Uint8Array;
    readonly proof: readonly Uint8Array[];
  }) => boolean;
}

const unproven = (message: string): never => {
  throw new SignatureError('log_unproven', message);
};

/**
 * Verifies that a transparency log took in this very signature, and tells when, in ms since the epoch: the log's
 * promise (which alone covers the time), its checkpoint, the proof of inclusion under it, and that the entry is
 * about the bundle's envelope and certificate. Throws `log_unproven` and `unsupported`.
 */
export function verifyLogEntry(
  { entry, bundle, leaf }: { entry: LogEntry; bundle: Bundle; leaf: Certificate },
  logs: readonly TrustedLog[],
  merkle: Merkle,
): number {
  if (entry.integratedTime === 0 || entry.signedEntryTimestamp === null)
    throw new SignatureError(
      'unsupported',
      'the log gives no time of its own; timestamps of others are not read',
    );
  const atMs = entry.integratedTime * 1000;
  const log =
    logs.find(({ id }) => id.equals(entry.logId)) ?? unproven('the log is not one of the trusted root');
  if (!isWithin(log.valid, atMs)) unproven('the log was not trusted at that time');
  if (log.key.asymmetricKeyType !== 'ec')
    throw new SignatureError('unsupported', 'logs with other keys than elliptic-curve ones are not read');
  verifyPromise(entry, log);
  verifyInclusion(entry, log, merkle);
  verifyBody(entry, bundle, leaf);
  return atMs;
}

/** Rekor's signed entry timestamp: ECDSA over the canonical JSON (RFC 8785) of these four members. */
function verifyPromise(entry: LogEntry, log: TrustedLog): void {
  const text = JSON.stringify({
    body: entry.body.toString('base64'),
    integratedTime: entry.integratedTime,
    logID: entry.logId.toString('hex'),
    logIndex: entry.logIndex,
  });
  if (
    !signedBy(log.key, { bytes: Buffer.from(text), signature: entry.signedEntryTimestamp ?? Buffer.alloc(0) })
  )
    unproven('the promise of the log is not signed by it');
}

function verifyInclusion({ proof, body }: LogEntry, log: TrustedLog, merkle: Merkle): void {
  if (!proof) return unproven('there is no proof that the log has it');
  const checkpoint = openCheckpoint(proof.checkpoint, log);
  if (checkpoint.size !== proof.treeSize || !checkpoint.root.equals(proof.rootHash))
    return unproven('the checkpoint is of another state of the log');
  const holds = merkle.verifyInclusion({
    index: proof.logIndex,
    size: proof.treeSize,
    leafHash: merkle.leafHash(body),
    root: proof.rootHash,
    proof: proof.hashes,
  });
  if (!holds) unproven('the proof does not lead to the checkpoint');
}

const SIGNATURE_LINE = /^\u2014 ([^ +\n]{1,255}) ([A-Za-z0-9+/]{1,2000}={0,2})$/;

/**
 * A signed note (C2SP) of origin, size and root, signed with ECDSA: four bytes of the log's id, then the signature in
 * DER, over the text up to the empty line.
 */
function openCheckpoint(note: string, log: TrustedLog): { readonly size: number; readonly root: Buffer } {
  const cut = note.indexOf('\n\n');
  if (cut < 0 || !note.endsWith('\n')) return unproven('the checkpoint is no signed note');
  const text = note.slice(0, cut + 1);
  const signed = note
    .slice(cut + 2, -1)
    .split('\n')
    .slice(0, 20)
    .some((line) => {
      const bytes = Buffer.from(SIGNATURE_LINE.exec(line)?.[2] ?? '', 'base64');
      if (!bytes.subarray(0, 4).equals(log.id.subarray(0, 4))) return false;
      return signedBy(log.key, { bytes: Buffer.from(text), signature: bytes.subarray(4) });
    });
  const [, size = '', root = ''] = text.split('\n');
  if (!signed || !/^[1-9]\d{0,15}$/.test(size)) return unproven('the checkpoint is not signed by the log');
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}

/** Rekor's entry of the kind dsse 0.0.1. */
const DsseBody = z.object({
  apiVersion: z.literal('0.0.1'),
  kind: z.literal('dsse'),
  spec: z.object({
    payloadHash: z.object({ algorithm: z.literal('sha256'), value: z.string() }),
    signatures: z.array(z.object({ signature: z.string(), verifier: z.string() })).length(1),
  }),
});
const LIMITS = Object.freeze({ maxBytes: 1_000_000, maxDepth: 12, maxValues: 10_000 });

function verifyBody({ kind, kindVersion, body }: LogEntry, { envelope }: Bundle, leaf: Certificate): void {
  if (kind !== 'dsse' || kindVersion !== '0.0.1')
    throw new SignatureError('unsupported', 'the entry of the log is not of the kind dsse 0.0.1');
  const parsed = DsseBody.safeParse(parseStrictJson(body, LIMITS));
  if (!parsed.success) return unproven('the entry of the log is not as specified');
  const { payloadHash, signatures } = parsed.data.spec;
  const pem = Buffer.from(signatures[0]?.verifier ?? '', 'base64')
    .toString('latin1')
    .replace(/\s+/g, '');
  const fits =
    payloadHash.value === hash('sha256', envelope.payload, 'hex') &&
    signatures[0]?.signature === envelope.signature.toString('base64') &&
    pem === leaf.x509.toString().replace(/\s+/g, '');
  if (!fits) unproven('the entry of the log is about another signature');
}
