import { useSyncExternalStore } from 'react';

interface Connection {
  readonly lost: boolean;
  /** When the server answered last, ms since the epoch. */
  readonly lastAnswerAt: number;
}

let state: Connection = { lost: false, lastAnswerAt: Date.now() };
const listeners = new Set<() => void>();

function set(next: Connection): void {
  const changed = next.lost !== state.lost;
  state = changed ? next : Object.assign(state, next);
  if (changed) for (const listener of listeners) listener();
}

/** Whether the server answers, as the last calls have found. */
export const connection = Object.freeze({
  lost: () => set({ lost: true, lastAnswerAt: state.lastAnswerAt }),
  restored: () => set({ lost: false, lastAnswerAt: Date.now() }),
});

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}
