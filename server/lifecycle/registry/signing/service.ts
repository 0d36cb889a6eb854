import type { Viewer } from '../../sight.ts';
import { createBundles, type VersionParams } from './bundles.ts';
import { draftProvenance } from './draft.ts';
import { createSigningPolicies } from './policies.ts';
import type { SigningDeps } from './ports.ts';
import { createSigners } from './signers.ts';
import { createStanding } from './standing.ts';
import { createSigningStore } from './store.ts';

/** Signatures and provenance of model versions, whose count, and what is asked for. */
export function createSigningService(deps: SigningDeps) {
  const store = createSigningStore(deps.database);
  const parts = { ...deps, store };
  const standing = createStanding(store);
  return Object.freeze({
    signers: createSigners(parts),
    policies: createSigningPolicies(parts),
    bundles: createBundles(parts),
    /** Of each version, in one word. */
    summaries: standing.summaries,
    left: standing.left,
    demandPromotable: standing.demandPromotable,
    demandDownloadable: standing.demandDownloadable,
    async standing(viewer: Viewer, { model, version }: VersionParams) {
      return await standing.of(await deps.registry.version(viewer, model, version));
    },
    async provenanceDraft(viewer: Viewer, { model, version }: VersionParams) {
      return await draftProvenance(deps, viewer, await deps.registry.version(viewer, model, version));
    },
  });
}
export type SigningService = ReturnType<typeof createSigningService>;
