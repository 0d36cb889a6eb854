import type { Overview } from '@bartizan/contracts';
import { useCallback } from 'react';
import { axisStyle, baseOption, Chart, type Palette } from '../ui/chart.tsx';
import { formatExact, formatMs } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { timeLabels } from './time-labels.ts';

/** Median and 99th percentile of the whole time of a request, upstream included. */
export function LatencyChart({ overview }: { overview: Overview }) {
  const { points, stepMs } = overview;
  const option = useCallback(
    (palette: Palette) => {
      const base = baseOption(palette);
      const line = (name: string, color: string, dash: 'solid' | 'dashed', data: (number | null)[]) => ({
        name,
        type: 'line',
        symbol: 'circle',
        symbolSize: 4,
        showSymbol: data.filter((value) => value !== null).length < 3,
        connectNulls: false,
        lineStyle: { color, width: 1.75, type: dash },
        itemStyle: { color },
        data,
      });
      return {
        ...base,
        tooltip: {
          ...(base.tooltip as object),
          axisPointer: { type: 'line', lineStyle: { color: palette.line } },
          valueFormatter: (value: unknown) => formatMs(typeof value === 'number' ? value : null),
        },
        xAxis: {
          type: 'category',
          data: timeLabels(points, stepMs),
          ...axisStyle(palette),
          splitLine: { show: false },
        },
        yAxis: {
          type: 'value',
          min: 0,
          splitNumber: 3,
          ...axisStyle(palette),
          axisLabel: {
            color: palette.dim,
            fontSize: 11,
            formatter: (value: number) => (value === 0 ? '0' : formatMs(value)),
          },
        },
        series: [
          line(
            'Median',
            palette.accent,
            'solid',
            points.map((point) => point.p50Ms),
          ),
          line(
            '99th percentile',
            palette.dim,
            'dashed',
            points.map((point) => point.p99Ms),
          ),
        ],
      };
    },
    [points, stepMs],
  );
  return (
    <Section
      title="Latency"
      actions={
        <div className="bz-legend" aria-hidden>
          <span>
            <i style={{ background: 'var(--mantine-color-anchor)', height: 2 }} /> Median
          </span>
          <span>
            <i
              style={{
                borderTop: '2px dashed var(--mantine-color-dimmed)',
                height: 0,
                borderRadius: 0,
                width: 14,
              }}
            />{' '}
            99th percentile
          </span>
        </div>
      }
    >
      <Chart
        label={`Latency over time: median ${formatMs(overview.totals.p50Ms)}, 99th percentile ${formatMs(overview.totals.p99Ms)} over the window. The table below has the figures.`}
        height={140}
        option={option}
        table={
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">Median</th>
                <th scope="col">99th percentile</th>
              </tr>
            </thead>
            <tbody>
              {points.map((point) => (
                <tr key={point.at}>
                  <td>{formatExact(point.at)}</td>
                  <td>{formatMs(point.p50Ms)}</td>
                  <td>{formatMs(point.p99Ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
    </Section>
  );
}
