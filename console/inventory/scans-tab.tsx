import { type ScanSummary, scanRoutes } from '@bartizan/contracts';
import { Button, Progress } from '@mantine/core';
import { IconRadar2, IconSettings } from '@tabler/icons-react';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { ChoiceChip } from '../ui/filter-chip.tsx';
import { formatBytes, formatCount } from '../ui/format.ts';
import { Facts, Section } from '../ui/page.tsx';
import { PagedList } from '../ui/paged-list.tsx';
import { ScanBadge } from '../ui/severity.tsx';
import { EmptyState, ListSkeleton, QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { ScanSettingsDialog } from './scan-settings-dialog.tsx';

export interface ScansSearch {
  readonly state?: string | undefined;
  readonly verdict?: string | undefined;
  readonly quarantined?: string | undefined;
}

const STATES = [
  { value: 'queued', label: 'Waiting' },
  { value: 'running', label: 'Under way' },
  { value: 'done', label: 'Done' },
  { value: 'failed', label: 'Broke off' },
] as const;
const VERDICTS = [
  { value: 'malicious', label: 'Malicious' },
  { value: 'suspicious', label: 'Suspicious' },
  { value: 'error', label: 'Cannot be judged' },
  { value: 'clean', label: 'Clean' },
] as const;

/** What is being scanned and what came of it, over all models. */
export function ScansTab({
  search,
  onSearch,
}: {
  search: ScansSearch;
  onSearch: (next: ScansSearch) => void;
}) {
  const state = STATES.find(({ value }) => value === search.state)?.value;
  const verdict = VERDICTS.find(({ value }) => value === search.verdict)?.value;
  const quarantined = search.quarantined === 'yes' ? ('yes' as const) : undefined;
  const query = useInfiniteQuery({
    queryKey: ['scans', 'list', state, verdict, quarantined],
    queryFn: ({ pageParam, signal }) =>
      api.call(scanRoutes.list, {
        query: { state, verdict, quarantined, cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: 3_000,
  });
  const isFiltered = Boolean(state || verdict || quarantined);
  return (
    <>
      <Standing />
      <div className="bz-filters">
        <ChoiceChip
          name="State"
          choices={STATES}
          value={state ? [state] : []}
          onChange={(value) => onSearch({ state: value.at(-1) })}
        />
        <ChoiceChip
          name="Verdict"
          choices={VERDICTS}
          value={verdict ? [verdict] : []}
          onChange={(value) => onSearch({ verdict: value.at(-1) })}
        />
        <ChoiceChip
          name="Quarantine"
          choices={[{ value: 'yes', label: 'In quarantine' }]}
          value={quarantined ? [quarantined] : []}
          onChange={(value) => onSearch({ quarantined: value.at(-1) })}
        />
      </div>
      <PagedList
        query={query}
        verb="Load older"
        empty={
          <EmptyState icon={IconRadar2} title={isFiltered ? 'No scan matches' : 'No scan yet'}>
            {isFiltered
              ? 'Clear a filter to see more.'
              : 'The first version that arrives is scanned at once.'}
          </EmptyState>
        }
      >
        {(items) => <ScanTable items={items} />}
      </PagedList>
    </>
  );
}

function Standing() {
  const [opened, setOpened] = useState(false);
  const query = useQuery({
    queryKey: ['scans', 'overview'],
    queryFn: ({ signal }) => api.call(scanRoutes.overview, { signal }),
    refetchInterval: 5_000,
  });
  return (
    <Section
      title="All versions"
      actions={
        <Button
          size="xs"
          variant="default"
          leftSection={<IconSettings size={14} />}
          onClick={() => setOpened(true)}
        >
          What a verdict means
        </Button>
      }
    >
      <QueryView query={query} skeleton={<ListSkeleton rows={2} />}>
        {({ verdicts, states, quarantined, loose, scanner }) => (
          <Facts
            items={[
              [
                'Verdicts',
                `${formatCount(verdicts.malicious)} malicious, ${formatCount(verdicts.suspicious)} suspicious, ${formatCount(verdicts.error)} cannot be judged, ${formatCount(verdicts.clean)} clean`,
              ],
              ['In quarantine', formatCount(quarantined)],
              [
                'Under way',
                `${formatCount(states.running)} running, ${formatCount(states.queued)} waiting${states.failed > 0 ? `, ${formatCount(states.failed)} broke off` : ''}`,
              ],
              ...(loose === null
                ? []
                : ([
                    [
                      'Files of runs',
                      `${formatCount(loose.malicious)} malicious, ${formatCount(loose.queued)} waiting`,
                    ],
                  ] as const)),
              ['Scanner', scanner],
            ]}
          />
        )}
      </QueryView>
      <ScanSettingsDialog opened={opened} onClose={() => setOpened(false)} />
    </Section>
  );
}

const REASONS = {
  created: 'it arrived',
  requested: 'somebody asked',
  scanner: 'the scanner is newer',
  base: 'it has another base',
  resumed: 'it was taken up again',
} as const;

function ScanTable({ items }: { items: readonly ScanSummary[] }) {
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Verdict</th>
            <th scope="col">How far</th>
            <th scope="col">Why</th>
            <th scope="col" className="bz-num">
              Size
            </th>
            <th scope="col">Ended</th>
          </tr>
        </thead>
        <tbody>
          {items.map((scan) => (
            <tr key={scan.scanId}>
              <td className="bz-wrap">
                <Link
                  className="bz-row-link"
                  to="/inventory/models/$id/versions/$version"
                  params={{ id: scan.modelId, version: String(scan.version) }}
                >
                  {scan.modelName} {scan.version}
                </Link>
                {scan.quarantined ? <div className="bz-dim">in quarantine</div> : null}
              </td>
              <td>
                <ScanBadge verdict={scan.verdict ?? (scan.state === 'failed' ? 'error' : scan.state)} />
              </td>
              <td style={{ minWidth: 140 }}>
                {scan.state === 'running' || scan.state === 'queued' ? (
                  <Progress
                    value={scan.progress.percent}
                    aria-label={`Scan of ${scan.modelName} ${scan.version}`}
                  />
                ) : scan.state === 'failed' ? (
                  scan.problem || 'broke off'
                ) : (
                  `${formatCount(scan.progress.filesDone)} of ${formatCount(scan.progress.filesTotal)} files`
                )}
              </td>
              <td>{REASONS[scan.reason]}</td>
              <td className="bz-num">{formatBytes(scan.progress.bytesTotal)}</td>
              <td>
                <RelativeTime at={scan.endedAt} never="–" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
