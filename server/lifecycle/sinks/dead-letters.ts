import type { DeadLetter } from '@bartizan/contracts';
import { type MasterKey, unseal } from '@bartizan/contracts/sealed.ts';
import type { Actor, AuditLog } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import type { StoredSink } from './model.ts';
import type { SinkStore } from './store.ts';
import { deadContext } from './worker.ts';

export interface DeadLetterDeps {
  readonly store: Pick<SinkStore, 'deadLetters' | 'askRetry' | 'discard' | 'transaction'>;
  readonly masterKey: MasterKey;
  readonly audit: Pick<AuditLog, 'record'>;
  /** Throws `not_found` where there is no such sink. */
  readonly found: (id: string) => Promise<StoredSink>;
}

/** Events that a receiver refused: people see them, and say whether they are sent again or forgotten. */
export function createDeadLetters({ store, masterKey, audit, found }: DeadLetterDeps) {
  async function change(
    actor: Actor,
    id: string,
    ids: readonly string[] | null,
    how: { readonly action: string; readonly run: 'askRetry' | 'discard' },
  ): Promise<number> {
    await found(id);
    return await store.transaction(async (tx) => {
      const count = await store[how.run](id, ids, tx);
      const entry = { actor, action: how.action, subject: `sink:${id}`, detail: { count } };
      if (count > 0) await audit.record(entry, tx);
      return count;
    });
  }

  return {
    async deadLetters(
      id: string,
      page: { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ items: DeadLetter[]; next: string | null }> {
      await found(id);
      const before = page.cursor ?? null;
      if (before !== null && !/^[0-9a-f-]{36}$/.test(before)) {
        throw new AppError('invalid_input', 'the cursor is not one of ours', {
          hint: 'Begin at the first page.',
        });
      }
      const letters = await store.deadLetters(id, before, page.limit + 1);
      const items = letters.slice(0, page.limit).map(({ retry, sealedEvent, ...letter }) => {
        const item = JSON.parse(unseal(masterKey, sealedEvent, deadContext(letter.id))) as { text: string };
        return { ...letter, retrying: retry, event: item.text };
      });
      return { items, next: letters.length > page.limit ? (items.at(-1)?.id ?? null) : null };
    },

    retryDeadLetters: (actor: Actor, id: string, ids: readonly string[] | null): Promise<number> =>
      change(actor, id, ids, { action: 'sinks.dead_letters_retried', run: 'askRetry' }),

    discardDeadLetters: (actor: Actor, id: string, ids: readonly string[] | null): Promise<number> =>
      change(actor, id, ids, { action: 'sinks.dead_letters_discarded', run: 'discard' }),
  };
}
