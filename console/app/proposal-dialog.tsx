import { REVIEW_REASON } from '@bartizan/contracts';
import { Modal, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { FormFoot } from '../ui/form-foot.tsx';
import type { Question } from './asking.ts';

/** Asks why something should change, when somebody else has to approve it. */
export function ProposalDialog({ question }: { question: Question }) {
  const [reason, setReason] = useState('');
  const short = reason.trim().length < REVIEW_REASON.min;
  return (
    <Modal
      opened
      onClose={question.cancel}
      title="This needs a second person"
      size="md"
      zIndex={300}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!short) question.answer(reason.trim());
        }}
      >
        <Stack gap="md">
          <p>
            Changes to what guards live traffic take effect when somebody else approves them. Propose it: it
            waits under Reviews for seven days.
          </p>
          <Textarea
            data-autofocus
            label="Why should this change?"
            autosize
            minRows={2}
            maxRows={6}
            maxLength={REVIEW_REASON.max}
            required
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <FormFoot verb="Propose" disabled={short} onCancel={question.cancel} />
        </Stack>
      </form>
    </Modal>
  );
}
