import { type Endpoint, type EndpointInput, endpointRoutes } from '@bartizan/contracts';
import { ActionIcon, Menu } from '@mantine/core';
import { IconDots, IconTrash } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { Gate } from '../app/gate.tsx';
import { changeOrPropose } from '../app/propose.ts';
import { policiesQuery } from '../app/queries.ts';
import { useMay } from '../app/session.ts';
import { Confirm } from '../ui/confirm.tsx';
import { knownTab, LinkTabs } from '../ui/link-tabs.tsx';
import { Page, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast } from '../ui/toast.ts';
import { Connect } from './connect.tsx';
import { EndpointForm } from './endpoint-form.tsx';
import { ServedModels } from './served-models.tsx';
import './protection.css';

const route = getRouteApi('/house/protection/endpoints/$id');
const above = <Link to="/protection/endpoints">Endpoints</Link>;

export function NewEndpointPage() {
  const navigate = useNavigate();
  const client = useQueryClient();
  const policies = useQuery(policiesQuery);
  return (
    <Gate permission="endpoints.manage">
      <Page narrow title="Create endpoint" above={above}>
        <QueryView query={policies}>
          {(known) => (
            <EndpointForm
              endpoint={null}
              policyId={known[0]?.id ?? null}
              save={(body) => api.call(endpointRoutes.create, { body })}
              onSaved={async (endpoint) => {
                await client.invalidateQueries({ queryKey: ['endpoints'] });
                toast(`Endpoint ${endpoint.name} created`);
                await navigate({ to: '/protection/endpoints/$id', params: { id: endpoint.id } });
              }}
            />
          )}
        </QueryView>
      </Page>
    </Gate>
  );
}

export function EndpointPage() {
  return (
    <Gate permission="endpoints.read">
      <OneEndpoint />
    </Gate>
  );
}

function OneEndpoint() {
  const { id } = route.useParams();
  const readsModels = useMay('models.read');
  const tab = knownTab(route.useSearch().tab, ['connect', 'settings', ...(readsModels ? ['models'] : [])]);
  const client = useQueryClient();
  const mayManage = useMay('endpoints.manage');
  const query = useQuery({
    queryKey: ['endpoints', id],
    queryFn: ({ signal }) => api.call(endpointRoutes.get, { params: { id }, signal }),
  });
  return (
    <QueryView query={query}>
      {(endpoint) => (
        <Page
          narrow
          title={endpoint.name}
          above={above}
          heading={
            <>
              {endpoint.name}
              <code className="bz-dim" style={{ fontSize: 14, fontWeight: 400 }}>
                {endpoint.slug}
              </code>
              {endpoint.demo ? (
                <Tag title="The built-in demo assistant, which is gullible on purpose">built in</Tag>
              ) : null}
              {endpoint.enabled ? null : <Tag>off</Tag>}
            </>
          }
          description={endpoint.description || undefined}
          actions={
            <>
              <Link to="/traffic/interactions" search={{ endpoint: id }}>
                Interactions
              </Link>
              {mayManage ? <MoreMenu endpoint={endpoint} /> : null}
            </>
          }
        >
          <LinkTabs
            label="Endpoint"
            current={tab}
            tabs={[
              { value: 'connect', label: 'Connect' },
              { value: 'settings', label: 'Settings' },
              ...(readsModels ? [{ value: 'models', label: 'Registered models' }] : []),
            ]}
          />
          {tab === 'settings' ? (
            <EndpointForm
              key={endpoint.updatedAt}
              endpoint={endpoint}
              save={(body) => saveEndpoint(endpoint, body)}
              onSaved={async () => {
                await client.invalidateQueries({ queryKey: ['endpoints'] });
                toast('Endpoint saved; gateways take it over within a second');
              }}
            />
          ) : null}
          {tab === 'connect' ? <Connect endpoint={endpoint} /> : null}
          {tab === 'models' ? <ServedModels endpoint={endpoint} /> : null}
        </Page>
      )}
    </QueryView>
  );
}

/**
 * Saves an endpoint. Where how it is guarded needs a second person, that part is proposed and the rest saved.
 */
async function saveEndpoint(endpoint: Endpoint, body: EndpointInput): Promise<Endpoint> {
  const params = { id: endpoint.id };
  const { policyId, onGuardError, slug } = endpoint;
  const changed = await changeOrPropose(
    {
      kind: 'endpoints.guard',
      endpointId: endpoint.id,
      ...(body.policyId === policyId ? {} : { policyId: body.policyId }),
      ...(body.onGuardError === onGuardError ? {} : { onGuardError: body.onGuardError }),
      ...(body.slug === slug ? {} : { slug: body.slug }),
    },
    () => api.call(endpointRoutes.update, { params, body }),
  );
  if (changed.done) return changed.value;
  return api.call(endpointRoutes.update, { params, body: { ...body, policyId, onGuardError, slug } });
}

function MoreMenu({ endpoint }: { endpoint: Endpoint }) {
  const [removing, setRemoving] = useState(false);
  const navigate = useNavigate();
  const client = useQueryClient();
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More actions">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconTrash size={14} />} onClick={() => setRemoving(true)}>
            Delete endpoint
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={removing}
        title={`Delete ${endpoint.name}?`}
        verb="Delete this endpoint"
        name={endpoint.slug}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          const changed = await changeOrPropose({ kind: 'endpoints.remove', endpointId: endpoint.id }, () =>
            api.call(endpointRoutes.remove, { params: { id: endpoint.id } }),
          );
          if (!changed.done) return;
          await navigate({ to: '/protection/endpoints' });
          client.removeQueries({ queryKey: ['endpoints', endpoint.id] });
          await client.invalidateQueries({ queryKey: ['endpoints'] });
          toast(`Endpoint ${endpoint.name} deleted`);
        }}
      >
        <p>
          Requests to it are refused from now on, and its provider keys are erased. Its recorded interactions
          stay until they expire.
        </p>
      </Confirm>
    </>
  );
}
