import { type ApiKey, identityRoutes, KEY_WARNINGS } from '@bartizan/contracts';
import { Button, Group, Switch } from '@mantine/core';
import { IconKey, IconPlus } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Gate } from '../../app/gate.tsx';
import { endpointsQuery, keysQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { limitsInWords } from '../../ui/limits-fields.tsx';
import { knownTab, LinkTabs } from '../../ui/link-tabs.tsx';
import { Page, Tag } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime, useNow } from '../../ui/time.tsx';
import { toast } from '../../ui/toast.ts';
import { KeyDialog } from './key-dialog.tsx';
import { knownPreset } from './key-values.ts';
import { LongestLife } from './longest-life.tsx';
import { RotateDialog } from './rotate-dialog.tsx';
import { ServiceAccounts } from './service-accounts.tsx';
import '../settings.css';

const route = getRouteApi('/house/settings/keys');

export function KeysPage() {
  const search = route.useSearch();
  const tab = knownTab(search.tab, ['keys', 'service-accounts']);
  const navigate = useNavigate();
  const mayManage = useMay('keys.manage');
  const query = useQuery(keysQuery);
  const [revoked, setRevoked] = useState(false);
  const show = (value: boolean) =>
    void navigate({ to: '/settings/keys', search: value ? { new: '1' } : {}, replace: true });
  const create = mayManage ? (
    <Button leftSection={<IconPlus size={14} />} onClick={() => show(true)}>
      Create key
    </Button>
  ) : null;
  return (
    <Gate permission="keys.read">
      <Page
        title="Keys"
        description="Applications call endpoints with a key, scripts and pipelines the API. The secret is shown once, when a key is created."
        actions={
          <>
            {tab === 'keys' ? (
              <Switch
                size="xs"
                label="Show revoked"
                checked={revoked}
                onChange={(event) => setRevoked(event.currentTarget.checked)}
              />
            ) : null}
            {create}
          </>
        }
      >
        <LinkTabs
          label="Keys"
          current={tab}
          tabs={[
            { value: 'keys', label: 'Keys' },
            { value: 'service-accounts', label: 'Service accounts' },
          ]}
        />
        {tab === 'keys' ? <LongestLife /> : null}
        {tab === 'service-accounts' ? <ServiceAccounts mayManage={mayManage} /> : null}
        {tab === 'keys' ? (
          <QueryView query={query}>
            {(keys) => {
              const shown = keys.filter((key) => revoked || key.revokedAt === null);
              return shown.length === 0 ? (
                <EmptyState icon={IconKey} title="No key yet" action={create}>
                  A key lets an application call endpoints, or a script use the API.
                </EmptyState>
              ) : (
                <KeyTable keys={shown} mayManage={mayManage} />
              );
            }}
          </QueryView>
        ) : null}
        {mayManage ? (
          <KeyDialog
            opened={search.new !== undefined}
            preset={knownPreset(search.new)}
            endpointId={search.endpoint}
            onClose={() => show(false)}
          />
        ) : null}
      </Page>
    </Gate>
  );
}

function KeyTable({ keys, mayManage }: { keys: readonly ApiKey[]; mayManage: boolean }) {
  const client = useQueryClient();
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">May</th>
            <th scope="col">Limits</th>
            <th scope="col">Owner</th>
            <th scope="col">Last used</th>
            <th scope="col">Expires</th>
            <th scope="col">
              <span className="bz-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {keys.map((key) => (
            <tr key={key.id}>
              <td>
                <b>{key.name}</b> {key.revokedAt === null ? null : <Tag>revoked</Tag>}
                {key.warnings.map((warning) => (
                  <Tag key={warning} title={KEY_WARNINGS[warning]}>
                    {warning.replaceAll('-', ' ')}
                  </Tag>
                ))}
                <div className="bz-dim bz-mono">{key.prefix}…</div>
                {key.previous === null ? null : (
                  <div className="bz-dim">
                    <span className="bz-mono">{key.previous.prefix}…</span> works until{' '}
                    <RelativeTime at={key.previous.endsAt} />
                  </div>
                )}
              </td>
              <td>
                <Scopes apiKey={key} />
              </td>
              <td>{limitsInWords(key.limits)}</td>
              <td>
                {key.ownerName}
                {key.ownerKind === 'service-account' ? <div className="bz-dim">service account</div> : null}
              </td>
              <td>
                <RelativeTime at={key.lastUsedAt} />
                <div>
                  <Link to="/traffic/interactions" search={{ key: key.id }}>
                    Interactions
                  </Link>
                </div>
              </td>
              <td>
                <Expiry at={key.expiresAt} />
              </td>
              <td className="bz-num">
                {mayManage && key.revokedAt === null ? (
                  <Group gap={6} wrap="nowrap" justify="flex-end">
                    <Button size="compact-xs" variant="default" onClick={() => setRotating(key)}>
                      Rotate
                    </Button>
                    <Button size="compact-xs" variant="default" onClick={() => setRevoking(key)}>
                      Revoke
                    </Button>
                  </Group>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <RotateDialog apiKey={rotating} onClose={() => setRotating(null)} />
      <Confirm
        opened={revoking !== null}
        title={`Revoke ${revoking?.name ?? ''}?`}
        verb="Revoke this key"
        onClose={() => setRevoking(null)}
        onConfirm={async () => {
          if (revoking === null) return;
          await api.call(identityRoutes.revokeKey, { params: { id: revoking.id } });
          await client.invalidateQueries({ queryKey: ['keys'] });
          toast(`Key ${revoking.name} revoked`);
        }}
      >
        <p>Whatever uses it is refused from now on. This cannot be undone; a new key has a new secret.</p>
      </Confirm>
    </div>
  );
}

function Expiry({ at }: { at: number | null }) {
  const now = useNow();
  if (at !== null && at < now) return <span style={{ color: 'var(--bz-flag)' }}>expired</span>;
  return <RelativeTime at={at} />;
}

function Scopes({ apiKey }: { apiKey: ApiKey }) {
  const endpoints = useQuery({ ...endpointsQuery, enabled: useMay('endpoints.read') });
  const others = apiKey.scopes.filter((scope) => scope !== 'gateway.invoke');
  const slugs =
    apiKey.endpoints === '*'
      ? 'every endpoint'
      : apiKey.endpoints
          .map((id) => endpoints.data?.find((endpoint) => endpoint.id === id)?.slug ?? 'a deleted endpoint')
          .join(', ');
  return (
    <>
      {apiKey.scopes.includes('gateway.invoke') ? <div>Call {slugs || 'no endpoint'}</div> : null}
      {others.length > 0 ? (
        <div title={others.join('\n')}>
          API: {others.slice(0, 3).join(', ')}
          {others.length > 3 ? ` and ${others.length - 3} more` : ''}
        </div>
      ) : null}
    </>
  );
}
