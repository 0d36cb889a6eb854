import { type DatasetDiff, datasetRoutes } from '@bartizan/contracts';
import { Group, Select, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount } from '../../ui/format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { datasetVersionsQuery } from './data-queries.ts';
import { RecordDiff } from './record-diff.tsx';

/** Two versions record by record. */
export function CompareVersions({
  datasetId,
  from,
  to,
  columns,
}: {
  datasetId: string;
  from: string | undefined;
  to: string | undefined;
  columns: string | undefined;
}) {
  const navigate = useNavigate();
  const mayRead = useMay('data.content');
  const versions = useQuery(datasetVersionsQuery(datasetId));
  const known = (versions.data ?? []).filter(({ rows }) => rows !== null);
  const right = to ?? known[0]?.number.toString();
  const left = from ?? known[1]?.number.toString();
  const change = (next: object) =>
    void navigate({
      to: '/inventory/datasets/$id',
      params: { id: datasetId },
      search: { tab: 'compare', from: left, to: right, key: columns, ...next },
      replace: true,
    });
  if (versions.isSuccess && known.length < 2)
    return <EmptyState title="Nothing to compare">Two versions that were read can be compared.</EmptyState>;
  const data = known.map(({ number }) => ({ value: String(number), label: `Version ${number}` }));
  return (
    <>
      <Group gap="sm" mb="md" align="end">
        <Select
          label="From"
          size="xs"
          data={data}
          value={left ?? null}
          allowDeselect={false}
          onChange={(value) => change({ from: value ?? undefined })}
        />
        <Select
          label="To"
          size="xs"
          data={data}
          value={right ?? null}
          allowDeselect={false}
          onChange={(value) => change({ to: value ?? undefined })}
        />
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const key = String(new FormData(event.currentTarget).get('key') ?? '').trim();
            change({ key: key || undefined });
          }}
        >
          <TextInput
            key={columns}
            name="key"
            size="xs"
            w={260}
            label="Columns that tell records apart"
            placeholder={mayRead ? 'By content; type id, then Enter' : 'Needs data.content'}
            title={
              mayRead ? 'Reading keys is recorded' : 'Comparing by a key needs the permission data.content'
            }
            disabled={!mayRead}
            defaultValue={columns}
          />
        </form>
      </Group>
      {left !== undefined && right !== undefined ? (
        <Difference datasetId={datasetId} from={left} to={right} columns={columns} />
      ) : null}
    </>
  );
}

/** What differs between two versions, with what is known against the records that are gone. */
export function Difference({
  datasetId,
  from,
  to,
  columns,
  reasons,
}: {
  datasetId: string;
  from: string;
  to: string;
  columns?: string | undefined;
  reasons?: ReadonlyMap<number, readonly string[]> | undefined;
}) {
  const query = useQuery({
    queryKey: ['data', 'dataset', datasetId, 'diff', from, to, columns],
    queryFn: ({ signal }) =>
      api.call(datasetRoutes.diff, {
        params: { dataset: datasetId },
        query: { from, to, key: columns, limit: 500 },
        signal,
      }),
    retry: false,
    // Each comparison by a key goes on record as a reading of keys: one for each that a person asks for.
    ...(columns === undefined
      ? {}
      : { staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false }),
  });
  return <QueryView query={query}>{(diff) => <Shown diff={diff} reasons={reasons} />}</QueryView>;
}

function Shown({
  diff,
  reasons,
}: {
  diff: DatasetDiff;
  reasons: ReadonlyMap<number, readonly string[]> | undefined;
}) {
  const { counts, schema } = diff;
  const moved = [...schema.added, ...schema.removed, ...schema.retyped].length;
  return (
    <Section
      title={
        diff.same
          ? 'The same records'
          : `${formatCount(counts.added)} added, ${formatCount(counts.removed)} removed, ${formatCount(counts.changed)} changed, ${formatCount(counts.moved)} moved`
      }
      description={`${formatCount(counts.unchanged)} records are the same in both.`}
      flush
    >
      {moved > 0 ? (
        <p style={{ padding: '8px 16px' }}>
          Columns:
          {schema.added.length > 0 ? ` added ${schema.added.join(', ')};` : ''}
          {schema.removed.length > 0 ? ` removed ${schema.removed.join(', ')};` : ''}
          {schema.retyped.length > 0 ? ` of another type ${schema.retyped.join(', ')}` : ''}
        </p>
      ) : null}
      {diff.entries.length > 0 ? (
        <RecordDiff
          key={`${diff.from.id} ${diff.to.id} ${diff.key.join(',')}`}
          datasetId={diff.from.datasetId}
          from={String(diff.from.number)}
          to={String(diff.to.number)}
          entries={diff.entries}
          reasons={reasons}
        />
      ) : null}
      {diff.withheld === null ? null : (
        <p className="bz-dim" style={{ padding: '8px 16px' }}>
          {diff.withheld}
        </p>
      )}
      {diff.complete || diff.same || diff.withheld !== null ? null : (
        <p className="bz-dim" style={{ padding: '8px 16px' }}>
          The first of each kind. All of them: <code>bartizan data diff</code>.
        </p>
      )}
    </Section>
  );
}
