import { fitsAny, fitsPattern } from '@bartizan/checks/signing/index.ts';
import type {
  ProvenanceSummary,
  SignatureState,
  SignatureSummary,
  SignedWith,
  SignerTrust,
  SigningPolicy,
  SigningStanding,
} from '@bartizan/contracts';
import type { z } from 'zod';

export interface StoredSigner {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  readonly models: readonly string[];
  readonly trust: SignerTrust;
  readonly fingerprint: string;
  readonly validFrom: number | null;
  readonly validUntil: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly revoked: { readonly at: number; readonly by: string; readonly reason: string } | null;
}

/** What came of judging a bundle. */
export interface Judgement {
  readonly state: SignatureState;
  readonly code: string | null;
  readonly message: string | null;
  readonly signerId: string | null;
}

export interface StoredBundle extends Judgement {
  readonly id: string;
  readonly versionId: string;
  readonly kind: 'signature' | 'attestation';
  readonly bundle: string;
  readonly sha256: string;
  readonly predicateType: string;
  readonly provenance: ProvenanceSummary | null;
  readonly signedWith: z.infer<typeof SignedWith>;
  readonly unsignedFiles: readonly string[];
  /** Whether it says what each file is called, not only what is in them. */
  readonly bindsNames: boolean;
  readonly receivedAt: number;
  readonly receivedBy: string;
  readonly verifiedAt: number;
}

/** A bundle without its text, and the name of its signer. */
export type BundleRow = Omit<StoredBundle, 'bundle'> & { readonly signerName: string | null };

/** Of a model and its version, what decides whose rules hold. */
export interface Scoped {
  readonly modelName: string;
  /** Of the model; null: everybody's. */
  readonly teamId: string | null;
}

/** Whether a signer or policy is about a model: by its name, and by its team where that is named. */
export const isAbout = (
  rule: { readonly models: readonly string[]; readonly teamId: string | null },
  { modelName, teamId }: Scoped,
): boolean => (rule.teamId === null || rule.teamId === teamId) && fitsAny(modelName, rule.models);

/** Whether a signer's word counts for what arrived at that instant (ms). What is revoked never counts. */
export const countsAt = ({ revoked, validFrom, validUntil }: StoredSigner, atMs: number): boolean =>
  revoked === null && (validFrom === null || validFrom <= atMs) && (validUntil === null || atMs < validUntil);

/**
 * Bundles as they count for the model as it is called, and whose it is, today: a signer for other models than that
 * does not make them trusted.
 */
export function asCounting(
  rows: readonly BundleRow[],
  model: Scoped,
  signers: ReadonlyMap<string, StoredSigner>,
): BundleRow[] {
  return rows.map((row) => {
    if (row.state !== 'trusted') return row;
    const signer = row.signerId === null ? undefined : signers.get(row.signerId);
    if (signer && signer.revoked === null && isAbout(signer, model)) return row;
    const message = 'whoever made it does not vouch for this model';
    return { ...row, state: 'untrusted', code: 'out_of_scope', message };
  });
}

/** Versions' bundles in one word. */
export function summaryOf(rows: readonly BundleRow[]): SignatureSummary {
  const signatures = rows.filter(({ kind }) => kind === 'signature');
  const trusted = rows.filter(({ state }) => state === 'trusted');
  const names = (of: readonly (string | null | undefined)[]): string[] => [
    ...new Set(of.filter((one) => typeof one === 'string')),
  ];
  const states = new Set(signatures.map(({ state }) => state));
  return {
    state: (['trusted', 'untrusted', 'invalid'] as const).find((state) => states.has(state)) ?? 'unsigned',
    signers: names(trusted.filter(({ kind }) => kind === 'signature').map(({ signerName }) => signerName)),
    builders: names(trusted.map(({ provenance }) => provenance?.builder)),
  };
}

export type PolicyStanding = SigningStanding['policies'][number];

/** How a version with these bundles stands to a policy. */
export function standingOf(policy: SigningPolicy, rows: readonly BundleRow[]): PolicyStanding {
  const reasons = [...missingSignature(policy, rows), ...missingProvenance(policy, rows)];
  const { id, name, mode, aliases = [], stages = [], downloads = false } = policy;
  return { id, name, mode, aliases, stages, downloads, fulfilled: reasons.length === 0, reasons };
}

function missingSignature({ requires }: SigningPolicy, rows: readonly BundleRow[]): string[] {
  const { signedBy = [] } = requires;
  if (signedBy === null) return [];
  const trusted = rows.filter(({ kind, state }) => kind === 'signature' && state === 'trusted');
  if (trusted.length === 0) return ['it has no signature that is trusted'];
  const counts = trusted.some(({ signerId }) => signerId !== null && signedBy.includes(signerId));
  return signedBy.length === 0 || counts ? [] : ['none of the signers that this policy names signed it'];
}

function missingProvenance({ requires }: SigningPolicy, rows: readonly BundleRow[]): string[] {
  const { builtBy = null } = requires;
  if (builtBy === null) return [];
  const provenance = rows.filter((row) => row.state === 'trusted' && row.provenance !== null);
  if (provenance.length === 0) return ['it has no provenance that is trusted'];
  // The digest of contents alone fits files of other names; a model signature says what they are called.
  const isSigned = rows.some(({ kind, state }) => kind === 'signature' && state === 'trusted');
  const bound = provenance.filter(({ bindsNames }) => bindsNames || isSigned);
  if (bound.length === 0)
    return ['its provenance does not say what its files are called: it counts with a trusted signature only'];
  const fits = bound.some((row) => fitsAny(row.provenance?.builder ?? '', builtBy));
  return fits ? [] : ['its provenance names another builder'];
}

/** Where a version is to go, or that its files are wanted. Aliases count in any case, `*` for any characters. */
export type Use = { readonly alias: string } | { readonly stage: string } | { readonly download: true };

export function concerns({ aliases, stages, downloads }: PolicyStanding, use: Use): boolean {
  if ('download' in use) return downloads;
  if ('stage' in use) return stages.some((one) => one === use.stage);
  return aliases.some((one) => fitsPattern(use.alias.toLowerCase(), one.toLowerCase()));
}
