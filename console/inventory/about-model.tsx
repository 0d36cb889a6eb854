import { type ModelDetail, registryRoutes } from '@bartizan/contracts';
import { Button, Group, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { teamsQuery } from '../app/queries.ts';
import { CopyableId } from '../ui/copy.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { Facts, Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast } from '../ui/toast.ts';

const EVERYBODY = '';

/** Name, description and team of a model. */
export function AboutModel({ model }: { model: ModelDetail }) {
  const teams = useQuery(teamsQuery);
  return (
    <Section title="About">
      {model.may.write ? <AboutForm key={model.updatedAt} model={model} teams={teams.data ?? []} /> : null}
      <Facts
        items={[
          ['Id', <CopyableId key="id" value={model.id} />],
          ...(model.may.write
            ? []
            : ([
                [
                  'Team',
                  model.teamId === null
                    ? 'everybody'
                    : (teams.data?.find(({ id }) => id === model.teamId)?.name ?? 'a team'),
                ],
              ] as const)),
          ['Registered by', model.createdBy],
          ['Registered', <RelativeTime key="created" at={model.createdAt} />],
          ['Changed', <RelativeTime key="updated" at={model.updatedAt} />],
        ]}
      />
      {model.may.reason ? <p className="bz-dim">{model.may.reason}</p> : null}
    </Section>
  );
}

function AboutForm({
  model,
  teams,
}: {
  model: ModelDetail;
  teams: readonly { readonly id: string; readonly name: string }[];
}) {
  const client = useQueryClient();
  const [values, setValues] = useState({
    name: model.name,
    description: model.description,
    teamId: model.teamId ?? EVERYBODY,
  });
  const isChanged =
    values.name !== model.name ||
    values.description !== model.description ||
    values.teamId !== (model.teamId ?? EVERYBODY);
  const save = useMutation({
    mutationFn: () =>
      api.call(registryRoutes.update, {
        params: { model: model.id },
        body: { ...values, teamId: values.teamId === EVERYBODY ? null : values.teamId },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['models'] });
      toast('Model saved');
    },
  });
  return (
    <form
      style={{ marginBottom: 16 }}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Clients load it by this name; changing it breaks those that do."
          required
          maxLength={256}
          value={values.name}
          onChange={(event) => setValues({ ...values, name: event.currentTarget.value })}
        />
        <Textarea
          label="Description"
          autosize
          minRows={2}
          maxLength={10_000}
          value={values.description}
          onChange={(event) => setValues({ ...values, description: event.currentTarget.value })}
        />
        <Select
          label="Team"
          data={[
            { value: EVERYBODY, label: 'Everybody' },
            ...teams.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          value={values.teamId}
          allowDeselect={false}
          onChange={(teamId) => setValues({ ...values, teamId: teamId ?? EVERYBODY })}
        />
        <FailureNote failure={save.error} />
        <Group justify="flex-end">
          <Button type="submit" disabled={!isChanged} loading={save.isPending}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
