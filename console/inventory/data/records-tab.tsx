import { type DataRecords, type DatasetVersion, datasetRoutes } from '@bartizan/contracts';
import { Button, Group, NumberInput } from '@mantine/core';
import { IconLock } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { askPurpose } from '../../app/purpose-dialog.tsx';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { EmptyState } from '../../ui/states.tsx';
import { cellText } from './data-words.tsx';

const PAGE = 50;

/** The records themselves, read with a reason that goes on record. */
export function RecordsTab({ version, offset }: { version: DatasetVersion; offset: string | undefined }) {
  const mayRead = useMay('data.content');
  const asked = Number(offset);
  const [from, setFrom] = useState(Number.isSafeInteger(asked) && asked > 0 ? asked : 0);
  const [purpose, setPurpose] = useState<string | null>(null);
  const read = useMutation({
    mutationFn: async (start: number) => {
      const why =
        purpose ??
        (await askPurpose(`You are about to read records of ${version.dataset}@${version.number}.`));
      if (why === null) return null;
      setPurpose(why);
      return api.call(datasetRoutes.records, {
        params: { dataset: version.datasetId, version: String(version.number) },
        query: { offset: start, limit: PAGE },
        purpose: why,
      });
    },
    onError: () => setPurpose(null),
  });
  const go = (start: number) => {
    setFrom(start);
    read.mutate(start);
  };
  if (!mayRead)
    return (
      <EmptyState icon={IconLock} title="Records are not for everybody">
        Reading them needs the permission data.content.
      </EmptyState>
    );
  if (version.content !== 'here')
    return (
      <EmptyState icon={IconLock} title="The records are not here">
        {version.content === 'elsewhere'
          ? `They stay at ${version.location ?? 'their place'}; hashes and profile are kept here.`
          : 'Their content was removed; hashes and profile are kept.'}
      </EmptyState>
    );
  const rows = version.rows ?? 0;
  return (
    <>
      <Group gap="xs" align="end" mb="sm">
        <NumberInput
          hideControls
          size="xs"
          w={140}
          label="From row"
          min={0}
          max={Math.max(0, rows - 1)}
          value={from}
          onChange={(value) => setFrom(typeof value === 'number' ? value : 0)}
        />
        <Button loading={read.isPending} onClick={() => go(from)}>
          {read.data ? 'Show' : 'Read records'}
        </Button>
        {read.data ? (
          <>
            <Button variant="default" disabled={from === 0} onClick={() => go(Math.max(0, from - PAGE))}>
              Before
            </Button>
            <Button variant="default" disabled={from + PAGE >= rows} onClick={() => go(from + PAGE)}>
              After
            </Button>
          </>
        ) : null}
      </Group>
      <FailureNote failure={read.error} />
      {read.data ? (
        <RecordTable records={read.data} />
      ) : (
        <p className="bz-dim">Reading asks for a reason, which goes into the chain of custody.</p>
      )}
    </>
  );
}

function RecordTable({ records }: { records: DataRecords }) {
  return (
    <div className="bz-list" tabIndex={0} role="region" aria-label="Records">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col" className="bz-num">
              Row
            </th>
            {records.schema.columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
            <th scope="col">Came in with</th>
          </tr>
        </thead>
        <tbody>
          {records.items.map(({ row, values, origin, cut }) => {
            const from = origin === null ? undefined : records.origins[origin];
            return (
              <tr key={row}>
                <td className="bz-num">{formatCount(row)}</td>
                {values.map((value, index) => (
                  <td key={records.schema.columns[index]?.name ?? index} className="bz-wrap">
                    <span className="bz-clip">{cellText(value)}</span>
                    {cut.includes(records.schema.columns[index]?.name ?? '') ? (
                      <span className="bz-dim"> cut</span>
                    ) : null}
                  </td>
                ))}
                <td>
                  {from === undefined ? '' : `version ${from.number}${from.batch ? `, ${from.batch}` : ''}`}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
