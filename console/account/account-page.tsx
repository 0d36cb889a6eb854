import { identityRoutes, Password } from '@bartizan/contracts';
import { Alert, Button, PasswordInput, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { meQuery } from '../app/session.ts';
import { NewPasswordField } from '../sign-in/password-field.tsx';
import '../sign-in/sign-in.css';
import { FailureNote } from '../ui/failure-note.tsx';
import { fieldErrors } from '../ui/form.ts';
import { Facts, Page, Section } from '../ui/page.tsx';
import { ROLE_TITLES } from '../ui/roles.ts';
import { toast } from '../ui/toast.ts';
import { OwnFactors } from './factors.tsx';
import { OwnPermissions } from './own-permissions.tsx';
import { Sessions } from './sessions.tsx';
import './account.css';

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
            [
              'Teams',
              me.data?.everyTeam
                ? 'your role looks after every team'
                : me.data?.teams.map(({ name }) => name).join(', ') || 'none',
            ],
          ]}
        />
      </Section>
      {me.data?.mustEnrol ? <MustEnrol /> : null}
      <OwnFactors />
      <Sessions />
      {me.data?.confirmWith.includes('sign-in') ? null : <ChangePassword />}
      <OwnPermissions />
    </Page>
  );
}

const MustEnrol = () => (
  <Alert color="yellow" variant="light" role="alert" mb="md" title="Set up a second factor first">
    It is demanded of you. Set up an authenticator app or a passkey below; then everything else opens.
  </Alert>
);

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
