import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { FailureNote } from './failure-note.tsx';

interface FormFootProps {
  /** What the server said to the last attempt; nothing is shown for null. */
  readonly failure?: unknown;
  /** The submit button's words, e.g. "Create team". */
  readonly verb: ReactNode;
  readonly busy?: boolean;
  readonly disabled?: boolean;
  readonly onCancel: () => void;
}

/** The end of a form in a dialog: what went wrong, the way out, the way on. */
export function FormFoot({ failure = null, verb, busy = false, disabled = false, onCancel }: FormFootProps) {
  return (
    <>
      <FailureNote failure={failure} />
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" loading={busy} disabled={disabled}>
          {verb}
        </Button>
      </Group>
    </>
  );
}
