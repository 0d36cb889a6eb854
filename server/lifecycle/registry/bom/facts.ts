import {
  describingFiles,
  type FoundFacts,
  MAX_DESCRIPTION_BYTES,
  type ModelFacts,
} from '@bartizan/checks/bom/index.ts';
import type { SystemDetail } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { ObjectStore } from '../../../platform/objects/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef, StoredVersion } from '../model.ts';
import type { RegistryPorts, RegistryService } from '../models/types.ts';
import { readRunFacts, type SigningService } from '../signing/index.ts';
import type { Cards } from './cards.ts';
import type { BomThread } from './thread.ts';

export interface FactsDeps {
  readonly database: Database;
  readonly objects: Pick<ObjectStore, 'read'>;
  readonly registry: Pick<RegistryService, 'version' | 'files' | 'datasets' | 'baseOf' | 'model'>;
  readonly signing: Pick<SigningService, 'summaries'>;
  readonly systems: RegistryPorts['systems'] & {
    /** Throws `not_found` for one that is not in reach. */
    readonly show: (caller: Caller, id: string) => Promise<SystemDetail>;
  };
  readonly cards: Pick<Cards, 'cardOf'>;
  readonly thread: Pick<BomThread, 'read'>;
  readonly config: { readonly publicUrl: string };
}

const METRIC_DIGITS = 8;
const utf8 = new TextDecoder('utf-8');

/** Gathers what bills of materials are made of. */
export function createFacts(deps: FactsDeps) {
  const { database, objects, registry, signing, systems, cards, thread, config } = deps;

  /** What the descriptions among the files say; a file that cannot be had says nothing. */
  async function found(files: readonly FileRef[]): Promise<FoundFacts> {
    const texts = new Map<string, string>();
    for (const { path, sha256, size } of describingFiles(files)) {
      const bytes = await objects
        .read(sha256, 0, Math.min(size, MAX_DESCRIPTION_BYTES))
        .catch(() => new Uint8Array());
      texts.set(path, utf8.decode(bytes));
    }
    return await thread.read(texts);
  }

  async function baseFact(viewer: Viewer, version: StoredVersion): Promise<ModelFacts['base']> {
    const base = await registry.baseOf(viewer, version);
    if (base === null) return null;
    if (base.kind === 'external') return base;
    const { rows } = base.versionId
      ? await sql<{ digest: string | null }>`select digest from model_versions
          where id = ${base.versionId}`.execute(database)
      : { rows: [] };
    return { kind: 'version', name: base.modelName, version: base.version, digest: rows[0]?.digest ?? null };
  }

  async function runFact(viewer: Viewer, version: StoredVersion): Promise<ModelFacts['run']> {
    if (version.runId === null) return null;
    const run = await readRunFacts(database, viewer, version.runId);
    const tag = (name: string) => run?.tags.find(({ key }) => key === `mlflow.source.${name}`)?.value ?? '';
    return {
      id: version.runId,
      source: tag('git.repoURL') || tag('name'),
      revision: tag('git.commit'),
    };
  }

  async function hasTrustedProvenance(versionId: string): Promise<boolean> {
    const { rows } = await sql`select 1 from signing_bundles where version_id = ${versionId}
      and kind = 'attestation' and state = 'trusted' limit 1`.execute(database);
    return rows.length > 0;
  }

  return Object.freeze({
    /** Throws `not_found` for a version that is not in reach. */
    async ofVersion(viewer: Viewer, model: string, ref: string): Promise<ModelFacts> {
      const version = await registry.version(viewer, model, ref);
      const [{ description }, files, datasets, using, summaries, card] = await Promise.all([
        registry.model(viewer, version.modelId),
        registry.files(version.id),
        registry.datasets(version.id),
        systems.using(viewer, [version.modelId]),
        signing.summaries([version]),
        cards.cardOf(version.modelId),
      ]);
      const signature = summaries.get(version.id);
      return {
        id: version.id,
        name: version.modelName,
        version: version.version,
        description: version.description || description,
        digest: version.digest,
        createdAt: version.createdAt,
        createdBy: version.createdBy,
        stage: version.stage,
        tags: version.tags,
        files,
        metrics: version.metrics.map(({ key, value }) => ({
          key,
          value: typeof value === 'number' ? String(Number(value.toPrecision(METRIC_DIGITS))) : value,
        })),
        datasets,
        base: await baseFact(viewer, version),
        run: await runFact(viewer, version),
        verdict: version.scan.verdict,
        signature: { state: signature?.state ?? 'unsigned', signers: signature?.signers ?? [] },
        hasProvenance: await hasTrustedProvenance(version.id),
        systems: using.map(({ id, name }) => ({ id, name, purpose: '' })),
        card,
        found: await found(files),
        url: `${config.publicUrl}/inventory/models/${version.modelId}/versions/${version.version}`,
      };
    },

    /** The system as its page shows it. */
    showSystem: (caller: Caller, id: string) => systems.show(caller, id),
  });
}
export type Facts = ReturnType<typeof createFacts>;
