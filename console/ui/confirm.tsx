import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { FailureNote } from './failure-note.tsx';

interface ConfirmProps {
  readonly opened: boolean;
  readonly title: string;
  /** The button's verb, e.g. "Revoke this key". */
  readonly verb: string;
  /** What will happen. */
  readonly children: ReactNode;
  /** When given, the person must type it. */
  readonly name?: string;
  readonly danger?: boolean;
  readonly onClose: () => void;
  /** Rejects with what went wrong; the dialog stays open and shows it. */
  readonly onConfirm: () => Promise<unknown>;
}

/** Asks before something that matters, names the consequence, and for grave acts wants the name typed. */
export function Confirm(props: ConfirmProps) {
  const { opened, title, verb, children, name, danger = true, onClose, onConfirm } = props;
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const close = () => {
    setTyped('');
    setFailure(null);
    onClose();
  };
  const act = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      close();
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const ready = name === undefined || typed === name;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void act();
        }}
      >
        <Stack gap="md">
          <div>{children}</div>
          {name === undefined ? null : (
            <TextInput
              data-autofocus
              label={
                <>
                  Type <code>{name}</code> to confirm
                </>
              }
              value={typed}
              onChange={(event) => setTyped(event.currentTarget.value)}
              autoComplete="off"
            />
          )}
          <FailureNote failure={failure} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close}>
              Cancel
            </Button>
            <Button type="submit" color={danger ? 'red.8' : undefined} disabled={!ready} loading={busy}>
              {verb}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
