import { type InteractionSummary, interactionRoutes } from '@bartizan/contracts';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { useCheckTitles } from '../app/check-titles.ts';
import type { LiveState } from '../app/live.ts';
import { formatMs } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { OutcomeBadge, VerdictBadge } from '../ui/verdict.tsx';

export const recentQuery = queryOptions({
  queryKey: ['interactions', 'recent'],
  queryFn: async ({ signal }) =>
    (await api.call(interactionRoutes.list, { query: { limit: 20 }, signal })).items,
});

const LIVE_WORDS: Readonly<Record<LiveState, string>> = {
  off: 'Off',
  connecting: 'Connecting',
  on: 'Live',
  paused: 'Paused',
};

interface LiveFeedProps {
  /** What arrived since the page was opened, newest first. */
  readonly fresh: readonly InteractionSummary[];
  readonly live: LiveState;
  readonly length: number;
}

/** The newest interactions; new ones appear on top by themselves. */
export function LiveFeed({ fresh, live, length }: LiveFeedProps) {
  const query = useQuery(recentQuery);
  const titleOf = useCheckTitles();
  return (
    <Section
      flush
      title="Newest interactions"
      actions={
        <span className="bz-live" data-state={live}>
          {LIVE_WORDS[live]}
        </span>
      }
    >
      <QueryView query={query}>
        {(recent) => {
          const known = new Set(fresh.map((each) => each.id));
          const all = [...fresh, ...recent.filter((each) => !known.has(each.id))].slice(0, length);
          if (all.length === 0) {
            return (
              <p className="bz-dim bz-feed-empty">Requests appear here within a second of being answered.</p>
            );
          }
          return (
            <ul className="bz-feed">
              {all.map((each) => (
                <li key={each.id}>
                  <Link to="/traffic/interactions/$id" params={{ id: each.id }}>
                    <div className="bz-feed-top">
                      {each.outcome === 'answered' || each.outcome === 'blocked' ? (
                        <VerdictBadge verdict={each.verdict} shadow={each.wouldBe} />
                      ) : (
                        <OutcomeBadge outcome={each.outcome} />
                      )}
                      <RelativeTime at={each.at} />
                    </div>
                    <div className="bz-feed-text">
                      {each.excerpt || <span className="bz-dim">No text kept</span>}
                    </div>
                    <div className="bz-feed-foot">
                      {each.endpointSlug} · {each.keyName} · {formatMs(each.totalMs)}
                      {each.checks.length > 0 ? ` · ${each.checks.map(titleOf).join(', ')}` : ''}
                    </div>
                  </Link>
                </li>
              ))}
            </ul>
          );
        }}
      </QueryView>
    </Section>
  );
}
