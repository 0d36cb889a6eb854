import { type Alarm, factorRoutes } from '@bartizan/contracts';
import { Alert, Button } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { NoteDialog } from '../ui/note-dialog.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { api } from './api.ts';
import { meQuery, useMay } from './session.ts';

const ALARMS_KEY = ['alarms'];

/** Alarms that nobody has looked into yet, over every page. */
export function Alarms() {
  const client = useQueryClient();
  const { data: me } = useQuery(meQuery);
  const mayAcknowledge = useMay('people.manage') && me?.breakGlass === false;
  const [looking, setLooking] = useState<Alarm | null>(null);
  const query = useQuery({
    queryKey: ALARMS_KEY,
    queryFn: ({ signal }) => api.call(factorRoutes.alarms, { signal }),
    enabled: useMay('people.read'),
    refetchInterval: 30_000,
  });
  const open = (query.data?.items ?? []).filter((alarm) => alarm.acknowledgedAt === null);
  return (
    <>
      {open.map((alarm) => (
        <Alert
          key={alarm.id}
          color="red"
          variant="light"
          role="alert"
          m="md"
          mb={0}
          title={
            <>
              {alarm.summary} <RelativeTime at={alarm.at} />
            </>
          }
        >
          {mayAcknowledge ? (
            <Button size="compact-sm" variant="default" onClick={() => setLooking(alarm)}>
              Acknowledge this alarm
            </Button>
          ) : (
            'An administrator acknowledges it once they have looked into it.'
          )}
        </Alert>
      ))}
      <NoteDialog
        opened={looking !== null}
        title="Acknowledge this alarm"
        label="What did you find?"
        description="It goes into the audit log, and the alarm leaves every page."
        verb="Acknowledge"
        onClose={() => setLooking(null)}
        onSave={async (note) => {
          if (looking === null) return;
          await api.call(factorRoutes.acknowledgeAlarm, { params: { id: looking.id }, body: { note } });
          await client.invalidateQueries({ queryKey: ALARMS_KEY });
        }}
      />
    </>
  );
}
