import { FactorKind, identityRoutes, SSO_FAILURES, type SsoFailure } from '@bartizan/contracts';
import { Alert, Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { stateQuery } from '../app/session.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { SignInFrame } from './frame.tsx';
import { OtherWays, waysQuery } from './other-ways.tsx';
import { type Pending, SecondStep, welcome } from './second-step.tsx';

const route = getRouteApi('/sign-in');

/** Only a path on this console: never an address that somebody put in a link. */
const safeNext = (next: string | undefined): string => (next && /^\/(?![/\\])/.test(next) ? next : '/');

/** Back from an identity provider that is not trusted for the second factor: the address says which are asked for. */
function pendingOf({ factors, expires }: { factors?: string; expires?: string }): Pending | null {
  const methods = FactorKind.options.filter((kind) => factors?.split(' ').includes(kind));
  const expiresAt = Number(expires);
  if (methods.length === 0 || !Number.isSafeInteger(expiresAt)) return null;
  return { status: 'second-factor', methods, expiresAt };
}

export function SignInPage() {
  const search = route.useSearch();
  const { next } = search;
  const router = useRouter();
  const state = useQuery(stateQuery);
  const [pending, setPending] = useState<Pending | null>(() => pendingOf(search));
  const goOn = () => router.history.push(safeNext(next));

  if (state.data?.setUp === false) return <NotSetUp />;
  if (pending !== null) {
    return <SecondStep pending={pending} onSignedIn={goOn} onBack={() => setPending(null)} />;
  }
  return <FirstStep next={safeNext(next)} onPending={setPending} onSignedIn={goOn} />;
}

const NotSetUp = () => (
  <SignInFrame title="Bartizan is not set up yet">
    <p>
      Open the setup link that Bartizan printed when it started. It makes the first administrator and works
      once.
    </p>
    <p className="bz-dim">If the link is gone, restart Bartizan and it prints a new one.</p>
  </SignInFrame>
);

interface FirstStepProps {
  readonly next: string;
  readonly onPending: (pending: Pending) => void;
  readonly onSignedIn: () => void;
}

function FirstStep({ next, onPending, onSignedIn }: FirstStepProps) {
  const { sso } = route.useSearch();
  const ways = useQuery(waysQuery);
  const [asked, setAsked] = useState(false);
  const onlySso = ways.data?.passwords === false;
  return (
    <SignInFrame title="Sign in">
      {sso && sso in SSO_FAILURES ? (
        <Alert color="red" variant="light" role="alert" py="xs">
          {SSO_FAILURES[sso as SsoFailure]}
        </Alert>
      ) : next === '/' ? null : (
        <Alert py="xs" variant="light">
          Sign in to go on to the page that you asked for.
        </Alert>
      )}
      {onlySso && !asked ? (
        <p className="bz-dim">
          People sign in with the identity provider.{' '}
          <Button variant="subtle" size="compact-xs" onClick={() => setAsked(true)}>
            Emergency account
          </Button>
        </p>
      ) : (
        <PasswordForm onPending={onPending} onSignedIn={onSignedIn} />
      )}
      <OtherWays providers={ways.data?.items ?? []} passkeys={!onlySso} next={next} onSignedIn={onSignedIn} />
    </SignInFrame>
  );
}

function PasswordForm({ onPending, onSignedIn }: Pick<FirstStepProps, 'onPending' | 'onSignedIn'>) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const login = useMutation({
    meta: { public: true },
    mutationFn: () => api.call(identityRoutes.login, { body: { email, password } }),
    onSuccess: (answer) => {
      const { pending } = welcome(answer);
      if (pending === null) onSignedIn();
      else onPending(pending);
    },
  });
  return (
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
  );
}
