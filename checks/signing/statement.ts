import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import type { Envelope } from './bundle.ts';
import { BUNDLE_LIMITS } from './bundle.ts';
import { IN_TOTO, preAuthEncoding, preAuthEncodingV02 } from './dsse.ts';
import { quoted, SignatureError } from './error.ts';
import { signedBy } from './keys.ts';
import { parseStrictJson } from './strict-json.ts';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
/** Of model-signing 0.2: the files are the subjects, and what was signed is encoded wrongly. */
export const DIGESTS_V01 = 'https://model_signing/Digests/v0.1';

const Subject = z.object({
  name: z.string().max(4096).default(''),
  digest: z.record(z.string().max(100), z.string().max(300)),
});

/** in-toto attestation framework, Statement v1. Other members are left aside, as the framework asks. */
const StatementJson = z.object({
  _type: z.literal(STATEMENT_TYPE),
  subject: z.array(Subject).min(1).max(100_000),
  predicateType: z.string().min(1).max(500),
  predicate: z.unknown(),
});
export type Statement = Readonly<z.infer<typeof StatementJson>>;

/** Reads an in-toto Statement v1; throws `malformed` and `too_large`. */
export function parseStatement(payload: Uint8Array): Statement {
  const parsed = StatementJson.safeParse(parseStrictJson(payload, BUNDLE_LIMITS));
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0]?.path.join('.').slice(0, 100) || 'the top';
  throw new SignatureError('malformed', `no in-toto statement v1: see ${place}`);
}

/**
 * Verifies that `key` signed the envelope, and reads the statement in it. Throws `wrong_payload_type`,
 * `bad_signature`, `malformed`.
 */
export function openEnvelope({ payloadType, payload, signature }: Envelope, key: KeyObject): Statement {
  if (payloadType !== IN_TOTO)
    throw new SignatureError(
      'wrong_payload_type',
      `a payload of the type ${quoted(payloadType)} is no statement`,
    );
  if (signedBy(key, { bytes: preAuthEncoding(payloadType, payload), signature }))
    return parseStatement(payload);
  if (isV02(payload) && isSignedAsV02({ payloadType, payload, signature }, key))
    return parseStatement(payload);
  throw new SignatureError('bad_signature', 'the signature is not of this key over this statement');
}

/** Whether it is of model-signing 0.2, the only release for whose mistakes there is an exception. */
function isV02(payload: Buffer): boolean {
  if (!payload.includes(DIGESTS_V01)) return false;
  return parseStatement(payload).predicateType === DIGESTS_V01;
}

function isSignedAsV02({ payloadType, payload, signature }: Envelope, key: KeyObject): boolean {
  const bytes = preAuthEncodingV02(payloadType, payload);
  return signedBy(key, { bytes, signature, digest: 'sha256' }) || signedBy(key, { bytes, signature });
}
