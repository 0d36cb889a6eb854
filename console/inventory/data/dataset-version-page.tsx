import { type DatasetVersion, datasetRoutes, sourceRoutes } from '@bartizan/contracts';
import { Alert, Button, Group, Menu, Progress } from '@mantine/core';
import { IconChevronDown, IconTopologyStar3 } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { askPurpose } from '../../app/purpose-dialog.tsx';
import { useMay } from '../../app/session.ts';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { Page } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { download, save } from '../download.ts';
import { AboutVersion } from './about-data-version.tsx';
import { AnnotationsDialog } from './annotations-dialog.tsx';
import { datasetVersionQuery } from './data-queries.ts';
import { DataScanTab } from './data-scan-tab.tsx';
import { sourceWords, VersionState } from './data-words.tsx';
import { ProfileTab } from './profile-tab.tsx';
import { RecordsTab } from './records-tab.tsx';
import './data.css';

const route = getRouteApi('/house/inventory/datasets/$id/versions/$version');

export function DatasetVersionPage() {
  return (
    <Gate permission="data.read">
      <OneVersion />
    </Gate>
  );
}

function OneVersion() {
  const { id, version: number } = route.useParams();
  const search = route.useSearch();
  const current = knownTab(search.tab, ['scan', 'profile', 'records', 'integrity']);
  const query = useQuery(datasetVersionQuery(id, number));
  return (
    <QueryView query={query}>
      {(version) => (
        <Page
          title={`${version.dataset}@${version.number}`}
          above={
            <Link to="/inventory/datasets/$id" params={{ id: version.datasetId }}>
              {version.dataset}
            </Link>
          }
          heading={
            <>
              <span className="bz-wrap">
                {version.dataset}@{version.number}
              </span>{' '}
              <VersionState version={version} />
            </>
          }
          description={
            version.rows === null
              ? undefined
              : `${formatNoun(version.rows, 'record')}${sourceWords(version) === null ? '' : ` from ${sourceWords(version)}`}${version.batch ? `, batch ${version.batch}` : ''}`
          }
          actions={<Acts version={version} />}
        >
          <Standing version={version} />
          <LinkTabs
            label="Version"
            current={current}
            tabs={[
              { value: 'scan', label: 'Scan' },
              { value: 'profile', label: 'Profile' },
              { value: 'records', label: 'Records' },
              { value: 'integrity', label: 'Integrity and origin' },
            ]}
          />
          {current === 'scan' ? <DataScanTab version={version} scanId={search.scan} /> : null}
          {current === 'profile' ? <ProfileTab version={version} /> : null}
          {current === 'records' ? <RecordsTab version={version} offset={search.row} /> : null}
          {current === 'integrity' ? <AboutVersion version={version} /> : null}
        </Page>
      )}
    </QueryView>
  );
}

/** What keeps a version from use, and how far it is. */
function Standing({ version }: { version: DatasetVersion }) {
  if (version.state === 'processing')
    return (
      <div className="bz-data-progress" role="status">
        <Progress value={100} animated aria-label="Reading" />
        <span className="bz-dim">
          Its records are being read and hashed
          {version.progress ? `: ${formatCount(version.progress.rows)} so far` : ''}.
        </span>
      </div>
    );
  if (version.failure !== null)
    return (
      <Alert
        color="red"
        variant="light"
        mb="md"
        title={version.state === 'rejected' ? 'Rejected' : 'It failed'}
      >
        {version.failure}
      </Alert>
    );
  if (version.state === 'awaiting-review')
    return (
      <Alert color="violet" variant="light" mb="md" title="It awaits review">
        A policy wants somebody other than {version.createdBy.name} to approve it before it is used.
      </Alert>
    );
  return null;
}

function Acts({ version }: { version: DatasetVersion }) {
  const client = useQueryClient();
  const mayApprove = useMay('data.approve');
  const mayManage = useMay('data.manage');
  const mayRead = useMay('data.content');
  const mayWrite = useMay('data.write');
  const [isQueueing, setIsQueueing] = useState(false);
  const [judged, setJudged] = useState<'approve' | 'reject' | 'quarantine' | 'free' | null>(null);
  const params = { dataset: version.datasetId, version: String(version.number) };
  const judge = async (reason: string) => {
    if (judged === 'approve') await api.call(sourceRoutes.approve, { params, body: { reason } });
    if (judged === 'reject') await api.call(sourceRoutes.reject, { params, body: { reason } });
    if (judged === 'quarantine' || judged === 'free')
      await api.call(datasetRoutes.updateVersion, {
        params,
        body: { quarantined: judged === 'quarantine', reason },
      });
    await client.invalidateQueries({ queryKey: ['data'] });
    toast('Done, and on record');
  };
  const fetchContent = async () => {
    const purpose = await askPurpose('You are about to download the records of this version.');
    if (purpose === null) return;
    await download(
      api.stream(datasetRoutes.content, { params, purpose }),
      `${version.dataset}-${version.number}.${version.format === 'texts' || version.format === 'images' ? 'tar' : version.format}`,
    );
  };
  const fetchCroissant = async () => {
    const document = await api.call(sourceRoutes.croissant, { params });
    save(
      new Blob([JSON.stringify(document, null, 2)], { type: 'application/ld+json' }),
      `${version.dataset}-${version.number}.croissant.json`,
    );
  };
  return (
    <Group gap="xs">
      {mayApprove && version.state === 'awaiting-review' ? (
        <>
          <Button onClick={() => setJudged('approve')}>Approve</Button>
          <Button variant="default" onClick={() => setJudged('reject')}>
            Reject
          </Button>
        </>
      ) : null}
      <Button
        variant="default"
        leftSection={<IconTopologyStar3 size={14} />}
        renderRoot={(props) => (
          <Link
            to="/inventory/lineage"
            search={{ tab: 'trace', subject: `${version.dataset}@${version.number}` }}
            {...props}
          />
        )}
      >
        Trace
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} />}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayRead && version.content === 'here' ? (
            <Menu.Item onClick={() => void fetchContent().catch(toastFailure)}>
              Download the records
            </Menu.Item>
          ) : null}
          {mayWrite && version.content === 'here' && version.schema !== null ? (
            <Menu.Item onClick={() => setIsQueueing(true)}>Have disputed labels decided</Menu.Item>
          ) : null}
          <Menu.Item onClick={() => void fetchCroissant().catch(toastFailure)}>Croissant metadata</Menu.Item>
          {mayManage ? (
            <Menu.Item onClick={() => setJudged(version.quarantined ? 'free' : 'quarantine')}>
              {version.quarantined ? 'Take out of quarantine' : 'Put into quarantine'}
            </Menu.Item>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      {isQueueing ? <AnnotationsDialog version={version} onClose={() => setIsQueueing(false)} /> : null}
      <NoteDialog
        opened={judged !== null}
        title={`${version.dataset}@${version.number}`}
        label="Why"
        description={judged === null ? '' : CONSEQUENCES[judged]}
        verb={judged === null ? '' : VERBS[judged]}
        onClose={() => setJudged(null)}
        onSave={judge}
      />
    </Group>
  );
}

const VERBS = {
  approve: 'Approve',
  reject: 'Reject',
  quarantine: 'Put into quarantine',
  free: 'Take out of quarantine',
} as const;
const CONSEQUENCES = {
  approve: 'It may be used from then on. The reason goes on record.',
  reject: 'It is never used. The reason goes on record.',
  quarantine: 'It is kept out of use, and is never the latest. The reason goes on record.',
  free: 'It may be used again. The reason goes on record.',
} as const;
