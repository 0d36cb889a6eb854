import { type Actor, type AuditLog, SYSTEM } from '../../../audit/index.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { UploadStore } from './store.ts';
import type { Writing } from './writing.ts';

export interface ExpiryDeps {
  readonly objects: Pick<RecordedObjects, 'staging'>;
  readonly store: UploadStore;
  readonly writing: Pick<Writing, 'stopAll'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

const PAGE = 100;

/** Removes uploads that are over, with what came of them in parts. Whole files go with the other unused content. */
export function createExpiry({ objects, store, writing, audit, now }: ExpiryDeps) {
  async function remove(id: string, by: { readonly actor: Actor; readonly action: string }): Promise<void> {
    await writing.stopAll(id);
    const parts = (await store.files(id)).flatMap(({ staging }) => (staging === null ? [] : [staging]));
    await store.transaction(async (tx) => {
      const upload = await store.lock(id, tx);
      if (!upload || !(await store.remove(id, tx))) return;
      if (upload.state === 'finished') return;
      await audit.record(
        { actor: by.actor, action: by.action, subject: `upload:${id}`, detail: { model: upload.model } },
        tx,
      );
    });
    for (const staging of parts) await objects.staging.discard(staging);
  }

  return Object.freeze({
    remove,
    async run(): Promise<void> {
      for (;;) {
        const ids = await store.expired(now(), PAGE);
        for (const id of ids) await remove(id, { actor: SYSTEM, action: 'uploads.expired' });
        if (ids.length < PAGE) return;
      }
    },
  });
}
