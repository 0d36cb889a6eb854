import { factorRoutes, type Person } from '@bartizan/contracts';
import { Button, Group, Modal } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../../app/api.ts';
import { QueryView } from '../../ui/states.tsx';
import { toastFailure } from '../../ui/toast.ts';
import { SessionTable } from '../session-table.tsx';

interface DialogProps {
  readonly person: Person | null;
  readonly onClose: () => void;
}

/** Where a person is signed in, and ending it. */
export function SessionsDialog({ person, onClose }: DialogProps) {
  return (
    <Modal
      opened={person !== null}
      onClose={onClose}
      title={person ? `Sessions of ${person.name}` : ''}
      size="xl"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {person ? <SessionList person={person} /> : null}
    </Modal>
  );
}

function SessionList({ person }: { person: Person }) {
  const client = useQueryClient();
  const queryKey = ['people', person.id, 'sessions'];
  const params = { id: person.id };
  const query = useQuery({
    queryKey,
    queryFn: async ({ signal }) => (await api.call(factorRoutes.sessionsOf, { params, signal })).items,
  });
  const onSuccess = () => client.invalidateQueries({ queryKey });
  const end = useMutation({
    mutationFn: (sessionId: string) =>
      api.call(factorRoutes.endSessionOf, { params: { ...params, sessionId } }),
    onSuccess,
    onError: toastFailure,
  });
  const endAll = useMutation({
    mutationFn: () => api.call(factorRoutes.endSessionsOf, { params }),
    onSuccess,
    onError: toastFailure,
  });
  return (
    <QueryView query={query}>
      {(sessions) =>
        sessions.length === 0 ? (
          <p className="bz-dim">{person.name} is not signed in anywhere.</p>
        ) : (
          <>
            <SessionTable
              sessions={sessions}
              ending={end.isPending ? end.variables : null}
              onEnd={(id) => end.mutate(id)}
            />
            <Group justify="flex-end" mt="md">
              <Button color="red.8" loading={endAll.isPending} onClick={() => endAll.mutate()}>
                End all {sessions.length}
              </Button>
            </Group>
          </>
        )
      }
    </QueryView>
  );
}
