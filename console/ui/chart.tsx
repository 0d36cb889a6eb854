import { Skeleton, useComputedColorScheme } from '@mantine/core';
import type { EChartsCoreOption, EChartsType } from 'echarts/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';

/** Colours of the current theme, read from the page's own variables. */
export interface Palette {
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly ground: string;
  readonly accent: string;
  readonly allow: string;
  readonly flag: string;
  readonly redact: string;
  readonly block: string;
  readonly failed: string;
}

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: read('--mantine-color-text'),
    dim: read('--mantine-color-dimmed'),
    line: read('--bz-line'),
    ground: read('--mantine-color-body'),
    accent: read('--mantine-color-anchor'),
    allow: read('--bz-chart-allow'),
    flag: read('--bz-chart-flag'),
    redact: read('--bz-chart-redact'),
    block: read('--bz-chart-block'),
    failed: read('--bz-chart-failed'),
  };
}

/** What all charts have in common: grid, axes that start at zero, one tooltip. */
export function baseOption(palette: Palette): EChartsCoreOption {
  return {
    animation: false,
    grid: { left: 8, right: 8, top: 12, bottom: 4, containLabel: true },
    textStyle: { fontFamily: "'Inter Variable', system-ui, sans-serif", color: palette.dim },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: palette.ground,
      borderColor: palette.line,
      padding: [8, 12],
      textStyle: { color: palette.text, fontSize: 12 },
      axisPointer: { type: 'shadow', shadowStyle: { color: palette.line, opacity: 0.4 } },
    },
  };
}

export const axisStyle = (palette: Palette) => ({
  axisLine: { lineStyle: { color: palette.line } },
  axisTick: { show: false },
  axisLabel: { color: palette.dim, fontSize: 11 },
  splitLine: { lineStyle: { color: palette.line } },
});

interface ChartProps {
  /** What the chart shows, for people who cannot see it. */
  readonly label: string;
  readonly height: number;
  readonly option: (palette: Palette) => EChartsCoreOption;
  /** The same figures as a table. */
  readonly table: ReactNode;
  /** Called with the index on the category axis that was pressed. */
  readonly onPick?: (index: number) => void;
}

/** A chart, drawn by a library that is loaded when the first chart is shown. */
export function Chart({ label, height, option, table, onPick }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const pick = useRef(onPick);
  pick.current = onPick;
  const [ready, setReady] = useState(false);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    let gone = false;
    let observer: ResizeObserver | undefined;
    void import('./chart-engine.ts').then(({ init }) => {
      if (gone || !holder.current) return;
      const instance = init(holder.current);
      chart.current = instance;
      instance.getZr().on('click', (event: { offsetX: number; offsetY: number }) => {
        const [index] = instance.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]) ?? [];
        if (typeof index === 'number' && index >= 0) pick.current?.(index);
      });
      observer = new ResizeObserver(() => instance.resize());
      observer.observe(holder.current);
      setReady(true);
    });
    return () => {
      gone = true;
      observer?.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  // The scheme is a dependency because the palette is read from the page.
  useEffect(() => {
    if (ready) chart.current?.setOption(option(readPalette()), { notMerge: true });
  }, [ready, option, scheme]);

  return (
    <figure className="bz-chart">
      <div style={{ position: 'relative', height }}>
        {ready ? null : <Skeleton height={height} pos="absolute" />}
        <div
          ref={holder}
          role="img"
          aria-label={label}
          style={{ height, cursor: onPick ? 'pointer' : undefined }}
        />
      </div>
      <details>
        <summary>Show as table</summary>
        <div className="bz-chart-table">{table}</div>
      </details>
    </figure>
  );
}
