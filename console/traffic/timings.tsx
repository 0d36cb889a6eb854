import { useCheckTitles } from '../app/check-titles.ts';
import { formatMs } from '../ui/format.ts';
import { DIRECTION_TITLES } from '../ui/segments.ts';
import type { GuardTiming } from './types.ts';

/** How long each guard took, longest first, as bars on one scale. */
export function Timings({ timings }: { timings: readonly GuardTiming[] }) {
  const titleOf = useCheckTitles();
  const most = Math.max(0.001, ...timings.map((timing) => timing.ms));
  if (timings.length === 0) return <p className="bz-dim">No times were recorded.</p>;
  return (
    <ul className="bz-timings">
      {timings
        .toSorted((a, b) => b.ms - a.ms)
        .map((timing) => (
          <li key={`${timing.check}${timing.direction}`}>
            <span title={timing.check}>
              {titleOf(timing.check)}{' '}
              <span className="bz-dim">{DIRECTION_TITLES[timing.direction].toLowerCase()}</span>
            </span>
            <span>{formatMs(timing.ms)}</span>
            <div className="bz-bar">
              <i style={{ width: `${(timing.ms / most) * 100}%` }} />
            </div>
          </li>
        ))}
    </ul>
  );
}
