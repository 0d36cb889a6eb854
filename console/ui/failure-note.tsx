import { ApiFailure } from '@bartizan/contracts/client.ts';
import { Alert } from '@mantine/core';
import { sentence } from './format.ts';

/** A failure beside what caused it: what happened, what to do, the request id. Nothing when there is none. */
export function FailureNote({ failure }: { failure: unknown }) {
  if (failure === null || failure === undefined) return null;
  const api = failure instanceof ApiFailure ? failure.body : null;
  return (
    <Alert color="red" variant="light" role="alert" py="xs" my="xs">
      <div>{failure instanceof Error ? sentence(failure.message) : 'An unknown fault.'}</div>
      {api?.hint ? <div>{api.hint}</div> : null}
      {api?.issues
        ?.filter((issue) => issue.message !== api.message)
        .map((issue) => (
          <div key={`${issue.path}${issue.message}`}>
            <code>{issue.path}</code>: {issue.message}
          </div>
        ))}
      {api?.requestId ? <div className="bz-dim bz-mono">{api.requestId}</div> : null}
    </Alert>
  );
}
