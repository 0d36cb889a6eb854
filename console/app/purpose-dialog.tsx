import { PURPOSES } from '@bartizan/contracts';
import { Chip, Group, Modal, Stack, Textarea } from '@mantine/core';
import { useState } from 'react';
import { FormFoot } from '../ui/form-foot.tsx';
import { ask, type Question } from './asking.ts';

/** Shortest and longest reason that the server takes, in characters. */
const LENGTH = { min: 10, max: 500 };

/** The reason for reading protected content, or null when the person would rather not. */
export const askPurpose = (about: string): Promise<string | null> => ask('purpose', about);

/** Asks for the reason and says where it goes. */
export function PurposeDialog({ question }: { question: Question }) {
  const [reason, setReason] = useState<string>('');
  const [text, setText] = useState('');
  const whole = (reason ? `${reason}: ${text}` : text).trim();
  const missing = LENGTH.min - whole.length;
  return (
    <Modal
      opened
      onClose={question.cancel}
      title="Why do you read this?"
      size="md"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (missing <= 0 && text.trim() !== '') question.answer(whole.slice(0, LENGTH.max));
        }}
      >
        <Stack gap="md">
          <p>
            {question.about} It may hold secrets and personal data. That you read it, and why, goes into the
            audit log with your name.
          </p>
          <Chip.Group value={reason} onChange={(value) => setReason(value as string)}>
            <Group gap="xs" role="radiogroup" aria-label="Kind of reason">
              {PURPOSES.map(({ id, title }) => (
                <Chip key={id} value={title} size="xs" variant="light">
                  {title}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Textarea
            data-autofocus
            label="Reason"
            description={
              missing > 0
                ? `For example the number of the ticket, and what you look for. ${missing} more characters.`
                : 'For example the number of the ticket, and what you look for.'
            }
            autosize
            minRows={2}
            maxRows={6}
            maxLength={LENGTH.max}
            required
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <FormFoot
            verb="Show and record"
            disabled={missing > 0 || text.trim() === ''}
            onCancel={question.cancel}
          />
        </Stack>
      </form>
    </Modal>
  );
}
