import { identityRoutes } from '@bartizan/contracts';
import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { api, queryClient } from '../app/api.ts';
import { meQuery, stateQuery } from '../app/session.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { SignInFrame } from './frame.tsx';

const route = getRouteApi('/sign-in');

/** Only a path on this console: never an address that somebody put in a link. */
const safeNext = (next: string | undefined): string => (next && /^\/(?![/\\])/.test(next) ? next : '/');

export function SignInPage() {
  const { next } = route.useSearch();
  const router = useRouter();
  const state = useQuery(stateQuery);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    meta: { public: true },
    mutationFn: () => api.call(identityRoutes.login, { body: { email, password } }),
    onSuccess: (me) => {
      queryClient.setQueryData(meQuery.queryKey, me);
      router.history.push(safeNext(next));
    },
  });

  if (state.data?.setUp === false) {
    return (
      <SignInFrame title="Bartizan is not set up yet">
        <p>
          Open the setup link that Bartizan printed when it started. It makes the first administrator and
          works once.
        </p>
        <p className="bz-dim">If the link is gone, restart Bartizan and it prints a new one.</p>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title="Sign in">
      {next ? (
        <Alert py="xs" variant="light">
          Sign in to go on to the page that you asked for.
        </Alert>
      ) : null}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate();
        }}
      >
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <FailureNote failure={login.error} />
        <Button type="submit" size="sm" loading={login.isPending}>
          Sign in
        </Button>
      </form>
    </SignInFrame>
  );
}
