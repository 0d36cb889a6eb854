import { factorRoutes, identityRoutes } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { deviceInWords } from '../settings/device.ts';
import { Section, Tag } from '../ui/page.tsx';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
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
          <table className="bz-table">
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Address</th>
                <th scope="col">Last seen</th>
                <th scope="col">Since</th>
                <th scope="col">Ends</th>
                <th scope="col">
                  <span className="bz-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {sessions.map((session) => (
                <tr key={session.id}>
                  <td title={session.userAgent ?? undefined}>
                    {deviceInWords(session.userAgent)} {session.current ? <Tag>this one</Tag> : null}
                  </td>
                  <td>{session.address ?? '–'}</td>
                  <td>
                    <RelativeTime at={session.lastSeenAt} />
                  </td>
                  <td>
                    <RelativeTime at={session.createdAt} />
                  </td>
                  <td>
                    <RelativeTime at={session.expiresAt} />
                  </td>
                  <td className="bz-num">
                    {session.current ? null : (
                      <Button
                        size="compact-xs"
                        variant="default"
                        loading={end.isPending && end.variables === session.id}
                        onClick={() => end.mutate(session.id)}
                      >
                        End
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </QueryView>
    </Section>
  );
}
