import type { Neighbours, PrivacyCost } from '../types.ts';

/**
 * How costs add up. `basic`: ε and δ by themselves (valid whatever is asked next). `zcdp`: ρ adds up (pure ε counts as
 * ε²/2, Bun and Steinke 2016, proposition 1.4; so do adaptively chosen costs, Feldman and Zrnic, 2008.11193) and becomes
 * ε at what is left of δ: the advanced composition, for many small releases.
 */
export type Composition = 'basic' | 'zcdp';

/** What is fixed when a ledger is opened. */
export interface LedgerTerms {
  /** What one neighbour adds, removes or changes: `record`, `person`, `household`; a person with many records is not one record. */
  readonly unit: string;
  readonly neighbours: Neighbours;
  readonly composition: Composition;
  /** Decimal strings; `zcdp` needs a δ above 0. */
  readonly epsilon: string;
  readonly delta: string;
}

export interface Reservation {
  /** Chosen by the caller, unique in the ledger; the same id with the same cost is the same request. */
  readonly request: string;
  readonly neighbours: Neighbours;
  readonly cost: PrivacyCost;
}

/** What is stored, in order, never altered; `sequence` counts from 0 without a gap. */
export type LedgerEntry = { readonly sequence: number } & (
  | ({ readonly kind: 'open' } & LedgerTerms)
  | ({ readonly kind: 'reserve' } & Reservation)
  /** Stored before the first random byte is drawn: from here on the cost is spent, whatever happens. */
  | { readonly kind: 'draw'; readonly request: string }
  | { readonly kind: 'release'; readonly request: string }
  /** A reservation given up before noise was drawn; its cost is free again. */
  | { readonly kind: 'expire'; readonly request: string }
);

export type RequestState = 'reserved' | 'drawn' | 'released' | 'expired';

/** What the ledger comes to; ε in doubles rounded up, `exact` as fractions. */
export interface LedgerBalance {
  readonly epsilon: number;
  readonly delta: number;
  /** At most this much is left for one more pure release; 0 where nothing is. Rounded down. */
  readonly epsilonLeft: number;
  readonly exact: { readonly epsilon: string; readonly delta: string; readonly rho: string };
}

export type Refusal =
  | 'over-budget'
  /** The relation of the request is not that of the ledger. */
  | 'other-neighbours'
  /** The id was used for another cost. */
  | 'conflict'
  | 'unknown-request'
  /** Noise was drawn, or the release was given: it cannot be drawn twice or given back. */
  | 'already-drawn'
  | 'not-drawn'
  | 'expired';

/** `entries` are the ones to store (none where the step was taken before); a refusal stores nothing. */
export type LedgerStep =
  | { readonly ok: true; readonly ledger: Ledger; readonly entries: readonly LedgerEntry[] }
  | { readonly ok: false; readonly reason: Refusal; readonly message: string };

/** A ledger as its entries say it is: a frozen value, every step gives a new one. */
export interface Ledger {
  readonly terms: LedgerTerms;
  readonly entries: readonly LedgerEntry[];
  readonly balance: LedgerBalance;
  /** null for an id that was never reserved. */
  readonly stateOf: (request: string) => RequestState | null;
}
