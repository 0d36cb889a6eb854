import type { Overview } from '@bartizan/contracts';
import type { ReactNode } from 'react';
import { formatCount, formatMs, formatPercent, formatRate } from '../ui/format.ts';

function Figure({
  name,
  value,
  note,
  color,
}: {
  name: string;
  value: ReactNode;
  note: string;
  color?: string;
}) {
  return (
    <div>
      <dt>
        {color ? <i style={{ background: color }} aria-hidden /> : null}
        {name}
      </dt>
      <dd>
        {value}
        <small>{note}</small>
      </dd>
    </div>
  );
}

/** The totals of the window, each with its base. */
export function Figures({ overview }: { overview: Overview }) {
  const { totals } = overview;
  const share = (part: number) => `${formatPercent(part, totals.requests)} of requests`;
  const minutes = (overview.to - overview.from) / 60_000;
  return (
    <dl className="bz-figures" aria-label="Totals of the window">
      <Figure
        name="Requests"
        value={formatCount(totals.requests)}
        note={formatRate(totals.requests, minutes)}
      />
      <Figure
        name="Blocked"
        value={formatCount(totals.blocked)}
        note={share(totals.blocked)}
        color="var(--bz-chart-block)"
      />
      <Figure
        name="Redacted"
        value={formatCount(totals.redacted)}
        note={share(totals.redacted)}
        color="var(--bz-chart-redact)"
      />
      <Figure
        name="Flagged"
        value={formatCount(totals.flagged)}
        note={share(totals.flagged)}
        color="var(--bz-chart-flag)"
      />
      <Figure
        name="Failed"
        value={formatCount(totals.failed)}
        note={share(totals.failed)}
        color="var(--bz-chart-failed)"
      />
      <Figure
        name="Latency, median"
        value={formatMs(totals.p50Ms)}
        note={`99th percentile ${formatMs(totals.p99Ms)}`}
      />
    </dl>
  );
}
