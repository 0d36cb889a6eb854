import { factorRoutes, identityRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { SessionTable } from '../settings/session-table.tsx';
import { Section } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { toast, toastFailure } from '../ui/toast.ts';

/** Where one is signed in. */
export function Sessions() {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ['sessions'],
    queryFn: async ({ signal }) => (await api.call(identityRoutes.sessions, { signal })).items,
  });
  const end = useMutation({
    mutationFn: (id: string) => api.call(identityRoutes.revokeSession, { params: { id } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['sessions'] });
      toast('Session ended');
    },
    onError: toastFailure,
  });
  const endOthers = useMutation({
    mutationFn: () => api.call(factorRoutes.endSessions, {}),
    onSuccess: async ({ ended }) => {
      await client.invalidateQueries({ queryKey: ['sessions'] });
      toast(ended === 1 ? 'One session ended' : `${ended} sessions ended`);
    },
    onError: toastFailure,
  });
  return (
    <Section
      flush
      actions={
        (query.data?.length ?? 0) > 1 ? (
          <Button variant="default" loading={endOthers.isPending} onClick={() => endOthers.mutate()}>
            Sign out everywhere else
          </Button>
        ) : null
      }
      title="Your sessions"
      description="Where you are signed in. End those that you do not know, and change your password."
    >
      <QueryView query={query}>
        {(sessions) => (
          <SessionTable
            sessions={sessions}
            ending={end.isPending ? end.variables : null}
            onEnd={(id) => end.mutate(id)}
          />
        )}
      </QueryView>
    </Section>
  );
}
