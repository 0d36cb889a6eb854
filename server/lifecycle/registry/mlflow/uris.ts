import { artifactPath } from '../runs/artifact-paths.ts';
import { type ArtifactRoot, invalid } from '../runs/model.ts';
import { experimentToWire, modelToWire, toHex, toUuid } from './ids.ts';

/** What an address inside our artifacts points at; `path` is below the root, `''` the root itself. */
export type Place =
  | { readonly root: ArtifactRoot; readonly experiment: string; readonly path: string }
  | { readonly versionId: string; readonly path: string };

const SCHEME = 'mlflow-artifacts:';
const VERSIONS = 'versions';

export const runUri = (experimentId: string, runId: string): string =>
  `${SCHEME}/${experimentToWire(experimentId)}/${toHex(runId)}/artifacts`;
export const loggedModelUri = (experimentId: string, modelId: string): string =>
  `${SCHEME}/${experimentToWire(experimentId)}/models/${modelToWire(modelId)}/artifacts`;
export const versionUri = (versionId: string): string => `${SCHEME}/${VERSIONS}/${versionId}`;
export const experimentUri = (experimentId: string): string => `${SCHEME}/${experimentToWire(experimentId)}`;

/**
 * Reads a path as clients send it, `<experiment>/<run>/artifacts/…`, `<experiment>/models/m-…/artifacts/…` or
 * `versions/<id>/…`; undefined where it is none of these. Throws `invalid_input` for paths that lead elsewhere.
 */
export function placeOf(sent: string): Place | undefined {
  const path = artifactPath(sent);
  const names = path.split('/');
  const [first = '', second = '', third = '', fourth = ''] = names;
  if (first === VERSIONS) {
    const versionId = toUuid(second);
    return versionId === undefined ? undefined : { versionId, path: names.slice(2).join('/') };
  }
  if (second === 'models' && third.startsWith('m-') && fourth === 'artifacts') {
    const id = toUuid(third.slice(2));
    if (id === undefined) return undefined;
    return { root: { kind: 'model', id }, experiment: first, path: names.slice(4).join('/') };
  }
  const id = toUuid(second);
  if (id === undefined || third !== 'artifacts') return undefined;
  return { root: { kind: 'run', id }, experiment: first, path: names.slice(3).join('/') };
}

/** Where the files of a new version come from. */
export type Source =
  | { readonly kind: 'logged-model'; readonly id: string; readonly path: string }
  | { readonly kind: 'run'; readonly id: string; readonly path: string }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'version'; readonly model: string; readonly ref: string };

const foreign = () =>
  invalid(
    'Invalid model version source: the files must have been logged here',
    'Log the model first (mlflow.sklearn.log_model and the like) and register "models:/m-…" or "runs:/…"; import models of other servers with "bartizan model import-mlflow".',
  );

/** What follows `scheme:/` or `scheme:///`, never a host; undefined for other schemes. */
function pathOf(source: string, scheme: string): string | undefined {
  if (!source.startsWith(scheme)) return undefined;
  const rest = source.slice(scheme.length);
  if (rest.startsWith('///')) return rest.slice(3);
  if (rest.startsWith('//') || !rest.startsWith('/')) throw foreign();
  return rest.slice(1);
}

function modelSource(path: string): Source {
  const [name = '', ...rest] = path.split('/');
  if (name.startsWith('m-') && toUuid(name.slice(2)) !== undefined) {
    return { kind: 'logged-model', id: toUuid(name.slice(2)) as string, path: artifactPath(rest.join('/')) };
  }
  const [model, alias] = name.split('@', 2);
  if (alias !== undefined && rest.length === 0) return { kind: 'version', model: model ?? '', ref: alias };
  if (rest.length !== 1 || rest[0] === undefined) throw foreign();
  return { kind: 'version', model: name, ref: rest[0] };
}

/**
 * Reads the source of a new version. Only what lies here counts: `models:/m-…`, `models:/name/1`, `runs:/…` and
 * `mlflow-artifacts:/…` without a host. Everything else — files, other schemes, other hosts — is `invalid_input`
 * (CVE-2023-6909, CVE-2024-1483, CVE-2026-2614).
 */
export function sourceOf(source: string): Source {
  const models = pathOf(source, 'models:');
  if (models !== undefined) return modelSource(models);
  const runs = pathOf(source, 'runs:');
  if (runs !== undefined) {
    const [run = '', ...rest] = runs.split('/');
    const id = toUuid(run);
    if (id === undefined) throw foreign();
    return { kind: 'run', id, path: artifactPath(rest.join('/')) };
  }
  const artifacts = pathOf(source, SCHEME);
  const place = artifacts === undefined ? undefined : placeOf(artifacts);
  if (place === undefined) throw foreign();
  return { kind: 'place', place };
}
