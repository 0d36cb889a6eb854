import type { InteractionSummary } from '@bartizan/contracts';
import { SegmentedControl, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { Gate } from '../app/gate.tsx';
import { useLive } from '../app/live.ts';
import { overviewQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { Page, Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { Figures } from './figures.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Gateways } from './gateways.tsx';
import { LatencyChart } from './latency-chart.tsx';
import { LiveFeed, recentQuery } from './live-feed.tsx';
import { TopChecks, TopEndpoints } from './top-lists.tsx';
import { TrafficChart } from './traffic-chart.tsx';
import { DEFAULT_WINDOW, WINDOWS, windowMsOf } from './windows.ts';
import './overview.css';

const route = getRouteApi('/house/');
const FEED_LENGTH = 50;
/** Figures are fetched again at most this often while traffic arrives. */
const REFRESH_MS = 1000;

export function OverviewPage() {
  return (
    <Gate permission="overview.read">
      <Overview />
    </Gate>
  );
}

function Overview() {
  const { window = DEFAULT_WINDOW, welcome } = route.useSearch();
  const navigate = useNavigate();
  const client = useQueryClient();
  const windowMs = windowMsOf(window);
  const query = useQuery({
    ...overviewQuery(windowMs),
    placeholderData: keepPreviousData,
    refetchInterval: 15_000,
  });
  const mayFeed = useMay('interactions.read');
  const [fresh, setFresh] = useState<readonly InteractionSummary[]>([]);
  const refreshing = useRef<ReturnType<typeof setTimeout> | null>(null);

  const refresh = () => {
    refreshing.current ??= setTimeout(() => {
      refreshing.current = null;
      void client.invalidateQueries({ queryKey: ['overview', windowMs] });
    }, REFRESH_MS);
  };
  const live = useLive(
    mayFeed,
    (interaction) => {
      setFresh((known) =>
        known.some((each) => each.id === interaction.id)
          ? known
          : [interaction, ...known].slice(0, FEED_LENGTH),
      );
      refresh();
    },
    () => {
      void client.invalidateQueries({ queryKey: recentQuery.queryKey });
      refresh();
    },
  );

  return (
    <Page
      title="Overview"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Window"
          value={window}
          data={WINDOWS.map(({ value, label }) => ({ value, label }))}
          onChange={(value) =>
            void navigate({
              to: '/',
              search: (previous) => ({ ...previous, window: value === DEFAULT_WINDOW ? undefined : value }),
            })
          }
        />
      }
    >
      <QueryView query={query} skeleton={<OverviewSkeleton />}>
        {(overview) => (
          <>
            <FirstSteps overview={overview} welcome={welcome === '1'} />
            <Figures overview={overview} />
            <div className="bz-overview">
              <div>
                <TrafficChart overview={overview} />
                <LatencyChart overview={overview} />
                <div className="bz-halves">
                  <TopChecks overview={overview} window={window} />
                  <TopEndpoints overview={overview} window={window} />
                </div>
              </div>
              <div>
                {mayFeed ? <LiveFeed fresh={fresh} live={live} length={FEED_LENGTH} /> : null}
                <Gateways overview={overview} />
              </div>
            </div>
          </>
        )}
      </QueryView>
    </Page>
  );
}

const OverviewSkeleton = () => (
  <Section title="Requests by verdict">
    <Skeleton height={240} />
  </Section>
);
