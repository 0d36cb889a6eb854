import type { Overview } from '@bartizan/contracts';
import { Link } from '@tanstack/react-router';
import { useCheckTitles } from '../app/check-titles.ts';
import { formatCount, formatNoun } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';

const share = (value: number, most: number): string => `${most === 0 ? 0 : (value / most) * 100}%`;

/** The checks that found most; each links to its interactions. */
export function TopChecks({ overview, window }: { overview: Overview; window: string }) {
  const titleOf = useCheckTitles();
  const most = Math.max(0, ...overview.topChecks.map((each) => each.count));
  return (
    <Section title="Top checks">
      {overview.topChecks.length === 0 ? (
        <p className="bz-dim">No check has found anything in this window.</p>
      ) : null}
      <ul className="bz-top">
        {overview.topChecks.map((each) => (
          <li key={each.check}>
            <div>
              <Link
                to="/traffic/interactions"
                search={{ check: each.check, last: window }}
                title={each.check}
              >
                {titleOf(each.check)}
              </Link>
              <span>{formatCount(each.count)}</span>
            </div>
            <div className="bz-bar">
              <i style={{ width: share(each.count, most) }} />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** The endpoints with most requests, and how many of them were blocked. */
export function TopEndpoints({ overview, window }: { overview: Overview; window: string }) {
  const most = Math.max(0, ...overview.topEndpoints.map((each) => each.requests));
  return (
    <Section title="Top endpoints">
      {overview.topEndpoints.length === 0 ? (
        <p className="bz-dim">No endpoint has had traffic in this window.</p>
      ) : null}
      <ul className="bz-top">
        {overview.topEndpoints.map((each) => (
          <li key={each.endpointId}>
            <div>
              <Link to="/traffic/interactions" search={{ endpoint: each.endpointId, last: window }}>
                {each.slug}
              </Link>
              <span>
                {formatNoun(each.requests, 'request')}
                <span className="bz-dim">, {formatCount(each.blocked)} blocked</span>
              </span>
            </div>
            <div className="bz-bar">
              <i style={{ width: share(each.requests, most) }} />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
