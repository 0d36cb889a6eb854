import { type Sink, sinkRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconPlus, IconShare } from '@tabler/icons-react';
import { queryOptions, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { formatCount, formatMs } from '../../ui/format.ts';
import { Page, Tag } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { SinkDialog } from './sink-dialog.tsx';
import { SinkState, targetInWords } from './sink-state.tsx';

export const sinksQuery = queryOptions({
  queryKey: ['sinks'],
  queryFn: async ({ signal }) => (await api.call(sinkRoutes.list, { signal })).items,
  refetchInterval: 5_000,
});

/** Where events are sent: SIEM, syslog, files. */
export function SinksPage() {
  const query = useQuery({ ...sinksQuery, enabled: useMay('sinks.read') });
  const mayManage = useMay('sinks.manage');
  const [adding, setAdding] = useState(false);
  const add = mayManage ? (
    <Button leftSection={<IconPlus size={14} />} onClick={() => setAdding(true)}>
      Add a sink
    </Button>
  ) : null;
  return (
    <Gate permission="sinks.read">
      <Page
        title="Sinks"
        description="Interactions, findings, audit entries and alarms, sent to your SIEM as they happen."
        actions={query.data?.length ? add : null}
      >
        <QueryView query={query}>
          {(sinks) =>
            sinks.length === 0 ? (
              <EmptyState icon={IconShare} title="No sink yet" action={add}>
                Send events as OCSF over HTTPS, as CEF over syslog, to Splunk, or to a file. No prompt's text
                is in them unless you say so.
              </EmptyState>
            ) : (
              <SinkTable sinks={sinks} />
            )
          }
        </QueryView>
        <SinkDialog opened={adding} sink={null} onClose={() => setAdding(false)} />
      </Page>
    </Gate>
  );
}

function SinkTable({ sinks }: { sinks: readonly Sink[] }) {
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">State</th>
            <th scope="col">Sink</th>
            <th scope="col">Carries</th>
            <th scope="col" className="bz-num">
              Behind
            </th>
            <th scope="col" className="bz-num">
              Delivered
            </th>
            <th scope="col" className="bz-num">
              Set aside
            </th>
            <th scope="col">Last success</th>
          </tr>
        </thead>
        <tbody>
          {sinks.map((sink) => (
            <tr key={sink.id}>
              <td>
                <SinkState state={sink.status.state} /> {sink.status.alarm ? <Tag>too far behind</Tag> : null}
              </td>
              <td>
                <Link className="bz-row-link" to="/settings/sinks/$id" params={{ id: sink.id }}>
                  {sink.name}
                </Link>
                <div className="bz-dim">{targetInWords(sink)}</div>
              </td>
              <td>{sink.filter.kinds.join(', ')}</td>
              <td className="bz-num">
                {formatCount(sink.status.lag.records)}
                <div className="bz-dim">
                  {sink.status.lag.records > 0 ? formatMs(sink.status.lag.seconds * 1000) : ''}
                </div>
              </td>
              <td className="bz-num">{formatCount(sink.status.delivered)}</td>
              <td className="bz-num">{formatCount(sink.status.deadLetters)}</td>
              <td>
                <RelativeTime at={sink.status.lastSuccessAt} never="never" />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
