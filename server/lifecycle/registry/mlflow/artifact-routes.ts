import { mlflowArtifactRoutes as contracts, type FileOut, mlflowAbsentRoutes } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef } from '../model.ts';
import type { RegistryParts } from '../parts.ts';
import { type ArtifactRoot, invalid } from '../runs/model.ts';
import { experimentToWire, modelFromWire, runFromWire } from './ids.ts';
import { loggedModelUri, type Place, placeOf, runUri } from './uris.ts';

type Parts = Pick<
  RegistryParts,
  'runs' | 'loggedModels' | 'artifacts' | 'registry' | 'gate' | 'downloads' | 'openContent'
>;

const nothingThere = () =>
  new AppError('not_found', 'there is no such artifact', { hint: 'List the artifacts to see their paths.' });

/** The names right below a path of a version, as a folder of a file system would show them. */
function listedBelow(files: readonly FileRef[], path: string) {
  const start = path === '' ? 0 : path.length + 1;
  const listed = new Map<string, FileOut>();
  for (const file of files) {
    if (path !== '' && !file.path.startsWith(`${path}/`)) continue;
    const rest = file.path.slice(start);
    const end = rest.indexOf('/');
    const name = end === -1 ? rest : rest.slice(0, end);
    listed.set(
      name,
      end === -1
        ? { path: name, is_dir: false, file_size: file.size, sha256: file.sha256 }
        : { path: name, is_dir: true },
    );
  }
  return [...listed.values()];
}

export function artifactRoutes(parts: Parts): RouteImplementation[] {
  const { runs, loggedModels, artifacts, registry, gate, downloads, openContent } = parts;

  /** Throws `not_found` unless the run or model is there for the viewer, under the experiment that the path names. */
  async function demandRoot(viewer: Viewer, place: Extract<Place, { root: ArtifactRoot }>, changes: boolean) {
    const { root } = place;
    const owner =
      root.kind === 'model'
        ? await loggedModels.get(viewer, root.id)
        : await (changes ? runs.getActive(viewer, root.id) : runs.get(viewer, root.id));
    if (place.experiment !== experimentToWire(owner.experimentId)) throw nothingThere();
    return { root, teamId: owner.teamId };
  }

  async function rootToChange(viewer: Viewer, sent: string) {
    const place = placeOf(sent);
    if (place === undefined) {
      throw invalid('Invalid path: files are kept below a run or a logged model', 'Use its artifact_uri.');
    }
    if ('versionId' in place) {
      await registry.versionById(viewer, place.versionId);
      throw new AppError('forbidden', 'the files of a registered version never change', {
        hint: 'Log the model again and register a new version.',
      });
    }
    return { root: (await demandRoot(viewer, place, true)).root, path: place.path };
  }

  async function fileOfVersion(viewer: Viewer, versionId: string, path: string, signal: AbortSignal) {
    const version = await registry.versionById(viewer, versionId);
    const file = await registry.file(version.id, path);
    if (!file) throw nothingThere();
    await gate.demandVersion(version.id, signal);
    const detail = { model: version.modelName, version: version.version };
    return { subject: `model-version:${version.id}`, detail, ...file, bytes: openContent(file.sha256) };
  }

  async function fileAt(viewer: Viewer, place: Place, signal: AbortSignal) {
    if ('versionId' in place) return await fileOfVersion(viewer, place.versionId, place.path, signal);
    const { root, teamId } = await demandRoot(viewer, place, false);
    const file = await artifacts.open(root, place.path, { teamId, signal });
    const subject = `${root.kind === 'run' ? 'run' : 'logged-model'}:${root.id}`;
    return { subject, detail: { experiment: place.experiment }, ...file };
  }

  const listed = async (root: ArtifactRoot, path: string) =>
    (await artifacts.list(root, path)).map(
      ({ name, folder, size, sha256 }): FileOut => ({
        path: name,
        is_dir: folder,
        ...(folder ? {} : { file_size: size }),
        ...(sha256 === null ? {} : { sha256 }),
      }),
    );

  /** As {@link listed}, with paths from the root on. */
  const listedFromRoot = async (root: ArtifactRoot, path: string) => {
    const prefix = path.replace(/^\/|\/$/g, '');
    const files = await listed(root, path);
    return files.map((file) => (prefix === '' ? file : { ...file, path: `${prefix}/${file.path}` }));
  };

  return [
    implement(contracts.putArtifact, async ({ params }, { principal, body, signal }) => {
      const { root, path } = await rootToChange(principal, params['*']);
      await artifacts.put(root, path, { sender: principal, bytes: body, signal });
      return {};
    }),
    implement(contracts.getArtifact, async ({ params }, { principal, setHeader, signal }) => {
      const place = placeOf(params['*']);
      if (place === undefined) throw nothingThere();
      const file = await fileAt(principal, place, signal);
      await downloads.note(principal, { subject: file.subject, detail: file.detail, bytes: file.size });
      setHeader('content-length', String(file.size));
      // Foreign bytes under our address: never shown as a page.
      setHeader('content-disposition', 'attachment');
      setHeader('x-content-type-options', 'nosniff');
      return file.bytes;
    }),
    implement(contracts.deleteArtifact, async ({ params }, { principal }) => {
      const { root, path } = await rootToChange(principal, params['*']);
      await artifacts.remove(principal, root, path);
      return {};
    }),
    implement(contracts.listArtifacts, async ({ query }, { principal }) => {
      const place = placeOf(query.path ?? '');
      if (place === undefined) return { files: [] };
      if ('versionId' in place) {
        const version = await registry.versionById(principal, place.versionId);
        return { files: listedBelow(await registry.files(version.id), place.path) };
      }
      return { files: await listed((await demandRoot(principal, place, false)).root, place.path) };
    }),
    implement(contracts.listRunArtifacts, async ({ query }, { principal }) => {
      const run = await runs.get(principal, runFromWire(query));
      return {
        root_uri: runUri(run.experimentId, run.id),
        files: await listedFromRoot({ kind: 'run', id: run.id }, query.path ?? ''),
      };
    }),
    implement(contracts.listModelArtifacts, async ({ params, query }, { principal }) => {
      const model = await loggedModels.get(principal, modelFromWire(params.modelId));
      return {
        root_uri: loggedModelUri(model.experimentId, model.id),
        files: await listedFromRoot({ kind: 'model', id: model.id }, query.artifact_directory_path ?? ''),
      };
    }),
    implement(contracts.multipart, async (_, { status }) => {
      status(501);
      // Clients look for this beginning, and then send one PUT.
      const message = 'Multipart upload is not supported for the current artifact repository';
      return { error_code: 'NOT_IMPLEMENTED', message };
    }),
    implement(contracts.serverInfo, async () => ({
      store_type: 'SqlStore',
      workspaces_enabled: false,
      trace_archival_enabled: false,
      multipart_uploads_enabled: false,
      multipart_downloads_enabled: false,
    })),
    ...Object.values(mlflowAbsentRoutes).map((contract) =>
      implement(contract, async (_, { status }) => {
        status(404);
        const message =
          'this part of MLflow is not offered here: Bartizan keeps experiments, runs, datasets, models and their files, no traces, prompts, gateways or webhooks';
        return { error_code: 'ENDPOINT_NOT_FOUND', message };
      }),
    ),
  ];
}
