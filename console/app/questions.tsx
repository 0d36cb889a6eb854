import { useQuestion } from './asking.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { ProposalDialog } from './proposal-dialog.tsx';
import { PurposeDialog } from './purpose-dialog.tsx';

const DIALOGS = { confirm: ConfirmDialog, purpose: PurposeDialog, proposal: ProposalDialog } as const;

/** Shows the question that waits for an answer, over whatever else is open. */
export function Questions() {
  const question = useQuestion();
  if (question === null) return null;
  const Dialog = DIALOGS[question.kind];
  return <Dialog key={question.id} question={question} />;
}
