import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { LoadMore } from './load-more.tsx';
import { ErrorState, ListSkeleton } from './states.tsx';

interface PagedListProps<Item> {
  readonly query: UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly Item[] }, unknown>>;
  /** What stands there when there is nothing. */
  readonly empty: ReactNode;
  /** The button's words; lists by time load older ones. */
  readonly verb: 'Load older' | 'Load more' | 'Show more';
  readonly children: (items: readonly Item[]) => ReactNode;
}

/** The states of a list that is fetched page by page. What is there stays visible when a refresh fails. */
export function PagedList<Item>({ query, empty, verb, children }: PagedListProps<Item>) {
  if (query.isPending) return <ListSkeleton />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isError && items.length === 0)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (items.length === 0) return empty;
  return (
    <>
      {children(items)}
      <LoadMore query={query} shown={items.length} verb={verb} />
    </>
  );
}
