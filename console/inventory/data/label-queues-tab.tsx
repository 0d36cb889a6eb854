import { type LabelQueue, labellingRoutes } from '@bartizan/contracts';
import { IconTags } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { formatCount } from '../../ui/format.ts';
import { PagedList } from '../../ui/paged-list.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';

/** Queues of labels that people should decide. */
export function LabelQueuesTab() {
  const query = useInfiniteQuery({
    queryKey: ['data', 'queues'],
    queryFn: ({ pageParam, signal }) =>
      api.call(labellingRoutes.list, { query: { cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  });
  const empty = (
    <EmptyState icon={IconTags} title="No label to decide">
      Queues are made on the page of a version: of what annotators dispute, or of labels that a scan suspects.
    </EmptyState>
  );
  return (
    <PagedList query={query} verb="Load more" empty={empty}>
      {(items) => (
        <div className="bz-list">
          <table className="bz-table">
            <thead>
              <tr>
                <th scope="col">Queue</th>
                <th scope="col">Dataset</th>
                <th scope="col">From</th>
                <th scope="col" className="bz-num">
                  Decided
                </th>
                <th scope="col">State</th>
                <th scope="col">Made</th>
              </tr>
            </thead>
            <tbody>
              {items.map((queue) => (
                <tr key={queue.id}>
                  <td className="bz-wrap">
                    <Link
                      className="bz-row-link"
                      to="/inventory/datasets/labelling/$id"
                      params={{ id: queue.id }}
                    >
                      {queue.name}
                    </Link>
                  </td>
                  <td className="bz-wrap">
                    <Link
                      to="/inventory/datasets/$id/versions/$version"
                      params={{ id: queue.datasetId, version: String(queue.version) }}
                    >
                      {queue.dataset}@{queue.version}
                    </Link>
                  </td>
                  <td>{queue.from === 'scan' ? 'a scan' : 'annotators'}</td>
                  <td className="bz-num">
                    {formatCount(queue.decided)} of {formatCount(queue.items)}
                  </td>
                  <td>{QUEUE_STATES[queue.state]}</td>
                  <td>
                    <RelativeTime at={queue.createdAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </PagedList>
  );
}

export const QUEUE_STATES: Readonly<Record<LabelQueue['state'], string>> = {
  working: 'being made',
  open: 'open',
  applied: 'became a version',
  failed: 'failed',
};
