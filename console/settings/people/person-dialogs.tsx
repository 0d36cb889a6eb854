import { identityRoutes, type Person, type Role } from '@bartizan/contracts';
import { Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { FormFoot } from '../../ui/form-foot.tsx';
import { toast } from '../../ui/toast.ts';
import { RoleChoice } from './role-choice.tsx';

interface DialogProps {
  readonly person: Person | null;
  readonly onClose: () => void;
}

/** Name and roles of a person. */
export function EditPersonDialog({ person, onClose }: DialogProps) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title={person ? `Change ${person.name}` : ''}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {person ? <EditForm key={person.id} person={person} onClose={onClose} /> : null}
    </Modal>
  );
}

function EditForm({ person, onClose }: { person: Person; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<{ name: string; roles: Role[] }>({
    initialValues: { name: person.name, roles: person.roles },
    validate: {
      name: (value) => (value.trim() === '' ? 'give a name' : null),
      roles: (value) => (value.length === 0 ? 'choose at least one role' : null),
    },
  });
  const save = useMutation({
    mutationFn: (body: { name: string; roles: Role[] }) =>
      api.call(identityRoutes.updatePerson, { params: { id: person.id }, body }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['people'] });
      await client.invalidateQueries({ queryKey: ['me'] });
      onClose();
      toast('Person saved');
    },
  });
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="sm">
        <TextInput data-autofocus label="Name" required {...form.getInputProps('name')} />
        <RoleChoice
          value={form.values.roles}
          error={form.errors.roles}
          onChange={(roles) => form.setFieldValue('roles', roles)}
        />
        <FormFoot failure={save.error} verb="Save" busy={save.isPending} onCancel={onClose} />
      </Stack>
    </form>
  );
}

export function DisableDialog({ person, onClose }: DialogProps) {
  const client = useQueryClient();
  const enable = person?.disabled === true;
  return (
    <Confirm
      opened={person !== null}
      danger={!enable}
      title={enable ? `Enable ${person?.name}?` : `Disable ${person?.name ?? ''}?`}
      verb={enable ? 'Enable this person' : 'Disable this person'}
      onClose={onClose}
      onConfirm={async () => {
        if (person === null) return;
        await api.call(identityRoutes.updatePerson, {
          params: { id: person.id },
          body: { disabled: !enable },
        });
        await client.invalidateQueries({ queryKey: ['people'] });
        toast(enable ? `${person.name} may sign in again` : `${person.name} is disabled`);
      }}
    >
      <p>
        {enable
          ? 'They can sign in again with their password.'
          : 'Their sessions end at once and their keys stop working. What they did stays on record.'}
      </p>
    </Confirm>
  );
}
