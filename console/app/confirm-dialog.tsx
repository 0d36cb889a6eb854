import { factorRoutes, type StepUpProof } from '@bartizan/contracts';
import { Button, Modal } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { api, queryClient } from './api.ts';
import type { Question } from './asking.ts';
import { FactorForm, type Way } from './factor-form.tsx';
import { givePasskey } from './passkeys.ts';
import { meQuery } from './session.ts';

async function proofOf(way: Way, value: string): Promise<StepUpProof> {
  if (way === 'password') return { kind: 'password', password: value };
  if (way !== 'passkey') return { kind: way, code: value };
  const options = await api.call(factorRoutes.stepUpPasskey, {});
  return { kind: 'passkey', assertion: await givePasskey(options) };
}

/** Has the person prove that it is them; a dangerous act waits behind it. */
export function ConfirmDialog({ question }: { question: Question }) {
  const { data: me } = useQuery(meQuery);
  const give = useMutation({
    meta: { public: true },
    mutationFn: async ({ way, value }: { way: Way; value: string }) =>
      api.call(factorRoutes.stepUp, { body: await proofOf(way, value) }),
    onSuccess: async () => {
      question.answer('confirmed');
      await queryClient.invalidateQueries({ queryKey: meQuery.queryKey });
    },
  });
  const ways = (me?.confirmWith ?? []).filter((way): way is Way => way !== 'sign-in');
  return (
    <Modal
      opened
      onClose={question.cancel}
      title="Confirm that it is you"
      size="sm"
      zIndex={400}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {ways.length === 0 ? (
        <SignInAnew />
      ) : (
        <>
          <p style={{ marginBottom: 12 }}>
            What you are about to do matters, so somebody at your unlocked screen should not be able to. You
            are asked again after ten minutes.
          </p>
          <FactorForm
            ways={ways}
            verb="Confirm"
            busy={give.isPending}
            failure={give.error}
            onGive={(way, value) => give.mutate({ way, value })}
          />
        </>
      )}
    </Modal>
  );
}

/** People of an identity provider have nothing here to confirm with: the provider does it. */
function SignInAnew() {
  const next = `${window.location.pathname}${window.location.search}`;
  return (
    <>
      <p style={{ marginBottom: 12 }}>
        Your account signs in with your identity provider. Sign in again, then repeat what you were doing; it
        is open for ten minutes.
      </p>
      <Button component="a" href={`/sign-in?next=${encodeURIComponent(next)}`}>
        Sign in again
      </Button>
    </>
  );
}
