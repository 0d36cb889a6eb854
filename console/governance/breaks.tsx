import { type AuditBreak, auditRoutes } from '@bartizan/contracts';
import { Alert, Button } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { useMay } from '../app/session.ts';
import { NoteDialog } from '../ui/note-dialog.tsx';
import { RelativeTime } from '../ui/time.tsx';

/** What was noticed to be not as it was signed, until somebody says that they know why. */
export function Breaks({ breaks }: { breaks: readonly AuditBreak[] }) {
  const client = useQueryClient();
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
      <NoteDialog
        opened={explaining !== null}
        title="Why is it so?"
        label="Reason"
        description="For example that a backup was restored. It goes into the log."
        verb="Record the reason"
        onClose={() => setExplaining(null)}
        onSave={async (note) => {
          if (explaining === null) return;
          await api.call(auditRoutes.acknowledge, { params: { id: explaining.id }, body: { note } });
          await client.invalidateQueries({ queryKey: ['audit'] });
        }}
      />
    </>
  );
}
