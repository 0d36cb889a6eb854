import type { InteractionDetail } from '@bartizan/contracts';
import { AUTHOR_TITLES } from '../ui/segments.ts';

type Finding = InteractionDetail['findings'][number];

const ACTED: Readonly<Record<Finding['action'], string>> = {
  block: 'blocked',
  redact: 'redacted',
  flag: 'flagged',
  allow: 'allowed',
};

/** Why an interaction got its verdict, in one to three sentences. Pure. */
export function explain(interaction: InteractionDetail, titleOf: (check: string) => string): string {
  const parts = [outcomeSentence(interaction), reasonSentence(interaction, titleOf)];
  if (interaction.wouldBe !== interaction.verdict) {
    parts.push(
      `The policy is in shadow mode, so nothing was held up; enforcing, it would have been ${ACTED[interaction.wouldBe]}.`,
    );
  }
  if (interaction.guardErrors.length > 0) {
    const names = interaction.guardErrors.map((each) => titleOf(each.check)).join(', ');
    parts.push(`A guard could not judge it: ${names}.`);
  }
  return parts.filter((part) => part !== '').join(' ');
}

function outcomeSentence({ outcome, verdict, error, attempts, findings, status }: InteractionDetail): string {
  switch (outcome) {
    case 'blocked': {
      const inAnswer = findings.some(
        (finding) => finding.action === 'block' && finding.direction === 'output',
      );
      if (inAnswer) return 'The model answered, but the answer was blocked before the client got all of it.';
      return attempts.length === 0
        ? 'The request was blocked before it reached the model.'
        : 'The request was blocked.';
    }
    case 'denied':
      return `The request was not admitted: ${error?.message ?? `status ${status}`}.`;
    case 'failed':
      return `The request failed: ${error?.message ?? `status ${status}`}.`;
    case 'cancelled':
      return 'The client went away before the answer was complete.';
    case 'answered':
      if (verdict === 'redact') return 'It was answered with parts replaced by placeholders.';
      return verdict === 'flag'
        ? 'It was answered and flagged for people to see.'
        : 'It was answered unchanged.';
  }
}

function reasonSentence(
  { findings, wouldBe, policyId, guardErrors }: InteractionDetail,
  titleOf: (check: string) => string,
): string {
  const decisive = findings.filter((finding) => finding.action === wouldBe);
  const first = decisive.toSorted((a, b) => b.score - a.score)[0];
  if (first === undefined) {
    return findings.length > 0 || guardErrors.length > 0
      ? ''
      : policyId === null
        ? 'The endpoint has no policy, so no guard looked at it.'
        : 'No guard found anything.';
  }
  const where =
    first.direction === 'output'
      ? 'the answer'
      : `what the ${AUTHOR_TITLES[first.author].toLowerCase()} wrote`;
  const others = decisive.length - 1;
  const more = others > 0 ? ` (and ${others} more ${others === 1 ? 'finding' : 'findings'})` : '';
  return `${titleOf(first.check)} found this in ${where} (score ${first.score.toFixed(2)}, rule ${first.rule}): ${first.message.replace(/[.\s]+$/, '')}${more}.`;
}
