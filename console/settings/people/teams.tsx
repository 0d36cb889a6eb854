import { type Team, teamRoutes } from '@bartizan/contracts';
import { ActionIcon, Button, Group, Modal, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconX } from '@tabler/icons-react';
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { peopleQuery, teamsQuery } from '../../app/queries.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { Section, Tag } from '../../ui/page.tsx';
import { EmptyState, QueryView } from '../../ui/states.tsx';
import { toastFailure } from '../../ui/toast.ts';

const SOURCES = { manual: '', sso: 'by single sign-on', scim: 'by provisioning' } as const;

const teamQuery = (id: string) =>
  queryOptions({
    queryKey: ['teams', id],
    queryFn: ({ signal }) => api.call(teamRoutes.get, { params: { id }, signal }),
  });

/** Teams: whose endpoints are whose. */
export function Teams({ mayManage }: { mayManage: boolean }) {
  const query = useQuery(teamsQuery);
  const [editing, setEditing] = useState<Team | 'new' | null>(null);
  const add = (
    <Button variant="default" onClick={() => setEditing('new')}>
      Create team
    </Button>
  );
  return (
    <>
      <QueryView query={query}>
        {(teams) =>
          teams.length === 0 ? (
            <EmptyState title="No teams yet" action={mayManage ? add : null}>
              An endpoint that belongs to a team, with its interactions, is there only for the people in it
              and for administrators, security and auditors. Without teams everything is everybody's.
            </EmptyState>
          ) : (
            <>
              {mayManage ? (
                <Group justify="flex-end" mb="sm">
                  {add}
                </Group>
              ) : null}
              {teams.map((team) => (
                <TeamSection
                  key={team.id}
                  team={team}
                  mayManage={mayManage}
                  onEdit={() => setEditing(team)}
                />
              ))}
            </>
          )
        }
      </QueryView>
      <TeamDialog team={editing} onClose={() => setEditing(null)} />
    </>
  );
}

interface TeamSectionProps {
  readonly team: Team;
  readonly mayManage: boolean;
  readonly onEdit: () => void;
}

function TeamSection({ team, mayManage, onEdit }: TeamSectionProps) {
  const client = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const query = useQuery(teamQuery(team.id));
  const people = useQuery(peopleQuery);
  const refresh = () =>
    Promise.all([
      client.invalidateQueries({ queryKey: ['teams'] }),
      client.invalidateQueries({ queryKey: ['people'] }),
    ]);
  const change = useMutation({
    mutationFn: ({ personId, member }: { personId: string; member: boolean }) =>
      api.call(member ? teamRoutes.addMember : teamRoutes.removeMember, {
        params: { id: team.id, personId },
      }),
    onSuccess: refresh,
    onError: toastFailure,
  });
  return (
    <Section
      title={team.name}
      description={team.description}
      actions={
        mayManage ? (
          <>
            <Button variant="default" size="compact-sm" onClick={onEdit}>
              Rename
            </Button>
            <Button variant="default" size="compact-sm" color="red" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          </>
        ) : null
      }
    >
      <QueryView query={query}>
        {({ members }) => (
          <>
            {members.length === 0 ? <p className="bz-dim">Nobody is in it yet.</p> : null}
            <ul className="bz-members">
              {members.map((member) => (
                <li key={member.id}>
                  <span>
                    <b>{member.name}</b> <span className="bz-dim">{member.email}</span>{' '}
                    {member.sources
                      .filter((source) => source !== 'manual')
                      .map((source) => (
                        <Tag key={source}>{SOURCES[source]}</Tag>
                      ))}
                  </span>
                  {mayManage && member.sources.includes('manual') ? (
                    <ActionIcon
                      aria-label={`Take ${member.name} out of ${team.name}`}
                      onClick={() => change.mutate({ personId: member.id, member: false })}
                    >
                      <IconX size={14} />
                    </ActionIcon>
                  ) : null}
                </li>
              ))}
            </ul>
            {mayManage ? (
              <Select
                mt="sm"
                maw={320}
                searchable
                value={null}
                placeholder="Put somebody into the team"
                aria-label={`Put somebody into ${team.name}`}
                data={(people.data ?? [])
                  .filter(({ id, disabled }) => !disabled && !members.some((member) => member.id === id))
                  .map(({ id, name, email }) => ({ value: id, label: `${name} (${email})` }))}
                onChange={(personId) => {
                  if (personId) change.mutate({ personId, member: true });
                }}
              />
            ) : null}
          </>
        )}
      </QueryView>
      <Confirm
        opened={removing}
        title={`Remove the team ${team.name}?`}
        verb="Remove this team"
        onClose={() => setRemoving(false)}
        onConfirm={async () => {
          await api.call(teamRoutes.remove, { params: { id: team.id } });
          await refresh();
        }}
      >
        <p>People stay. A team that endpoints still belong to cannot be removed: move them first.</p>
      </Confirm>
    </Section>
  );
}

function TeamDialog({ team, onClose }: { team: Team | 'new' | null; onClose: () => void }) {
  return (
    <Modal
      opened={team !== null}
      onClose={onClose}
      title={team === 'new' ? 'Create team' : `Rename ${team?.name ?? ''}`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {team === null ? null : <TeamForm team={team === 'new' ? null : team} onClose={onClose} />}
    </Modal>
  );
}

function TeamForm({ team, onClose }: { team: Team | null; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { name: team?.name ?? '', description: team?.description ?? '' },
    validate: validateWith(teamRoutes.create.body as NonNullable<typeof teamRoutes.create.body>),
  });
  const save = useMutation({
    mutationFn: (body: typeof form.values) =>
      team === null
        ? api.call(teamRoutes.create, { body })
        : api.call(teamRoutes.update, { params: { id: team.id }, body }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['teams'] });
      onClose();
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput data-autofocus label="Name" required {...form.getInputProps('name')} />
        <Textarea label="Description" autosize minRows={2} {...form.getInputProps('description')} />
        <FormFoot
          failure={save.error}
          verb={team === null ? 'Create team' : 'Save'}
          busy={save.isPending}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
