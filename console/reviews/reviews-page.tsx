import { type Review, reviewRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconEyeCheck } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { ReviewStateBadge } from './states.tsx';

const route = getRouteApi('/house/traffic/reviews');

/** Decisions that people owe. */
export function ReviewsPage() {
  const tab = knownTab(route.useSearch().tab, ['open', 'mine', 'decided']);
  return (
    <Gate permission="policies.read">
      <Page
        title="Reviews"
        description="Changes that take effect when somebody else than the one who proposed them approves."
      >
        <LinkTabs
          label="Reviews"
          current={tab}
          tabs={[
            { value: 'open', label: 'Waiting' },
            { value: 'mine', label: 'Proposed by you' },
            { value: 'decided', label: 'Decided' },
          ]}
        />
        <ReviewList key={tab} tab={tab} />
      </Page>
    </Gate>
  );
}

function ReviewList({ tab }: { tab: string }) {
  const query = useInfiniteQuery({
    queryKey: ['reviews', tab],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      api.call(reviewRoutes.list, {
        query: {
          state: tab === 'mine' ? 'all' : tab === 'decided' ? 'decided' : 'open',
          mine: tab === 'mine' ? 'true' : 'false',
          cursor: pageParam,
        },
        signal,
      }),
    getNextPageParam: (last) => last.next ?? undefined,
  });
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <ListSkeleton />;
  const items = query.data.pages.flatMap((page) => page.items);
  if (items.length === 0) {
    return (
      <EmptyState icon={IconEyeCheck} title={tab === 'open' ? 'Nothing waits' : 'Nothing here yet'}>
        With four eyes demanded (Settings → Sign-in), changes to what guards live traffic wait here for a
        second person.
      </EmptyState>
    );
  }
  return (
    <>
      <ReviewTable items={items} />
      {query.hasNextPage ? (
        <Button
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Show more
        </Button>
      ) : null}
    </>
  );
}

function ReviewTable({ items }: { items: readonly Review[] }) {
  const navigate = useNavigate();
  const open = (id: string) => void navigate({ to: '/traffic/reviews/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: items.length,
    onOpen: (index) => {
      const review = items[index];
      if (review) open(review.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table bz-narrow">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Change</th>
            <th scope="col" className="bz-wide">
              Proposed by
            </th>
            <th scope="col">When</th>
            <th scope="col" className="bz-wide">
              Decided by
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((review, index) => (
            <tr
              key={review.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(review.id)}
            >
              <td>
                <ReviewStateBadge state={review.state} />
              </td>
              <td>
                <Link className="bz-row-link" to="/traffic/reviews/$id" params={{ id: review.id }}>
                  {review.title}
                </Link>
                <div className="bz-dim">{review.reason}</div>
              </td>
              <td className="bz-wide">{review.proposedBy.name}</td>
              <td>
                <RelativeTime at={review.proposedAt} />
              </td>
              <td className="bz-wide">{review.decidedBy?.name ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
