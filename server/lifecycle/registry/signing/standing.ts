import type { SignatureSummary, SigningPolicy, SigningStanding } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { StoredVersion } from '../model.ts';
import {
  asCounting,
  concerns,
  isAbout,
  type PolicyStanding,
  standingOf,
  summaryOf,
  type Use,
} from './model.ts';
import type { SigningStore } from './store.ts';

/** A model as it is called and whose it is. */
type Place = { readonly name: string; readonly teamId: string | null };
type Known = Pick<StoredVersion, 'id' | 'modelName' | 'teamId'>;

/** How versions stand to signatures, provenance and what is asked of them. */
export function createStanding(store: SigningStore) {
  async function read(version: Known, within?: Database) {
    const [rows, signers, policies] = [
      await store.bundles([version.id], within),
      await store.signers(within),
      await store.policies(within),
    ];
    const counting = asCounting(rows, version, new Map(signers.map((signer) => [signer.id, signer])));
    const about = policies.filter((policy: SigningPolicy) =>
      isAbout({ models: policy.models, teamId: policy.teamId ?? null }, version),
    );
    return { counting, standings: about.map((policy) => standingOf(policy, counting)) };
  }

  async function demand(version: Known, use: Use, within?: Database): Promise<void> {
    const { standings } = await read(version, within);
    const unmet = standings.filter((one) => one.mode === 'enforce' && !one.fulfilled && concerns(one, use));
    if (unmet.length > 0) throw refusal(unmet, use);
  }

  return Object.freeze({
    async of(version: Known): Promise<SigningStanding> {
      const { counting, standings } = await read(version);
      return { summary: summaryOf(counting), policies: standings };
    },

    async summaries(versions: readonly Known[]): Promise<ReadonlyMap<string, SignatureSummary>> {
      if (versions.length === 0) return new Map();
      const [rows, signers] = await Promise.all([
        store.bundles(versions.map(({ id }) => id)),
        store.signers(),
      ]);
      const byId = new Map(signers.map((signer) => [signer.id, signer]));
      const byVersion = Map.groupBy(rows, ({ versionId }) => versionId);
      return new Map(
        versions.map((version) => {
          const own = byVersion.get(version.id) ?? [];
          return [version.id, summaryOf(asCounting(own, version, byId))];
        }),
      );
    },

    /** Names of the policies that are enforced for a model at the one place and not at the other. */
    async left(before: Place, after: Place, within?: Database): Promise<readonly string[]> {
      const holdsFor = ({ models, teamId = null }: SigningPolicy, { name: modelName, teamId: team }: Place) =>
        isAbout({ models, teamId }, { modelName, teamId: team });
      return (await store.policies(within))
        .filter(({ mode }) => mode === 'enforce')
        .filter((policy) => holdsFor(policy, before) && !holdsFor(policy, after))
        .map(({ name }) => name);
    },

    /** Throws `conflict` when a policy that is enforced does not let the version have that alias or stage. */
    demandPromotable: (
      { version, to }: { readonly version: Known; readonly to: { alias: string } | { stage: string } },
      within?: Database,
    ): Promise<void> => demand(version, to, within),

    /** Throws `forbidden` when a policy that is enforced does not let the files of the version out. */
    async demandDownloadable(versionId: string): Promise<void> {
      const version = await store.version(versionId);
      if (version) await demand(version, { download: true });
    },
  });
}

function refusal(unmet: readonly PolicyStanding[], use: Use): AppError {
  const what = 'download' in use ? 'its files are not given out' : 'it cannot be used there';
  const why = unmet.map(({ name, reasons }) => `"${name}": ${reasons.join(', ')}`).join('; ');
  return new AppError('download' in use ? 'forbidden' : 'conflict', `${what}, by policy ${why}`, {
    hint: 'Sign the version (bartizan model sign MODEL@VERSION), or ask who looks after the policy.',
  });
}
