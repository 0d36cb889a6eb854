import type { InteractionSummary, Verdict } from '@bartizan/contracts';
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconEraser,
  IconFlag,
  IconPlugConnectedX,
  IconX,
  type TablerIcon,
} from '@tabler/icons-react';

type Outcome = InteractionSummary['outcome'];

export interface Mark {
  readonly word: string;
  readonly icon: TablerIcon;
  readonly tone: 'allow' | 'flag' | 'redact' | 'hold' | 'block' | 'failed' | 'neutral';
}

export const VERDICT_MARKS: Readonly<Record<Verdict, Mark>> = {
  allow: { word: 'Allow', icon: IconCircleCheck, tone: 'allow' },
  flag: { word: 'Flag', icon: IconFlag, tone: 'flag' },
  redact: { word: 'Redact', icon: IconEraser, tone: 'redact' },
  block: { word: 'Block', icon: IconBan, tone: 'block' },
};

export const OUTCOME_MARKS: Readonly<Record<Outcome, Mark & { readonly meaning: string }>> = {
  answered: {
    word: 'Answered',
    icon: IconCircleCheck,
    tone: 'allow',
    meaning: "The client got the upstream's answer.",
  },
  blocked: { word: 'Blocked', icon: IconBan, tone: 'block', meaning: 'A guard stopped it.' },
  denied: {
    word: 'Denied',
    icon: IconX,
    tone: 'flag',
    meaning: 'Not admitted: a limit, the model or the configuration stood against it.',
  },
  failed: {
    word: 'Failed',
    icon: IconAlertTriangle,
    tone: 'failed',
    meaning: 'The upstream or a guard failed.',
  },
  cancelled: {
    word: 'Cancelled',
    icon: IconPlugConnectedX,
    tone: 'failed',
    meaning: 'The client went away before the answer was complete.',
  },
};

/** Word, icon and colour; never colour alone. */
export function Badge({ mark, title }: { mark: Mark; title?: string }) {
  const Icon = mark.icon;
  return (
    <span className="bz-verdict" data-tone={mark.tone} title={title}>
      <Icon size={14} stroke={2} aria-hidden />
      {mark.word}
    </span>
  );
}

/** A verdict: word, icon and colour. With `shadow` it says what would have happened. */
export function VerdictBadge({ verdict, shadow }: { verdict: Verdict; shadow?: Verdict }) {
  if (shadow !== undefined && shadow !== verdict) {
    return (
      <span className="bz-verdict-pair">
        <Badge mark={VERDICT_MARKS[verdict]} />
        <span className="bz-dim" title="The policy is in shadow mode: this is what it would have done">
          would {VERDICT_MARKS[shadow].word.toLowerCase()}
        </span>
      </span>
    );
  }
  return <Badge mark={VERDICT_MARKS[verdict]} />;
}

export function OutcomeBadge({ outcome }: { outcome: Outcome }) {
  const mark = OUTCOME_MARKS[outcome];
  return <Badge mark={mark} title={mark.meaning} />;
}
