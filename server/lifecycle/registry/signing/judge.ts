import { hash } from 'node:crypto';
import {
  bindingOf,
  DIGESTS_V01,
  describeDifferences,
  describeSigner,
  differences,
  isIgnored,
  type Manifest,
  manifestOf,
  outcomeOf,
  parseBundle,
  parseStatement,
  provenanceOf,
  SIGNATURE_V1,
  type SignatureCode,
  SignatureError,
  type SignerFacts,
  type Statement,
  verifyStatement,
} from '@bartizan/checks/signing/index.ts';
import type { ProvenanceSummary, SignedWith } from '@bartizan/contracts';
import type { z } from 'zod';
import type { FileRef } from '../model.ts';
import { countsAt, isAbout, type Judgement, type Scoped, type StoredSigner } from './model.ts';
import { trustOf } from './trust.ts';

/** What a bundle is about, once it fits the version. */
export interface Fitting {
  readonly predicateType: string;
  readonly provenance: ProvenanceSummary | null;
  readonly signedWith: z.infer<typeof SignedWith>;
  readonly unsignedFiles: readonly string[];
  /** Whether it says what each file is called, not only what is in them. */
  readonly bindsNames: boolean;
}

/** Git's own lists say nothing that is run: signers leave them out, and so may a version that is signed. */
const INERT: ReadonlySet<string> = new Set(['.gitattributes', '.gitignore']);

const isModelSignature = ({ predicateType }: Statement): boolean =>
  predicateType === SIGNATURE_V1 || predicateType === DIGESTS_V01;

const signedWith = ({ loggedAtMs, identities, ...facts }: SignerFacts): z.infer<typeof SignedWith> => ({
  ...facts,
  identities: [...identities],
  loggedAt: loggedAtMs,
});

/** Reads a model signature and compares it with the version's files; who made it is not looked at. Throws a SignatureError. */
export function fitSignature(bundle: string, files: readonly FileRef[]): Fitting {
  const bytes = Buffer.from(bundle, 'utf8');
  const parsed = parseBundle(bytes);
  const statement = parseStatement(parsed.envelope.payload);
  const manifest = manifestOf(statement);
  const unsignedFiles = leftOut(manifest, files, hash('sha256', bytes, 'hex'));
  const differing = differences(manifest, resourcesOf(manifest, files, new Set(unsignedFiles)));
  if (differing) throw new SignatureError('files_differ', describeDifferences(differing));
  const { predicateType } = statement;
  return {
    predicateType,
    provenance: null,
    signedWith: signedWith(describeSigner(parsed)),
    unsignedFiles,
    bindsNames: true,
  };
}

/** Files that the signer left out and that carry no weight: git's lists, and the signature itself. */
function leftOut({ ignoredPaths, resources }: Manifest, files: readonly FileRef[], self: string): string[] {
  const signed = new Set(resources.map(({ name }) => name));
  return files
    .filter(
      ({ path, sha256 }) =>
        !signed.has(path) && (INERT.has(path) || (isIgnored(path, ignoredPaths) && sha256 === self)),
    )
    .map(({ path }) => path);
}

/** The version's files under the names and digests that the signature uses for them. */
function resourcesOf(manifest: Manifest, files: readonly FileRef[], unsigned: ReadonlySet<string>) {
  const { method, hash: hashName, shardBytes, resources } = manifest;
  const bound = shardBytes ?? Number.POSITIVE_INFINITY;
  if (hashName !== 'sha256' || files.some(({ size }) => size > bound || (method === 'shards' && size === 0)))
    throw new SignatureError('unsupported', 'the registry compares whole files by SHA-256: sign in that way');
  const counted = files.filter(({ path }) => !unsigned.has(path));
  const [only] = counted;
  const isOneFile = only && counted.length === 1 && resources[0]?.name === '.';
  return counted.map(({ path, sha256, size }) => ({
    name: isOneFile ? '.' : method === 'shards' ? `${path}:0:${size}` : path,
    digest: sha256,
  }));
}

/** Reads an attestation and compares its subjects with the version's files. Throws a SignatureError. */
export function fitAttestation(bundle: string, files: readonly FileRef[]): Fitting {
  const parsed = parseBundle(Buffer.from(bundle, 'utf8'));
  const statement = parseStatement(parsed.envelope.payload);
  if (isModelSignature(statement))
    throw new SignatureError('unsupported', 'this is a model signature: attach it as one');
  const binding = bindingOf(statement, files);
  if (binding === null)
    throw new SignatureError(
      'subject_differs',
      'the statement is not about this version: no subject is its digest, and they are not its files by name',
    );
  const provenance = provenanceOf(statement);
  return {
    predicateType: statement.predicateType,
    provenance: provenance && { ...provenance, materials: [...provenance.materials] },
    signedWith: signedWith(describeSigner(parsed)),
    unsignedFiles: [],
    bindsNames: binding === 'names',
  };
}

/** What every signer that did not make it says of it. */
const NOT_THEIRS: ReadonlySet<SignatureCode> = new Set([
  'wrong_key',
  'certificate_untrusted',
  'identity_differs',
  'trust_root_needed',
]);

const UNKNOWN: Judgement = Object.freeze({
  state: 'untrusted',
  code: 'unknown_signer',
  message: 'nobody whose signatures count here made it',
  signerId: null,
});

/**
 * Judges who made a bundle: the first signer whose word counts for this model and for what arrived then, and who
 * proves to have made it. Never throws for what is foreign.
 */
export function judge(
  bundle: string,
  { model, receivedAt }: { readonly model: Scoped; readonly receivedAt: number },
  signers: readonly StoredSigner[],
): Judgement {
  const bytes = Buffer.from(bundle, 'utf8');
  const described = outcomeOf(() => describeSigner(parseBundle(bytes)));
  if (!described.ok)
    return { state: 'invalid', code: described.code, message: described.message, signerId: null };
  let nearest: Judgement = UNKNOWN;
  for (const signer of signers) {
    if (!countsAt(signer, receivedAt) || !isAbout(signer, model)) continue;
    const tried = outcomeOf(() => verifyStatement(bytes, trustOf(signer.trust, receivedAt)));
    if (tried.ok) return { state: 'trusted', code: null, message: null, signerId: signer.id };
    if (NOT_THEIRS.has(tried.code) || isAnothersKey(described.value, signer)) continue;
    const state = tried.code === 'bad_signature' ? 'invalid' : 'untrusted';
    nearest = { state, code: tried.code, message: tried.message, signerId: null };
  }
  return nearest;
}

/** Old bundles do not say which key made them: then a wrong signature only means that it was not this key. */
const isAnothersKey = (
  { type, keyFingerprint }: SignerFacts,
  { trust, fingerprint }: StoredSigner,
): boolean => type === 'key' && trust.type === 'key' && keyFingerprint !== fingerprint;
