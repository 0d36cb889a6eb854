const ID = '([0-9a-fA-F-]{32,36})';
const RUN = new RegExp(`^/experiments/${ID}/runs/${ID}(?:[/?]|$)`);
const EXPERIMENT = new RegExp(`^/experiments/${ID}(?:[/?]|$)`);
const MODEL = /^\/models\/([^/?]+)(?:\/versions\/(\d+))?(?:[/?]|$)/;

const hyphenated = (id: string): string =>
  id.replaceAll('-', '').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/**
 * Where a link of MLflow's own pages leads here. Clients print such links (`View run … at: …/#/experiments/1/runs/2`).
 * `hash` is without its `#`; null for any other.
 */
export function mlflowPath(hash: string): string | null {
  const run = RUN.exec(hash)?.[2];
  if (run) return `/inventory/models/runs/${hyphenated(run)}`;
  const experiment = EXPERIMENT.exec(hash)?.[1];
  if (experiment) return `/inventory/models?tab=runs&experiment=${hyphenated(experiment)}`;
  const [, model, version] = MODEL.exec(hash) ?? [];
  const name = model === undefined ? null : decoded(model);
  if (name === null) return null;
  const page = `/inventory/models/${encodeURIComponent(name)}`;
  return version === undefined ? page : `${page}/versions/${version}`;
}
