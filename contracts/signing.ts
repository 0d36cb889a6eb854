import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { defineRoute } from './route.ts';

/** Bundles that vouch for models of many files are large: each file is named with its digest. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;

const Name = z.string().trim().min(1).max(200);
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'give 64 lower-case hexadecimal digits');
/** Names of models with `*` for any run of characters: `*`, `credit-*`. */
const NamePattern = z.string().trim().min(1).max(200);
/** A signing identity: an e-mail address or URI as the certificate names it, with `*` for any run of characters. */
const Identity = z.string().trim().min(1).max(500);
const Pem = z.string().trim().min(1).max(100_000);

/**
 * How a signer is known. `key`: by their public key. `certificate`: by who they are in a certificate that one of
 * these authorities stands behind. `sigstore`: by who they are at an OpenID Connect issuer, as Sigstore (its public
 * instance or your own) attests.
 */
export const SignerTrust = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('key'),
    /** PEM of an elliptic-curve public key: P-256, P-384 or P-521. */
    publicKey: Pem,
  }),
  z.object({
    type: z.literal('certificate'),
    /** PEM of the authorities' certificates, one after the other. */
    roots: Pem,
    /** Who of those that the authorities vouch for; empty: all of them. */
    identities: z.array(Identity).max(50).default([]),
  }),
  z.object({
    type: z.literal('sigstore'),
    /** The text of a Sigstore trusted root (JSON). */
    trustedRoot: z.string().min(2).max(500_000),
    identities: z.array(Identity).min(1).max(50),
    /** The OpenID Connect issuer, exactly. */
    issuer: z.url().max(500),
  }),
]);
export type SignerTrust = z.infer<typeof SignerTrust>;

const SignerFields = z.object({
  name: Name,
  /** Only for models of this team; null: everybody's models and those of every team. */
  teamId: Id.nullable().default(null),
  /** Names of the models that this signer may vouch for. */
  models: z.array(NamePattern).min(1).max(100).default(['*']),
  /** Signatures that arrived before this do not count; null: no such bound. */
  validFrom: Instant.nullable().default(null),
  /** Signatures that arrive from then on do not count; null: no such bound. */
  validUntil: Instant.nullable().default(null),
});
export const SignerInput = SignerFields.extend({ trust: SignerTrust }).refine(
  ({ validFrom, validUntil }) => validFrom === null || validUntil === null || validFrom < validUntil,
  { path: ['validUntil'], message: 'must be later than validFrom' },
);
export type SignerInput = z.input<typeof SignerInput>;

export const Signer = SignerFields.extend({
  id: Id,
  trust: SignerTrust,
  /** SHA-256 of the public key (its normalised PEM), of the first root, or of the trusted root, in hexadecimal. */
  fingerprint: Sha256,
  createdAt: Instant,
  createdBy: z.string(),
  revoked: z.object({ at: Instant, by: z.string(), reason: z.string() }).nullable(),
  /** Versions whose signature or provenance this signer vouches for. */
  versions: z.number().int().nonnegative(),
});
export type Signer = z.infer<typeof Signer>;

/** `warn`: shown, nothing is refused. `enforce`: what does not fulfil it is refused. */
export const SigningMode = z.enum(['warn', 'enforce']);
export type SigningMode = z.infer<typeof SigningMode>;

