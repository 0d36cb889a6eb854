import { inventoryRoutes } from '@bartizan/contracts';
import { Modal, Stack, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { toast } from '../ui/toast.ts';

interface ReviewDialogProps {
  readonly system: { readonly id: string; readonly name: string };
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Says that a system is still as described, and when somebody looks again. */
export function ReviewDialog({ system, opened, onClose }: ReviewDialogProps) {
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const [next, setNext] = useState('');
  const save = useMutation({
    mutationFn: () =>
      api.call(inventoryRoutes.review, {
        params: { id: system.id },
        body: { note: note.trim(), ...(next === '' ? {} : { nextReviewOn: next }) },
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['systems'] });
      toast(`${system.name} is marked as reviewed`);
      onClose();
    },
  });
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Mark ${system.name} as reviewed`}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <Stack gap="sm">
          <p>You say that purpose, owner, people affected and what it uses are as described.</p>
          <Textarea
            label="Note"
            description="What you looked at. It goes on record."
            autosize
            minRows={2}
            maxLength={2000}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label="Next review"
            description="Left empty: after the system’s review interval."
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
          />
          <FormFoot failure={save.error} verb="Mark as reviewed" busy={save.isPending} onCancel={onClose} />
        </Stack>
      </form>
    </Modal>
  );
}
