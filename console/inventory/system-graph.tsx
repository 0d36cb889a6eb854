import { type GraphNode, NODE_KINDS, type SystemGraph } from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { joined, listOf } from '../app/search.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatCount } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { EmptyState, QueryView } from '../ui/states.tsx';
import { BOX, curveBetween, layoutGraph } from './system-graph-layout.ts';
import { graphQuery } from './system-queries.ts';

const KIND_WORDS: Readonly<Record<GraphNode['kind'], string>> = {
  system: 'System',
  model: 'Model',
  version: 'Version',
  endpoint: 'Endpoint',
  data: 'Data source',
  vendor: 'Vendor',
  'vendor-model': 'Other model',
  person: 'Person',
  team: 'Team',
};
const MOST_DRAWN = 120;
const MOST_LISTED = 300;

export interface GraphSearch {
  readonly around?: string;
  readonly kinds?: string;
}

interface GraphTabProps {
  readonly search: GraphSearch;
  readonly onChange: (next: GraphSearch) => void;
}

/** How systems hang together: a picture, and beside it a list that says the same and is used with keys. */
export function GraphTab({ search, onChange }: GraphTabProps) {
  const query = useQuery(graphQuery({ around: search.around }));
  return (
    <QueryView query={query}>
      {(graph) =>
        graph.nodes.length === 0 ? (
          <EmptyState
            icon={IconTopologyStar3}
            title="Nothing to show"
            action={
              search.around ? (
                <Button variant="default" onClick={() => onChange({ around: undefined })}>
                  Show everything
                </Button>
              ) : null
            }
          >
            Systems and what they use appear here once they are described.
          </EmptyState>
        ) : (
          <Shown graph={graph} search={search} onChange={onChange} />
        )
      }
    </QueryView>
  );
}

function Shown({ graph, search, onChange }: GraphTabProps & { graph: SystemGraph }) {
  const [needle, setNeedle] = useState('');
  const kinds = listOf(search.kinds);
  const shown = useMemo(() => {
    const nodes = graph.nodes.filter(
      (node) =>
        (kinds.length === 0 || node.kind === 'system' || kinds.includes(node.kind)) &&
        (needle === '' || node.label.toLowerCase().includes(needle.toLowerCase())),
    );
    const ids = new Set(nodes.map(({ id }) => id));
    return { nodes, edges: graph.edges.filter(({ from, to }) => ids.has(from) && ids.has(to)) };
  }, [graph, search.kinds, needle]);
  const around = graph.nodes.find(({ id }) => id === search.around);
  return (
    <>
      <search className="bz-filters">
        <TextInput
          size="xs"
          w={220}
          type="search"
          aria-label="Find in the graph"
          placeholder="Find by name"
          value={needle}
          onChange={(event) => setNeedle(event.currentTarget.value)}
        />
        <ChoiceChip
          name="Show"
          choices={NODE_KINDS.filter((kind) => kind !== 'system').map((value) => ({
            value,
            label: KIND_WORDS[value],
          }))}
          value={kinds}
          onChange={(value) => onChange({ kinds: joined(value) })}
        />
        {around ? (
          <Button variant="subtle" color="gray" onClick={() => onChange({ around: undefined })}>
            Around {around.label}: show everything
          </Button>
        ) : null}
        <span className="bz-dim" role="status">
          {formatCount(shown.nodes.length)} of {formatCount(graph.nodes.length + graph.leftOut)} shown
        </span>
      </search>
      <div className="bz-graph">
        {shown.nodes.length <= MOST_DRAWN ? (
          <Picture {...shown} around={search.around} onAround={(id) => onChange({ around: id })} />
        ) : (
          <Section title="Too many to draw">
            <p>
              {formatCount(shown.nodes.length)} things are listed beside this. Choose what to show above, or
              look around one of them: then they are drawn.
            </p>
          </Section>
        )}
        <Relations {...shown} around={search.around} onAround={(id) => onChange({ around: id })} />
      </div>
    </>
  );
}

interface PartProps extends Pick<SystemGraph, 'nodes' | 'edges'> {
  readonly around: string | undefined;
  readonly onAround: (id: string) => void;
}

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

const strokeOf = (node: GraphNode, around: string | undefined): string => {
  if (node.id === around) return 'var(--mantine-color-anchor)';
  if (node.tier === 'critical') return 'var(--bz-block)';
  return node.tier === 'high' ? 'var(--bz-flag)' : 'var(--bz-line)';
};

