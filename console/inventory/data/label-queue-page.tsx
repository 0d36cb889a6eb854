import { type LabelItem, type LabelQueue, labellingRoutes } from '@bartizan/contracts';
import { Button, Group } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { FailureNote } from '../../ui/failure-note.tsx';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { NoteDialog } from '../../ui/note-dialog.tsx';
import { Facts, Page, Section } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { toast } from '../../ui/toast.ts';
import { Annotators } from './annotators.tsx';
import { QUEUE_STATES } from './label-queues-tab.tsx';
import './data.css';

const route = getRouteApi('/house/inventory/datasets/labelling/$id');
const POLL_MS = 1_500;

/** A queue of labels, decided with the keyboard. */
export function LabelQueuePage() {
  return (
    <Gate permission="data.read">
      <OneQueue />
    </Gate>
  );
}

function OneQueue() {
  const { id } = route.useParams();
  const mayWrite = useMay('data.write');
  const client = useQueryClient();
  const [isApplying, setIsApplying] = useState(false);
  const query = useQuery({
    queryKey: ['data', 'queue', id],
    queryFn: ({ signal }) => api.call(labellingRoutes.get, { params: { id }, signal }),
    refetchInterval: ({ state }) => (state.data?.state === 'working' ? POLL_MS : false),
  });
  return (
    <QueryView query={query}>
      {(queue) => (
        <Page
          title={queue.name}
          above={
            <Link to="/inventory/datasets" search={{ tab: 'labelling' }}>
              Labelling
            </Link>
          }
          description={
            <>
              Of{' '}
              <Link
                to="/inventory/datasets/$id/versions/$version"
                params={{ id: queue.datasetId, version: String(queue.version) }}
              >
                {queue.dataset}@{queue.version}
              </Link>
              , {QUEUE_STATES[queue.state]}: {formatCount(queue.decided)} of {formatNoun(queue.items, 'item')}{' '}
              decided.
            </>
          }
          actions={
            mayWrite && queue.state === 'open' ? (
              <Button
                disabled={queue.decided === 0 && queue.from === 'scan'}
                onClick={() => setIsApplying(true)}
              >
                Make a version of the decisions
              </Button>
            ) : null
          }
        >
          {queue.failure === null ? null : <p role="alert">{queue.failure}</p>}
          {queue.appliedAs === null ? null : <Became queue={queue} />}
          <div className="bz-version-columns">
            {queue.state === 'working' ? (
              <p className="bz-dim" role="status">
                {queue.decided > 0 ? 'The version is being made.' : 'The queue is being made.'}
              </p>
            ) : (
              <Deciding queue={queue} />
            )}
            <Annotators queue={queue} />
          </div>
          <NoteDialog
            opened={isApplying}
            title="Make a version of the decisions"
            label="Why"
            description={
              queue.from === 'scan'
                ? `${formatNoun(queue.decided, 'decided label')} of ${queue.dataset}: those that are other than before are changed in a new version, everything else stays as it is.`
                : `Becomes a version of “${queue.dataset} labels”: decided labels, and for the others what the annotators come to.`
            }
            verb="Make the version"
            onClose={() => setIsApplying(false)}
            onSave={async (reason) => {
              await api.call(labellingRoutes.apply, { params: { id: queue.id }, body: { reason } });
              await client.invalidateQueries({ queryKey: ['data'] });
              toast('The version is being made');
            }}
          />
        </Page>
      )}
    </QueryView>
  );
}

/** Labels of annotators become a dataset of their own, one row an item. */
function Became({ queue }: { queue: LabelQueue }) {
  const name = `${queue.appliedDataset ?? queue.dataset}@${queue.appliedAs}`;
  if (queue.appliedDataset !== null && queue.appliedDataset !== queue.dataset)
    return (
      <p>
        Became{' '}
        <Link to="/inventory/datasets" search={{ q: queue.appliedDataset }}>
          {name}
        </Link>
        .
      </p>
    );
  return (
    <p>
      Became{' '}
      <Link
        to="/inventory/datasets/$id/versions/$version"
        params={{ id: queue.datasetId, version: String(queue.appliedAs) }}
      >
        {name}
      </Link>
      .
    </p>
  );
}

