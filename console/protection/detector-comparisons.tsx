import { type DetectorComparison, detectorComparisonRoutes } from '@bartizan/contracts';
import { Button, Progress } from '@mantine/core';
import { IconArrowsDiff } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { useMay } from '../app/session.ts';
import { formatCount } from '../ui/format.ts';
import { LoadMore } from '../ui/load-more.tsx';
import { Facts, Page, Section } from '../ui/page.tsx';
import { EmptyState, ErrorState, ListSkeleton, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';
import { comparisonQuery } from './detector-queries.ts';
import { ComparisonResult } from './detector-result.tsx';

const STATES = {
  waiting: 'waits',
  running: 'under way',
  done: 'done',
  failed: 'broke off',
  cancelled: 'stopped',
} as const;

/** Every comparison of a candidate with the live model. */
export function ComparisonsTab() {
  const query = useInfiniteQuery({
    queryKey: ['detector', 'comparisons', 'list'],
    queryFn: ({ pageParam, signal }) =>
      api.call(detectorComparisonRoutes.list, { query: { cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 4_000,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <ListSkeleton />;
  if (query.isError && items.length === 0)
    return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  if (items.length === 0)
    return (
      <EmptyState icon={IconArrowsDiff} title="Nothing was compared yet">
        Under Models, choose “Compare with live” beside a candidate. Both then judge what your gateways
        recorded, and you see what would change before it does.
      </EmptyState>
    );
  return (
    <>
      <div className="bz-list">
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">Candidate</th>
              <th scope="col">Live then</th>
              <th scope="col">State</th>
              <th scope="col" className="bz-num">
                Changes
              </th>
              <th scope="col">Asked for</th>
            </tr>
          </thead>
          <tbody>
            {items.map((each) => (
              <tr key={each.id}>
                <td>
                  <Link
                    className="bz-row-link"
                    to="/protection/detector/comparisons/$id"
                    params={{ id: each.id }}
                  >
                    {each.candidate}
                  </Link>
                </td>
                <td>{each.live}</td>
                <td style={{ minWidth: 140 }}>
                  <StateOf comparison={each} />
                </td>
                <td className="bz-num">{each.result === null ? '–' : formatCount(each.result.changes)}</td>
                <td>
                  {each.requestedBy.name} <RelativeTime at={each.requestedAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <LoadMore query={query} shown={items.length} verb="Load older" />
    </>
  );
}

function StateOf({
  comparison: { state, progress, message, candidate },
}: {
  comparison: DetectorComparison;
}) {
  if (state === 'running' && progress !== null)
    return (
      <>
        <Progress
          value={progress.total === 0 ? 0 : (100 * progress.done) / progress.total}
          aria-label={`Comparison of ${candidate}`}
        />
        <div className="bz-dim">
          {formatCount(progress.done)} of {formatCount(progress.total)}
        </div>
      </>
    );
  return (
    <>
      {STATES[state]}
      {message === '' ? null : <div className="bz-dim bz-wrap">{message}</div>}
    </>
  );
}

const route = getRouteApi('/house/protection/detector/comparisons/$id');

/** One comparison: how far it is, or what came of it. */
export function ComparisonPage() {
  return (
    <Gate permission="detector.read">
      <Comparison />
    </Gate>
  );
}

function Comparison() {
  const { id } = route.useParams();
  const query = useQuery(comparisonQuery(id));
  const above = (
    <Link to="/protection/detector" search={{ tab: 'comparisons' }}>
      Injection detector
    </Link>
  );
  return (
    <QueryView query={query}>
      {(comparison) => (
        <Page
          title={`${comparison.candidate} against ${comparison.live}`}
          above={above}
          actions={<Cancel comparison={comparison} />}
        >
          <Section title="Comparison">
            <Facts
              items={[
                ['State', <StateOf key="state" comparison={comparison} />],
                [
                  'Asked for',
                  <span key="asked">
                    by {comparison.requestedBy.name} <RelativeTime at={comparison.requestedAt} />
                  </span>,
                ],
                [
                  'Looks at',
                  `the newest ${formatCount(comparison.sample)} interactions at most, and all corrections`,
                ],
              ]}
            />
          </Section>
          {comparison.result === null ? null : (
            <ComparisonResult comparison={comparison} result={comparison.result} />
          )}
        </Page>
      )}
    </QueryView>
  );
}

function Cancel({ comparison: { id, state } }: { comparison: DetectorComparison }) {
  const client = useQueryClient();
  const mayManage = useMay('detector.manage');
  const cancel = useMutation({
    mutationFn: () => api.call(detectorComparisonRoutes.cancel, { params: { id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['detector', 'comparisons'] }),
    onError: toastFailure,
  });
  if (!mayManage || (state !== 'running' && state !== 'waiting')) return null;
  return (
    <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate()}>
      Stop
    </Button>
  );
}
