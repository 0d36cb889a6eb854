import { Modal, SegmentedControl, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { FormFoot } from '../ui/form-foot.tsx';

const DAY_MS = 86_400_000;
const SPANS = [
  { value: '7', label: '7 days' },
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '364', label: 'A year' },
];
const REASON = { min: 10, max: 1000 };

interface AcceptDialogProps {
  readonly opened: boolean;
  /** True where accepting lets files out of quarantine. */
  readonly quarantines: boolean;
  readonly onClose: () => void;
  readonly onAccept: (body: { reason: string; expiresAt: number }) => Promise<unknown>;
}

/** Asks why a finding may be lived with, and until when. */
export function AcceptDialog({ opened, onClose, ...rest }: AcceptDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Accept this finding"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <AcceptForm {...rest} onClose={onClose} />
    </Modal>
  );
}

function AcceptForm({ quarantines, onClose, onAccept }: Omit<AcceptDialogProps, 'opened'>) {
  const [reason, setReason] = useState('');
  const [days, setDays] = useState('30');
  const missing = REASON.min - reason.trim().length;
  const accept = useMutation({
    mutationFn: () => onAccept({ reason: reason.trim(), expiresAt: Date.now() + Number(days) * DAY_MS }),
    onSuccess: onClose,
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (missing <= 0) accept.mutate();
      }}
    >
      <Stack gap="sm">
        {quarantines ? (
          <p>
            Findings like this one keep the version in quarantine. Once all of them are accepted, its files
            are given out again, to whoever may download models.
          </p>
        ) : null}
        <Textarea
          data-autofocus
          label="Why it can be lived with"
          description={
            missing > 0
              ? `Stays on record in the audit log. ${missing} more characters.`
              : 'Stays on record in the audit log.'
          }
          autosize
          minRows={2}
          maxLength={REASON.max}
          required
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <div>
          <div className="bz-label" id="accept-until">
            Until
          </div>
          <SegmentedControl aria-labelledby="accept-until" data={SPANS} value={days} onChange={setDays} />
        </div>
        <FormFoot
          failure={accept.error}
          verb="Accept this finding"
          busy={accept.isPending}
          disabled={missing > 0}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
