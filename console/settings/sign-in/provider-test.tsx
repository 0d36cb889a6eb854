import type { ProviderTest } from '@bartizan/contracts';
import { IconCheck, IconX } from '@tabler/icons-react';
import { FailureNote } from '../../ui/failure-note.tsx';

/** What was found when the issuer was asked, step by step. */
export function ProviderTestResult({
  result,
  failure,
}: {
  result: ProviderTest | undefined;
  failure: unknown;
}) {
  if (failure) return <FailureNote failure={failure} />;
  if (!result) return null;
  return (
    <ul className="bz-steps" role="status">
      {result.steps.map((step) => (
        <li key={step.title}>
          <span className="bz-verdict" data-tone={step.ok ? 'allow' : 'block'}>
            {step.ok ? <IconCheck size={14} aria-hidden /> : <IconX size={14} aria-hidden />}
            {step.title}
          </span>
          <span className="bz-dim">{step.message}</span>
        </li>
      ))}
    </ul>
  );
}
