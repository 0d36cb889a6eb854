import { provenanceStatement } from '@bartizan/checks/signing/index.ts';
import type { VersionBase, VersionDataset } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredVersion } from '../model.ts';
import type { SigningDeps } from './ports.ts';
import { type RunFacts, readRunFacts } from './run-facts.ts';

/** Of SLSA `buildType`: what the members of externalParameters mean; docs/guide/signing.md lists them. */
const BUILD_TYPES = {
  run: 'urn:bartizan:build-type:mlflow-run:v1',
  upload: 'urn:bartizan:build-type:upload:v1',
} as const;

const encoded = (text: string): string => encodeURIComponent(text || 'unknown');

/** Where the code of a run is from, by the tags that MLflow's client sets. */
const TAG = Object.freeze({
  source: 'mlflow.source.name',
  repository: 'mlflow.source.git.repoURL',
  commit: 'mlflow.source.git.commit',
});

export interface Draft {
  /** Text of the statement. */
  readonly statement: string;
  /** What would make it better, for people. */
  readonly missing: string[];
}

type Deps = Pick<SigningDeps, 'database' | 'registry' | 'publicUrl'>;

/** SLSA provenance v1 of a version from what its run, its datasets and its base say. */
export async function draftProvenance(
  { database, registry, publicUrl }: Deps,
  viewer: Viewer,
  version: StoredVersion,
): Promise<Draft> {
  if (version.digest === null)
    throw new AppError('conflict', 'this version has no files yet', { hint: 'Finish its upload first.' });
  const [files, run, datasets, base] = await Promise.all([
    registry.files(version.id),
    version.runId === null ? null : readRunFacts(database, viewer, version.runId),
    registry.datasets(version.id),
    registry.baseOf(viewer, version),
  ]);
  const tags = new Map((run?.tags ?? []).map(({ key, value }) => [key, value]));
  const code = codeOf(tags);
  const statement = provenanceStatement({
    subject: { name: version.modelName, files },
    buildType: run ? BUILD_TYPES.run : BUILD_TYPES.upload,
    builder: builderOf(run, tags, version),
    invocation: run ? `${publicUrl}/runs/${encoded(run.id)}` : null,
    startedAt: run?.startedAt ?? version.createdAt,
    finishedAt: run?.endedAt ?? version.createdAt,
    parameters: {
      source: tags.get(TAG.source) ?? version.source,
      run: run ? { id: run.id, name: run.name } : null,
      params: Object.fromEntries((run?.params ?? []).map(({ key, value }) => [key, value])),
    },
    dependencies: [...(code ? [code] : []), ...datasets.map(datasetOf), ...(base ? [baseOf(base)] : [])],
  });
  return { statement, missing: missingFrom({ run, code, datasets }) };
}

function builderOf(run: RunFacts | null, tags: ReadonlyMap<string, string>, version: StoredVersion): string {
  if (!run) return `urn:bartizan:builder:upload:${encoded(version.createdBy)}`;
  return `urn:bartizan:builder:mlflow:${encoded(run.user)}:${encoded(tags.get(TAG.source) ?? '')}`;
}

/** As SLSA names sources: a git address, with the commit as its digest. Credentials in the address are taken out. */
function codeOf(tags: ReadonlyMap<string, string>) {
  const commit = tags.get(TAG.commit);
  if (!commit || !/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(commit)) return null;
  const address = tags.get(TAG.repository) ?? '';
  const uri = URL.canParse(address) ? withoutCredentials(address) : null;
  return { name: 'source', ...(uri ? { uri: `git+${uri}` } : {}), digest: { gitCommit: commit } };
}

function withoutCredentials(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

/** Digests of datasets are MLflow's own: short, and not of a hash that in-toto names. */
const datasetOf = ({ name, digest, context, source }: VersionDataset) => ({
  name: `dataset:${name}`,
  ...(URL.canParse(source) ? { uri: withoutCredentials(source) } : {}),
  digest: { mlflow: digest },
  annotations: { context },
});

function baseOf(base: VersionBase) {
  if (base.kind === 'external')
    return { name: `model:${base.name}`, ...(base.digest ? { digest: { sha256: base.digest } } : {}) };
  return { name: `model:${base.modelName}@${base.version}` };
}

function missingFrom({
  run,
  code,
  datasets,
}: {
  run: RunFacts | null;
  code: object | null;
  datasets: readonly object[];
}): string[] {
  return [
    ...(run ? [] : ['the run that made it']),
    ...(code ? [] : ['the commit of the code (mlflow.source.git.commit)']),
    ...(datasets.length > 0 ? [] : ['the datasets it was made from']),
  ];
}