export const SigningPolicyInput = z.object({
  name: Name,
  teamId: Id.nullable().default(null),
  /** Models that it holds for, by name. */
  models: z.array(NamePattern).min(1).max(100),
  /** What a version needs: to be signed, to have provenance, or both. */
  requires: z
    .object({
      /** Only these signers count; empty: any trusted signer. Null: no signature is asked for. */
      signedBy: z.array(Id).max(100).nullable().default([]),
      /** Provenance from one of these builders (`*` for any run of characters). Null: none is asked for. */
      builtBy: z.array(z.string().trim().min(1).max(500)).min(1).max(50).nullable().default(null),
    })
    .refine(({ signedBy, builtBy }) => signedBy !== null || builtBy !== null, {
      message: 'ask for a signature, for provenance, or for both',
    }),
  mode: SigningMode,
  /** Aliases that a version gets only when it fulfils this, in any case, `*` for any run of characters. */
  aliases: z.array(z.string().trim().min(1).max(200)).max(100).default([]),
  /** Stages that a version gets only when it fulfils this. */
  stages: z
    .array(z.enum(['staging', 'production']))
    .max(2)
    .default(['production']),
  /** True: its files are only given out when it fulfils this. */
  downloads: z.boolean().default(false),
});
export type SigningPolicyInput = z.input<typeof SigningPolicyInput>;

export const SigningPolicy = SigningPolicyInput.extend({
  id: Id,
  createdAt: Instant,
  updatedAt: Instant,
});
export type SigningPolicy = z.infer<typeof SigningPolicy>;

/**
 * `trusted`: a trusted signer made it over exactly these files. `untrusted`: whoever made it is not known here, or
 * no longer. `invalid`: it does not fit what it is attached to, or is broken.
 */
export const SignatureState = z.enum(['trusted', 'untrusted', 'invalid']);
export type SignatureState = z.infer<typeof SignatureState>;

/** What signed, as the bundle says; not yet a reason to trust it. */
export const SignedWith = z.object({
  type: z.enum(['key', 'certificate', 'sigstore']),
  /** SHA-256 of the public key, as far as the bundle names it. */
  keyFingerprint: Sha256.nullable(),
  /** Of the certificate: its subject alternative names. */
  identities: z.array(z.string()),
  issuer: z.string().nullable(),
  /** When a transparency log took it in; null where the bundle proves no time. */
  loggedAt: Instant.nullable(),
});

const Received = {
  id: Id,
  state: SignatureState,
  /** A stable code of why it is not trusted, such as `files_differ`; null where it is. */
  code: z.string().nullable(),
  /** The same for people. */
  message: z.string().nullable(),
  signer: z.object({ id: Id, name: z.string() }).nullable(),
  signedWith: SignedWith.nullable(),
  bundleSha256: Sha256,
  receivedAt: Instant,
  receivedBy: z.string(),
  verifiedAt: Instant,
} as const;

/** An OpenSSF model signature on a version. */
export const ModelSignature = z.object({
  ...Received,
  /** Files of the version that the signer left out on purpose, and that carry no weight. */
  unsignedFiles: z.array(z.string()),
});
export type ModelSignature = z.infer<typeof ModelSignature>;

/** What SLSA provenance v1 says, as far as people ask; every text is foreign. */
export const ProvenanceSummary = z.object({
  buildType: z.string(),
  builder: z.string(),
  invocation: z.string().nullable(),
  startedAt: Instant.nullable(),
  finishedAt: Instant.nullable(),
  source: z.object({ repository: z.string(), revision: z.string().nullable() }).nullable(),
  materials: z.array(
    z.object({ name: z.string(), uri: z.string().nullable(), digest: z.string().nullable() }),
  ),
  /** Materials beyond those listed. */
  moreMaterials: z.number().int().nonnegative(),
});
export type ProvenanceSummary = z.infer<typeof ProvenanceSummary>;

/** An in-toto statement about a version, in a DSSE envelope. */
export const Attestation = z.object({
  ...Received,
  predicateType: z.string(),
  /** Of SLSA provenance v1; null for other predicates. */
  provenance: ProvenanceSummary.nullable(),
});
export type Attestation = z.infer<typeof Attestation>;

/** In one word for lists. `unsigned`: there is no signature at all. */
export const SignatureSummary = z.object({
  state: z.enum(['trusted', 'untrusted', 'invalid', 'unsigned']),
  signers: z.array(z.string()),
  /** Builders that trusted provenance names. */
  builders: z.array(z.string()),
});
export type SignatureSummary = z.infer<typeof SignatureSummary>;

