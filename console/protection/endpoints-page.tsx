import type { Endpoint } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { IconPlus, IconRoute } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Gate } from '../app/gate.tsx';
import { endpointsQuery, policiesQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { formatNoun } from '../ui/format.ts';
import { useKeyboardList } from '../ui/keyboard-list.ts';
import { limitsInWords } from '../ui/limits-fields.tsx';
import { Page, Tag } from '../ui/page.tsx';
import { RETENTION_TITLES } from '../ui/segments.ts';
import { EmptyState, QueryView } from '../ui/states.tsx';
import './protection.css';

export function EndpointsPage() {
  const mayManage = useMay('endpoints.manage');
  const query = useQuery(endpointsQuery);
  const create = mayManage ? (
    <Button
      leftSection={<IconPlus size={14} />}
      renderRoot={(props) => <Link to="/protection/endpoints/new" {...props} />}
    >
      Create endpoint
    </Button>
  ) : null;
  return (
    <Gate permission="endpoints.read">
      <Page
        title="Endpoints"
        description="Each endpoint is a route of the gateway: where its requests go, and which policy guards them."
        actions={create}
      >
        <QueryView query={query}>
          {(endpoints) =>
            endpoints.length === 0 ? (
              <EmptyState icon={IconRoute} title="No endpoint yet" action={create}>
                An endpoint names the model providers that requests go to and the policy that guards them.
              </EmptyState>
            ) : (
              <EndpointTable endpoints={endpoints} />
            )
          }
        </QueryView>
      </Page>
    </Gate>
  );
}

function EndpointTable({ endpoints }: { endpoints: readonly Endpoint[] }) {
  const navigate = useNavigate();
  const policies = useQuery({ ...policiesQuery, enabled: useMay('policies.read') });
  const open = (id: string) => void navigate({ to: '/protection/endpoints/$id', params: { id } });
  const { selected } = useKeyboardList({
    length: endpoints.length,
    onOpen: (index) => {
      const endpoint = endpoints[index];
      if (endpoint) open(endpoint.id);
    },
  });
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Endpoint</th>
            <th scope="col">Upstreams</th>
            <th scope="col">Policy</th>
            <th scope="col">Models</th>
            <th scope="col">Limits</th>
            <th scope="col">Kept</th>
            <th scope="col">Traffic</th>
          </tr>
        </thead>
        <tbody>
          {endpoints.map((endpoint, index) => {
            const policy = policies.data?.find((each) => each.id === endpoint.policyId);
            return (
              <tr
                key={endpoint.id}
                data-list-index={index}
                data-selected={index === selected}
                data-pressable
                onClick={(event) => (event.target as HTMLElement).closest('a') || open(endpoint.id)}
              >
                <td>
                  <Link className="bz-row-link" to="/protection/endpoints/$id" params={{ id: endpoint.id }}>
                    {endpoint.name}
                  </Link>{' '}
                  {endpoint.demo ? (
                    <Tag title="The built-in demo assistant, which is gullible on purpose">built in</Tag>
                  ) : null}{' '}
                  {endpoint.enabled ? null : <Tag>off</Tag>}
                  <div className="bz-dim bz-mono">{endpoint.slug}</div>
                </td>
                <td>{upstreamsInWords(endpoint)}</td>
                <td>
                  {endpoint.policyId === null ? (
                    <span style={{ color: 'var(--bz-flag)' }}>none, not guarded</span>
                  ) : (
                    <Link to="/protection/policies/$id" params={{ id: endpoint.policyId }}>
                      {policy?.name ?? 'Policy'}
                    </Link>
                  )}
                  {policy?.mode === 'shadow' ? <div className="bz-dim">shadow mode</div> : null}
                </td>
                <td>
                  {endpoint.models.length === 0
                    ? 'all'
                    : endpoint.models.map((model) => model.name).join(', ')}
                </td>
                <td>{limitsInWords(endpoint.limits)}</td>
                <td>
                  {RETENTION_TITLES[endpoint.retention.content]}
                  <div className="bz-dim">{formatNoun(endpoint.retention.days, 'day')}</div>
                </td>
                <td>
                  <Link to="/traffic/interactions" search={{ endpoint: endpoint.id }}>
                    Interactions
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function upstreamsInWords({ upstreams }: Endpoint) {
  if (upstreams.length === 0) return <span style={{ color: 'var(--bz-flag)' }}>none yet</span>;
  return upstreams.map((upstream) => (
    <div key={upstream.id}>
      {upstream.name}
      {upstream.enabled ? null : <span className="bz-dim">, off</span>}
    </div>
  ));
}
