import { type Alarm, factorRoutes } from '@bartizan/contracts';
import { Button, UnstyledButton } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { NoteDialog } from '../ui/note-dialog.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { api } from './api.ts';
import { meQuery, useMay } from './session.ts';

const ALARMS_KEY = ['alarms'];

/** Alarms that nobody has looked into yet, over every page: one line, several folded into one. */
export function Alarms() {
  const client = useQueryClient();
  const [looking, setLooking] = useState<Alarm | null>(null);
  const [isOpen, setIsOpen] = useState(false);
  const query = useQuery({
    queryKey: ALARMS_KEY,
    queryFn: ({ signal }) => api.call(factorRoutes.alarms, { signal }),
    enabled: useMay('people.read'),
    refetchInterval: 30_000,
  });
  const open = (query.data?.items ?? []).filter((alarm) => alarm.acknowledgedAt === null);
  const isFolded = open.length > 1 && !isOpen;
  return (
    <>
      {open.length === 0 ? null : (
        <div className="bz-alarms" role="alert">
          {open.length > 1 ? (
            <UnstyledButton
              className="bz-alarm bz-alarm-count"
              aria-expanded={isOpen}
              onClick={() => setIsOpen(!isOpen)}
            >
              <span className="bz-alarm-text">
                {open.length} alarms<span className="bz-dim">, the newest: {open[0]?.summary}</span>
              </span>
              <span>{isOpen ? 'Fold' : 'Show'}</span>
            </UnstyledButton>
          ) : null}
          {isFolded
            ? null
            : open.map((alarm) => <OneAlarm key={alarm.id} alarm={alarm} onLook={setLooking} />)}
        </div>
      )}
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

/** One line; the words in full once they are pressed. */
function OneAlarm({ alarm, onLook }: { alarm: Alarm; onLook: (alarm: Alarm) => void }) {
  const { data: me } = useQuery(meQuery);
  const mayAcknowledge = useMay('people.manage') && me?.breakGlass === false;
  const [isFull, setIsFull] = useState(false);
  return (
    <div className="bz-alarm">
      <UnstyledButton
        className="bz-alarm-text"
        data-full={isFull || undefined}
        aria-expanded={isFull}
        title={alarm.summary}
        onClick={() => setIsFull(!isFull)}
      >
        {alarm.summary} <RelativeTime at={alarm.at} />
        {isFull && !mayAcknowledge ? (
          <span className="bz-dim"> An administrator acknowledges it once they have looked into it.</span>
        ) : null}
      </UnstyledButton>
      {mayAcknowledge ? (
        <Button
          size="compact-xs"
          variant="default"
          aria-label="Acknowledge this alarm"
          onClick={() => onLook(alarm)}
        >
          Acknowledge
        </Button>
      ) : null}
    </div>
  );
}
