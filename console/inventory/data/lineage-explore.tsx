import { type DataLineageGraph, type DataLineageNode, dataLineageRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { IconTopologyStar3 } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { api } from '../../app/api.ts';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { Section } from '../../ui/page.tsx';
import { ScanBadge } from '../../ui/severity.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { fold, type Shape } from './lineage-groups.ts';
import { LineagePicture } from './lineage-picture.tsx';
import { LINEAGE_KIND_WORDS, LineageLink, RELATION_WORDS } from './lineage-words.tsx';

const MOST_NODES = 10_000;
const MOST_LISTED = 100;

interface ExploreProps {
  /** Node to look around; everything where absent. */
  readonly node: string | undefined;
  readonly onNode: (node: string | undefined) => void;
  readonly onTrace: (subject: string) => void;
}

export const lineageGraphQuery = (node: string | undefined) => ({
  queryKey: ['data', 'lineage', node],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    api.call(dataLineageRoutes.graph, { query: { node, limit: MOST_NODES }, signal }),
});

/** The graph as a picture that folds what is alike, and the same in words beside it. */
export function ExploreLineage({ node, onNode, onTrace }: ExploreProps) {
  const query = useQuery({ ...lineageGraphQuery(node), placeholderData: keepPreviousData });
  return (
    <QueryView query={query}>
      {(graph) =>
        graph.nodes.length === 0 ? (
          <EmptyState icon={IconTopologyStar3} title="Nothing is known yet">
            Push a dataset, run training under <code>bartizan run</code>, or point an OpenLineage client here:
            then the way from sources to decisions stands here.
          </EmptyState>
        ) : (
          <Shown key={graph.root} graph={graph} node={node} onNode={onNode} onTrace={onTrace} />
        )
      }
    </QueryView>
  );
}

function Shown({ graph, node, onNode, onTrace }: ExploreProps & { graph: DataLineageGraph }) {
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<string | null>(null);
  const folded = useMemo(() => fold(graph, opened), [graph, opened]);
  const shape = folded.shapes.find(({ id }) => id === chosen) ?? null;
  const choose = (next: Shape) => {
    if (next.folded) setOpened(new Set([...opened, next.id]));
    setChosen(next.folded ? null : next.id === chosen ? null : next.id);
  };
  const [root] = graph.nodes.filter(({ id }) => id === graph.root);
  return (
    <>
      <Group gap="sm" mb="xs">
        <span className="bz-dim" role="status">
          {formatNoun(graph.nodes.length, 'thing')}
          {folded.shapes.length < graph.nodes.length
            ? `, drawn as ${formatCount(folded.shapes.length)}: what is alike is folded together`
            : ''}
          {graph.truncated ? '. There is more than can be shown at once' : ''}
          {graph.hidden > 0 ? `. ${formatNoun(graph.hidden, 'thing')} of other teams are not named` : ''}
        </span>
        {opened.size > 0 ? (
          <Button size="compact-xs" variant="default" onClick={() => setOpened(new Set())}>
            Fold all
          </Button>
        ) : null}
        {node !== undefined ? (
          <Button size="compact-xs" variant="default" onClick={() => onNode(undefined)}>
            {root ? `Around ${root.label}: show everything` : 'Show everything'}
          </Button>
        ) : null}
      </Group>
      <LineagePicture graph={graph} folded={folded} chosen={chosen} onChoose={choose} />
      {shape === null ? (
        <InWords graph={graph} />
      ) : (
        <Chosen shape={shape} graph={graph} onNode={onNode} onTrace={onTrace} />
      )}
    </>
  );
}

/** What `TraceQuery` calls a node; null of what cannot be traced. */
export function traceSubject({ kind, id, label, hidden }: DataLineageNode): string | null {
  if (hidden) return null;
  const key = id.slice(id.indexOf(':') + 1);
  if (kind === 'dataset-version') return label;
  if (kind === 'model-version') return `model:${label}`;
  if (kind === 'source' || kind === 'batch' || kind === 'endpoint') return `${kind}:${label}`;
  return kind === 'run' || kind === 'interaction' ? `${kind}:${key}` : null;
}

function Chosen({
  shape,
  graph,
  onNode,
  onTrace,
}: { shape: Shape; graph: DataLineageGraph } & Pick<ExploreProps, 'onNode' | 'onTrace'>) {
  const [node] = shape.nodes;
  if (node === undefined) return null;
  const subject = traceSubject(node);
  return (
    <div style={{ marginTop: 16 }}>
      <Section
        title={node.label}
        description={LINEAGE_KIND_WORDS[node.kind]}
        actions={
          <Group gap="xs">
            {subject === null ? null : (
              <Button variant="default" onClick={() => onTrace(subject)}>
                Trace
              </Button>
            )}
            {node.hidden ? null : (
              <Button variant="default" onClick={() => onNode(node.id)}>
                Look around it
              </Button>
            )}
          </Group>
        }
      >
        <p>
          <LineageLink node={node} /> {node.verdict ? <ScanBadge verdict={node.verdict} /> : null}{' '}
          {node.quarantined ? <span className="bz-dim">in quarantine</span> : null}
        </p>
        <Relations node={node} graph={graph} />
      </Section>
    </div>
  );
}

function Relations({ node, graph }: { node: DataLineageNode; graph: DataLineageGraph }) {
  const byId = useMemo(() => new Map(graph.nodes.map((each) => [each.id, each])), [graph]);
  const edges = graph.edges.filter(({ from, to }) => from === node.id || to === node.id);
  return (
    <ul className="bz-lineage-list" style={{ marginTop: 8 }}>
      {edges.slice(0, MOST_LISTED).map(({ from, to, relation }) => {
        const a = byId.get(from);
        const b = byId.get(to);
        return a && b ? (
          <li key={`${from} ${to} ${relation}`}>
            <LineageLink node={a} /> <span className="bz-dim">{RELATION_WORDS[relation]}</span>{' '}
            <LineageLink node={b} />
          </li>
        ) : null;
      })}
      {edges.length > MOST_LISTED ? (
        <li className="bz-dim">and {formatCount(edges.length - MOST_LISTED)} more</li>
      ) : null}
    </ul>
  );
}

/** The graph for those who do not see the picture: kinds with their things. */
function InWords({ graph }: { graph: DataLineageGraph }) {
  const kinds = Map.groupBy(graph.nodes, ({ kind }) => kind);
  return (
    <details className="bz-lineage-words">
      <summary>The same as a list</summary>
      {[...kinds].map(([kind, nodes]) => (
        <section key={kind}>
          <h3>
            {LINEAGE_KIND_WORDS[kind]} ({formatCount(nodes.length)})
          </h3>
          <ul className="bz-lineage-list">
            {nodes.slice(0, MOST_LISTED).map((node) => (
              <li key={node.id}>
                <LineageLink node={node} />
              </li>
            ))}
            {nodes.length > MOST_LISTED ? (
              <li className="bz-dim">and {formatCount(nodes.length - MOST_LISTED)} more</li>
            ) : null}
          </ul>
        </section>
      ))}
    </details>
  );
}
