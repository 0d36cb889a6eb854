import type { Overview } from '@bartizan/contracts';
import { useNavigate } from '@tanstack/react-router';
import { useCallback } from 'react';
import { axisStyle, baseOption, Chart, type Palette } from '../ui/chart.tsx';
import { formatCount, formatExact } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { timeLabels } from './time-labels.ts';

type Point = Overview['points'][number];

/** Everything that went through untouched. Never negative, also when a request counts as failed and flagged. */
const allowed = (point: Point): number =>
  Math.max(0, point.requests - point.blocked - point.redacted - point.flagged - point.failed);

const SERIES = [
  { name: 'Allowed', tone: 'allow', value: allowed },
  { name: 'Flagged', tone: 'flag', value: (point: Point) => point.flagged },
  { name: 'Redacted', tone: 'redact', value: (point: Point) => point.redacted },
  { name: 'Blocked', tone: 'block', value: (point: Point) => point.blocked },
  { name: 'Failed', tone: 'failed', value: (point: Point) => point.failed },
] as const;

/** Requests over time, stacked by verdict. Pressing a bar opens the interactions behind it. */
export function TrafficChart({ overview }: { overview: Overview }) {
  const navigate = useNavigate();
  const { points, stepMs } = overview;
  const option = useCallback(
    (palette: Palette) => ({
      ...baseOption(palette),
      xAxis: {
        type: 'category',
        data: timeLabels(points, stepMs),
        ...axisStyle(palette),
        splitLine: { show: false },
      },
      yAxis: { type: 'value', min: 0, minInterval: 1, ...axisStyle(palette) },
      series: SERIES.map((series) => ({
        name: series.name,
        type: 'bar',
        stack: 'requests',
        barCategoryGap: '20%',
        barMaxWidth: 24,
        itemStyle: { color: palette[series.tone] },
        data: points.map((point) => series.value(point)),
      })),
    }),
    [points, stepMs],
  );
  return (
    <Section
      title="Requests by verdict"
      actions={
        <div className="bz-legend" aria-hidden>
          {SERIES.map((series) => (
            <span key={series.name}>
              <i style={{ background: `var(--bz-chart-${series.tone})` }} />
              {series.name}
            </span>
          ))}
        </div>
      }
    >
      <Chart
        label={`Requests by verdict over time: ${formatCount(overview.totals.requests)} in all, ${formatCount(overview.totals.blocked)} blocked. The table below has the figures.`}
        height={240}
        option={option}
        onPick={(index) => {
          const point = points[index];
          if (point === undefined) return;
          void navigate({
            to: '/traffic/interactions',
            search: { from: String(point.at), to: String(point.at + stepMs) },
          });
        }}
        table={
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {SERIES.map((series) => (
                  <th scope="col" key={series.name}>
                    {series.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.map((point) => (
                <tr key={point.at}>
                  <td>{formatExact(point.at)}</td>
                  {SERIES.map((series) => (
                    <td key={series.name}>{formatCount(series.value(point))}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
    </Section>
  );
}