/** How a version stands to each policy that holds for it. */
export const SigningStanding = z.object({
  summary: SignatureSummary,
  policies: z.array(
    z.object({
      id: Id,
      name: z.string(),
      mode: SigningMode,
      fulfilled: z.boolean(),
      /** Why not, for people; empty where it is. */
      reasons: z.array(z.string()),
      aliases: z.array(z.string()),
      stages: z.array(z.string()),
      downloads: z.boolean(),
    }),
  ),
});
export type SigningStanding = z.infer<typeof SigningStanding>;

/** What is signed: the files of a version by their digests, in the order of their paths' UTF-8 bytes. */
export const VersionManifest = z.object({
  model: z.string(),
  version: z.number().int().positive(),
  digest: Sha256,
  files: z.array(z.object({ path: z.string(), sha256: Sha256, size: z.number().int().nonnegative() })),
});
export type VersionManifest = z.infer<typeof VersionManifest>;

const OfVersion = z.object({
  /** Id or name of the model. */
  model: z.string().min(1).max(256),
  /** Its number, an alias, or `latest`. */
  version: z.string().min(1).max(256),
});
const OfSignature = OfVersion.extend({ signatureId: Id });
const ById = z.object({ id: Id });
/** The bundle's very text: parsed and written again it could be another one. */
const BundleBody = z.object({ bundle: z.string().min(2).max(MAX_BUNDLE_BYTES) });
/** JSON escapes may double the text. */
const BUNDLE_BODY_BYTES = 2 * MAX_BUNDLE_BYTES + 1024;
const VERSION = '/api/v1/models/:model/versions/:version';

