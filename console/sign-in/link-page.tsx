import { factorRoutes, identityRoutes, Password, type SignInAnswer } from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../app/api.ts';
import { FailureNote } from '../ui/failure-note.tsx';
import { SignInFrame } from './frame.tsx';
import { NewPasswordField } from './password-field.tsx';
import { type Pending, SecondStep, welcome } from './second-step.tsx';

interface LinkPageProps {
  readonly token: string;
  readonly title: string;
  readonly description: string;
  /** Spends the token. */
  readonly spend: (password: string) => Promise<SignInAnswer>;
}

/** Choosing a password on a one-time link. */
function LinkPage({ token, title, description, spend }: LinkPageProps) {
  const navigate = useNavigate();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [pending, setPending] = useState<Pending | null>(null);
  const goOn = () => void navigate({ to: '/' });
  const choose = useMutation({
    meta: { public: true },
    mutationFn: () => spend(password),
    onSuccess: (answer) => {
      const welcomed = welcome(answer);
      if (welcomed.pending) setPending(welcomed.pending);
      else goOn();
    },
  });
  if (pending !== null) {
    return (
      <SecondStep pending={pending} onSignedIn={goOn} onBack={() => void navigate({ to: '/sign-in' })} />
    );
  }
  if (token === '') {
    return (
      <SignInFrame title="The link is incomplete">
        <p>Open the whole link that you were given; it ends with a token.</p>
      </SignInFrame>
    );
  }
  return (
    <SignInFrame title={title} description={description}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          const judged = Password.safeParse(password);
          setError(judged.success ? null : (judged.error.issues[0]?.message ?? null));
          if (judged.success) choose.mutate();
        }}
      >
        <NewPasswordField
          label="Password"
          autoFocus
          error={error}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <FailureNote failure={choose.error} />
        <Button type="submit" size="sm" loading={choose.isPending}>
          Choose password and sign in
        </Button>
      </form>
    </SignInFrame>
  );
}

const inviteRoute = getRouteApi('/invite');
const resetRoute = getRouteApi('/reset');

export function InvitePage() {
  const { token = '' } = inviteRoute.useSearch();
  return (
    <LinkPage
      token={token}
      title="Accept your invitation"
      description="Choose a password. You sign in with it and your e-mail."
      spend={(password) => api.call(identityRoutes.acceptInvite, { body: { token, password } })}
    />
  );
}

export function ResetPage() {
  const { token = '' } = resetRoute.useSearch();
  return (
    <LinkPage
      token={token}
      title="Choose a new password"
      description="The old one no longer works. If you have a second factor, you are asked for it next."
      spend={(password) => api.call(factorRoutes.reset, { body: { token, password } })}
    />
  );
}
