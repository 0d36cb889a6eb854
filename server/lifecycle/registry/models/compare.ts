import { type FindingBrief, MAX_COMPARED, type VersionComparison } from '@bartizan/contracts';
import type { FileRef, StoredVersion } from '../model.ts';

/** What is compared of a version. `findings` null: no finished scan. */
export interface Compared {
  readonly version: StoredVersion;
  /** In the order of their paths' bytes. */
  readonly files: readonly FileRef[];
  readonly findings: readonly FindingBrief[] | null;
}

const sideOf = ({ version }: Compared): VersionComparison['from'] => ({
  id: version.id,
  modelId: version.modelId,
  modelName: version.modelName,
  version: version.version,
  digest: version.digest,
  stage: version.stage,
  verdict: version.scan.verdict,
  quarantined: version.scan.quarantined,
});

const bare = ({ sha256, size }: FileRef) => ({ sha256, size });

function compareFiles(from: readonly FileRef[], to: readonly FileRef[]): VersionComparison['files'] {
  const before = new Map(from.map((file) => [file.path, file]));
  const after = new Set(to.map(({ path }) => path));
  const added = to.filter(({ path }) => !before.has(path));
  const removed = from.filter(({ path }) => !after.has(path));
  const changed = to.flatMap((file) => {
    const old = before.get(file.path);
    return old && old.sha256 !== file.sha256 ? [{ path: file.path, from: bare(old), to: bare(file) }] : [];
  });
  return {
    same: to.length - added.length - changed.length,
    counts: { added: added.length, removed: removed.length, changed: changed.length },
    added: added.slice(0, MAX_COMPARED).map(({ path, sha256, size }) => ({ path, sha256, size })),
    removed: removed.slice(0, MAX_COMPARED).map(({ path, sha256, size }) => ({ path, sha256, size })),
    changed: changed.slice(0, MAX_COMPARED),
  };
}

/** The same finding says the same of the same file; its id and place change with the file's content. */
const sameness = ({ check, severity, message, path }: FindingBrief): string =>
  JSON.stringify([check, severity, message, path]);

function compareFindings(
  from: readonly FindingBrief[] | null,
  to: readonly FindingBrief[] | null,
): VersionComparison['findings'] {
  if (from === null || to === null) return null;
  const before = new Set(from.map(sameness));
  const after = new Set(to.map(sameness));
  const added = to.filter((one) => !before.has(sameness(one)));
  const removed = from.filter((one) => !after.has(sameness(one)));
  return {
    same: to.length - added.length,
    counts: { added: added.length, removed: removed.length },
    added: added.slice(0, MAX_COMPARED),
    removed: removed.slice(0, MAX_COMPARED),
  };
}

/** Two versions, of one model or of two: what `to` has other than `from`. */
export function compareVersions(from: Compared, to: Compared): VersionComparison {
  const metrics = [from, to].map(
    ({ version }) => new Map(version.metrics.map((one) => [one.key, one.value])),
  );
  const [before, after] = metrics;
  const keys = [...new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])].toSorted();
  const tags = [...new Set([...Object.keys(from.version.tags), ...Object.keys(to.version.tags)])].toSorted();
  return {
    from: sideOf(from),
    to: sideOf(to),
    sameContent: from.version.digest !== null && sameFiles(from.files, to.files),
    files: compareFiles(from.files, to.files),
    metrics: keys.map((key) => ({ key, from: before?.get(key) ?? null, to: after?.get(key) ?? null })),
    tags: tags
      .map((key) => ({ key, from: from.version.tags[key] ?? null, to: to.version.tags[key] ?? null }))
      .filter((tag) => tag.from !== tag.to),
    findings: compareFindings(from.findings, to.findings),
  };
}

const sameFiles = (from: readonly FileRef[], to: readonly FileRef[]): boolean =>
  from.length === to.length &&
  from.every(({ path, sha256 }, index) => to[index]?.path === path && to[index]?.sha256 === sha256);
