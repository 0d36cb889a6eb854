/**
 * The closed set of reasons why a signature or attestation does not hold. `malformed`: no bundle, envelope or
 * statement as specified. `trust_root_needed`: a Sigstore bundle, judged without a trusted root.
 */
export const SIGNATURE_CODES = [
  'too_large',
  'malformed',
  'unsupported',
  'wrong_payload_type',
  'not_signed',
  'wrong_key',
  'weak_key',
  'bad_signature',
  'certificate_untrusted',
  'certificate_expired',
  'certificate_unfit',
  'identity_differs',
  'trust_root_needed',
  'log_unproven',
  'digest_inconsistent',
  'files_differ',
  'subject_differs',
] as const;
export type SignatureCode = (typeof SIGNATURE_CODES)[number];

/** Why something foreign does not verify; the message is safe to show and quotes nothing longer than a name. */
export class SignatureError extends Error {
  readonly code: SignatureCode;
  constructor(code: SignatureCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options);
    this.name = 'SignatureError';
    this.code = code;
  }
}

export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: SignatureCode; readonly message: string };

/** Runs a verification; what it refuses becomes a value, faults of our own stay exceptions. */
export function outcomeOf<T>(verify: () => T): Outcome<T> {
  try {
    return { ok: true, value: verify() };
  } catch (error) {
    if (error instanceof SignatureError) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

/** Foreign text as a message may carry it: one line, short, without control characters. */
export function quoted(text: string): string {
  const clean = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ');
  return `"${clean.length > 80 ? `${clean.slice(0, 79)}…` : clean}"`;
}
