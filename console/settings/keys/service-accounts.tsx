import { keyRoutes, ROLES, type Role, type ServiceAccount } from '@bartizan/contracts';
import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconDots, IconRobot } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { peopleQuery, serviceAccountsQuery, teamsQuery } from '../../app/queries.ts';
import { useMay } from '../../app/session.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { fieldErrors } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { Tag } from '../../ui/page.tsx';
import { ROLE_TITLES } from '../../ui/roles.ts';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { RelativeTime } from '../../ui/time.tsx';
import { toast, toastFailure } from '../../ui/toast.ts';
import { RoleSelect } from '../sign-in/role-select.tsx';

/** Owners of keys that are not people: applications and pipelines. */
export function ServiceAccounts({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(serviceAccountsQuery);
  const [editing, setEditing] = useState<ServiceAccount | 'new' | null>(null);
  const create = mayManage ? (
    <Button variant="default" onClick={() => setEditing('new')}>
      Make a service account
    </Button>
  ) : null;
  return (
    <>
      <QueryView query={query}>
        {(accounts) =>
          accounts.length === 0 ? (
            <EmptyState icon={IconRobot} title="No service account yet" action={create}>
              Its keys go on working when the person who made them leaves.
            </EmptyState>
          ) : (
            <>
              {create === null ? null : (
                <Group justify="flex-end" mb="sm">
                  {create}
                </Group>
              )}
              <Table accounts={accounts} mayManage={mayManage} onEdit={setEditing} />
            </>
          )
        }
      </QueryView>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'new' ? 'Make a service account' : `Change ${editing?.name ?? ''}`}
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {editing === null ? null : (
          <AccountForm account={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
        )}
      </Modal>
    </>
  );
}

interface TableProps {
  readonly accounts: readonly ServiceAccount[];
  readonly mayManage: boolean;
  readonly onEdit: (account: ServiceAccount) => void;
}

function Table({ accounts, mayManage, onEdit }: TableProps) {
  return (
    <div className="bz-list">
      <table className="bz-table">
        <thead>
          <tr>
            <th scope="col">Service account</th>
            <th scope="col">Its keys may at most</th>
            <th scope="col">Answers for it</th>
            <th scope="col" className="bz-num">
              Keys
            </th>
            <th scope="col">Last used</th>
            <th scope="col">
              <span className="bz-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {accounts.map((account) => (
            <tr key={account.id}>
              <td>
                <b>{account.name}</b> {account.disabled ? <Tag>disabled</Tag> : null}{' '}
                {account.orphaned ? <Tag title="Who answered for it has left">orphaned</Tag> : null}
                <div className="bz-dim">{account.description}</div>
              </td>
              <td>{account.roles.map((role) => ROLE_TITLES[role]).join(', ') || 'call endpoints'}</td>
              <td>{account.ownerName ?? 'nobody'}</td>
              <td className="bz-num">{account.keys}</td>
              <td>
                <RelativeTime at={account.lastUsedAt} never="never" />
              </td>
              <td className="bz-num">
                {mayManage ? <AccountMenu account={account} onEdit={() => onEdit(account)} /> : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function AccountMenu({ account, onEdit }: { account: ServiceAccount; onEdit: () => void }) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const params = { id: account.id };
  const refresh = async () => {
    await client.invalidateQueries({ queryKey: serviceAccountsQuery.queryKey });
    await client.invalidateQueries({ queryKey: ['keys'] });
  };
  const toggle = useMutation({
    mutationFn: () =>
      api.call(keyRoutes.updateServiceAccount, { params, body: { disabled: !account.disabled } }),
    onSuccess: refresh,
    onError: toastFailure,
  });
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label={`Actions for ${account.name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={onEdit}>Change or hand over</Menu.Item>
          <Menu.Item onClick={() => toggle.mutate()}>
            {account.disabled ? 'Enable again' : 'Disable: its keys open nothing'}
          </Menu.Item>
          <Menu.Item color="red" onClick={() => setRemoving(true)}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Confirm
        opened={removing}
        title={`Remove ${account.name}?`}
        verb="Remove this service account"
        name={account.name}
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.call(keyRoutes.removeServiceAccount, { params });
          await refresh();
        }}
      >
        <p>Its keys stop working at once and for good.</p>
      </Confirm>
    </>
  );
}

interface Values {
  name: string;
  description: string;
  roles: Role[];
  ownerId: string | null;
  teamId: string | null;
}

function AccountForm({ account, onClose }: { account: ServiceAccount | null; onClose: () => void }) {
  const client = useQueryClient();
  const people = useQuery({ ...peopleQuery, enabled: useMay('people.read') });
  const teams = useQuery(teamsQuery);
  const form = useForm<Values>({
    initialValues: {
      name: account?.name ?? '',
      description: account?.description ?? '',
      roles: account?.roles ?? [],
      ownerId: account?.ownerId ?? null,
      teamId: account?.teamId ?? null,
    },
    validate: { name: (name) => (name.trim() === '' ? 'Fill this in' : null) },
  });
  const save = useMutation({
    mutationFn: ({ ownerId, ...values }: Values) => {
      const body = { ...values, ...(ownerId === null ? {} : { ownerId }) };
      return account === null
        ? api.call(keyRoutes.addServiceAccount, { body })
        : api.call(keyRoutes.updateServiceAccount, { params: { id: account.id }, body });
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: serviceAccountsQuery.queryKey });
      onClose();
      toast('Service account saved');
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput
          data-autofocus
          label="Name"
          placeholder="The application or pipeline"
          required
          {...form.getInputProps('name')}
        />
        <Textarea label="Description" autosize minRows={2} {...form.getInputProps('description')} />
        <RoleSelect
          label="Its keys may at most what these roles may"
          description="Empty: call endpoints and nothing else."
          roles={ROLES}
          {...form.getInputProps('roles')}
        />
        {people.data ? (
          <Select
            label="Who answers for it"
            placeholder={account === null ? 'You' : 'Nobody'}
            searchable
            data={people.data
              .filter(({ disabled }) => !disabled)
              .map(({ id, name }) => ({ value: id, label: name }))}
            {...form.getInputProps('ownerId')}
          />
        ) : null}
        <Select
          label="Team"
          placeholder="None"
          clearable
          data={(teams.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          {...form.getInputProps('teamId')}
        />
        <FormFoot failure={save.error} verb="Save" busy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}
