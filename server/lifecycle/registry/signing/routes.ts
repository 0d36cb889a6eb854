import { signingRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import { toAttestation, toSignature } from './bundles.ts';
import type { SigningService } from './service.ts';

export function signingRoutes({
  bundles,
  signers,
  policies,
  ...signing
}: SigningService): RouteImplementation[] {
  return [
    implement(contracts.manifest, ({ params }, { principal }) => bundles.manifest(principal, params)),
    implement(contracts.standing, ({ params }, { principal }) => signing.standing(principal, params)),
    implement(contracts.signatures, async ({ params }, { principal }) => ({
      items: (await bundles.list(principal, params, 'signature')).map(toSignature),
    })),
    implement(contracts.addSignature, async ({ params, body }, { principal }) =>
      toSignature(await bundles.add(principal, params, { kind: 'signature', ...body })),
    ),
    implement(contracts.attestations, async ({ params }, { principal }) => ({
      items: (await bundles.list(principal, params, 'attestation')).map(toAttestation),
    })),
    implement(contracts.addAttestation, async ({ params, body }, { principal }) =>
      toAttestation(await bundles.add(principal, params, { kind: 'attestation', ...body })),
    ),
    implement(contracts.bundle, async ({ params }, { principal }) => ({
      bundle: await bundles.text(principal, params, params.signatureId),
    })),
    implement(contracts.removeBundle, async ({ params }, { principal }) => {
      await bundles.remove(principal, params, params.signatureId);
      return {};
    }),
    implement(contracts.provenanceDraft, ({ params }, { principal }) =>
      signing.provenanceDraft(principal, params),
    ),
    implement(contracts.signers, async (_, { principal }) => ({ items: await signers.list(principal) })),
    implement(contracts.addSigner, ({ body }, { principal }) => signers.add(principal, body)),
    implement(contracts.revokeSigner, ({ params, body }, { principal }) =>
      signers.revoke(principal, params.id, body.reason),
    ),
    implement(contracts.signerVersions, async ({ params }, { principal }) => ({
      items: await signers.versions(principal, params.id),
    })),
    implement(contracts.policies, async (_, { principal }) => ({ items: await policies.list(principal) })),
    implement(contracts.addPolicy, ({ body }, { principal }) => policies.add(principal, body)),
    implement(contracts.updatePolicy, ({ params, body }, { principal }) =>
      policies.update(principal, params.id, body),
    ),
    implement(contracts.removePolicy, async ({ params }, { principal }) => {
      await policies.remove(principal, params.id);
      return {};
    }),
  ];
}
