import type { DatasetVersionSummary, DataVersionState, SourceTrust } from '@bartizan/contracts';
import {
  IconAlertOctagon,
  IconBan,
  IconCircleCheck,
  IconClock,
  IconEye,
  IconHelpCircle,
  IconLoader,
  IconLock,
} from '@tabler/icons-react';
import { Badge, type Mark } from '../../ui/verdict.tsx';

const STATE_MARKS: Readonly<Record<DataVersionState, Mark & { readonly meaning: string }>> = {
  processing: {
    word: 'Being read',
    icon: IconLoader,
    tone: 'redact',
    meaning: 'Its records are read and hashed.',
  },
  ready: {
    word: 'Ready',
    icon: IconCircleCheck,
    tone: 'allow',
    meaning: 'Every record is hashed; it may be used.',
  },
  failed: { word: 'Failed', icon: IconAlertOctagon, tone: 'block', meaning: 'It could not be read.' },
  'awaiting-review': {
    word: 'Awaits review',
    icon: IconClock,
    tone: 'hold',
    meaning: 'A policy wants somebody to approve it first.',
  },
  rejected: {
    word: 'Rejected',
    icon: IconBan,
    tone: 'block',
    meaning: 'Somebody refused it; it is never used.',
  },
};
const QUARANTINE: Mark = { word: 'Quarantine', icon: IconLock, tone: 'block' };

/** How far a version is; quarantine counts before all. */
export function VersionState({ version }: { version: Pick<DatasetVersionSummary, 'state' | 'quarantined'> }) {
  if (version.quarantined) return <Badge mark={QUARANTINE} title="It is kept out of use." />;
  const mark = STATE_MARKS[version.state];
  return <Badge mark={mark} title={mark.meaning} />;
}

const TRUST_MARKS: Readonly<Record<SourceTrust, Mark & { readonly meaning: string }>> = {
  trusted: { word: 'Trusted', icon: IconCircleCheck, tone: 'allow', meaning: 'Somebody vouches for it.' },
  known: { word: 'Known', icon: IconEye, tone: 'neutral', meaning: 'Looked at; nobody vouches for it.' },
  unreviewed: {
    word: 'Not reviewed',
    icon: IconHelpCircle,
    tone: 'flag',
    meaning: 'Nobody has looked at it yet.',
  },
  blocked: { word: 'Blocked', icon: IconBan, tone: 'block', meaning: 'Nothing of it is taken in.' },
};
export const trustWord = (trust: SourceTrust): string => TRUST_MARKS[trust].word;

export function TrustBadge({ trust }: { trust: SourceTrust }) {
  const mark = TRUST_MARKS[trust];
  return <Badge mark={mark} title={mark.meaning} />;
}

export const FORMAT_WORDS = {
  csv: 'CSV',
  tsv: 'TSV',
  jsonl: 'JSON lines',
  parquet: 'Parquet',
  npy: 'NumPy array',
  texts: 'Folder of texts',
  images: 'Folder of images',
} as const;

/** A cell of a record, as people read it. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
