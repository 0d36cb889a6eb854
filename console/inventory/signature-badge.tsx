import type { SignatureState } from '@bartizan/contracts';
import { IconCircleCheck, IconHelpCircle, IconX } from '@tabler/icons-react';
import { Badge, type Mark } from '../ui/verdict.tsx';

const MARKS: Readonly<Record<SignatureState, Mark & { readonly meaning: string }>> = {
  trusted: {
    word: 'Trusted',
    icon: IconCircleCheck,
    tone: 'allow',
    meaning: 'A trusted signer made it over exactly these files.',
  },
  untrusted: {
    word: 'Not trusted',
    icon: IconHelpCircle,
    tone: 'flag',
    meaning: 'Whoever made it is not known here, or no longer.',
  },
  invalid: {
    word: 'Does not fit',
    icon: IconX,
    tone: 'block',
    meaning: 'It belongs to other files, or is broken.',
  },
};

/** How a signature or attestation stands: word, icon and colour. */
export const SignatureBadge = ({ state }: { state: SignatureState }) => (
  <Badge mark={MARKS[state]} title={MARKS[state].meaning} />
);
