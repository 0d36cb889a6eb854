import { type DatasetDiffEntry, type DatasetDiffRecords, datasetDiffRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { askPurpose } from '../../app/purpose-dialog.tsx';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { cellText } from './data-words.tsx';
import { type Cell, cellsOf, changesOf } from './record-cells.ts';

const PAGE = 25;
const MOST_COLUMNS = 8;
type Side = DatasetDiffRecords['was'];

interface RecordDiffProps {
  readonly datasetId: string;
  readonly from: string;
  readonly to: string;
  readonly entries: readonly DatasetDiffEntry[];
  /** What speaks against records of `from`, by their row. */
  readonly reasons?: ReadonlyMap<number, readonly string[]> | undefined;
}

/** Places that differ, page by page, for those who may read records; with a reason also what lies there. */
export function RecordDiff({ datasetId, from, to, entries, reasons }: RecordDiffProps) {
  const [page, setPage] = useState(0);
  const [purpose, setPurpose] = useState<string | null>(null);
  const shown = entries.slice(page * PAGE, (page + 1) * PAGE);
  const was = shown.flatMap((entry) => (entry.was === null ? [] : [entry.was])).join(',');
  // What was only moved is the same at both places.
  const now = shown
    .flatMap((entry) => (entry.now === null || entry.kind === 'moved' ? [] : [entry.now]))
    .join(',');
  const query = useQuery({
    queryKey: ['records', datasetId, from, to, was, now, purpose],
    queryFn: ({ signal }) =>
      api.call(datasetDiffRoutes.records, {
        params: { dataset: datasetId },
        query: { from, to, was, now },
        purpose: purpose ?? '',
        signal,
      }),
    enabled: purpose !== null,
    // Each reading goes on record: one for each page that a person opens.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
    retry: false,
  });
  const last = Math.max(0, Math.ceil(entries.length / PAGE) - 1);
  return (
    <>
      <Values isShown={query.data !== undefined} isBusy={query.isFetching} onPurpose={setPurpose} />
      <FailureNote failure={query.error} />
      <div className="bz-list bz-data-inner" tabIndex={0} role="region" aria-label="Records that differ">
        <table className="bz-table">
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col" className="bz-num">
                Row before
              </th>
              <th scope="col" className="bz-num">
                Row after
              </th>
              <th scope="col">{query.data === undefined ? 'Columns that differ' : 'Record'}</th>
              {reasons === undefined ? null : <th scope="col">What speaks against it</th>}
            </tr>
          </thead>
          <tbody>
            {shown.map((entry) => (
              <tr key={`${entry.kind} ${entry.was} ${entry.now}`}>
                <td>{entry.kind}</td>
                <td className="bz-num">{entry.was === null ? '' : formatCount(entry.was)}</td>
                <td className="bz-num">{entry.now === null ? '' : formatCount(entry.now)}</td>
                <td className="bz-wrap">
                  {query.data === undefined ? (
                    entry.columns.join(', ')
                  ) : (
                    <Shown entry={entry} records={query.data} />
                  )}
                </td>
                {reasons === undefined ? null : (
                  <td className="bz-wrap">
                    {(reasons.get(entry.was ?? -1) ?? []).map((reason) => (
                      <div key={reason}>{reason}</div>
                    ))}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {last > 0 ? (
        <Group justify="space-between" px="md" py="xs">
          <span className="bz-dim">
            {formatCount(page * PAGE + 1)} to {formatCount(page * PAGE + shown.length)} of{' '}
            {formatCount(entries.length)}
          </span>
          <Group gap="xs">
            <Button variant="default" disabled={page === 0} onClick={() => setPage(page - 1)}>
              Before
            </Button>
            <Button variant="default" disabled={page >= last} onClick={() => setPage(page + 1)}>
              After
            </Button>
          </Group>
        </Group>
      ) : null}
    </>
  );
}

function Values({
  isShown,
  isBusy,
  onPurpose,
}: {
  isShown: boolean;
  isBusy: boolean;
  onPurpose: (purpose: string) => void;
}) {
  if (isShown) return null;
  const ask = async () => {
    const purpose = await askPurpose('You are about to read the records that differ.');
    if (purpose !== null) onPurpose(purpose);
  };
  return (
    <Group gap="sm" px="md" py="xs">
      <Button variant="default" loading={isBusy} onClick={() => void ask()}>
        Show the values
      </Button>
      <span className="bz-dim">Asks for a reason, which goes into the chain of custody.</span>
    </Group>
  );
}

function Shown({ entry, records }: { entry: DatasetDiffEntry; records: DatasetDiffRecords }) {
  const before = cellsOf(records.was, entry.was);
  const after = cellsOf(records.now, entry.now);
  if (entry.kind === 'changed' && before !== null && after !== null) {
    const changes = changesOf(before, after, entry.columns);
    if (changes.length > 0)
      return (
        <>
          {changes.map(({ name, was, now }) => (
            <div key={name}>
              <span className="bz-dim">{name}</span> <OneValue cell={was} as="del" />
              {' → '}
              <OneValue cell={now} as="ins" />
            </div>
          ))}
        </>
      );
  }
  const cells = entry.kind === 'added' ? after : before;
  if (cells !== null) return <Cells cells={cells} />;
  return <span className="bz-dim">{missingWords(entry.kind === 'added' ? records.now : records.was)}</span>;
}

const missingWords = (side: Side): string =>
  side !== null && !side.complete ? 'too long to be shown beside the others' : 'not there any more';

function Cells({ cells }: { cells: readonly Cell[] }) {
  const rest = cells.slice(MOST_COLUMNS);
  return (
    <>
      <Named cells={cells.slice(0, MOST_COLUMNS)} />
      {rest.length > 0 ? (
        <details>
          <summary className="bz-dim">{formatCount(rest.length)} more columns</summary>
          <Named cells={rest} />
        </details>
      ) : null}
    </>
  );
}

const Named = ({ cells }: { cells: readonly Cell[] }) => (
  <div className="bz-data-evidence">
    {cells.map((cell) => (
      <span key={cell.name} className="bz-wrap">
        <span className="bz-dim">{cell.name}</span> <OneValue cell={cell} as="span" />
      </span>
    ))}
  </div>
);

function OneValue({ cell, as: As }: { cell: Cell | null; as: 'del' | 'ins' | 'span' }) {
  if (cell === null) return <span className="bz-dim">no such column</span>;
  if (cell.value === null || cell.value === undefined) return <span className="bz-dim">missing</span>;
  return (
    <>
      <As className="bz-clip bz-data-value">{cellText(cell.value)}</As>
      {cell.isCut ? <span className="bz-dim"> cut</span> : null}
    </>
  );
}
