import { factorRoutes } from '@bartizan/contracts';
import { Modal, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../app/api.ts';
import { fieldErrors, validateWith } from '../../ui/form.ts';
import { FormFoot } from '../../ui/form-foot.tsx';
import { type OneTime, OneTimeDialog } from '../../ui/one-time.tsx';
import { emergencyPassword } from './person-menu.tsx';

/** Makes an account for the day when nothing else lets anybody in. */
export function BreakGlassDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const client = useQueryClient();
  const [shown, setShown] = useState<OneTime | null>(null);
  const form = useForm({
    initialValues: { name: 'Emergency', email: '' },
    validate: validateWith(
      factorRoutes.addBreakGlass.body as NonNullable<typeof factorRoutes.addBreakGlass.body>,
    ),
  });
  const add = useMutation({
    mutationFn: (body: typeof form.values) => api.call(factorRoutes.addBreakGlass, { body }),
    onSuccess: async ({ person, password }) => {
      onClose();
      form.reset();
      setShown(emergencyPassword(person.name, password));
      await client.invalidateQueries({ queryKey: ['people'] });
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <>
      <Modal
        opened={opened}
        onClose={onClose}
        title="Emergency account"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <form onSubmit={form.onSubmit((values) => add.mutate(values))} noValidate>
          <Stack gap="sm">
            <p>
              An administrator for the day when the identity provider is down or every factor is lost. It
              needs neither, its sessions last an hour at most, and its use raises an alarm.
            </p>
            <TextInput label="Name" required {...form.getInputProps('name')} />
            <TextInput
              data-autofocus
              label="E-mail"
              description="What it signs in with; nothing is sent there."
              type="email"
              required
              {...form.getInputProps('email')}
            />
            <FormFoot failure={add.error} verb="Make the account" busy={add.isPending} onCancel={onClose} />
          </Stack>
        </form>
      </Modal>
      <OneTimeDialog shown={shown} onClose={() => setShown(null)} />
    </>
  );
}
