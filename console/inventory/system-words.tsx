import type { ActClass, AttentionKind, RiskTier, SystemParty, SystemState } from '@bartizan/contracts';
import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconEye,
  IconHelpCircle,
  IconMinus,
  IconUrgent,
  IconWorld,
} from '@tabler/icons-react';
import { Tag } from '../ui/page.tsx';
import { Badge, type Mark } from '../ui/verdict.tsx';

export const STATE_WORDS: Readonly<Record<SystemState, string>> = {
  idea: 'Idea',
  development: 'In development',
  pilot: 'Pilot',
  production: 'In production',
  retired: 'Retired',
};

const TIER_MARKS: Readonly<Record<RiskTier, Mark>> = {
  minimal: { word: 'Minimal', icon: IconCircleCheck, tone: 'allow' },
  limited: { word: 'Limited', icon: IconMinus, tone: 'redact' },
  high: { word: 'High', icon: IconUrgent, tone: 'flag' },
  critical: { word: 'Critical', icon: IconAlertOctagon, tone: 'block' },
};
export const TIER_WORDS: Readonly<Record<RiskTier | 'none', string>> = {
  minimal: 'Minimal',
  limited: 'Limited',
  high: 'High',
  critical: 'Critical',
  none: 'Not assessed',
};

const CLASS_MARKS: Readonly<Record<ActClass, Mark>> = {
  'out-of-scope': { word: 'Out of scope', icon: IconMinus, tone: 'neutral' },
  minimal: { word: 'Minimal', icon: IconCircleCheck, tone: 'allow' },
  transparency: { word: 'Transparency', icon: IconEye, tone: 'redact' },
  gpai: { word: 'General-purpose model', icon: IconWorld, tone: 'hold' },
  'high-risk': { word: 'High-risk', icon: IconAlertTriangle, tone: 'flag' },
  prohibited: { word: 'Prohibited', icon: IconBan, tone: 'block' },
};
export const CLASS_WORDS: Readonly<Record<ActClass | 'none', string>> = {
  'out-of-scope': 'Out of scope',
  minimal: 'Minimal',
  transparency: 'Transparency duties (Art. 50)',
  gpai: 'General-purpose model',
  'high-risk': 'High-risk (Art. 6)',
  prohibited: 'Prohibited practice (Art. 5)',
  none: 'Not assessed',
};

const NOT_ASSESSED: Mark = { word: 'Not assessed', icon: IconHelpCircle, tone: 'neutral' };

/** A risk tier; null where nobody worked it out. `set`: by hand. */
export const TierBadge = ({ tier, set = false }: { tier: RiskTier | null; set?: boolean }) => (
  <>
    <Badge mark={tier === null ? NOT_ASSESSED : TIER_MARKS[tier]} />
    {set ? <SetByHand /> : null}
  </>
);
export const ClassBadge = ({ actClass, set = false }: { actClass: ActClass | null; set?: boolean }) => (
  <>
    <Badge
      mark={actClass === null ? NOT_ASSESSED : CLASS_MARKS[actClass]}
      title={CLASS_WORDS[actClass ?? 'none']}
    />
    {set ? <SetByHand /> : null}
  </>
);
const SetByHand = () => (
  <>
    {' '}
    <Tag title="Somebody set this by hand, with a reason">set by hand</Tag>
  </>
);

export const ATTENTION_WORDS: Readonly<Record<AttentionKind, string>> = {
  'retired-with-traffic': 'Retired, still has traffic',
  prohibited: 'Prohibited practice',
  'no-owner': 'No owner',
  'owner-gone': 'Owner is gone',
  'owner-disabled': 'Owner’s account is disabled',
  'owner-left-team': 'Owner left the team',
  'owner-without-account': 'Owner without an account',
  'nothing-linked': 'Nothing linked',
  'link-gone': 'Link to something removed',
  'not-assessed': 'Not assessed',
  'assessment-outdated': 'Questions have changed',
  'override-outdated': 'Set by hand, answers moved',
  'review-overdue': 'Review overdue',
  'no-review-date': 'No review date',
  'unclaimed-endpoint': 'Endpoint in no system',
  'unclaimed-model': 'Model in no system',
};

const ACCOUNTS: Readonly<Record<SystemParty['account'], string>> = {
  active: '',
  disabled: 'account disabled',
  gone: 'removed',
  none: 'unowned by an account',
};

/** Who answers for it, and whether an account stands behind them. */
export function Party({ party }: { party: SystemParty | null }) {
  if (party === null) return <span className="bz-flagged">nobody</span>;
  return (
    <>
      {party.name}
      {party.kind === 'team' ? <span className="bz-dim"> (team)</span> : null}
      {party.account === 'active' ? null : (
        <div className="bz-flagged bz-note">{ACCOUNTS[party.account]}</div>
      )}
    </>
  );
}
