import type { Sink } from '@bartizan/contracts';
import { IconCircleCheck, IconHourglassEmpty, IconPlayerPause, IconRefreshAlert } from '@tabler/icons-react';

const STATES = {
  delivering: { tone: 'allow', icon: IconCircleCheck, words: 'Delivers' },
  retrying: { tone: 'block', icon: IconRefreshAlert, words: 'Tries again' },
  paused: { tone: 'neutral', icon: IconPlayerPause, words: 'Paused' },
  waiting: { tone: 'flag', icon: IconHourglassEmpty, words: 'Not taken up yet' },
} as const;

/** How a sink is doing, as word, icon and colour. */
export function SinkState({ state }: { state: Sink['status']['state'] }) {
  const { tone, icon: Icon, words } = STATES[state];
  return (
    <span className="bz-verdict" data-tone={tone}>
      <Icon size={14} aria-hidden />
      {words}
    </span>
  );
}

/** Where a sink sends, in one line. */
export function targetInWords({ target }: Sink): string {
  if (target.type === 'file') return `file ${target.name}`;
  if (target.type === 'syslog') return `${target.protocol} ${target.host}:${target.port}`;
  return target.url;
}
