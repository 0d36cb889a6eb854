import { factorRoutes } from '@bartizan/contracts';
import { Alert, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';
import { api } from './api.ts';
import { useMay } from './session.ts';

const ALARMS_KEY = ['alarms'];

/** Alarms that nobody has looked into yet, over every page. */
export function Alarms() {
  const client = useQueryClient();
  const mayRead = useMay('people.read');
  const mayAcknowledge = useMay('people.manage');
  const query = useQuery({
    queryKey: ALARMS_KEY,
    queryFn: ({ signal }) => api.call(factorRoutes.alarms, { signal }),
    enabled: mayRead,
    refetchInterval: 30_000,
  });
  const acknowledge = useMutation({
    mutationFn: (id: string) => api.call(factorRoutes.acknowledgeAlarm, { params: { id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ALARMS_KEY }),
    onError: toastFailure,
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
            <Button
              size="compact-sm"
              variant="default"
              loading={acknowledge.isPending && acknowledge.variables === alarm.id}
              onClick={() => acknowledge.mutate(alarm.id)}
            >
              Somebody looked into it
            </Button>
          ) : (
            'An administrator can say that somebody looked into it.'
          )}
        </Alert>
      ))}
    </>
  );
}
