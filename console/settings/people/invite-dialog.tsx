import { identityRoutes, type Role } from '@bartizan/contracts';
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { CodeBlock } from '../../ui/copy.tsx';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { RoleChoice } from './role-choice.tsx';

interface Values {
  name: string;
  email: string;
  roles: Role[];
}

/** Adds a person, then shows their one-time link to pass on. */
export function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const form = useForm<Values>({
    initialValues: { name: '', email: '', roles: ['viewer'] },
    validate: validateWith(
      identityRoutes.addPerson.body as NonNullable<typeof identityRoutes.addPerson.body>,
    ),
  });
  const invite = useMutation({
    mutationFn: (values: Values) => api.call(identityRoutes.addPerson, { body: values }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['people'] }),
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  const close = () => {
    onClose();
    form.reset();
    invite.reset();
  };
  const added = invite.data;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={added ? `Pass this link on to ${added.person.name}` : 'Invite a person'}
      size="lg"
      closeOnClickOutside={!added}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {added ? (
        <div className="bz-secret">
          <p>
            It works once, within three days, and lets {added.person.name} choose a password. It is shown here
            and nowhere else; Bartizan does not send it.
          </p>
          <CodeBlock wrap label="Invitation link" code={added.inviteUrl} />
          <Group justify="flex-end">
            <Button onClick={close}>Done</Button>
          </Group>
        </div>
      ) : (
        <form onSubmit={form.onSubmit((values) => invite.mutate(values))} noValidate>
          <Stack gap="sm">
            <TextInput data-autofocus label="Name" required {...form.getInputProps('name')} />
            <TextInput label="E-mail" type="email" required {...form.getInputProps('email')} />
            <RoleChoice
              value={form.values.roles}
              error={form.errors.roles}
              onChange={(roles) => form.setFieldValue('roles', roles)}
            />
            <FormFoot
              failure={invite.error}
              verb="Create invitation link"
              busy={invite.isPending}
              onCancel={close}
            />
          </Stack>
        </form>
      )}
    </Modal>
  );
}
