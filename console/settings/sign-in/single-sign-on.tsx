import { federationRoutes, type SsoProvider } from '@bartizan/contracts';
import { Button, Group, Modal, Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { CopyableId } from '../../ui/copy.tsx';
import { Facts, Section, Tag } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { ProviderForm } from './provider-form.tsx';
import { providersQuery, settingsQuery } from './queries.ts';

/** Identity providers that people sign in with. */
export function SingleSignOn({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(providersQuery);
  const [editing, setEditing] = useState<SsoProvider | 'new' | null>(null);
  const add = (
    <Button variant="default" onClick={() => setEditing('new')}>
      Add an identity provider
    </Button>
  );
  return (
    <>
      <QueryView query={query}>
        {({ items, settings }) =>
          items.length === 0 ? (
            <EmptyState title="No identity provider yet" action={mayManage ? add : null}>
              People can sign in with OpenID Connect: Entra ID, Okta, Keycloak, Google and others. Their
              groups can give roles and teams.
            </EmptyState>
          ) : (
            <>
              <OnlySso only={settings.only} mayManage={mayManage} />
              {items.map((provider) => (
                <Provider
                  key={provider.id}
                  provider={provider}
                  mayManage={mayManage}
                  onEdit={() => setEditing(provider)}
                />
              ))}
              {mayManage ? <Group justify="flex-end">{add}</Group> : null}
            </>
          )
        }
      </QueryView>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        size="xl"
        title={editing === 'new' ? 'Add an identity provider' : `Change ${editing?.label ?? ''}`}
        closeOnClickOutside={false}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {editing === null ? null : (
          <ProviderForm provider={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
        )}
      </Modal>
    </>
  );
}

function OnlySso({ only, mayManage }: { only: boolean; mayManage: boolean }) {
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (next: boolean) => api.call(federationRoutes.updateSsoSettings, { body: { only: next } }),
    onSuccess: async (saved) => {
      toast(saved.only ? 'Passwords and passkeys are off' : 'Passwords and passkeys are on');
      await Promise.all([
        client.invalidateQueries({ queryKey: providersQuery.queryKey }),
        client.invalidateQueries({ queryKey: settingsQuery.queryKey }),
      ]);
    },
    onError: toastFailure,
  });
  return (
    <Section title="Passwords">
      <Switch
        size="xs"
        checked={only}
        disabled={!mayManage || change.isPending}
        label="Single sign-on only"
        description="Passwords and passkeys sign nobody in but emergency accounts. Make one first, under People."
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
    </Section>
  );
}

interface ProviderProps {
  readonly provider: SsoProvider;
  readonly mayManage: boolean;
  readonly onEdit: () => void;
}

function Provider({ provider, mayManage, onEdit }: ProviderProps) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState(false);
  return (
    <Section
      title={provider.label}
      description={provider.enabled ? undefined : <Tag>switched off</Tag>}
      actions={
        mayManage ? (
          <>
            <Button variant="default" size="compact-sm" onClick={onEdit}>
              Change
            </Button>
            <Button variant="default" size="compact-sm" color="red" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          </>
        ) : null
      }
    >
      <Facts
        items={[
          ['Issuer', <CopyableId key="issuer" value={provider.issuer} />],
          ['Redirect URI to enter there', <CopyableId key="redirect" value={provider.redirectUri} />],
          ['Client id', provider.clientId],
          ['People who have used it', provider.people],
          [
            'First sign-in',
            provider.createPeople
              ? `makes an account for addresses of ${provider.emailDomains.join(', ')}`
              : 'only people who have an account',
          ],
          ['Groups mapped', provider.groups.length],
          ['Counts as second factor', provider.trustedForMfa ? 'where the provider says so' : 'no'],
        ]}
      />
      <Confirm
        opened={removing}
        title={`Remove ${provider.label}?`}
        verb="Remove this provider"
        name={provider.label}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.call(federationRoutes.removeProvider, { params: { id: provider.id } });
          await client.invalidateQueries({ queryKey: providersQuery.queryKey });
        }}
      >
        <p>Nobody can sign in with it any more. Accounts stay; those without a password need a reset link.</p>
      </Confirm>
    </Section>
  );
}
