import { Modal, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { FormFoot } from './form-foot.tsx';

/** Shortest and longest note that the server takes, in characters. */
const LENGTH = { min: 10, max: 500 };

interface NoteDialogProps {
  readonly opened: boolean;
  readonly title: string;
  readonly label: string;
  readonly description: string;
  readonly verb: string;
  readonly onClose: () => void;
  /** Rejects with what went wrong; the dialog stays open and shows it. */
  readonly onSave: (note: string) => Promise<unknown>;
}

/** Asks for a sentence that goes on record. */
export function NoteDialog({ opened, title, onClose, ...rest }: NoteDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <NoteForm {...rest} onClose={onClose} />
    </Modal>
  );
}

function NoteForm({ label, description, verb, onClose, onSave }: Omit<NoteDialogProps, 'opened' | 'title'>) {
  const [note, setNote] = useState('');
  const missing = LENGTH.min - note.trim().length;
  const save = useMutation({ mutationFn: () => onSave(note.trim()), onSuccess: onClose });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (missing <= 0) save.mutate();
      }}
    >
      <Stack gap="sm">
        <Textarea
          data-autofocus
          label={label}
          description={missing > 0 ? `${description} ${missing} more characters.` : description}
          autosize
          minRows={2}
          maxLength={LENGTH.max}
          required
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <FormFoot
          failure={save.error}
          verb={verb}
          busy={save.isPending}
          disabled={missing > 0}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
