import { scanRoutes, type VersionScan } from '@bartizan/contracts';
import { Alert, Button, Group, Progress } from '@mantine/core';
import { IconLock, IconRefresh } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { formatBytes, formatCount, formatDay, formatNoun, sentence } from '../ui/format.ts';
import { Facts, Section } from '../ui/page.tsx';
import { ScanBadge, SEVERITY_MARKS, SEVERITY_ORDER } from '../ui/severity.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast, toastFailure } from '../ui/toast.ts';

/** The latest scan of a version; asked again while it is under way. */
export const versionScanQuery = (versionId: string) =>
  queryOptions({
    queryKey: ['scans', 'version', versionId],
    queryFn: ({ signal }) => api.call(scanRoutes.version, { params: { id: versionId }, signal }),
    refetchInterval: ({ state }) =>
      state.data === undefined || state.data.state === 'done' || state.data.state === 'failed'
        ? 30_000
        : 1_000,
  });

const isUnderWay = ({ state }: Pick<VersionScan, 'state'>): boolean =>
  state === 'queued' || state === 'running';

/** Where the scan of a version stands, what came of it, and what that means for those who want its files. */
export function ScanPanel({ versionId }: { versionId: string }) {
  const query = useQuery(versionScanQuery(versionId));
  return (
    <Section title="Scan" actions={query.data ? <Rescan scan={query.data} /> : null}>
      <QueryView query={query}>{(scan) => <Standing scan={scan} />}</QueryView>
    </Section>
  );
}

function Rescan({ scan }: { scan: VersionScan }) {
  const client = useQueryClient();
  const mayManage = useMay('models.manage');
  const rescan = useMutation({
    mutationFn: () =>
      api.call(scanRoutes.rescan, { params: { id: scan.versionId }, body: { everything: mayManage } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['scans'] });
      toast('The scan begins');
    },
    onError: toastFailure,
  });
  if (!scan.may.rescan || isUnderWay(scan)) return null;
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconRefresh size={14} />}
      loading={rescan.isPending}
      onClick={() => rescan.mutate()}
    >
      Scan again
    </Button>
  );
}

function Standing({ scan }: { scan: VersionScan }) {
  return (
    <>
      <Quarantine scan={scan} />
      {isUnderWay(scan) ? <ScanProgress scan={scan} /> : null}
      {scan.state === 'failed' ? (
        <Alert color="red" variant="light" title="The scan broke off" mb="sm">
          {sentence(scan.problem || 'The server could not finish it')} Nothing is known of what was not read.
        </Alert>
      ) : null}
      <Facts
        items={[
          [
            'Verdict',
            <ScanBadge
              key="verdict"
              verdict={isUnderWay(scan) && !scan.verdict ? scan.state : scan.verdict}
            />,
          ],
          ['Found', foundInWords(scan)],
          ['Files', filesInWords(scan)],
          ['Finished', <RelativeTime key="ended" at={scan.endedAt} never="not yet" />],
          ['Scanner', scan.scanner || '–'],
          ['Since the scan before', differenceInWords(scan)],
          ['Downloads', scan.download.message || (scan.download.allowed ? 'allowed' : 'refused')],
        ]}
      />
      <Inherited scan={scan} />
    </>
  );
}

function Quarantine({ scan }: { scan: VersionScan }) {
  if (scan.quarantined) {
    return (
      <Alert color="red" variant="light" icon={<IconLock size={16} />} title="In quarantine" mb="sm">
        Its files are given to nobody for{' '}
        {scan.quarantinedFor === 1 ? 'one finding' : formatNoun(scan.quarantinedFor, 'finding')}. Whoever may
        manage models can look at each one and accept it with a reason.
      </Alert>
    );
  }
  if (scan.releasedUntil === null) return null;
  return (
    <Alert color="yellow" variant="light" title="Released from quarantine" mb="sm">
      What was found was accepted; it counts again from {formatDay(scan.releasedUntil)} on.
    </Alert>
  );
}

function ScanProgress({ scan: { progress, state } }: { scan: VersionScan }) {
  const { bytesDone, bytesTotal, bytesPerSecond, filesDone, filesTotal, percent, file } = progress;
  const rate = bytesPerSecond ? `, ${formatBytes(Math.round(bytesPerSecond))}/s` : '';
  const leftS = bytesPerSecond ? Math.ceil((bytesTotal - bytesDone) / bytesPerSecond) : null;
  return (
    <div style={{ marginBottom: 12 }}>
      <Progress value={percent} aria-label="Progress of the scan" animated={state === 'running'} />
      <Group justify="space-between" gap="xs" mt={4} className="bz-dim">
        <span>
          {state === 'queued'
            ? 'Waits for its turn'
            : `File ${Math.min(filesDone + 1, filesTotal)} of ${filesTotal}`}
          {file ? `: ${file}` : ''}
        </span>
        <span>
          {formatBytes(bytesDone)} of {formatBytes(bytesTotal)}
          {rate}
          {leftS === null ? '' : `, about ${formatNoun(Math.max(1, leftS), 'second')} left`}
        </span>
      </Group>
    </div>
  );
}

function foundInWords({ severities, accepted }: VersionScan): string {
  const parts = SEVERITY_ORDER.filter((severity) => severities[severity] > 0).map(
    (severity) => `${formatCount(severities[severity])} ${SEVERITY_MARKS[severity].word.toLowerCase()}`,
  );
  if (parts.length === 0) return 'nothing';
  return accepted > 0 ? `${parts.join(', ')}; ${formatCount(accepted)} accepted` : parts.join(', ');
}

function filesInWords({ verdicts, progress, filesKnown }: VersionScan): string {
  const { clean, skipped, suspicious, malicious, error } = verdicts;
  const parts = [
    [malicious, 'malicious'],
    [suspicious, 'suspicious'],
    [error, 'cannot be judged'],
    [clean, 'clean'],
    [skipped, 'not loaded by anything'],
  ] as const;
  const named = parts.filter(([count]) => count > 0).map(([count, word]) => `${formatCount(count)} ${word}`);
  const known = filesKnown > 0 ? `; ${formatCount(filesKnown)} read in an earlier scan` : '';
  return `${formatNoun(progress.filesTotal, 'file')}${named.length > 0 ? `: ${named.join(', ')}` : ''}${known}`;
}

function differenceInWords({ difference }: VersionScan): string {
  if (difference === null) return 'the first scan';
  const { added, gone, previousScanner } = difference;
  if (added === 0 && gone === 0) return `the same findings (scanner ${previousScanner})`;
  return `${formatCount(added)} new, ${formatCount(gone)} gone (scanner ${previousScanner})`;
}

/** A bad foundation shows in all that is built on it. */
function Inherited({ scan }: { scan: VersionScan }) {
  const bad = scan.inherited.filter(
    ({ verdict, quarantined }) => quarantined || (verdict !== null && verdict !== 'clean'),
  );
  if (bad.length === 0) return null;
  return (
    <Alert color="red" variant="light" title="What it is built on" mt="sm">
      {bad.map((each) => (
        <div key={each.versionId}>
          <Link
            to="/inventory/models/$id/versions/$version"
            params={{ id: each.modelId, version: String(each.version) }}
          >
            {each.modelName} {each.version}
          </Link>{' '}
          <ScanBadge verdict={each.verdict} />{' '}
          {each.distance === 1 ? 'its base model' : `${each.distance} steps back`}
        </div>
      ))}
    </Alert>
  );
}