/** Hidden from screen readers, for whom the list beside it says the same in words. */
function Picture({ nodes, edges, around, onAround }: PartProps) {
  const layout = useMemo(() => layoutGraph({ nodes, edges }), [nodes, edges]);
  return (
    <div className="bz-graph-picture" aria-hidden>
      <svg width={layout.width} height={layout.height} role="presentation">
        {layout.edges.map(({ edge, from, to }) => (
          <path
            key={`${edge.from} ${edge.to} ${edge.label}`}
            d={curveBetween(from, to)}
            fill="none"
            stroke={
              edge.from === around || edge.to === around ? 'var(--mantine-color-anchor)' : 'var(--bz-failed)'
            }
            strokeOpacity={edge.from === around || edge.to === around ? 0.9 : 0.45}
          >
            <title>{edge.label}</title>
          </path>
        ))}
        {layout.nodes.map(({ node, x, y }) => (
          <g key={node.id} data-node transform={`translate(${x},${y})`} onClick={() => onAround(node.id)}>
            <title>{`${KIND_WORDS[node.kind]}: ${node.label}`}</title>
            <rect
              width={BOX.width}
              height={BOX.height}
              rx={5}
              fill="var(--bz-ground)"
              stroke={strokeOf(node, around)}
              strokeWidth={node.id === around || node.kind === 'system' ? 2 : 1}
            />
            <text x={10} y={18} style={{ fontWeight: node.kind === 'system' ? 600 : 400 }}>
              {shortened(node.label, 22)}
            </text>
            <text x={10} y={33} data-dim>
              {shortened([KIND_WORDS[node.kind], node.detail].filter(Boolean).join(', '), 26)}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}

/** Everything in the picture in words: each with its relations, and the way to look around it. */
function Relations({ nodes, edges, around, onAround }: PartProps) {
  const byId = useMemo(() => new Map(nodes.map((node) => [node.id, node])), [nodes]);
  const byNode = useMemo(() => {
    const found = new Map<string, SystemGraph['edges']>();
    for (const edge of edges) {
      for (const id of [edge.from, edge.to]) found.set(id, [...(found.get(id) ?? []), edge]);
    }
    return found;
  }, [edges]);
  const order = (node: GraphNode) => (node.id === around ? -1 : NODE_KINDS.indexOf(node.kind));
  const sorted = nodes.toSorted((a, b) => order(a) - order(b) || a.label.localeCompare(b.label));
  return (
    <Section title="Relations">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable with keys */}
      <div className="bz-graph-list" tabIndex={0} role="region" aria-label="List of relations">
        <ul>
          {sorted.slice(0, MOST_LISTED).map((node) => (
            <li key={node.id}>
              <NodeLink node={node} /> <span className="bz-dim">{KIND_WORDS[node.kind].toLowerCase()}</span>
              {node.id === around ? null : (
                <Button variant="subtle" size="compact-xs" onClick={() => onAround(node.id)}>
                  Look around<span className="bz-hidden"> {node.label}</span>
                  {node.more > 0 ? ` (${node.more} more)` : ''}
                </Button>
              )}
              <ul className="bz-relations bz-dim">
                {(byNode.get(node.id) ?? []).slice(0, 12).map((edge) => (
                  <li key={`${edge.from} ${edge.to} ${edge.label}`}>
                    {edge.from === node.id
                      ? `${edge.label} ${byId.get(edge.to)?.label ?? ''}`
                      : `${byId.get(edge.from)?.label ?? ''} ${edge.label} it`}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
        {sorted.length > MOST_LISTED ? (
          <p className="bz-dim">{formatCount(sorted.length - MOST_LISTED)} more: find them by name above.</p>
        ) : null}
      </div>
    </Section>
  );
}

/** What has a page is a link to it. */
function NodeLink({ node }: { node: GraphNode }): ReactNode {
  if (node.ref !== null && node.kind === 'system')
    return (
      <Link to="/inventory/systems/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  if (node.ref !== null && (node.kind === 'model' || node.kind === 'version'))
    return (
      <Link to="/inventory/models/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  if (node.ref !== null && node.kind === 'endpoint')
    return (
      <Link to="/protection/endpoints/$id" params={{ id: node.ref }}>
        {node.label}
      </Link>
    );
  return <span className="bz-wrap">{node.label}</span>;
}
