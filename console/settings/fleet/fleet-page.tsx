import { type FleetGateway, type FleetServer, fleetRoutes } from '@bartizan/contracts';
import { IconAlertTriangle, IconCircleCheck, IconPlugConnectedX } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { useMay } from '../../app/session.ts';
import { CopyableId } from '../../ui/copy.tsx';
import { formatCount, formatNoun } from '../../ui/format.ts';
import { Page, Section, Tag } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';

const LIMITS = {
  local: 'by itself',
  shared: 'with all others',
  degraded: 'by itself: Redis does not answer',
} as const;

/** What runs: gateways and servers, their versions, and whether they keep up. */
export function FleetPage() {
  const query = useQuery({
    queryKey: ['fleet'],
    queryFn: ({ signal }) => api.call(fleetRoutes.get, { signal }),
    refetchInterval: 5_000,
    enabled: useMay('fleet.read'),
  });
  return (
    <Gate permission="fleet.read">
      <Page title="Fleet" description="Gateways and servers of this instance, and whether they keep up.">
        <QueryView query={query}>
          {(fleet) => (
            <>
              <Section
                flush
                title={formatNoun(fleet.gateways.length, 'gateway')}
                description={
                  <>
                    The newest configuration is <code>{fleet.snapshot.version}</code>, made{' '}
                    <RelativeTime at={fleet.snapshot.issuedAt} />.
                  </>
                }
              >
                {fleet.gateways.length === 0 ? (
                  <EmptyState title="No gateway has reported yet">
                    A gateway reports within seconds of its start.
                  </EmptyState>
                ) : (
                  <GatewayTable gateways={fleet.gateways} />
                )}
              </Section>
              <Section flush title={formatNoun(fleet.servers.length, 'server')}>
                <ServerTable servers={fleet.servers} />
              </Section>
            </>
          )}
        </QueryView>
      </Page>
    </Gate>
  );
}

function State({ gateway }: { gateway: FleetGateway }) {
  const [tone, Icon, words] = !gateway.alive
    ? (['block', IconPlugConnectedX, 'Silent'] as const)
    : gateway.current
      ? (['allow', IconCircleCheck, 'Current'] as const)
      : (['flag', IconAlertTriangle, 'Behind'] as const);
  return (
    <span className="bz-verdict" data-tone={tone}>
      <Icon size={14} aria-hidden />
      {words}
    </span>
  );
}

function GatewayTable({ gateways }: { gateways: readonly FleetGateway[] }) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Gateway</th>
          <th scope="col">Release</th>
          <th scope="col">Configuration</th>
          <th scope="col">Counts limits</th>
          <th scope="col" className="bz-num">
            To be shipped
          </th>
          <th scope="col">Last seen</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {gateways.map((gateway) => (
          <tr key={gateway.id}>
            <td>
              <State gateway={gateway} />
            </td>
            <td>
              <CopyableId value={gateway.id} short />
              <div className="bz-dim">
                {gateway.host ?? ''}
                {gateway.workers > 1 ? `, ${gateway.workers} workers` : ''}
              </div>
            </td>
            <td>{gateway.version ?? '–'}</td>
            <td>
              <span className="bz-mono">{gateway.snapshotVersion}</span>
              {gateway.behindSince === null ? null : (
                <div className="bz-dim">
                  behind since <RelativeTime at={gateway.behindSince} />
                </div>
              )}
            </td>
            <td>{gateway.limits === null ? '–' : LIMITS[gateway.limits]}</td>
            <td className="bz-num">{formatCount(gateway.backlog)}</td>
            <td>
              <RelativeTime at={gateway.lastSeenAt} />
            </td>
            <td>
              <RelativeTime at={gateway.startedAt} never="–" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function ServerTable({ servers }: { servers: readonly FleetServer[] }) {
  return (
    <table className="bz-table">
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Server</th>
          <th scope="col">Release</th>
          <th scope="col">Does for all</th>
          <th scope="col">Last seen</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {servers.map((server) => (
          <tr key={server.id}>
            <td>
              <span className="bz-verdict" data-tone={server.alive ? 'allow' : 'block'}>
                {server.alive ? (
                  <IconCircleCheck size={14} aria-hidden />
                ) : (
                  <IconPlugConnectedX size={14} aria-hidden />
                )}
                {server.alive ? 'Alive' : 'Silent'}
              </span>
            </td>
            <td>
              <CopyableId value={server.id} short /> {server.answering ? <Tag>answers you</Tag> : null}
              <div className="bz-dim">{server.host}</div>
            </td>
            <td>{server.version}</td>
            <td>
              {server.background
                ? server.leads.length === 0
                  ? 'stands by'
                  : server.leads.join(', ')
                : 'takes no part'}
            </td>
            <td>
              <RelativeTime at={server.lastSeenAt} />
            </td>
            <td>
              <RelativeTime at={server.startedAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
