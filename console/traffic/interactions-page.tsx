import { type InteractionSummary, interactionRoutes } from '@bartizan/contracts';
import { Button, Switch } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { useLive } from '../app/live.ts';
import { useMay } from '../app/session.ts';
import { formatCount } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { ExportButton } from './export-button.tsx';
import { isFiltered, type ListSearch, matches, toQuery } from './filter.ts';
import { Filters } from './filters.tsx';
import { InteractionTable } from './interaction-table.tsx';
import './traffic.css';

const route = getRouteApi('/house/traffic/interactions');
const PAGE = 50;
const MOST_FRESH = 500;

export function InteractionsPage() {
  return (
    <Gate permission="interactions.read">
      <Interactions />
    </Gate>
  );
}

function Interactions() {
  const search = route.useSearch();
  const navigate = useNavigate();
  const searchField = useRef<HTMLInputElement>(null);
  const mayExport = useMay('interactions.export');
  const { live: _, ...filter } = search;
  const filterKey = JSON.stringify(filter);
  const query = useInfiniteQuery({
    queryKey: ['interactions', 'list', filterKey],
    queryFn: ({ pageParam, signal }) =>
      api.call(interactionRoutes.list, {
        query: { ...toQuery(search, Date.now()), limit: PAGE, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const { fresh, live } = useFresh(search, filterKey, () => void query.refetch());
  const items = useMemo(() => {
    const seen = new Set<string>();
    return [...fresh, ...(query.data?.pages.flatMap((page) => page.items) ?? [])].filter(
      (each) => !seen.has(each.id) && seen.add(each.id),
    );
  }, [fresh, query.data]);

  const open = (id: string) => void navigate({ to: '/traffic/interactions/$id', params: { id } });
  const { selected, setSelected } = useKeyboardList({
    length: items.length,
    search: searchField,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.id);
    },
  });
  const change = (next: Partial<ListSearch>) =>
    void navigate({ to: '/traffic/interactions', search: { ...search, ...next }, replace: true });

  return (
    <Page
      title="Interactions"
      actions={
        <>
          <Switch
            size="xs"
            label={live === 'paused' ? 'Live, paused' : 'Live'}
            checked={search.live === '1'}
            onChange={(event) => change({ live: event.currentTarget.checked ? '1' : undefined })}
          />
          {mayExport ? <ExportButton filter={toQuery(search, Date.now())} /> : null}
        </>
      }
    >
      <Filters search={search} onChange={change} searchField={searchField} seen={items} />
      {query.isPending ? <ListSkeleton rows={12} /> : null}
      {query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : null}
      {query.isSuccess && items.length === 0 ? <Nothing filtered={isFiltered(search)} /> : null}
      {items.length > 0 ? (
        <>
          <InteractionTable items={items} selected={selected} onSelect={setSelected} onOpen={open} />
          <footer className="bz-list-foot">
            <span className="bz-dim">{formatCount(items.length)} shown</span>
            {query.hasNextPage ? (
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                Load older
              </Button>
            ) : (
              <span className="bz-dim">That is all</span>
            )}
            <span className="bz-keys bz-dim">
              <kbd>/</kbd> search <kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open
            </span>
          </footer>
        </>
      ) : null}
    </Page>
  );
}

/** What arrived since the list was fetched and belongs into it; empty while live is off. */
function useFresh(search: ListSearch, filterKey: string, refetch: () => void) {
  const [fresh, setFresh] = useState<readonly InteractionSummary[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  // A new filter begins with what the server says.
  useEffect(() => setFresh([]), [filterKey]);
  const refetchSoon = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      refetch();
    }, 1000);
  };
  const live = useLive(
    search.live === '1',
    (interaction) => {
      const fits = matches(search, interaction);
      if (fits === 'unknown') refetchSoon();
      if (fits === true) setFresh((known) => [interaction, ...known].slice(0, MOST_FRESH));
    },
    refetchSoon,
  );
  return { fresh, live };
}

function Nothing({ filtered }: { filtered: boolean }) {
  if (filtered) {
    return (
      <EmptyState
        title="No interaction fits these filters"
        action={
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/traffic/interactions" search={{}} {...props} />}
          >
            Clear all filters
          </Button>
        }
      >
        Widen the time or take a filter away.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No traffic yet"
      action={
        <Button renderRoot={(props) => <Link to="/protection/endpoints" {...props} />}>
          See how to send a request
        </Button>
      }
    >
      Every request through the gateway is listed here with its verdict, and what the guards found in it.
    </EmptyState>
  );
}
