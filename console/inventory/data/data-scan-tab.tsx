import { type DataScan, type DatasetVersion, dataScanRoutes } from '@bartizan/contracts';
import { Button, Group, Progress, Select } from '@mantine/core';
import { IconRadar2 } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount, formatExact, formatNoun } from '../../ui/format.ts';
import { Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { toastFailure } from '../../ui/toast.ts';
import { DataFindings } from './data-findings.tsx';
import { dataScanQuery, dataScansQuery, isUnderWay } from './data-queries.ts';
import { ScanDataDialog } from './scan-data-dialog.tsx';
import { SuspectedRecords } from './suspected-records.tsx';

/** What was looked for in a version, and what was found. */
export function DataScanTab({ version, scanId }: { version: DatasetVersion; scanId: string | undefined }) {
  const mayWrite = useMay('data.write');
  const navigate = useNavigate();
  const [isAsking, setIsAsking] = useState(false);
  const query = useQuery(dataScansQuery(version.datasetId, String(version.number)));
  const canScan = mayWrite && version.content === 'here' && version.rows !== null;
  const choose = (scan: string | undefined) =>
    void navigate({
      to: '/inventory/datasets/$id/versions/$version',
      params: { id: version.datasetId, version: String(version.number) },
      search: { scan },
      replace: true,
    });
  const button = canScan ? (
    <Button leftSection={<IconRadar2 size={14} />} onClick={() => setIsAsking(true)}>
      Scan this version
    </Button>
  ) : null;
  return (
    <QueryView query={query}>
      {(scans) => {
        const scan = scans.find(({ id }) => id === scanId) ?? scans[0];
        return (
          <>
            {scan === undefined ? (
              <EmptyState icon={IconRadar2} title="Not scanned yet" action={button}>
                {version.content === 'elsewhere'
                  ? 'Its records stay elsewhere: scan them there with bartizan data scan.'
                  : 'Looks for wrong labels, backdoor triggers, floods of duplicates, poisoned slices, personal data, secrets and more.'}
              </EmptyState>
            ) : (
              <>
                <Group justify="space-between" mb="sm">
                  <Select
                    size="xs"
                    w={300}
                    aria-label="Scan"
                    data={scans.map(({ id, createdAt, createdBy }) => ({
                      value: id,
                      label: `${formatExact(createdAt)} by ${createdBy}`,
                    }))}
                    allowDeselect={false}
                    value={scan.id}
                    onChange={(id) => choose(id ?? undefined)}
                  />
                  {button}
                </Group>
                <OneScan key={scan.id} scan={scan} version={version} />
              </>
            )}
            {isAsking ? (
              <ScanDataDialog
                version={version}
                onClose={() => setIsAsking(false)}
                onStarted={(started) => choose(started.id)}
              />
            ) : null}
          </>
        );
      }}
    </QueryView>
  );
}

function OneScan({ scan, version }: { scan: DataScan; version: DatasetVersion }) {
  const client = useQueryClient();
  const mayWrite = useMay('data.write');
  const query = useQuery(dataScanQuery(scan.id));
  const cancel = useMutation({
    mutationFn: () => api.call(dataScanRoutes.cancel, { params: { id: scan.id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['data'] }),
    onError: toastFailure,
  });
  const now = query.data?.scan ?? scan;
  if (isUnderWay(now))
    return (
      <div className="bz-data-progress" role="status">
        <Progress value={(now.progress?.share ?? 0) * 100} aria-label="Progress of the scan" animated />
        <Group justify="space-between">
          <span className="bz-dim">
            {now.progress === null ? 'Begins soon.' : `${now.progress.stage}.`} It goes on when you leave.
          </span>
          {mayWrite ? (
            <Button
              size="compact-xs"
              variant="default"
              loading={cancel.isPending}
              onClick={() => cancel.mutate()}
            >
              Stop the scan
            </Button>
          ) : null}
        </Group>
      </div>
    );
  if (now.state === 'failed' || now.state === 'cancelled')
    return (
      <Section title={now.state === 'failed' ? 'The scan failed' : 'The scan was stopped'}>
        <p role="alert">{now.failure ?? 'Nothing of it is kept.'}</p>
      </Section>
    );
  return (
    <QueryView query={query}>
      {({ findings }) => (
        <>
          <p style={{ marginBottom: 12 }}>
            {formatNoun(now.suspected ?? 0, 'record')} of {formatCount(now.rows ?? 0)} suspected,{' '}
            {formatNoun(findings.length, 'finding')}.
          </p>
          <FailureNote failure={query.error} />
          <DataFindings findings={findings} scan={now} version={version} />
          <SuspectedRecords scan={now} version={version} />
          {now.blindSpots.length > 0 ? (
            <Section title="What this scan cannot see">
              <ul className="bz-blind">
                {now.blindSpots.map((each) => (
                  <li key={each}>{each}</li>
                ))}
              </ul>
            </Section>
          ) : null}
        </>
      )}
    </QueryView>
  );
}
