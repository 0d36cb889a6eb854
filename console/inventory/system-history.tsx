import { inventoryRoutes, type SystemChange } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { Section } from '../ui/page.tsx';
import { ErrorState, ListSkeleton } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';

const ACTIONS: Readonly<Record<SystemChange['action'], string>> = {
  created: 'described it',
  updated: 'changed it',
  retired: 'retired it',
  restored: 'took it out of retirement',
  reviewed: 'reviewed it',
  assessed: 'assessed its risk',
  overridden: 'set tier or class by hand',
};

/** Who changed what, field by field, from what to what. */
export function HistoryTab({ id }: { id: string }) {
  const mayAudit = useMay('audit.read');
  const query = useInfiniteQuery({
    queryKey: ['systems', id, 'history'],
    queryFn: ({ pageParam, signal }) =>
      api.call(inventoryRoutes.history, {
        params: { id },
        query: { cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  if (query.isPending) return <ListSkeleton />;
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  return (
    <Section
      title="History"
      flush
      actions={
        mayAudit ? (
          <Link to="/governance/audit" search={{ subject: `system:${id}` }}>
            In the audit log
          </Link>
        ) : null
      }
    >
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Field</th>
            <th scope="col">From</th>
            <th scope="col">To</th>
          </tr>
        </thead>
        <tbody>
          {query.data.pages.flatMap((page) =>
            page.items.map((change) => <Change key={change.id} change={change} />),
          )}
        </tbody>
      </table>
      {query.hasNextPage ? (
        <Button
          m="md"
          variant="default"
          loading={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          Load older
        </Button>
      ) : null}
    </Section>
  );
}

function Change({ change }: { change: SystemChange }) {
  const lines = change.changes.length === 0 ? [null] : change.changes;
  return lines.map((line, index) => (
    <tr key={line?.field ?? 'none'}>
      {index === 0 ? (
        <>
          <td rowSpan={lines.length} className="bz-nowrap">
            <RelativeTime at={change.at} />
          </td>
          <td rowSpan={lines.length}>
            {change.by.name} <span className="bz-dim">{ACTIONS[change.action]}</span>
            {change.note === '' ? null : <div className="bz-wrap">{change.note}</div>}
          </td>
        </>
      ) : null}
      <td>{line === null ? null : <code>{line.field}</code>}</td>
      <td className="bz-wrap">{line === null ? null : <Value value={line.before} />}</td>
      <td className="bz-wrap">{line === null ? null : <Value value={line.after} />}</td>
    </tr>
  ));
}

function Value({ value }: { value: unknown }) {
  if (value === null || value === undefined || value === '') return <span className="bz-dim">–</span>;
  if (typeof value === 'string' || typeof value === 'number') return <span className="bz-clip">{value}</span>;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
    return value.length === 0 ? <span className="bz-dim">–</span> : value.join(', ');
  }
  const names = Array.isArray(value) ? value.map(nameOf) : [];
  if (names.length > 0 && names.every((name) => name !== null)) return names.join(', ');
  return <code className="bz-clip">{JSON.stringify(value)}</code>;
}

/** What a data source or link is called. */
function nameOf(value: unknown): string | null {
  if (value === null || typeof value !== 'object') return null;
  if ('name' in value && typeof value.name === 'string') return value.name;
  return 'title' in value && typeof value.title === 'string' ? value.title : null;
}
