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
const ALTERED: Mark = { word: 'Altered', icon: IconAlertOctagon, tone: 'block' };
const MOST_NAMED = 3;
const QUARANTINE: Mark = { word: 'Quarantine', icon: IconLock, tone: 'block' };

/** How far a version is; quarantine counts before all. What a verification found stands beside it. */
export function VersionState({
  version,
}: {
  version: Pick<DatasetVersionSummary, 'state' | 'quarantined' | 'verified'>;
}) {
  const mark = STATE_MARKS[version.state];
  return (
    <>
      {version.quarantined ? (
        <Badge mark={QUARANTINE} title="It is kept out of use." />
      ) : (
        <Badge mark={mark} title={mark.meaning} />
      )}
      {version.verified === 'tampered' ? (
        <>
          {' '}
          <Badge mark={ALTERED} title="The newest verification found that what is stored was changed." />
        </>
      ) : null}
    </>
  );
}

/** Who delivered a version, or whom its records are from in earlier ones; null where nobody is named. */
export function sourceWords({
  source,
  recordsFrom = [],
}: Pick<DatasetVersionSummary, 'source' | 'recordsFrom'>): string | null {
  if (source !== null) return source.name;
  if (recordsFrom.length === 0) return null;
  const more = recordsFrom.length - MOST_NAMED;
  return `${recordsFrom.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
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
