import { identityRoutes, Password } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, queryClient } from '../app/api.ts';
import { meQuery } from '../app/session.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { SignInFrame } from './frame.tsx';
import { NewPasswordField } from './password-field.tsx';

const route = getRouteApi('/invite');

export function InvitePage() {
  const { token = '' } = route.useSearch();
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const accept = useMutation({
    meta: { public: true },
    mutationFn: () => api.call(identityRoutes.acceptInvite, { body: { token, password } }),
    onSuccess: async (me) => {
      queryClient.clear();
      queryClient.setQueryData(meQuery.queryKey, me);
      await navigate({ to: '/' });
    },
  });
  if (token === '') {
    return (
      <SignInFrame title="The invitation link is incomplete">
        <p>Open the whole link that you were given; it ends with a token.</p>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame
      title="Accept your invitation"
      description="Choose a password. You sign in with it and your e-mail."
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const judged = Password.safeParse(password);
          setError(judged.success ? null : (judged.error.issues[0]?.message ?? null));
          if (judged.success) accept.mutate();
        }}
      >
        <NewPasswordField
          label="Password"
          autoFocus
          error={error}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <FailureNote failure={accept.error} />
        <Button type="submit" size="sm" loading={accept.isPending}>
          Choose password and sign in
        </Button>
      </form>
    </SignInFrame>
  );
}