export const signingRoutes = {
  manifest: defineRoute({
    id: 'signing.manifest',
    method: 'GET',
    path: `${VERSION}/manifest`,
    summary: 'The files of a version by digest: what a signature is made over',
    access: 'models.read',
    params: OfVersion,
    response: VersionManifest,
  }),
  standing: defineRoute({
    id: 'signing.standing',
    method: 'GET',
    path: `${VERSION}/signing`,
    summary: 'Whether a version fulfils what policies ask of signatures and provenance',
    access: 'models.read',
    params: OfVersion,
    response: SigningStanding,
  }),
  signatures: defineRoute({
    id: 'signing.signatures',
    method: 'GET',
    path: `${VERSION}/signatures`,
    summary: 'Signatures on a version, newest first',
    access: 'models.read',
    params: OfVersion,
    response: z.object({ items: z.array(ModelSignature) }),
  }),
  addSignature: defineRoute({
    id: 'signing.addSignature',
    method: 'POST',
    path: `${VERSION}/signatures`,
    summary: 'Attach a model signature (Sigstore bundle); verified on arrival',
    access: 'models.write',
    params: OfVersion,
    body: BundleBody,
    response: ModelSignature,
    bodyLimitBytes: BUNDLE_BODY_BYTES,
  }),
  attestations: defineRoute({
    id: 'signing.attestations',
    method: 'GET',
    path: `${VERSION}/attestations`,
    summary: 'Attestations about a version, provenance among them, newest first',
    access: 'models.read',
    params: OfVersion,
    response: z.object({ items: z.array(Attestation) }),
  }),
  addAttestation: defineRoute({
    id: 'signing.addAttestation',
    method: 'POST',
    path: `${VERSION}/attestations`,
    summary: 'Attach an in-toto attestation (DSSE in a Sigstore bundle); verified on arrival',
    access: 'models.write',
    params: OfVersion,
    body: BundleBody,
    response: Attestation,
    bodyLimitBytes: BUNDLE_BODY_BYTES,
  }),
  bundle: defineRoute({
    id: 'signing.bundle',
    method: 'GET',
    path: `${VERSION}/bundles/:signatureId`,
    summary: 'The bundle of a signature or attestation as it was uploaded',
    access: 'models.read',
    params: OfSignature,
    response: z.object({ bundle: z.string() }),
  }),
  removeBundle: defineRoute({
    id: 'signing.removeBundle',
    method: 'DELETE',
    path: `${VERSION}/bundles/:signatureId`,
    summary: 'Take a signature or attestation off a version',
    access: 'models.manage',
    stepUp: true,
    params: OfSignature,
    response: Empty,
  }),
  provenanceDraft: defineRoute({
    id: 'signing.provenanceDraft',
    method: 'GET',
    path: `${VERSION}/provenance-draft`,
    summary: 'SLSA provenance of a version as the run behind it tells, ready to be signed',
    access: 'models.read',
    params: OfVersion,
    /** The statement's text; what is signed is this, byte by byte. */
    response: z.object({ statement: z.string(), missing: z.array(z.string()) }),
  }),
  signers: defineRoute({
    id: 'signing.signers',
    method: 'GET',
    path: '/api/v1/signing/signers',
    summary: 'Whose signatures count',
    access: 'models.read',
    response: z.object({ items: z.array(Signer) }),
  }),
  addSigner: defineRoute({
    id: 'signing.addSigner',
    method: 'POST',
    path: '/api/v1/signing/signers',
    summary: 'Have somebody’s signatures count; signatures that wait are judged again',
    access: 'models.manage',
    stepUp: true,
    lasting: true,
    body: SignerInput,
    response: Signer,
    bodyLimitBytes: 1024 * 1024,
  }),
  revokeSigner: defineRoute({
    id: 'signing.revokeSigner',
    method: 'POST',
    path: '/api/v1/signing/signers/:id/revoke',
    summary: 'Have a signer’s signatures count no longer, those made before included',
    access: 'models.manage',
    stepUp: true,
    params: ById,
    body: z.object({ reason: z.string().trim().min(3).max(1000) }),
    response: Signer,
  }),
  signerVersions: defineRoute({
    id: 'signing.signerVersions',
    method: 'GET',
    path: '/api/v1/signing/signers/:id/versions',
    summary: 'Versions that hang on a signer: what its revocation would touch, or has touched',
    access: 'models.read',
    params: ById,
    response: z.object({
      items: z.array(
        z.object({
          modelId: Id,
          model: z.string(),
          version: z.number().int().positive(),
          versionId: Id,
          stage: z.string(),
          aliases: z.array(z.string()),
          /** Another trusted signer vouches for it as well. */
          otherwise: z.boolean(),
        }),
      ),
    }),
  }),
  policies: defineRoute({
    id: 'signing.policies',
    method: 'GET',
    path: '/api/v1/signing/policies',
    summary: 'What versions need before they are used',
    access: 'models.read',
    response: z.object({ items: z.array(SigningPolicy) }),
  }),
  addPolicy: defineRoute({
    id: 'signing.addPolicy',
    method: 'POST',
    path: '/api/v1/signing/policies',
    summary: 'Ask for signatures or provenance',
    access: 'models.manage',
    stepUp: true,
    lasting: true,
    body: SigningPolicyInput,
    response: SigningPolicy,
  }),
  updatePolicy: defineRoute({
    id: 'signing.updatePolicy',
    method: 'PUT',
    path: '/api/v1/signing/policies/:id',
    summary: 'Change what is asked for',
    access: 'models.manage',
    stepUp: true,
    lasting: true,
    params: ById,
    body: SigningPolicyInput,
    response: SigningPolicy,
  }),
  removePolicy: defineRoute({
    id: 'signing.removePolicy',
    method: 'DELETE',
    path: '/api/v1/signing/policies/:id',
    summary: 'Ask for it no longer',
    access: 'models.manage',
    stepUp: true,
    params: ById,
    response: Empty,
  }),
} as const;
