import { hash } from 'node:crypto';
import { outcomeOf } from '@bartizan/checks/signing/index.ts';
import type { Attestation, ModelSignature, VersionManifest } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Viewer } from '../../sight.ts';
import { isUniqueViolation } from '../../sql-state.ts';
import type { StoredVersion } from '../model.ts';
import type { RegistryActor } from '../models/types.ts';
import { type Fitting, fitAttestation, fitSignature, judge } from './judge.ts';
import { asCounting, type BundleRow, type StoredBundle } from './model.ts';
import type { SigningDeps } from './ports.ts';
import type { SigningStore } from './store.ts';

/** Of each kind on one version. */
const MOST_BUNDLES = 50;
type Kind = StoredBundle['kind'];
type Deps = Pick<SigningDeps, 'audit' | 'clock' | 'registry'> & { readonly store: SigningStore };

/** A version by its model's id or name and its own reference. */
export interface VersionParams {
  readonly model: string;
  readonly version: string;
}

const NOUN: Readonly<Record<Kind, string>> = { signature: 'signature', attestation: 'attestation' };

/** Signatures and attestations on versions. */
export function createBundles({ audit, clock, registry, store }: Deps) {
  const named = (viewer: Viewer, { model, version }: VersionParams): Promise<StoredVersion> =>
    registry.version(viewer, model, version);

  async function counting(version: StoredVersion): Promise<BundleRow[]> {
    const [rows, signers] = await Promise.all([store.bundles([version.id]), store.signers()]);
    return asCounting(rows, version, new Map(signers.map((signer) => [signer.id, signer])));
  }

  async function list(viewer: Viewer, params: VersionParams, kind: Kind): Promise<BundleRow[]> {
    return (await counting(await named(viewer, params))).filter((row) => row.kind === kind);
  }

  async function fitted(version: StoredVersion, kind: Kind, bundle: string): Promise<Fitting> {
    if (version.status !== 'ready')
      throw new AppError('conflict', 'this version has no files yet', { hint: 'Finish its upload first.' });
    const files = await registry.files(version.id);
    const fit = kind === 'signature' ? fitSignature : fitAttestation;
    const outcome = outcomeOf(() => fit(bundle, files));
    if (outcome.ok) return outcome.value;
    throw new AppError('invalid_input', `the ${NOUN[kind]} is refused: ${outcome.message}`, {
      issues: [{ path: 'bundle', message: outcome.code }],
    });
  }

  /** Verified as it comes in: what does not fit the version, or is a broken signature of somebody known, is refused. */
  async function add(
    actor: RegistryActor,
    params: VersionParams,
    given: { kind: Kind; bundle: string },
  ): Promise<BundleRow> {
    const { kind, bundle } = given;
    const version = await named(actor, params);
    const fitting = await fitted(version, kind, bundle);
    const there = (await store.bundles([version.id])).filter((row) => row.kind === kind);
    if (there.length >= MOST_BUNDLES)
      throw new AppError('conflict', `this version has ${MOST_BUNDLES} of them already`, {
        hint: 'Take those off that do not count.',
      });
    const now = clock.now();
    const common = {
      id: uuidv7(now),
      versionId: version.id,
      kind,
      bundle,
      sha256: hash('sha256', bundle, 'hex'),
      ...fitting,
      receivedAt: now,
      receivedBy: actor.name,
      verifiedAt: now,
    };
    return await store
      .transaction(async (tx) => {
        const signers = (await store.signers(tx)).filter(({ revoked }) => revoked === null);
        const judgement = judge(bundle, { model: version, receivedAt: now }, signers);
        if (judgement.state === 'invalid')
          throw new AppError('invalid_input', `the ${NOUN[kind]} is refused: ${judgement.message}`, {
            issues: [{ path: 'bundle', message: judgement.code ?? '' }],
          });
        if (judgement.signerId !== null && !(await store.holdSigner(judgement.signerId, tx)))
          throw new AppError('conflict', 'its signer was revoked just now; try again');
        const stored: StoredBundle = { ...common, ...judgement };
        await store.addBundle(stored, tx);
        const signer = signers.find(({ id }) => id === judgement.signerId)?.name ?? null;
        const detail = {
          model: version.modelName,
          version: version.version,
          state: judgement.state,
          sha256: common.sha256,
          signer,
        };
        const action = kind === 'signature' ? 'signatures.added' : 'attestations.added';
        await audit.record({ actor, action, subject: `version:${version.id}`, detail }, tx);
        const { bundle: _, ...row } = stored;
        return { ...row, signerName: signer };
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error)) throw new AppError('conflict', `this ${NOUN[kind]} is there already`);
        throw error;
      });
  }

  return Object.freeze({
    add,
    list,
    counting,

    async manifest(viewer: Viewer, params: VersionParams): Promise<VersionManifest> {
      const version = await named(viewer, params);
      if (version.digest === null)
        throw new AppError('conflict', 'this version has no files yet', { hint: 'Finish its upload first.' });
      const files = await registry.files(version.id);
      return {
        model: version.modelName,
        version: version.version,
        digest: version.digest,
        files: files.map(({ path, sha256, size }) => ({ path, sha256, size })),
      };
    },

    async text(viewer: Viewer, params: VersionParams, id: string): Promise<string> {
      const bundle = await store.bundleText((await named(viewer, params)).id, id);
      if (bundle === undefined) throw new AppError('not_found', 'there is no such signature on this version');
      return bundle;
    },

    async remove(actor: RegistryActor, params: VersionParams, id: string): Promise<void> {
      const version = await named(actor, params);
      await store.transaction(async (tx) => {
        const gone = await store.removeBundle(version.id, id, tx);
        if (!gone) throw new AppError('not_found', 'there is no such signature on this version');
        const { kind, sha256, state } = gone;
        const detail = { model: version.modelName, version: version.version, kind, sha256, state };
        await audit.record(
          { actor, action: 'signatures.removed', subject: `version:${version.id}`, detail },
          tx,
        );
      });
    },
  });
}

const shared = (row: BundleRow) => ({
  id: row.id,
  state: row.state,
  code: row.code,
  message: row.message,
  signer:
    row.signerId !== null && row.signerName !== null ? { id: row.signerId, name: row.signerName } : null,
  signedWith: row.signedWith,
  bundleSha256: row.sha256,
  receivedAt: row.receivedAt,
  receivedBy: row.receivedBy,
  verifiedAt: row.verifiedAt,
});

export const toSignature = (row: BundleRow): ModelSignature => ({
  ...shared(row),
  unsignedFiles: [...row.unsignedFiles],
});

export const toAttestation = (row: BundleRow): Attestation => ({
  ...shared(row),
  predicateType: row.predicateType,
  provenance: row.provenance,
});
