import { factorRoutes } from '@bartizan/contracts';
import { Modal, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { makePasskey } from '../app/passkeys.ts';
import { deviceInWords } from '../settings/device.ts';
import { FormFoot } from '../ui/form-foot.tsx';

interface DialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onDone: (recoveryCodes: readonly string[]) => void;
}

/** Makes a passkey with the browser and keeps its public half. */
export function PasskeyDialog({ opened, onClose, onDone }: DialogProps) {
  const [name, setName] = useState(() => deviceInWords(navigator.userAgent));
  const add = useMutation({
    meta: { public: true },
    mutationFn: async () => {
      const options = await api.call(factorRoutes.passkeyBegin, {});
      const registration = await makePasskey(options);
      return api.call(factorRoutes.passkeyAdd, { body: { name, registration } });
    },
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  });
  const close = () => {
    add.reset();
    onClose();
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title="Add a passkey"
      size="sm"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate();
        }}
      >
        <Stack gap="md">
          <p>
            Your browser asks where to keep it. With it you sign in without a password, and it counts as a
            second factor.
          </p>
          <TextInput
            label="Name"
            description="So that you know it again."
            data-autofocus
            required
            maxLength={100}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <FormFoot
            failure={add.error}
            verb="Make a passkey"
            busy={add.isPending}
            disabled={name.trim() === ''}
            onCancel={close}
          />
        </Stack>
      </form>
    </Modal>
  );
}
