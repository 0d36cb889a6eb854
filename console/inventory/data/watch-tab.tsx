import { type DataWatch, type DataWatchAlarm, dataWatchRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { useMay } from '../../app/session.ts';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { EvidenceLine } from './evidence-line.tsx';
import { WatchSettings } from './watch-settings.tsx';

const STATES: Readonly<Record<DataWatch['state'], string>> = {
  off: 'The watch is switched off.',
  'no-label': 'Nothing is watched: the dataset has no label that is a class.',
  waiting: 'It waits for a next version, which is then held against the ones before.',
  learning: 'It learns what is usual. Until then nothing alarms.',
  watching: 'Each version is held against the accepted history, source by source.',
};

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)}%`;

export const watchKey = (datasetId: string) => ['data', 'dataset', datasetId, 'watch'];

/** Whether what comes in changes slowly: evidence of each source against its threshold, and alarms. */
export function WatchTab({ datasetId }: { datasetId: string }) {
  const query = useQuery({
    queryKey: watchKey(datasetId),
    queryFn: ({ signal }) => api.call(dataWatchRoutes.get, { params: { dataset: datasetId }, signal }),
    refetchInterval: 15_000,
  });
  return (
    <QueryView query={query}>
      {(watch) => (
        <>
          <p role="status">
            {STATES[watch.state]}{' '}
            <span className="bz-dim">
              {watch.counts > 0 ? `${formatNoun(watch.counts, 'count')} of ` : ''}
              {watch.columns.length > 0 ? formatNoun(watch.columns.length, 'column') : ''}
            </span>
          </p>
          <Alarms watch={watch} />
          <Exposed exposures={watch.exposures} />
          <Sources watch={watch} />
          <WatchSettings key={JSON.stringify(watch.settings)} watch={watch} />
          <Section title="What it does not see">
            <ul className="bz-blind">
              {watch.notes.map((note) => (
                <li key={note} className="bz-wrap">
                  {note}
                </li>
              ))}
            </ul>
          </Section>
        </>
      )}
    </QueryView>
  );
}

type Count = DataWatchAlarm['counts'][number];

function Counts({ counts }: { counts: readonly Count[] }) {
  if (counts.length === 0) return null;
  return (
    <ul className="bz-blind">
      {counts.map(({ what, usual, now, excess, since }) => (
        <li key={what} className="bz-wrap">
          {what}: {percent(usual)} before, {percent(now)} since {since || 'the beginning'}{' '}
          <span className="bz-dim">({formatNoun(Math.round(excess), 'record')} more than usual)</span>
        </li>
      ))}
    </ul>
  );
}

function Sources({ watch }: { watch: DataWatch }) {
  if (watch.sources.length === 0)
    return watch.state === 'waiting' ? (
      <EmptyState title="Nothing to compare with yet">
        Push the next version: it is held against this one.
      </EmptyState>
    ) : null;
  return (
    <Section
      title="Sources"
      description={`A source alarms when its evidence reaches ${formatCount(Math.round(watch.sources[0]?.threshold ?? 0))}: ${formatNoun(watch.settings.falseAlarmsPerYear, 'false alarm')} a year at most, over all of them.`}
    >
      <ul className="bz-lineage-list">
        {watch.sources.map((source) => (
          <li key={source.source}>
            <Group gap="md" align="center" wrap="wrap">
              <strong className="bz-wrap">{source.source}</strong>
              {source.learnt < source.needed ? (
                <span className="bz-dim">
                  learnt from {source.learnt} of {source.needed} days or batches
                </span>
              ) : (
                <EvidenceLine source={source} />
              )}
            </Group>
            <Counts counts={source.learnt < source.needed ? [] : source.counts} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Alarms({ watch }: { watch: DataWatch }) {
  const mayManage = useMay('data.manage');
  const [dealing, setDealing] = useState<Dealing | null>(null);
  if (watch.alarms.length === 0) return null;
  return (
    <Section title="Alarms" description="The slow drip: records that change a source little by little.">
      <ul className="bz-lineage-list">
        {watch.alarms.map((alarm) => (
          <li key={alarm.id}>
            <Group gap="sm" justify="space-between" wrap="wrap">
              <span className="bz-wrap">
                <strong>{alarm.source}</strong> since {alarm.since || 'the beginning'}, until {alarm.until}{' '}
                <span className="bz-dim">
                  <RelativeTime at={alarm.at} />
                </span>
              </span>
              {alarm.dealtAt === null && mayManage ? (
                <Group gap="xs">
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => setDealing({ alarm, accept: false })}
                  >
                    Dealt with
                  </Button>
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => setDealing({ alarm, accept: true })}
                  >
                    Usual from now on
                  </Button>
                </Group>
              ) : null}
            </Group>
            <Counts counts={alarm.counts} />
            <Batches datasetId={watch.datasetId} batches={alarm.batches} />
            {alarm.dealtAt === null ? null : (
              <p className="bz-dim bz-wrap">
                {alarm.dealtBy} dealt with it <RelativeTime at={alarm.dealtAt} />: {alarm.reason}
                {alarm.accepted ? ' (usual from then on)' : ''}
              </p>
            )}
          </li>
        ))}
      </ul>
      <Deal datasetId={watch.datasetId} dealing={dealing} onClose={() => setDealing(null)} />
    </Section>
  );
}

function Batches({ datasetId, batches }: { datasetId: string; batches: DataWatchAlarm['batches'] }) {
  const versions = Map.groupBy(batches, ({ version }) => version);
  return (
    <p className="bz-dim bz-wrap">
      {[...versions].map(([version, days], at) => (
        <span key={version}>
          {at > 0 ? '; ' : 'Brought by '}
          <Link
            to="/inventory/datasets/$id/versions/$version"
            params={{ id: datasetId, version: String(version) }}
          >
            version {version}
          </Link>{' '}
          ({days.length === 1 ? days[0]?.name : `${days[0]?.name} to ${days.at(-1)?.name}`})
        </span>
      ))}
    </p>
  );
}

interface Dealing {
  readonly alarm: DataWatchAlarm;
  /** True: the change is right. */
  readonly accept: boolean;
}

interface DealProps {
  readonly datasetId: string;
  readonly dealing: Dealing | null;
  readonly onClose: () => void;
}

function Deal({ datasetId, dealing, onClose }: DealProps) {
  const client = useQueryClient();
  const description = dealing?.accept
    ? 'What is usual for this source is learnt anew from what comes next; until then it does not alarm. It goes into the audit log and the chain of custody.'
    : 'The evidence of this source starts anew. It goes into the audit log and the chain of custody.';
  return (
    <NoteDialog
      opened={dealing !== null}
      title={dealing?.accept ? 'Usual from now on' : 'Dealt with'}
      label={dealing?.accept ? 'Why is the change right?' : 'What was it, and what was done?'}
      description={description}
      verb={dealing?.accept ? 'Learn anew' : 'Dealt with'}
      onClose={onClose}
      onSave={async (reason) => {
        if (dealing === null) return;
        await api.call(dataWatchRoutes.deal, {
          params: { dataset: datasetId, id: dealing.alarm.id },
          body: { reason, accept: dealing.accept },
        });
        await client.invalidateQueries({ queryKey: watchKey(datasetId) });
      }}
    />
  );
}

function Exposed({ exposures }: { exposures: DataWatch['exposures'] }) {
  if (exposures.length === 0) return null;
  return (
    <Section
      title="Endpoints in use"
      description="They serve, or served, what was made from records that are no longer trusted."
    >
      <ul className="bz-lineage-list">
        {exposures.map(({ id, endpointId, endpoint, version, cause, since, clearedAt }) => (
          <li key={id} className="bz-wrap">
            <Link to="/protection/endpoints/$id" params={{ id: endpointId }}>
              {endpoint}
            </Link>{' '}
            by version {version} of this dataset:{' '}
            {cause === 'quarantined' ? 'records taken out' : 'a grave finding'},{' '}
            <span className="bz-dim">
              since <RelativeTime at={since} />
              {clearedAt === null ? (
                ''
              ) : (
                <>
                  , over <RelativeTime at={clearedAt} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
