import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef, StoredVersion } from '../model.ts';
import type { RegistryActor } from '../models/types.ts';
import type { RegistryParts } from '../parts.ts';
import type { ArtifactRoot, Metric, RunLinks } from '../runs/model.ts';
import { invalid } from '../runs/model.ts';
import { experimentToWire, modelFromWire, runFromWire } from './ids.ts';
import type { NewRegistration } from './registry-routes.ts';
import { type Source, sourceOf } from './uris.ts';
import { versionMetrics } from './version-metrics.ts';
import { doubleToWire } from './wire.ts';

type Parts = Pick<RegistryParts, 'runs' | 'loggedModels' | 'artifacts' | 'registry' | 'gate'>;

/** What a source comes to: its files, and what made them. */
interface Origin {
  readonly files: readonly FileRef[];
  readonly runId: string | null;
  readonly loggedModelId: string | null;
  /** Where it was made from another version. */
  readonly base?: { readonly kind: 'version'; readonly model: string; readonly version: string };
}

/** Clients say step 0 of a model that was logged at no step in particular. */
const isCheckpoint = (step: number | null | undefined): boolean => (step ?? 0) > 0;

/** Makes versions of what was logged: their files are those that lie there now, for good. */
export function createRegistration({ runs, loggedModels, artifacts, registry, gate }: Parts) {
  async function ofModel(viewer: Viewer, id: string, path: string): Promise<Origin> {
    const model = await loggedModels.get(viewer, id);
    const files = await artifacts.tree({ kind: 'model', id }, path);
    return { files, runId: model.sourceRunId, loggedModelId: id };
  }

  /** Clients of 3.0 and later keep the files with the model that the run logged under the name of the path. */
  async function ofRun(viewer: Viewer, id: string, path: string): Promise<Origin> {
    const run = await runs.get(viewer, id);
    const files = await artifacts.tree({ kind: 'run', id }, path);
    if (files.length > 0) return { files, runId: run.id, loggedModelId: null };
    const logged = (await loggedModels.ofRun(id)).findLast(({ name }) => name === path);
    return logged ? await ofModel(viewer, logged.id, '') : { files, runId: run.id, loggedModelId: null };
  }

  async function ofVersion(viewer: Viewer, found: StoredVersion, path = ''): Promise<Origin> {
    // A copy is a way out: what keeps the files from being given out keeps them from being copied.
    await gate.demandVersion(found.id);
    const prefix = path === '' ? '' : `${path}/`;
    const files = (await registry.files(found.id))
      .filter((file) => file.path.startsWith(prefix))
      .map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
    return {
      files,
      runId: found.runId,
      loggedModelId: found.loggedModelId,
      base: { kind: 'version', model: found.modelId, version: String(found.version) },
    };
  }

  async function ofRoot(
    viewer: Viewer,
    root: ArtifactRoot,
    path: string,
    experiment: string,
  ): Promise<Origin> {
    const owner =
      root.kind === 'run' ? await runs.get(viewer, root.id) : await loggedModels.get(viewer, root.id);
    if (experimentToWire(owner.experimentId) !== experiment) {
      throw new AppError('not_found', 'there is nothing at the source of the version');
    }
    return await (root.kind === 'run' ? ofRun(viewer, root.id, path) : ofModel(viewer, root.id, path));
  }

  async function originOf(viewer: Viewer, source: Source): Promise<Origin> {
    switch (source.kind) {
      case 'logged-model':
        return await ofModel(viewer, source.id, source.path);
      case 'run':
        return await ofRun(viewer, source.id, source.path);
      case 'version':
        return await ofVersion(viewer, await registry.version(viewer, source.model, source.ref));
      case 'place': {
        const { place } = source;
        return 'versionId' in place
          ? await ofVersion(viewer, await registry.versionById(viewer, place.versionId), place.path)
          : await ofRoot(viewer, place.root, place.path, place.experiment);
      }
    }
  }

  /** Latest metrics of the models that a run logged as its results, not at a step on the way. */
  async function ofOtherModels(
    runId: string,
    { outputs }: RunLinks,
    modelId: string,
  ): Promise<readonly Metric[]> {
    const steps = new Map(outputs.map((output) => [output.modelId, output.step]));
    const others = (await loggedModels.ofRun(runId))
      .map(({ id }) => id)
      .filter((id) => id !== modelId && !isCheckpoint(steps.get(id)));
    return [...(await loggedModels.dataOf(others)).values()].flatMap(({ metrics }) => metrics);
  }

  async function metricsOf(
    { runId, loggedModelId }: Pick<Origin, 'runId' | 'loggedModelId'>,
    links: RunLinks | undefined,
  ): Promise<readonly Metric[]> {
    const ofRun = runId === null ? [] : ((await runs.dataOf([runId])).get(runId)?.metrics ?? []);
    if (loggedModelId === null) return ofRun;
    const ofModel = (await loggedModels.dataOf([loggedModelId])).get(loggedModelId)?.metrics ?? [];
    return versionMetrics({
      ofRun,
      ofModel,
      ofOthers: runId === null || !links ? [] : await ofOtherModels(runId, links, loggedModelId),
      checkpoint: isCheckpoint(links?.outputs.find(({ modelId }) => modelId === loggedModelId)?.step),
    });
  }

  /** Metrics and datasets of the run that made it, and what was found of the model itself. */
  async function knownOf(origin: Pick<Origin, 'runId' | 'loggedModelId'>) {
    const { runId } = origin;
    const links = runId === null ? undefined : (await runs.linksOf([runId])).get(runId);
    const metrics = await metricsOf(origin, links);
    return {
      metrics: metrics.map(({ key, value }) => ({ key, value: doubleToWire(value) })),
      datasets: (links?.datasets ?? []).map(({ name, digest, context, source }) => ({
        name,
        digest,
        context,
        source,
      })),
    };
  }

  /** Throws `invalid_input` where the source is none of ours or has no files. */
  return async function createVersion(actor: RegistryActor, input: NewRegistration): Promise<StoredVersion> {
    const origin = await originOf(actor, sourceOf(input.source));
    if (origin.files.length === 0) {
      throw invalid(
        'Unable to find the files of the model at the source of the version',
        'Log the model first.',
      );
    }
    // What the client says made it counts where the files do not say so themselves.
    const loggedModelId =
      origin.loggedModelId ??
      (input.modelId === undefined ? null : (await loggedModels.get(actor, modelFromWire(input.modelId))).id);
    const runId =
      origin.runId ??
      (input.runId === undefined ? null : (await runs.get(actor, runFromWire({ run_id: input.runId }))).id);
    return await registry.createVersion(actor, input.name, {
      files: origin.files,
      description: input.description,
      tags: input.tags,
      source: input.source,
      runId,
      loggedModelId,
      base: origin.base ?? null,
      ...(await knownOf({ runId, loggedModelId })),
    });
  };
}
