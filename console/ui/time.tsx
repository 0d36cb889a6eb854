import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { formatExact, formatRelative } from './format.ts';

const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all relative times on the page; it rests while nobody looks. */
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    if (document.hidden) return;
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The current time in ms, refreshed every second. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

/** Relative time with the exact one, in the viewer's zone, on hover and for assistive technology. */
export function RelativeTime({ at, never = 'never' }: { at: number | null; never?: string }) {
  const current = useNow();
  if (at === null) return <span className="bz-dim">{never}</span>;
  return (
    <Tooltip label={formatExact(at)}>
      <time dateTime={new Date(at).toISOString()} className="bz-nowrap">
        {formatRelative(at, Math.max(current, Date.now()))}
      </time>
    </Tooltip>
  );
}
