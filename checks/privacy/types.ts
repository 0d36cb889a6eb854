/** A source of secret, uniform, independent bytes: a CSPRNG such as node:crypto's `randomBytes`, never a seeded one. */
export interface RandomBits {
  /** That many fresh bytes (1..4096). */
  readonly bytes: (count: number) => Uint8Array;
}

/**
 * Which two datasets count as neighbours: one record more or less, or one record changed (number of rows public). A
 * guarantee under one relation is not a guarantee of the same size under the other.
 */
export type Neighbours = 'add-remove' | 'replace';

/** What one release costs: decimal strings or fractions ("0.1", "1e-6", "1/3"), read exactly. */
export interface PrivacyCost {
  readonly epsilon: string;
  readonly delta: string;
  /** ρ of zero-concentrated privacy of the same release, where its noise is Gaussian; counts alone in such a ledger. */
  readonly rho?: string;
}

/** A request, a parameter or data that privacy cannot be worked out for; the message says what to do. */
export class PrivacyInputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PrivacyInputError';
  }
}
