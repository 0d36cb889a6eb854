import { runRoutes } from '@bartizan/contracts';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { api } from '../app/api.ts';
import { axisStyle, baseOption, Chart, type Palette } from '../ui/chart.tsx';
import { formatCount } from '../ui/format.ts';
import { QueryView } from '../ui/states.tsx';
import { formatMetric } from './metrics.ts';

const MOST_POINTS = 5_000;

/** Every value that a metric of a run had, by step. */
export function MetricChart({ runId, metric }: { runId: string; metric: string }) {
  const query = useQuery({
    queryKey: ['runs', runId, 'metric', metric],
    queryFn: ({ signal }) =>
      api.call(runRoutes.metricHistory, {
        params: { id: runId },
        query: { key: metric, limit: MOST_POINTS },
        signal,
      }),
  });
  return (
    <QueryView query={query}>
      {({ items, next }) => <Line metric={metric} points={items} isCut={next !== null} />}
    </QueryView>
  );
}

interface LineProps {
  readonly metric: string;
  readonly points: readonly { readonly value: number | string; readonly step: number; readonly at: number }[];
  readonly isCut: boolean;
}

function Line({ metric, points, isCut }: LineProps) {
  const data = useMemo(
    () => points.flatMap(({ step, value }) => (typeof value === 'number' ? [[step, value] as const] : [])),
    [points],
  );
  const option = useCallback(
    (palette: Palette) => ({
      ...baseOption(palette),
      tooltip: {
        ...(baseOption(palette).tooltip as object),
        axisPointer: { type: 'line', lineStyle: { color: palette.line } },
        valueFormatter: (value: unknown) => (typeof value === 'number' ? formatMetric(value) : '–'),
      },
      xAxis: {
        type: 'value',
        name: 'step',
        minInterval: 1,
        ...axisStyle(palette),
        splitLine: { show: false },
      },
      yAxis: { type: 'value', scale: true, splitNumber: 4, ...axisStyle(palette) },
      series: [
        {
          name: metric,
          type: 'line',
          symbol: 'circle',
          symbolSize: 4,
          showSymbol: data.length < 30,
          lineStyle: { color: palette.accent, width: 1.75 },
          itemStyle: { color: palette.accent },
          data,
        },
      ],
    }),
    [data, metric],
  );
  return (
    <>
      <Chart
        label={`${metric} over ${formatCount(points.length)} steps`}
        height={260}
        option={option}
        table={
          <table>
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {points.slice(0, 500).map(({ step, value, at }) => (
                <tr key={`${step} ${at} ${value}`}>
                  <td>{formatCount(step)}</td>
                  <td>{formatMetric(value as never)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        }
      />
      {isCut ? <p className="bz-dim">The first {formatCount(points.length)} values are drawn.</p> : null}
      {data.length < points.length ? (
        <p className="bz-dim">
          {formatCount(points.length - data.length)} of {formatCount(points.length)} values are no numbers and
          not drawn.
        </p>
      ) : null}
    </>
  );
}
