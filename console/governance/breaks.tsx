import { type AuditBreak, auditRoutes } from '@bartizan/contracts';
import { Alert, Button, Modal, Stack, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { FormFoot } from '../ui/form-foot.tsx';
import { RelativeTime } from '../ui/time.tsx';

/** What was noticed to be not as it was signed, until somebody says that they know why. */
export function Breaks({ breaks }: { breaks: readonly AuditBreak[] }) {
  const mayManage = useMay('audit.manage');
  const [explaining, setExplaining] = useState<AuditBreak | null>(null);
  return (
    <>
      {breaks.map((each) => (
        <Alert
          key={each.id}
          color={each.acknowledgedAt === null ? 'red' : 'gray'}
          variant="light"
          role={each.acknowledgedAt === null ? 'alert' : undefined}
          mb="md"
          title={each.message}
        >
          Noticed <RelativeTime at={each.at} />.{' '}
          {each.acknowledgedAt === null ? null : (
            <>
              {each.acknowledgedBy} knows of it: “{each.note}”
            </>
          )}
          {each.acknowledgedAt === null && mayManage ? (
            <div style={{ marginTop: 8 }}>
              <Button size="compact-sm" variant="default" onClick={() => setExplaining(each)}>
                I know why
              </Button>
            </div>
          ) : null}
        </Alert>
      ))}
      <Modal
        opened={explaining !== null}
        onClose={() => setExplaining(null)}
        title="Why is it so?"
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        {explaining === null ? null : <Explain each={explaining} onClose={() => setExplaining(null)} />}
      </Modal>
    </>
  );
}

function Explain({ each, onClose }: { each: AuditBreak; onClose: () => void }) {
  const client = useQueryClient();
  const [note, setNote] = useState('');
  const save = useMutation({
    mutationFn: () => api.call(auditRoutes.acknowledge, { params: { id: each.id }, body: { note } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['audit'] });
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <Textarea
          data-autofocus
          label="Reason"
          description="For example that a backup was restored. It goes into the log."
          autosize
          minRows={2}
          maxLength={500}
          required
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <FormFoot
          failure={save.error}
          verb="Record the reason"
          busy={save.isPending}
          disabled={note.trim().length < 10}
          onCancel={onClose}
        />
      </Stack>
    </form>
  );
}
