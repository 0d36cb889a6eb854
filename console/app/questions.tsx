import { useQuestion } from './asking.ts';
import { ConfirmDialog } from './confirm-dialog.tsx';
import { PurposeDialog } from './purpose-dialog.tsx';

/** Shows the question that waits for an answer, over whatever else is open. */
export function Questions() {
  const question = useQuestion();
  if (question === null) return null;
  const Dialog = question.kind === 'confirm' ? ConfirmDialog : PurposeDialog;
  return <Dialog key={question.id} question={question} />;
}
