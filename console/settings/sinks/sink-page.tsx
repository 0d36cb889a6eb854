import { type DeadLetter, type Sink, sinkRoutes } from '@bartizan/contracts';
import { ActionIcon, Alert, Button, Menu } from '@mantine/core';
import { IconDots, IconSend } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { formatCount, formatMs } from '../../ui/format.ts';
import { Facts, Page, Section, Tag } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { SinkDialog } from './sink-dialog.tsx';
import { SinkState, targetInWords } from './sink-state.tsx';

const route = getRouteApi('/house/settings/sinks/$id');

export function SinkPage() {
  const { id } = route.useParams();
  const query = useQuery({
    queryKey: ['sinks', id],
    queryFn: ({ signal }) => api.call(sinkRoutes.get, { params: { id }, signal }),
    refetchInterval: 5_000,
  });
  return (
    <Gate permission="sinks.read">
      <QueryView query={query}>{(sink) => <Detail sink={sink} />}</QueryView>
    </Gate>
  );
}

function Detail({ sink }: { sink: Sink }) {
  const mayManage = useMay('sinks.manage');
  const { status } = sink;
  return (
    <Page
      narrow
      title={sink.name}
      above={<Link to="/settings/sinks">Sinks</Link>}
      heading={
        <>
          {sink.name} <SinkState state={status.state} />
        </>
      }
      description={targetInWords(sink)}
      actions={mayManage ? <Acts sink={sink} /> : null}
    >
      {status.alarm ? (
        <Alert color="red" variant="light" mb="md" title="Too far behind">
          The oldest event that waits is {formatMs(status.lag.seconds * 1000)} old.
        </Alert>
      ) : null}
      <Section title="Delivery">
        <Facts
          items={[
            ['Behind', `${formatCount(status.lag.records)} records`],
            ['Delivered', formatCount(status.delivered)],
            ['Attempts that failed', formatCount(status.failedAttempts)],
            ['Lost past retention', formatCount(status.lost)],
            ['Last success', <RelativeTime key="success" at={status.lastSuccessAt} never="never" />],
            [
              'Last error',
              status.lastError === null ? (
                'none'
              ) : (
                <span key="error">
                  {status.lastError.message} (<RelativeTime at={status.lastError.at} />)
                </span>
              ),
            ],
            ['Next attempt', <RelativeTime key="next" at={status.nextAttemptAt} never="–" />],
          ]}
        />
      </Section>
      <Section title="What it carries">
        <Facts
          items={[
            ['Kinds', sink.filter.kinds.join(', ')],
            ['Verdicts from', sink.filter.minimumVerdict],
            ['Severity from', sink.filter.minimumSeverity],
            ['Endpoints', sink.filter.endpoints.length === 0 ? 'all' : sink.filter.endpoints.length],
            ['Format', sink.target.format.toUpperCase()],
            ['Words of prompts', sink.includeExcerpts ? 'the first, with findings masked' : 'none'],
          ]}
        />
      </Section>
      <DeadLetters sink={sink} mayManage={mayManage} />
    </Page>
  );
}

function Acts({ sink }: { sink: Sink }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const params = { id: sink.id };
  const [opened, setOpened] = useState<'edit' | 'remove' | null>(null);
  const refresh = () => client.invalidateQueries({ queryKey: ['sinks'] });
  const test = useMutation({
    mutationFn: () => api.call(sinkRoutes.test, { params }),
    onSuccess: (result) =>
      toast(result.ok ? `Taken in ${formatMs(result.latencyMs)}` : `Refused: ${result.message}`),
    onError: toastFailure,
  });
  const pause = useMutation({
    mutationFn: () => api.call(sink.paused ? sinkRoutes.resume : sinkRoutes.pause, { params }),
    onSuccess: refresh,
    onError: toastFailure,
  });
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconSend size={14} />}
        loading={test.isPending}
        onClick={() => test.mutate()}
      >
        Send a test event
      </Button>
      <Button variant="default" loading={pause.isPending} onClick={() => pause.mutate()}>
        {sink.paused ? 'Resume' : 'Pause'}
      </Button>
      <Button variant="default" onClick={() => setOpened('edit')}>
        Change
      </Button>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" onClick={() => setOpened('remove')}>
            Remove sink
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <SinkDialog opened={opened === 'edit'} sink={sink} onClose={() => setOpened(null)} />
      <Confirm
        opened={opened === 'remove'}
        title={`Remove ${sink.name}?`}
        verb="Remove this sink"
        name={sink.name}
        onClose={() => setOpened(null)}
        onConfirm={async () => {
          await api.call(sinkRoutes.remove, { params });
          await navigate({ to: '/settings/sinks' });
          await refresh();
        }}
      >
        <p>What waits for it and what was set aside is dropped. Nothing is removed at the receiver.</p>
      </Confirm>
    </>
  );
}

function DeadLetters({ sink, mayManage }: { sink: Sink; mayManage: boolean }) {
  const client = useQueryClient();
  const params = { id: sink.id };
  const query = useQuery({
    queryKey: ['sinks', sink.id, 'dead-letters', sink.status.deadLetters],
    queryFn: ({ signal }) => api.call(sinkRoutes.deadLetters, { params, query: {}, signal }),
    enabled: sink.status.deadLetters > 0,
  });
  const all = useMutation({
    mutationFn: (what: 'retry' | 'discard') =>
      api.call(what === 'retry' ? sinkRoutes.retryDeadLetters : sinkRoutes.discardDeadLetters, {
        params,
        body: {},
      }),
    onSuccess: async ({ count }, what) => {
      toast(what === 'retry' ? `${formatCount(count)} are sent again` : `${formatCount(count)} forgotten`);
      await client.invalidateQueries({ queryKey: ['sinks'] });
    },
    onError: toastFailure,
  });
  if (sink.status.deadLetters === 0) return null;
  return (
    <Section
      flush
      title={`Set aside (${formatCount(sink.status.deadLetters)})`}
      description="Events that the receiver refused; the others went on."
      actions={
        mayManage ? (
          <>
            <Button variant="default" size="compact-sm" onClick={() => all.mutate('retry')}>
              Send all again
            </Button>
            <Button variant="default" size="compact-sm" onClick={() => all.mutate('discard')}>
              Forget all
            </Button>
          </>
        ) : null
      }
    >
      <QueryView query={query}>{(page) => <LetterTable letters={page.items} />}</QueryView>
    </Section>
  );
}

function LetterTable({ letters }: { letters: readonly DeadLetter[] }) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Kind</th>
          <th scope="col">Why it was refused</th>
          <th scope="col" className="bz-num">
            Attempts
          </th>
        </tr>
      </thead>
      <tbody>
        {letters.map((letter) => (
          <tr key={letter.id}>
            <td>
              <RelativeTime at={letter.at} />
            </td>
            <td>
              {letter.kind} {letter.retrying ? <Tag>sent again soon</Tag> : null}
            </td>
            <td>
              <details>
                <summary>
                  {letter.status === null ? '' : `${letter.status}: `}
                  {letter.reason}
                </summary>
                <pre className="bz-mono" style={{ whiteSpace: 'pre-wrap', wordBreak: 'break-all' }}>
                  {letter.event}
                </pre>
              </details>
            </td>
            <td className="bz-num">{letter.attempts}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
