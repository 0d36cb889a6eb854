import type { DataLineageNode, DataLineageRelation } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export const LINEAGE_KIND_WORDS: Readonly<Record<DataLineageNode['kind'], string>> = {
  source: 'source',
  batch: 'batch',
  record: 'record',
  'dataset-version': 'dataset version',
  'external-dataset': 'dataset from elsewhere',
  job: 'job',
  run: 'run',
  'model-version': 'model version',
  endpoint: 'endpoint',
  system: 'system',
  interaction: 'interaction',
};

/** How one thing stands to another, read from the first to the second. */
export const RELATION_WORDS: Readonly<Record<DataLineageRelation, string>> = {
  'collected-from': 'gave',
  'brought-in': 'brought in',
  holds: 'holds',
  'derived-from': 'became',
  read: 'was read by',
  wrote: 'wrote',
  'run-of': 'ran as',
  'made-by': 'made',
  'based-on': 'is the base of',
  serves: 'is served by',
  uses: 'is used by',
  'answered-by': 'answered',
};

/** What has a page is a link to it. */
export function LineageLink({ node }: { node: DataLineageNode }): ReactNode {
  const { kind, label, ref, version } = node;
  if (node.hidden || ref === null) return <span className="bz-wrap">{label}</span>;
  if (kind === 'dataset-version' && version !== null)
    return (
      <Link
        to="/inventory/datasets/$id/versions/$version"
        params={{ id: ref, version: String(version) }}
        className="bz-wrap"
      >
        {label}
      </Link>
    );
  if (kind === 'model-version' && version !== null)
    return (
      <Link
        to="/inventory/models/$id/versions/$version"
        params={{ id: ref, version: String(version) }}
        className="bz-wrap"
      >
        {label}
      </Link>
    );
  const target = PAGES[kind];
  if (target === undefined) return <span className="bz-wrap">{label}</span>;
  return (
    <Link to={target} params={{ id: ref }} className="bz-wrap">
      {label}
    </Link>
  );
}

const PAGES = {
  run: '/inventory/models/runs/$id',
  endpoint: '/protection/endpoints/$id',
  system: '/inventory/systems/$id',
  interaction: '/traffic/interactions/$id',
} as Readonly<
  Partial<
    Record<
      DataLineageNode['kind'],
      | '/inventory/models/runs/$id'
      | '/protection/endpoints/$id'
      | '/inventory/systems/$id'
      | '/traffic/interactions/$id'
    >
  >
>;
