import { type Dataset, datasetRoutes } from '@bartizan/contracts';
import { Button, TextInput } from '@mantine/core';
import { IconDatabase, IconUpload } from '@tabler/icons-react';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { type RefObject, useRef } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatBytes, formatCount } from '../../ui/format.ts';
import { useKeyboardList } from '../../ui/keyboard-list.ts';
import { PagedList } from '../../ui/paged-list.tsx';
import { EmptyState } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { FORMAT_WORDS, sourceWords, VersionState } from './data-words.tsx';

export function DatasetsTab({
  q,
  onSearch,
}: {
  q: string | undefined;
  onSearch: (next: { q: string | undefined }) => void;
}) {
  const field = useRef<HTMLInputElement>(null);
  const query = useInfiniteQuery({
    queryKey: ['data', 'datasets', q],
    queryFn: ({ pageParam, signal }) =>
      api.call(datasetRoutes.list, { query: { search: q, cursor: pageParam ?? undefined }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 15_000,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isSuccess && items.length === 0 && !q) return <NoDataset />;
  return (
    <>
      <form
        className="bz-filters"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch({ q: String(new FormData(event.currentTarget).get('q') ?? '').trim() || undefined });
        }}
      >
        <TextInput
          key={q}
          ref={field}
          name="q"
          size="xs"
          w={240}
          defaultValue={q}
          aria-label="Search names and descriptions"
          placeholder="Name or description, then Enter"
        />
      </form>
      <PagedList
        query={query}
        verb="Load more"
        empty={
          <EmptyState icon={IconDatabase} title="No dataset matches">
            Search for something else to see more.
          </EmptyState>
        }
      >
        {(items) => <DatasetTable items={items} field={field} />}
      </PagedList>
    </>
  );
}

function NoDataset() {
  const mayWrite = useMay('data.write');
  return (
    <EmptyState
      icon={IconDatabase}
      title="No dataset yet"
      action={
        mayWrite ? (
          <Button
            leftSection={<IconUpload size={14} />}
            renderRoot={(props) => <Link to="/inventory/datasets/push" {...props} />}
          >
            Push a version
          </Button>
        ) : null
      }
    >
      Push a table or a folder of texts or images here, or with{' '}
      <code>bartizan data push FILE --dataset NAME</code>: every record is hashed, and looked through for
      poisoning.
    </EmptyState>
  );
}

function DatasetTable({
  items,
  field,
}: {
  items: readonly Dataset[];
  field: RefObject<HTMLInputElement | null>;
}) {
  const navigate = useNavigate();
  const open = (id: string) => void navigate({ to: '/inventory/datasets/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: items.length,
    search: field,
    onOpen: (index) => {
      const item = items[index];
      if (item) open(item.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Dataset</th>
            <th scope="col">Latest version</th>
            <th scope="col" className="bz-num">
              Records
            </th>
            <th scope="col">Format</th>
            <th scope="col">Source</th>
            <th scope="col" className="bz-num">
              Versions
            </th>
            <th scope="col" className="bz-num">
              Kept here
            </th>
            <th scope="col">Changed</th>
          </tr>
        </thead>
        <tbody>
          {items.map((dataset, index) => (
            <tr
              key={dataset.id}
              data-list-index={index}
              data-selected={index === selected}
              data-pressable
              onClick={(event) => (event.target as HTMLElement).closest('a') || open(dataset.id)}
            >
              <td className="bz-wrap">
                <Link className="bz-row-link" to="/inventory/datasets/$id" params={{ id: dataset.id }}>
                  {dataset.name}
                </Link>
                {dataset.description ? <div className="bz-dim bz-clip">{dataset.description}</div> : null}
              </td>
              {dataset.latest === null ? (
                <td colSpan={4} className="bz-dim">
                  none is ready
                </td>
              ) : (
                <>
                  <td>
                    {dataset.latest.number} <VersionState version={dataset.latest} />
                  </td>
                  <td className="bz-num">
                    {dataset.latest.rows === null ? '' : formatCount(dataset.latest.rows)}
                  </td>
                  <td>{FORMAT_WORDS[dataset.latest.format]}</td>
                  <td className="bz-wrap">
                    {sourceWords(dataset.latest) ?? <span className="bz-dim">not named</span>}
                  </td>
                </>
              )}
              <td className="bz-num">{formatCount(dataset.versions)}</td>
              <td className="bz-num">{formatBytes(dataset.storedBytes)}</td>
              <td>
                <RelativeTime at={dataset.updatedAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
