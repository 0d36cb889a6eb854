import { Button, Group, Modal, Stack } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import type { RefObject } from 'react';

interface GuardProps {
  readonly when: boolean;
  /** What would be lost. */
  readonly what: string;
  /** Set as soon as the changes are saved: a page may move on before it is drawn again. */
  readonly saved: RefObject<boolean>;
}

/** Asks before leaving a page with changes that were not saved. */
export function UnsavedGuard({ when, what, saved }: GuardProps) {
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => when && !saved.current && current.pathname !== next.pathname,
    enableBeforeUnload: when,
    withResolver: true,
  });
  return (
    <Modal
      opened={blocker.status === 'blocked'}
      onClose={() => blocker.reset?.()}
      title="Leave without saving?"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        <p>Your changes to {what} are not saved.</p>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => blocker.proceed?.()}>
            Leave and lose them
          </Button>
          <Button data-autofocus onClick={() => blocker.reset?.()}>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
