import { CUSTODY_ACTS, sourceRoutes } from '@bartizan/contracts';
import { IconFingerprint } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { ChoiceChip } from '../../ui/filter-chip.tsx';
import { formatCount } from '../../ui/format.ts';
import { PagedList } from '../../ui/paged-list.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';

/** Who added, changed, approved and read what, and why. */
export function CustodyTab({ datasetId, act: asked }: { datasetId: string; act: string | undefined }) {
  const navigate = useNavigate();
  const act = CUSTODY_ACTS.find((each) => each === asked);
  const query = useInfiniteQuery({
    queryKey: ['data', 'dataset', datasetId, 'custody', act],
    queryFn: ({ pageParam, signal }) =>
      api.call(sourceRoutes.custody, {
        params: { dataset: datasetId },
        query: { act, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  return (
    <>
      <div className="bz-filters">
        <ChoiceChip
          name="Act"
          choices={CUSTODY_ACTS.map((value) => ({ value, label: value }))}
          value={act ? [act] : []}
          onChange={(value) =>
            void navigate({
              to: '/inventory/datasets/$id',
              params: { id: datasetId },
              search: { tab: 'custody', act: value.at(-1) },
              replace: true,
            })
          }
        />
      </div>
      <PagedList
        query={query}
        verb="Load older"
        empty={
          <EmptyState icon={IconFingerprint} title="Nothing on record">
            {act ? 'Clear the filter to see more.' : 'Whoever adds, reads or changes records stands here.'}
          </EmptyState>
        }
      >
        {(items) => (
          <div className="bz-list">
            <table className="bz-table">
              <thead>
                <tr>
                  <th scope="col">When</th>
                  <th scope="col">Who</th>
                  <th scope="col">Did</th>
                  <th scope="col" className="bz-num">
                    Version
                  </th>
                  <th scope="col" className="bz-num">
                    Records
                  </th>
                  <th scope="col">Why</th>
                  <th scope="col">Proof</th>
                </tr>
              </thead>
              <tbody>
                {items.map((entry) => (
                  <tr key={entry.id}>
                    <td>
                      <RelativeTime at={entry.at} />
                    </td>
                    <td>{entry.by}</td>
                    <td className="bz-wrap">
                      {entry.act}
                      {entry.detail ? <div className="bz-dim bz-clip">{entry.detail}</div> : null}
                    </td>
                    <td className="bz-num">{entry.version ?? ''}</td>
                    <td className="bz-num">{entry.records === null ? '' : formatCount(entry.records)}</td>
                    <td className="bz-wrap" style={{ minWidth: 160 }}>
                      {entry.reason}
                    </td>
                    <td>
                      {entry.auditId === null ? (
                        <span className="bz-dim">being written</span>
                      ) : (
                        <Link to="/governance/audit/$id" params={{ id: entry.auditId }}>
                          audit log
                        </Link>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </PagedList>
    </>
  );
}
