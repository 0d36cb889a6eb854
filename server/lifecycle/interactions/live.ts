import type { InteractionSummary } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { type Sight, sees } from '../sight.ts';
import type { Excerpt } from './model.ts';
import type { Row } from './pages.ts';

/** A new interaction as it is told to whoever watches. */
export interface LiveItem {
  readonly row: Row;
  readonly excerpt: Excerpt | null;
}

const MAX_WATCHERS = 200;
/** Items held for a watcher that reads slowly; older ones are dropped, and it is told how many. */
const MAX_HELD = 500;

/** As lists and live traffic show it: what a guard found is masked, whoever looks. */
export function toSummary({ row, excerpt }: LiveItem): InteractionSummary {
  return { ...row, excerpt: excerpt?.masked ?? '' };
}

const droppedEvent = (count: number): string => `event: dropped\ndata: ${JSON.stringify({ count })}\n\n`;

/** New interactions for those who watch, each with a bounded buffer, so that none can make the server grow. */
export function createLive() {
  const watchers = new Set<(items: readonly LiveItem[]) => void>();

  return Object.freeze({
    watched: (): boolean => watchers.size > 0,

    tell(items: readonly LiveItem[]): void {
      for (const watcher of watchers) watcher(items);
    },

    /**
     * Server-sent events until `signal` aborts: `interaction` with an InteractionSummary, `dropped` with
     * `{"count"}` when the watcher was too slow. `look` tells what is there for the watcher, and is asked again
     * before each batch, for endpoints change hands. The HTTP layer adds the heartbeat. Throws
     * `too_many_requests` at once when too many watch already.
     */
    watch(look: () => Promise<Sight>, signal: AbortSignal): AsyncGenerator<string, void> {
      if (watchers.size >= MAX_WATCHERS) {
        throw new AppError('too_many_requests', 'too many people watch live traffic at the moment', {
          hint: 'Close a console that you do not need.',
          retryAfterMs: 10_000,
        });
      }
      const held: LiveItem[] = [];
      let dropped = 0;
      let wake = (): void => undefined;
      const watcher = (items: readonly LiveItem[]): void => {
        held.push(...items);
        if (held.length > MAX_HELD) dropped += held.splice(0, held.length - MAX_HELD).length;
        wake();
      };
      const onAbort = (): void => wake();
      // From now on, not from the first read on: nothing in between is missed.
      watchers.add(watcher);
      signal.addEventListener('abort', onAbort, { once: true });
      const leave = (): void => {
        watchers.delete(watcher);
        signal.removeEventListener('abort', onAbort);
      };
      signal.addEventListener('abort', leave, { once: true });

      async function* events(): AsyncGenerator<string, void> {
        try {
          while (!signal.aborted) {
            if (held.length === 0) {
              await new Promise<void>((resolve) => {
                wake = resolve;
              });
              continue;
            }
            const sight = await look();
            const items = held.splice(0).filter(({ row }) => sees(sight, row.endpointId));
            let chunk = '';
            // How much others' traffic there was is not said to those who do not see it.
            if (dropped > 0 && sight === '*') chunk += droppedEvent(dropped);
            dropped = 0;
            for (const item of items) {
              chunk += `event: interaction\nid: ${item.row.id}\ndata: ${JSON.stringify(toSummary(item))}\n\n`;
            }
            if (chunk !== '') yield chunk;
          }
        } finally {
          leave();
        }
      }
      return events();
    },
  });
}
export type Live = ReturnType<typeof createLive>;
