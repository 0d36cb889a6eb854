import { identityRoutes, Password } from '@bartizan/contracts';
import { Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { meQuery } from '../app/session.ts';
import { NewPasswordField } from '../sign-in/password-field.tsx';
import '../sign-in/sign-in.css';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors } from '../ui/form.ts';
import { Facts, Page, Section, Tag } from '../ui/page.tsx';
import { ROLE_TITLES } from '../ui/roles.ts';
import { QueryView } from '../ui/states.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toast, toastFailure } from '../ui/toast.ts';
import { deviceInWords } from './device.ts';

export function AccountPage() {
  const me = useQuery(meQuery);
  return (
    <Page narrow title="Your account">
      <Section title="You">
        <Facts
          items={[
            ['Name', me.data?.name],
            ['E-mail', me.data?.email],
            ['Roles', me.data?.roles.map((role) => ROLE_TITLES[role]).join(', ')],
          ]}
        />
      </Section>
      <Sessions />
      <ChangePassword />
    </Page>
  );
}

function Sessions() {
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
  return (
    <Section
      flush
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

function ChangePassword() {
  const client = useQueryClient();
  const form = useForm({
    initialValues: { current: '', next: '' },
    validate: {
      current: (value) => (value === '' ? 'type your current password' : null),
      next: (value) => {
        const judged = Password.safeParse(value);
        return judged.success ? null : (judged.error.issues[0]?.message ?? 'choose another');
      },
    },
  });
  const change = useMutation({
    mutationFn: (body: typeof form.values) => api.call(identityRoutes.changePassword, { body }),
    meta: { public: true },
    onSuccess: async () => {
      form.reset();
      toast('Password changed; your other sessions have ended');
      await client.invalidateQueries({ queryKey: ['sessions'] });
    },
    onError: (failure) => form.setErrors(fieldErrors(failure)),
  });
  return (
    <Section title="Password" description="Changing it ends your other sessions.">
      <form onSubmit={form.onSubmit((values) => change.mutate(values))} noValidate>
        <Stack gap="md" maw={400}>
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            required
            {...form.getInputProps('current')}
          />
          <NewPasswordField label="New password" {...form.getInputProps('next')} value={form.values.next} />
          <FailureNote failure={change.error} />
          <div>
            <Button type="submit" loading={change.isPending}>
              Change password
            </Button>
          </div>
        </Stack>
      </form>
    </Section>
  );
}
