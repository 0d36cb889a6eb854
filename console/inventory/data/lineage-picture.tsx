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

function curve(from: Placed, to: Placed): string {
  const middle = BOX.height / 2;
  if (from.x === to.x) {
    const x = from.x + BOX.width;
    return `M${x},${from.y + middle} C${x + 36},${from.y + middle} ${x + 36},${to.y + middle} ${x},${to.y + middle}`;
  }
  const [left, right] = from.x < to.x ? [from, to] : [to, from];
  const x1 = left.x + BOX.width;
  const bend = Math.max(24, (right.x - x1) / 2);
  return `M${x1},${left.y + middle} C${x1 + bend},${left.y + middle} ${right.x - bend},${right.y + middle} ${right.x},${right.y + middle}`;
}

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
      <svg width={layout.width} height={layout.height} role="group" aria-label="Lineage">
        {layout.columns.map(({ title, x }) => (
          <text key={title} x={x} y={22} className="bz-lineage-column">
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
              stroke="var(--bz-failed)"
              strokeWidth={Math.min(6, 1 + Math.log10(count))}
              strokeOpacity={dim(from) || dim(to) ? 0.12 : 0.6}
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
