import {
  IconAlertOctagon,
  IconAlertTriangle,
  IconCircleCheck,
  IconClock,
  IconHelpCircle,
  IconInfoCircle,
  IconLoader,
  IconMinus,
  IconUrgent,
} from '@tabler/icons-react';
import { Badge, type Mark } from './verdict.tsx';

export type SeverityName = 'info' | 'low' | 'medium' | 'high' | 'critical';

/** Gravest first. */
export const SEVERITY_ORDER: readonly SeverityName[] = ['critical', 'high', 'medium', 'low', 'info'];

export const SEVERITY_MARKS: Readonly<Record<SeverityName, Mark>> = {
  info: { word: 'Info', icon: IconInfoCircle, tone: 'neutral' },
  low: { word: 'Low', icon: IconMinus, tone: 'neutral' },
  medium: { word: 'Medium', icon: IconAlertTriangle, tone: 'flag' },
  high: { word: 'High', icon: IconUrgent, tone: 'block' },
  critical: { word: 'Critical', icon: IconAlertOctagon, tone: 'block' },
};

/** A severity: word, icon and colour, the same everywhere. */
export const SeverityBadge = ({ severity }: { severity: SeverityName }) => (
  <Badge mark={SEVERITY_MARKS[severity]} />
);

const SCAN_MARKS: Readonly<Record<string, Mark & { readonly meaning: string }>> = {
  clean: {
    word: 'Clean',
    icon: IconCircleCheck,
    tone: 'allow',
    meaning: 'Every file was judged, nothing was found.',
  },
  suspicious: {
    word: 'Suspicious',
    icon: IconAlertTriangle,
    tone: 'flag',
    meaning: 'Something needs a look: an unknown import, a risky setting.',
  },
  malicious: {
    word: 'Malicious',
    icon: IconAlertOctagon,
    tone: 'block',
    meaning: 'Loading or using it runs code that an attacker wants.',
  },
  error: {
    word: 'Cannot be judged',
    icon: IconHelpCircle,
    tone: 'hold',
    meaning: 'A file is broken, encrypted or over a limit. That is not the same as clean.',
  },
  skipped: {
    word: 'Not a model',
    icon: IconMinus,
    tone: 'neutral',
    meaning: 'Nothing loads or runs this file.',
  },
  queued: {
    word: 'Waiting for its scan',
    icon: IconClock,
    tone: 'neutral',
    meaning: 'The scan begins soon.',
  },
  running: { word: 'Being scanned', icon: IconLoader, tone: 'redact', meaning: 'The scan is under way.' },
  none: { word: 'Not scanned', icon: IconClock, tone: 'neutral', meaning: 'No scan has looked at it.' },
};

const UNKNOWN = SCAN_MARKS.none as Mark & { readonly meaning: string };

/** What a scan says of a file or version: its verdict, or how far it is. */
export function ScanBadge({ verdict }: { verdict: string | null | undefined }) {
  const mark = SCAN_MARKS[verdict ?? 'none'] ?? UNKNOWN;
  return <Badge mark={mark} title={mark.meaning} />;
}
