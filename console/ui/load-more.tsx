import { Button } from '@mantine/core';
import { formatCount } from './format.ts';

interface LoadMoreProps {
  readonly query: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
  /** Items that are shown already. */
  readonly shown: number;
  /** The button's words; lists by time load older ones. */
  readonly verb: 'Load older' | 'Load more' | 'Show more';
}

/** The end of a list that has more pages; nothing when it has none. */
export function LoadMore({ query, shown, verb }: LoadMoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <footer className="bz-list-foot">
      <span className="bz-dim">{formatCount(shown)} shown</span>
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {verb}
      </Button>
    </footer>
  );
}
