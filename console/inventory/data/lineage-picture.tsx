import type { DataLineageGraph } from '@bartizan/contracts';
import { type KeyboardEvent, useMemo } from 'react';
import { formatCount } from '../../ui/format.ts';
import { BOX, type Folded, type Placed, pathThrough, place, type Shape } from './lineage-groups.ts';
import { LINEAGE_KIND_WORDS } from './lineage-words.tsx';

interface PictureProps {
  readonly graph: Pick<DataLineageGraph, 'root'>;
  readonly folded: Folded;
  readonly chosen: string | null;
  readonly onChoose: (shape: Shape) => void;
}

const shortened = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** From one box to the other, with its end where the arrow's tip is. */
function curve(from: Placed, to: Placed): string {
  const middle = BOX.height / 2;
  const [y1, y2] = [from.y + middle, to.y + middle];
  if (from.x === to.x) {
    const x = from.x + BOX.width;
    return `M${x},${y1} C${x + 40},${y1} ${x + 40},${y2} ${x},${y2}`;
  }
  const ahead = from.x < to.x;
  const x1 = ahead ? from.x + BOX.width : from.x;
  const x2 = ahead ? to.x : to.x + BOX.width;
  const bend = (ahead ? 1 : -1) * Math.max(24, Math.abs(x2 - x1) / 2);
  return `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`;
}

/** It shrinks to the page down to this; narrower pages scroll. */
const LEAST_SCALE = 0.75;

/** Ids of markers are of the whole page. */
const ARROW = 'bz-data-lineage-arrow';

function strokeOf({ nodes }: Shape, root: string): string {
  if (nodes.some(({ quarantined, verdict }) => quarantined || verdict === 'malicious'))
    return 'var(--bz-block)';
  if (nodes.some(({ verdict }) => verdict === 'suspicious')) return 'var(--bz-flag)';
  return nodes.some(({ id }) => id === root) ? 'var(--mantine-color-anchor)' : 'var(--bz-line)';
}

function secondLine({ nodes, folded }: Shape): string {
  const bad = nodes.filter(({ quarantined }) => quarantined).length;
  if (folded) return bad > 0 ? `${formatCount(bad)} in quarantine; open` : 'press to open';
  const [node] = nodes;
  if (node === undefined) return '';
  return [
    LINEAGE_KIND_WORDS[node.kind],
    node.verdict === null ? '' : node.verdict,
    node.quarantined ? 'in quarantine' : '',
  ]
    .filter(Boolean)
    .join(', ');
}

/** Columns from sources to systems; the way through what is chosen stands out. */
export function LineagePicture({ graph, folded, chosen, onChoose }: PictureProps) {
  const layout = useMemo(() => place(folded), [folded]);
  const lit = useMemo(() => (chosen === null ? null : pathThrough(folded, chosen)), [folded, chosen]);
  const dim = (id: string): boolean => lit !== null && !lit.has(id);
  return (
    <div className="bz-lineage bz-data-lineage">
      <svg
        viewBox={`0 0 ${layout.width} ${layout.height}`}
        style={{ width: '100%', maxWidth: layout.width, minWidth: LEAST_SCALE * layout.width }}
        role="group"
        aria-label="Lineage"
      >
        <defs>
          <marker
            id={ARROW}
            viewBox="0 0 8 8"
            refX={8}
            refY={4}
            markerWidth={9}
            markerHeight={9}
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M0,0.5 L8,4 L0,7.5 z" fill="var(--bz-failed)" />
          </marker>
        </defs>
        {layout.columns.map(({ title, x }) => (
          <text key={x} x={x} y={22} className="bz-lineage-column">
            {title}
          </text>
        ))}
        {folded.joins.map(({ from, to, count }) => {
          const a = layout.placed.get(from);
          const b = layout.placed.get(to);
          if (!a || !b) return null;
          return (
            <path
              key={`${from} ${to}`}
              d={curve(a, b)}
              fill="none"
              markerEnd={`url(#${ARROW})`}
              stroke="var(--bz-failed)"
              strokeWidth={Math.min(6, 1 + Math.log10(count))}
              opacity={dim(from) || dim(to) ? 0.12 : 0.7}
            >
              <title>{`${a.shape.label} → ${b.shape.label}${count > 1 ? ` (${formatCount(count)})` : ''}`}</title>
            </path>
          );
        })}
        {[...layout.placed.values()].map(({ shape, x, y }) => (
          <Box
            key={shape.id}
            shape={shape}
            x={x}
            y={y}
            root={graph.root}
            chosen={shape.id === chosen}
            dim={dim(shape.id)}
            onChoose={onChoose}
          />
        ))}
      </svg>
    </div>
  );
}

interface BoxProps extends Pick<PictureProps, 'onChoose'> {
  readonly shape: Shape;
  readonly x: number;
  readonly y: number;
  readonly root: string;
  readonly chosen: boolean;
  readonly dim: boolean;
}

function Box({ shape, x, y, root, chosen, dim, onChoose }: BoxProps) {
  const press = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    onChoose(shape);
  };
  return (
    <g
      transform={`translate(${x},${y})`}
      opacity={dim ? 0.3 : 1}
      role="button"
      tabIndex={0}
      aria-pressed={chosen}
      aria-label={`${shape.label}, ${secondLine(shape)}`}
      className="bz-lineage-box"
      onClick={() => onChoose(shape)}
      onKeyDown={press}
    >
      <title>{shape.label}</title>
      {shape.folded ? (
        <rect
          x={4}
          y={4}
          width={BOX.width}
          height={BOX.height}
          rx={5}
          fill="var(--bz-ground)"
          stroke="var(--bz-line)"
        />
      ) : null}
      <rect
        width={BOX.width}
        height={BOX.height}
        rx={5}
        fill={chosen ? 'var(--bz-selected)' : 'var(--bz-ground)'}
        stroke={chosen ? 'var(--mantine-color-anchor)' : strokeOf(shape, root)}
        strokeWidth={chosen || shape.nodes.some(({ id }) => id === root) ? 2 : 1}
      />
      <text x={10} y={18}>
        {shortened(shape.label, 27)}
      </text>
      <text x={10} y={34} className="bz-lineage-kind">
        {shortened(secondLine(shape), 32)}
      </text>
    </g>
  );
}
