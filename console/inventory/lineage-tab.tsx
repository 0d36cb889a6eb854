import { type Lineage, type LineageNode, registryRoutes, type VersionDetail } from '@bartizan/contracts';
import { Alert, Group } from '@mantine/core';
import { IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo } from 'react';
import { api } from '../app/api.ts';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { curve, layoutOf, NODE } from './lineage-layout.ts';

const KINDS: Readonly<Record<LineageNode['kind'], string>> = {
  'model-version': 'model version',
  run: 'run',
  dataset: 'dataset',
  'external-base': 'model from elsewhere',
  endpoint: 'endpoint',
  system: 'system',
};
const RELATIONS: Readonly<Record<Lineage['edges'][number]['relation'], string>> = {
  'based-on': 'was made from',
  'made-by': 'was made by',
  used: 'used',
  'same-content': 'has the same content as',
  serves: 'serves',
  uses: 'uses',
};
const MOST_DRAWN = 150;

/** What a version comes from and what comes of it: as a picture, and as a list that says the same. */
export function LineageTab({ version }: { version: VersionDetail }) {
  const query = useQuery({
    queryKey: ['models', version.modelId, 'lineage', version.version],
    queryFn: ({ signal }) =>
      api.call(registryRoutes.lineage, {
        params: { model: version.modelId, version: String(version.version) },
        query: { limit: 500 },
        signal,
      }),
  });
  return (
    <QueryView query={query}>
      {(lineage) =>
        lineage.nodes.length <= 1 ? (
          <EmptyState icon={IconTopologyStar3} title="Nothing is known yet">
            Name the base model it was made from, log the run with its data, and say on an endpoint’s page
            that it serves this model: then the way from data to traffic stands here.
          </EmptyState>
        ) : (
          <Shown lineage={lineage} />
        )
      }
    </QueryView>
  );
}

function Shown({ lineage }: { lineage: Lineage }) {
  return (
    <>
      {lineage.inherited.length > 0 ? (
        <Alert color="red" variant="light" mb="md" title="Something that it comes from is bad">
          {lineage.inherited.map((each) => (
            <div key={`${each.versionId}${each.distance}`}>
              {each.versionId === null ? 'A model that you may not see' : `${each.modelName} ${each.version}`}
              , {formatNoun(each.distance, 'step')} back: <ScanBadge verdict={each.verdict} />
            </div>
          ))}
        </Alert>
      ) : null}
      {lineage.truncated || lineage.hidden > 0 ? (
        <p className="bz-dim" style={{ marginBottom: 8 }}>
          {lineage.truncated ? 'There is more than can be shown at once. ' : ''}
          {lineage.hidden > 0 ? `${formatNoun(lineage.hidden, 'version')} of other teams are not named.` : ''}
        </p>
      ) : null}
      {lineage.nodes.length <= MOST_DRAWN ? (
        <Picture lineage={lineage} />
      ) : (
        <p className="bz-dim">
          {formatCount(lineage.nodes.length)} things: too many for a picture, listed below.
        </p>
      )}
      <Lists lineage={lineage} />
    </>
  );
}

/** Hidden from screen readers, for whom the list below says the same in words. */
function Picture({ lineage }: { lineage: Lineage }) {
  const layout = useMemo(() => layoutOf(lineage), [lineage]);
  return (
    <div className="bz-lineage" aria-hidden>
      <svg width={layout.width} height={layout.height} role="presentation">
        {layout.edges.map(({ edge, from, to }) => (
          <path
            key={`${edge.from} ${edge.to} ${edge.relation}`}
            d={curve(from, to)}
            fill="none"
            stroke="var(--bz-failed)"
            strokeOpacity={0.55}
            strokeDasharray={edge.relation === 'same-content' ? '4 3' : undefined}
          >
            <title>{RELATIONS[edge.relation]}</title>
          </path>
        ))}
        {layout.nodes.map(({ node, x, y }) => (
          <g key={node.id} transform={`translate(${x},${y})`}>
            <title>{node.label}</title>
            <rect
              width={NODE.width}
              height={NODE.height}
              rx={5}
              fill="var(--bz-ground)"
              stroke={strokeOf(node, lineage.root)}
              strokeWidth={node.id === lineage.root ? 2 : 1}
            />
            <text x={10} y={19} style={{ fontWeight: node.id === lineage.root ? 600 : 400 }}>
              {shortened(node.label, 26)}
            </text>
            <text x={10} y={36} className="bz-lineage-kind">
              {shortened(
                [KINDS[node.kind], node.verdict ?? '', node.removed ? 'removed' : '']
                  .filter(Boolean)
                  .join(', '),
                32,
              )}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

function strokeOf(node: LineageNode, root: string): string {
  if (node.quarantined || node.verdict === 'malicious') return 'var(--bz-block)';
  if (node.verdict === 'suspicious') return 'var(--bz-flag)';
  return node.id === root ? 'var(--mantine-color-anchor)' : 'var(--bz-line)';
}

function Lists({ lineage }: { lineage: Lineage }) {
  const before = lineage.nodes
    .filter(({ distance }) => distance < 0)
    .toSorted((a, b) => b.distance - a.distance);
  const after = lineage.nodes
    .filter(({ distance }) => distance > 0)
    .toSorted((a, b) => a.distance - b.distance);
  return (
    <div className="bz-version-columns" style={{ marginTop: 16 }}>
      <Section title={`What it comes from (${formatCount(before.length)})`}>
        <NodeList nodes={before} lineage={lineage} />
      </Section>
      <Section title={`What comes of it (${formatCount(after.length)})`}>
        <NodeList nodes={after} lineage={lineage} />
      </Section>
    </div>
  );
}

function NodeList({ nodes, lineage }: { nodes: readonly LineageNode[]; lineage: Lineage }) {
  const labels = useMemo(() => new Map(lineage.nodes.map(({ id, label }) => [id, label])), [lineage]);
  if (nodes.length === 0) return <p className="bz-dim">Nothing is known.</p>;
  return (
    <ul className="bz-lineage-list">
      {nodes.map((node) => (
        <li key={node.id}>
          <Group gap={6}>
            <NodeLink node={node} />
            <span className="bz-dim">{KINDS[node.kind]}</span>
            {node.verdict ? <ScanBadge verdict={node.verdict} /> : null}
            {node.removed ? <span className="bz-dim">removed</span> : null}
          </Group>
          {lineage.edges
            .filter((edge) => edge.from === node.id || edge.to === node.id)
            .slice(0, 4)
            .map((edge) => (
              <div key={`${edge.from} ${edge.to} ${edge.relation}`} className="bz-dim">
                {labels.get(edge.from)} {RELATIONS[edge.relation]} {labels.get(edge.to)}
              </div>
            ))}
        </li>
      ))}
    </ul>
  );
}

/** What has a page is a link to it. */
function NodeLink({ node }: { node: LineageNode }): ReactNode {
  if (node.kind === 'model-version' && node.modelId !== null && node.version !== null && !node.removed)
    return (
      <Link
        to="/inventory/models/$id/versions/$version"
        params={{ id: node.modelId, version: String(node.version) }}
      >
        {node.label}
      </Link>
    );
  if (node.ref !== null && node.kind === 'run')
    return (
      <Link to="/inventory/models/runs/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  if (node.ref !== null && node.kind === 'endpoint')
    return (
      <Link to="/protection/endpoints/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  if (node.ref !== null && node.kind === 'system')
    return (
      <Link to="/inventory/systems/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  return <span className="bz-wrap">{node.label}</span>;
}
