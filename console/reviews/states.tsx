import type { ReviewState } from '@bartizan/contracts';
import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHourglassEmpty,
  type TablerIcon,
} from '@tabler/icons-react';

const STATES: Readonly<
  Record<ReviewState, { readonly tone: string; readonly icon: TablerIcon; readonly words: string }>
> = {
  open: { tone: 'hold', icon: IconClock, words: 'Waits' },
  approved: { tone: 'allow', icon: IconCircleCheck, words: 'Approved' },
  rejected: { tone: 'block', icon: IconCircleX, words: 'Rejected' },
  withdrawn: { tone: 'neutral', icon: IconArrowBackUp, words: 'Withdrawn' },
  expired: { tone: 'neutral', icon: IconHourglassEmpty, words: 'Expired' },
  stale: { tone: 'flag', icon: IconAlertTriangle, words: 'Overtaken' },
};

/** The state of a review as word, icon and colour. */
export function ReviewStateBadge({ state }: { state: ReviewState }) {
  const { tone, icon: Icon, words } = STATES[state];
  return (
    <span className="bz-verdict" data-tone={tone}>
      <Icon size={14} aria-hidden />
      {words}
    </span>
  );
}
