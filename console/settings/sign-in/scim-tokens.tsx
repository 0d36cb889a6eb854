import { federationRoutes, type ScimToken } from '@bartizan/contracts';
import { Button, Modal, Select, Stack, TextInput } from '@mantine/core';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { FormFoot } from '../../ui/form-foot.tsx';
import { type OneTime, OneTimeDialog } from '../../ui/one-time.tsx';
import { Section, Tag } from '../../ui/page.tsx';
import { QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { EXPIRIES, expiryOf } from '../keys/key-values.ts';

const tokensQuery = queryOptions({
  queryKey: ['scim', 'tokens'],
  queryFn: async ({ signal }) => (await api.call(federationRoutes.scimTokens, { signal })).items,
});

/** What the directory shows when it provisions. */
export function ScimTokens({ mayManage }: { mayManage: boolean }) {
  const client = useQueryClient();
  const query = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<ScimToken | null>(null);
  return (
    <Section
      flush
      title="Provisioning tokens"
      actions={
        mayManage ? (
          <Button variant="default" onClick={() => setMaking(true)}>
            Make a token
          </Button>
        ) : null
      }
    >
      <QueryView query={query}>
        {(tokens) =>
          tokens.length === 0 ? (
            <p className="bz-dim" style={{ padding: '0 16px 16px' }}>
              None yet: no directory can provision.
            </p>
          ) : (
            <table className="bz-table">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Begins with</th>
                  <th scope="col">Last used</th>
                  <th scope="col">Expires</th>
                  <th scope="col">
                    <span className="bz-hidden">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.map((token) => (
                  <tr key={token.id}>
                    <td>
                      {token.name} {token.revokedAt === null ? null : <Tag>revoked</Tag>}
                    </td>
                    <td className="bz-mono">{token.prefix}…</td>
                    <td>
                      <RelativeTime at={token.lastUsedAt} never="never" />
                    </td>
                    <td>
                      <RelativeTime at={token.expiresAt} never="never" />
                    </td>
                    <td className="bz-num">
                      {mayManage && token.revokedAt === null ? (
                        <Button size="compact-xs" variant="default" onClick={() => setRevoking(token)}>
                          Revoke
                        </Button>
                      ) : null}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </QueryView>
      <MakeToken opened={making} onClose={() => setMaking(false)} />
      <Confirm
        opened={revoking !== null}
        title={`Revoke the token ${revoking?.name ?? ''}?`}
        verb="Revoke this token"
        onClose={() => setRevoking(null)}
        onConfirm={async () => {
          if (revoking) await api.call(federationRoutes.revokeScimToken, { params: { id: revoking.id } });
          await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
        }}
      >
        <p>The directory that uses it can no longer make or end accounts here.</p>
      </Confirm>
    </Section>
  );
}

function MakeToken({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [days, setDays] = useState('365');
  const [shown, setShown] = useState<OneTime | null>(null);
  const make = useMutation({
    mutationFn: () =>
      api.call(federationRoutes.addScimToken, { body: { name, expiresAt: expiryOf(days, Date.now()) } }),
    onSuccess: async ({ secret }) => {
      onClose();
      setShown({
        title: `Provisioning token ${name}`,
        label: 'Provisioning token',
        value: secret,
        note: 'Enter it at your directory as the bearer token. It is not shown again.',
      });
      setName('');
      await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
    },
  });
  return (
    <>
      <Modal
        opened={opened}
        onClose={onClose}
        title="Make a provisioning token"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              data-autofocus
              label="Name"
              description="The directory that will use it."
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Select
              label="Expires"
              data={EXPIRIES}
              value={days}
              allowDeselect={false}
              onChange={(value) => setDays(value ?? '365')}
            />
            <FormFoot
              failure={make.error}
              verb="Make the token"
              busy={make.isPending}
              disabled={name.trim() === ''}
              onCancel={onClose}
            />
          </Stack>
        </form>
      </Modal>
      <OneTimeDialog shown={shown} onClose={() => setShown(null)} />
    </>
  );
}
