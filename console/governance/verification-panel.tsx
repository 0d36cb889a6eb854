import { auditRoutes, type Verification } from '@bartizan/contracts';
import { Alert, Button, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { api } from '../app/api.ts';
import { formatCount } from '../ui/format.ts';
import { Section } from '../ui/page.tsx';
import { RelativeTime } from '../ui/time.tsx';
import { toastFailure } from '../ui/toast.ts';

/** Has the server check the whole log, and shows how far it is and what it found. */
export function VerificationPanel({ verification }: { verification: Verification | null }) {
  const client = useQueryClient();
  const start = useMutation({
    mutationFn: () => api.call(auditRoutes.verify, { body: {} }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['audit', 'status'] }),
    onError: toastFailure,
  });
  const running = verification?.state === 'running';
  return (
    <Section
      title="Verification"
      description="Every entry, the tree, checkpoints, keys, and recorded verdicts."
      actions={
        <Button variant="default" loading={start.isPending} disabled={running} onClick={() => start.mutate()}>
          Verify now
        </Button>
      }
    >
      {verification === null ? (
        <p className="bz-dim">Not verified since this server started.</p>
      ) : running ? (
        <Running verification={verification} />
      ) : (
        <Result verification={verification} />
      )}
    </Section>
  );
}

function Running({ verification: { done, total, phase } }: { verification: Verification }) {
  const share = total === 0 ? 0 : Math.min(100, (done / total) * 100);
  return (
    <div role="status">
      <Progress value={share} aria-label="Verification" />
      <p className="bz-dim" style={{ marginTop: 6 }}>
        {phase}: {formatCount(done)} of {formatCount(total)}. It goes on when you leave this page.
      </p>
    </div>
  );
}

function Result({ verification }: { verification: Verification }) {
  const { state, size, interactions, firstAltered, problems, endedAt } = verification;
  if (state === 'passed') {
    return (
      <Alert color="green" variant="light" role="status" title="Nothing was altered">
        {formatCount(size)} entries and the verdicts of {formatCount(interactions)} interactions are as they
        were signed, <RelativeTime at={endedAt} />.
      </Alert>
    );
  }
  return (
    <Alert
      color="red"
      variant="light"
      role="alert"
      title={state === 'error' ? 'The verification could not be finished' : 'The log is not as it was signed'}
    >
      {firstAltered === null ? null : (
        <p>
          First: {firstAltered.message}
          {firstAltered.index === null ? '' : ` (place ${firstAltered.index})`}
        </p>
      )}
      <ul>
        {problems
          .filter((problem) => problem.message !== firstAltered?.message)
          .map((problem) => (
            <li key={`${problem.kind}${problem.index}${problem.id}`}>{problem.message}</li>
          ))}
      </ul>
    </Alert>
  );
}
