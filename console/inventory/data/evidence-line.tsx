import type { DataWatchSource } from '@bartizan/contracts';
import type { ReactNode } from 'react';
import { formatCount } from '../../ui/format.ts';

const SIZE = { width: 220, height: 36, margin: 3 } as const;
/** Evidence is told by its logarithm: below this it is nothing. */
const LEAST = 0.1;

const said = (value: number): string =>
  value < LEAST
    ? '0'
    : value >= 1e6
      ? 'over a million'
      : value < 10
        ? value.toPrecision(2)
        : formatCount(Math.round(value));

/** A source's evidence day by day, on a logarithmic scale, with the threshold as a line. */
export function EvidenceLine({ source }: { source: DataWatchSource }) {
  const { days, threshold, evidence } = source;
  const { width, height, margin } = SIZE;
  const top = Math.log(Math.max(threshold * 3, ...days.map((day) => day.evidence)));
  const low = Math.log(LEAST);
  const y = (value: number): number =>
    height - margin - ((Math.log(Math.max(LEAST, value)) - low) / (top - low)) * (height - 2 * margin);
  const x = (at: number): number => margin + (at / Math.max(1, days.length - 1)) * (width - 2 * margin);
  const over = evidence >= threshold;
  const words = `evidence ${said(evidence)} of ${said(threshold)}`;
  return (
    <Group over={over} words={words}>
      <svg width={width} height={height} role="img" aria-label={`${source.source}: ${words}`}>
        <line
          x1={margin}
          x2={width - margin}
          y1={y(threshold)}
          y2={y(threshold)}
          stroke="var(--bz-failed)"
          strokeDasharray="3 3"
        />
        <polyline
          fill="none"
          stroke={over ? 'var(--bz-block)' : 'var(--mantine-color-anchor)'}
          strokeWidth={1.5}
          points={days.map((day, at) => `${x(at)},${y(day.evidence)}`).join(' ')}
        />
        {days.length === 1 && days[0] ? <circle cx={x(0)} cy={y(days[0].evidence)} r={2} /> : null}
      </svg>
    </Group>
  );
}

function Group({ over, words, children }: { over: boolean; words: string; children: ReactNode }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
      {children}
      <span className={over ? undefined : 'bz-dim'}>{words}</span>
    </span>
  );
}