function Deciding({ queue }: { queue: LabelQueue }) {
  const mayLabel = useMay('data.label');
  const client = useQueryClient();
  const [at, setAt] = useState(0);
  /** Places that were decided here, the last one at the end: what `u` takes back. */
  const [decided, setDecided] = useState<readonly number[]>([]);
  const query = useInfiniteQuery({
    queryKey: ['data', 'queue', queue.id, 'items'],
    queryFn: ({ pageParam, signal }) =>
      api.call(labellingRoutes.items, {
        params: { id: queue.id },
        query: { state: 'all', cursor: pageParam ?? undefined },
        signal,
      }),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: mayLabel,
  });
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  useEffect(() => {
    if (at >= items.length - 5 && query.hasNextPage && !query.isFetchingNextPage) void query.fetchNextPage();
  }, [at, items.length, query]);
  const takeBack = useMutation({
    mutationFn: (place: number) =>
      api.call(labellingRoutes.decide, { params: { id: queue.id, place }, body: { label: null } }),
    onSuccess: (_, place) => {
      setDecided((before) => before.filter((each) => each !== place));
      const index = items.findIndex((item) => item.place === place);
      if (index >= 0) setAt(index);
      return client.invalidateQueries({ queryKey: ['data', 'queue', queue.id] });
    },
  });
  if (!mayLabel) return <p className="bz-dim">Deciding labels needs the permission data.label.</p>;
  if (query.isPending) return <p className="bz-dim">Loading.</p>;
  const item = items[Math.min(at, items.length - 1)];
  if (item === undefined) return <EmptyState title="Nothing is disputed">Everybody agrees.</EmptyState>;
  return (
    <>
      <Item
        key={item.place}
        queue={queue}
        item={item}
        onMove={(step) => setAt((now) => Math.max(0, Math.min(items.length - 1, now + step)))}
        onDecided={(place) => setDecided((before) => [...before.filter((each) => each !== place), place])}
        onTakeBack={(own) => {
          const place = own ?? decided.at(-1);
          if (place !== undefined && !takeBack.isPending) takeBack.mutate(place);
        }}
      />
      <FailureNote failure={takeBack.error} />
    </>
  );
}

function Item({
  queue,
  item,
  onMove,
  onDecided,
  onTakeBack,
}: {
  queue: LabelQueue;
  item: LabelItem;
  onMove: (step: number) => void;
  onDecided: (place: number) => void;
  /** Of this place; null: of the last one that was decided. */
  onTakeBack: (place: number | null) => void;
}) {
  const client = useQueryClient();
  const record = useQuery({
    queryKey: ['data', 'queue', queue.id, 'record', item.place],
    queryFn: ({ signal }) =>
      api.call(labellingRoutes.record, { params: { id: queue.id, place: item.place }, signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const decide = useMutation({
    mutationFn: (label: string) =>
      api.call(labellingRoutes.decide, { params: { id: queue.id, place: item.place }, body: { label } }),
    onSuccess: async () => {
      onDecided(item.place);
      await client.invalidateQueries({ queryKey: ['data', 'queue', queue.id] });
      onMove(1);
    },
  });
  const isOpen = queue.state === 'open';
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.metaKey || event.ctrlKey || event.altKey || target.closest('input, textarea, [role=dialog]'))
        return;
      // What was pressed before comes first: else `u` would take back another decision.
      if (decide.isPending) return;
      const label = queue.classes[Number(event.key) - 1];
      if (/^[1-9]$/.test(event.key) && label !== undefined && isOpen) decide.mutate(label);
      else if (event.key === 'Enter' && item.proposed !== null && isOpen && target.tagName !== 'BUTTON')
        decide.mutate(item.proposed);
      else if (event.key === 'u' && isOpen) onTakeBack(item.decision === null ? null : item.place);
      else if (event.key === 'j') onMove(1);
      else if (event.key === 'k') onMove(-1);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  });
  return (
    <Section
      title={item.name}
      description={item.reason}
      actions={
        <span className="bz-dim" role="status">
          {formatCount(item.place + 1)} of {formatCount(queue.items)}
        </span>
      }
    >
      <QueryView query={record}>
        {({ columns, withheld }) => (
          <>
            <Facts keys items={columns.map(({ name, value }) => [name, value ?? '—'] as const)} />
            {withheld > 0 ? (
              <p className="bz-dim">{formatNoun(withheld, 'other column')} not shown in this queue.</p>
            ) : null}
          </>
        )}
      </QueryView>
      {item.votes.length > 0 ? (
        <p style={{ marginTop: 12 }}>
          {[...Map.groupBy(item.votes, ({ label }) => label)].map(([label, votes]) => (
            <span
              key={label}
              style={{ marginRight: 12 }}
              title={votes.map(({ annotator }) => annotator).join(', ')}
            >
              {label}: {formatNoun(votes.length, 'vote')}
            </span>
          ))}
        </p>
      ) : null}
      <Group gap="xs" mt="md">
        {queue.classes.slice(0, 30).map((label, index) => (
          <Button
            key={label}
            variant={item.decision === label ? 'filled' : 'default'}
            disabled={!isOpen}
            loading={decide.isPending && decide.variables === label}
            onClick={() => decide.mutate(label)}
          >
            {index < 9 ? <kbd className="bz-kbd">{index + 1}</kbd> : null}
            {label}
            {label === item.current ? ' (now)' : ''}
            {label === item.proposed ? ' (proposed)' : ''}
          </Button>
        ))}
        {item.decision !== null && isOpen ? (
          <Button variant="subtle" color="gray" onClick={() => onTakeBack(item.place)}>
            Take back
          </Button>
        ) : null}
      </Group>
      <FailureNote failure={decide.error} />
      <p className="bz-dim" style={{ marginTop: 12 }}>
        <kbd className="bz-kbd">1</kbd>–<kbd className="bz-kbd">9</kbd> decide,{' '}
        <kbd className="bz-kbd">Enter</kbd> takes the proposed label, <kbd className="bz-kbd">u</kbd> takes
        the last decision back, <kbd className="bz-kbd">j</kbd> <kbd className="bz-kbd">k</kbd> move.
      </p>
    </Section>
  );
}
