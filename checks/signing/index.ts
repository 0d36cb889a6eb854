export { type Bundle, parseBundle } from './bundle.ts';
export type { Certificate } from './certificate.ts';
export {
  type Outcome,
  outcomeOf,
  quoted,
  SIGNATURE_CODES,
  type SignatureCode,
  SignatureError,
} from './error.ts';
export { fitsAny, fitsPattern } from './identity.ts';
export { hashFor, keyFingerprint, normalPem, readPublicKey } from './keys.ts';
export {
  type Differences,
  describeDifferences,
  differences,
  HASHES,
  type HashType,
  type Manifest,
  manifestOf,
  modelStatement,
  type Resource,
  rootDigest,
  SIGNATURE_V1,
  shardsOf,
} from './manifest.ts';
export { byBytes, byNames, isIgnored, isPlainPath } from './paths.ts';
export {
  bindingOf,
  type DigestedFile,
  FILES_V1,
  filesDigest,
  type Provenance,
  provenanceOf,
  provenanceStatement,
  SLSA_V1,
} from './provenance.ts';
export { type SigningKey, signStatement } from './sign.ts';
export { describeSigner, type SignerFacts } from './signer.ts';
export { DIGESTS_V01, parseStatement, type Statement } from './statement.ts';
export type { Merkle } from './transparency.ts';
export { readCertificates, readRoots, type Trust } from './trust.ts';
export { readTrustedRoot, type TrustedRoot } from './trusted-root.ts';
export { type VerifiedModel, type VerifiedStatement, verifyModel, verifyStatement } from './verify.ts';
