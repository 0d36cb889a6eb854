import { factorRoutes } from '@bartizan/contracts';
import { Modal, Skeleton, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { renderSVG } from 'uqr';
import { api } from '../app/api.ts';
import { CopyableId } from '../ui/copy.tsx';
import { FailureNote } from '../ui/failure-note.tsx';
import { FormFoot } from '../ui/form-foot.tsx';

interface DialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** With fresh recovery codes, where there were none. */
  readonly onDone: (recoveryCodes: readonly string[]) => void;
}

/** Sets up an authenticator app: shows the secret, and believes it only once a code of it was typed. */
export function AppDialog({ opened, onClose, onDone }: DialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Set up an authenticator app"
      size="md"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Steps onClose={onClose} onDone={onDone} />
    </Modal>
  );
}

function Steps({ onClose, onDone }: Omit<DialogProps, 'opened'>) {
  const [code, setCode] = useState('');
  const begun = useQuery({
    queryKey: ['factors', 'totp'],
    queryFn: () => api.call(factorRoutes.totpBegin, {}),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const confirm = useMutation({
    meta: { public: true },
    mutationFn: () => api.call(factorRoutes.totpConfirm, { body: { code } }),
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  });
  if (begun.isError) return <FailureNote failure={begun.error} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack gap="md">
        <p>Scan this with an app such as Aegis, 1Password, Google or Microsoft Authenticator.</p>
        {begun.data ? <QrCode text={begun.data.uri} /> : <Skeleton width={200} height={200} />}
        <p className="bz-dim">
          No camera? Type this secret into the app:{' '}
          {begun.data ? <CopyableId value={begun.data.secret} /> : null}
        </p>
        <TextInput
          label="Code that the app shows"
          description="Six digits; they change every half minute."
          inputMode="numeric"
          autoComplete="one-time-code"
          data-autofocus
          required
          maxLength={7}
          value={code}
          onChange={(event) => setCode(event.currentTarget.value)}
        />
        <FormFoot
          failure={confirm.error}
          verb="Finish"
          busy={confirm.isPending}
          disabled={!begun.data || code.trim() === ''}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}

/** Dark on light whatever the theme: cameras want it so. */
function QrCode({ text }: { text: string }) {
  const svg = renderSVG(text, { border: 3 });
  return (
    <img
      className="bz-qr"
      width={200}
      height={200}
      alt="QR code with the secret for the authenticator app"
      src={`data:image/svg+xml;base64,${btoa(svg)}`}
    />
  );
}
