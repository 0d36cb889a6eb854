import {
  type FactorKind,
  type FactorProof,
  factorRoutes,
  type Me,
  type SignInAnswer,
} from '@bartizan/contracts';
import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { api, queryClient } from '../app/api.ts';
import { FactorForm, type Way } from '../app/factor-form.tsx';
import { givePasskey } from '../app/passkeys.ts';
import { meQuery } from '../app/session.ts';
import { SignInFrame } from './frame.tsx';

/** What the second step still waits for. */
export type Pending = Extract<SignInAnswer, { status: 'second-factor' }>;

/** Takes what the server said of signing in: somebody who is signed in, or null and the second step to take. */
export function welcome(answer: SignInAnswer): { readonly me: Me | null; readonly pending: Pending | null } {
  if (answer.status === 'second-factor') return { me: null, pending: answer };
  queryClient.clear();
  queryClient.setQueryData(meQuery.queryKey, answer.me);
  return { me: answer.me, pending: null };
}

async function proofOf(way: FactorKind, value: string): Promise<FactorProof> {
  if (way !== 'passkey') return { kind: way, code: value };
  const options = await api.call(factorRoutes.secondFactorPasskey, {});
  return { kind: 'passkey', assertion: await givePasskey(options) };
}

interface SecondStepProps {
  readonly pending: Pending;
  readonly onSignedIn: () => void;
  /** Back to the first step. */
  readonly onBack: () => void;
}

/** Asks for the second factor. There is no session before it is given. */
export function SecondStep({ pending, onSignedIn, onBack }: SecondStepProps) {
  const give = useMutation({
    meta: { public: true },
    mutationFn: async ({ way, value }: { way: Way; value: string }) =>
      api.call(factorRoutes.secondFactor, { body: await proofOf(way as FactorKind, value) }),
    onSuccess: (answer) => {
      welcome(answer);
      onSignedIn();
    },
  });
  return (
    <SignInFrame title="Second factor" description="That was right. One more step.">
      <FactorForm
        ways={pending.methods}
        verb="Sign in"
        busy={give.isPending}
        failure={give.error}
        onGive={(way, value) => give.mutate({ way, value })}
      />
      <Button variant="subtle" size="compact-sm" onClick={onBack}>
        Start again
      </Button>
      <p className="bz-dim">Lost all of them? An administrator can remove your second factors.</p>
    </SignInFrame>
  );
}
