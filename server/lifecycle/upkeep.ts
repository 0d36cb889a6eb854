import { setTimeout as sleep } from 'node:timers/promises';
import { createLeadership } from '../platform/leadership/index.ts';

export interface UpkeepOptions {
  readonly url: string;
  readonly serverId: string;
  /** False: this server leaves it to others. */
  readonly enabled: boolean;
  readonly everyMs: number;
  /** Idempotent; does all that is due, whoever did the run before. */
  readonly run: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Runs a job when this server is elected for it, and every `everyMs` after that. `stop` waits for a run under way. */
export function createUpkeep({ url, serverId, enabled, everyMs, run, onError }: UpkeepOptions) {
  return createLeadership({
    url,
    name: 'upkeep',
    serverId,
    enabled,
    onError,
    async onElected({ signal }) {
      while (!signal.aborted) {
        await run().catch(onError);
        await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      }
    },
  });
}
