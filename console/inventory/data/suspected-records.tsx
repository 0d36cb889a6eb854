import { type DataScan, type DatasetVersion, dataScanRoutes, labellingRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount } from '../../ui/format.ts';
import { LoadMore } from '../../ui/load-more.tsx';
import { Section } from '../../ui/page.tsx';
import { toastFailure } from '../../ui/toast.ts';
import { QuarantineDialog } from './quarantine-dialog.tsx';

/** Records that something speaks against, the most suspicious first. */
export function SuspectedRecords({ scan, version }: { scan: DataScan; version: DatasetVersion }) {
  const mayManage = useMay('data.manage');
  const [isTaking, setIsTaking] = useState(false);
  const query = useInfiniteQuery({
    queryKey: ['data', 'scan', scan.id, 'records'],
    queryFn: ({ pageParam, signal }) =>
      api.call(dataScanRoutes.records, {
        params: { id: scan.id },
        query: { cursor: pageParam ?? undefined, limit: 50 },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (items.length === 0) return null;
  return (
    <Section
      title="Suspected records"
      description="The most suspicious first. The score is the estimated probability that the record is bad."
      actions={
        <Group gap="xs">
          <ToQueue scan={scan} version={version} />
          {mayManage && version.content === 'here' ? (
            <Button variant="default" onClick={() => setIsTaking(true)}>
              Take out those from 0.9 on
            </Button>
          ) : null}
        </Group>
      }
      flush
    >
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col" className="bz-num">
              Score
            </th>
            <th scope="col" className="bz-num">
              Row
            </th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ row, score, reasons }) => (
            <tr key={row}>
              <td className="bz-num">{score.toFixed(3)}</td>
              <td className="bz-num">
                <Link
                  to="/inventory/datasets/$id/versions/$version"
                  params={{ id: version.datasetId, version: String(version.number) }}
                  search={{ tab: 'records', row: String(row) }}
                >
                  {formatCount(row)}
                </Link>
              </td>
              <td className="bz-wrap">
                {reasons.slice(0, 4).map(({ check, message }) => (
                  <div key={`${check} ${message}`}>
                    {message} <span className="bz-dim">{check}</span>
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <LoadMore query={query} shown={items.length} verb="Load more" />
      {isTaking ? (
        <QuarantineDialog
          version={version}
          selection={{ by: 'score', scan: scan.id, atLeast: 0.9 }}
          onClose={() => setIsTaking(false)}
        />
      ) : null}
    </Section>
  );
}

/** Hands suspected labels to people. */
function ToQueue({ scan, version }: { scan: DataScan; version: DatasetVersion }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const mayWrite = useMay('data.write');
  const label = scan.options.label ?? version.label;
  const make = useMutation({
    mutationFn: (column: string) =>
      api.call(labellingRoutes.create, {
        body: {
          name: `Labels of ${version.dataset}@${version.number} that a scan suspects`,
          dataset: version.datasetId,
          version: String(version.number),
          from: { kind: 'scan', scan: scan.id, label: column },
        },
      }),
    onSuccess: async (queue) => {
      await client.invalidateQueries({ queryKey: ['data', 'queues'] });
      await navigate({ to: '/inventory/datasets/labelling/$id', params: { id: queue.id } });
    },
    onError: toastFailure,
  });
  if (!mayWrite || !label || version.content !== 'here') return null;
  return (
    <Button variant="default" loading={make.isPending} onClick={() => make.mutate(label)}>
      Have people decide the labels
    </Button>
  );
}
