import { cleaningRoutes, type Quarantine } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconFilterOff } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount } from '../../ui/format.ts';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.ts';
import { DependantLink } from './dependant-link.tsx';

export const QUARANTINE_STATES: Readonly<Record<Quarantine['state'], string>> = {
  working: 'being done',
  done: 'done',
  failed: 'failed',
  'awaiting-review': 'awaits approval',
  rejected: 'rejected',
  'restore-awaiting-review': 'bringing them back awaits approval',
  restored: 'brought back',
};
const POLL_MS = 1_500;

/** What was taken out of a dataset, why, and what had been made from it. */
export function CleanedTab({ datasetId }: { datasetId: string }) {
  const query = useQuery({
    queryKey: ['data', 'dataset', datasetId, 'quarantines'],
    queryFn: async ({ signal }) =>
      (await api.call(cleaningRoutes.list, { params: { dataset: datasetId }, signal })).items,
    refetchInterval: ({ state }) => (state.data?.some((each) => each.state === 'working') ? POLL_MS : false),
  });
  return (
    <QueryView query={query}>
      {(items) =>
        items.length === 0 ? (
          <EmptyState icon={IconFilterOff} title="Nothing was taken out">
            Records that a finding names, or that a source or batch brought in, are taken out on the page of a
            version: they stay in the old one, and the new one is without them.
          </EmptyState>
        ) : (
          <div className="bz-list">
            <table className="bz-table">
              <thead>
                <tr>
                  <th scope="col">What</th>
                  <th scope="col" className="bz-num">
                    Records
                  </th>
                  <th scope="col">Versions</th>
                  <th scope="col">Why</th>
                  <th scope="col">Also in, or made from them</th>
                  <th scope="col">When</th>
                  <th scope="col">State</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <OneQuarantine key={item.id} item={item} />
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </QueryView>
  );
}

export function selectionWords(selection: Quarantine['selection']): string {
  switch (selection.by) {
    case 'rows':
      return 'chosen rows';
    case 'finding':
      return 'a finding’s records';
    case 'score':
      return `records suspected from ${selection.atLeast} on`;
    case 'source':
      return `source ${selection.source}`;
    case 'batch':
      return `batch ${selection.batch}`;
    case 'rule':
      return `${selection.column} is ${selection.values.slice(0, 3).join(' or ')}`;
  }
}

function OneQuarantine({ item }: { item: Quarantine }) {
  return (
    <tr>
      <td className="bz-wrap">
        <Link
          to="/inventory/datasets/$id/taken-out/$quarantine"
          params={{ id: item.datasetId, quarantine: item.id }}
        >
          {selectionWords(item.selection)}
        </Link>
      </td>
      <td className="bz-num">{formatCount(item.removed)}</td>
      <td>
        <VersionLink datasetId={item.datasetId} version={item.fromVersion} /> →{' '}
        {item.toVersion === null ? '…' : <VersionLink datasetId={item.datasetId} version={item.toVersion} />}
      </td>
      <td className="bz-wrap">
        {item.reason}
        {item.failure === null ? null : <div role="alert">{item.failure}</div>}
      </td>
      <td className="bz-wrap">
        {item.dependants.length === 0 ? <span className="bz-dim">nothing known</span> : null}
        {item.dependants.slice(0, 6).map((dependant) => (
          <DependantLink key={`${dependant.kind} ${dependant.id}`} dependant={dependant} />
        ))}
        {item.dependants.length > 6 ? (
          <div className="bz-dim">and {formatCount(item.dependants.length - 6)} more</div>
        ) : null}
      </td>
      <td>
        <RelativeTime at={item.createdAt} />
        <div className="bz-dim bz-wrap">by {item.createdBy}</div>
      </td>
      <td>
        <div>{QUARANTINE_STATES[item.state]}</div>
        <RestoredIn item={item} />
        <RestoreButton item={item} />
      </td>
    </tr>
  );
}

/** The version that they are back in, or will be once it is approved. */
export function RestoredIn({ item }: { item: Quarantine }) {
  if (item.restoreVersion === null) return null;
  if (item.state !== 'restored' && item.state !== 'restore-awaiting-review') return null;
  return (
    <div className="bz-dim">
      in version <VersionLink datasetId={item.datasetId} version={item.restoreVersion} />
    </div>
  );
}

/** Brings the records of a cleaning back, where the viewer may. */
export function RestoreButton({ item }: { item: Quarantine }) {
  const client = useQueryClient();
  const mayManage = useMay('data.manage');
  const [isRestoring, setIsRestoring] = useState(false);
  if (!mayManage || item.state !== 'done') return null;
  return (
    <>
      <Button size="compact-xs" variant="default" mt={4} onClick={() => setIsRestoring(true)}>
        Bring back
      </Button>
      <NoteDialog
        opened={isRestoring}
        title="Bring the records back"
        label="Why"
        description="They come back in a new version."
        verb="Bring them back"
        onClose={() => setIsRestoring(false)}
        onSave={async (reason) => {
          await api.call(cleaningRoutes.restore, { params: { id: item.id }, body: { reason } });
          await client.invalidateQueries({ queryKey: ['data'] });
          toast('The version with them is being made');
        }}
      />
    </>
  );
}

export function VersionLink({ datasetId, version }: { datasetId: string; version: number }) {
  return (
    <Link to="/inventory/datasets/$id/versions/$version" params={{ id: datasetId, version: String(version) }}>
      {version}
    </Link>
  );
}
