import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { Logger } from 'pino';
import { type JournalStore, openJournal } from './journal.ts';
import { DirectoryLocked } from './lock.ts';
import { type Shipper, type ShipperOptions, startShipper } from './shipper.ts';

export interface Orphans {
  readonly close: () => Promise<void>;
}

interface OrphanOptions extends Omit<ShipperOptions, 'journal' | 'gatewayId'> {
  /** `<dataDir>/journal`. */
  readonly root: string;
  /** Journals that this process tree writes itself. */
  readonly own: readonly string[];
  readonly master: MasterKey;
  readonly log: Logger;
}

/**
 * Ships what gateways that no longer run left behind (fewer workers than before, another gateway id). A
 * journal that a live process holds is left alone.
 */
export async function adoptOrphans(options: OrphanOptions): Promise<Orphans> {
  const { root, own, master, log } = options;
  const names = await readdir(root, { withFileTypes: true }).catch(() => []);
  const adopted: { journal: JournalStore; shipper: Shipper }[] = [];
  for (const entry of names) {
    if (!entry.isDirectory() || own.includes(entry.name)) continue;
    try {
      const journal = await openJournal({ directory: join(root, entry.name), master, log });
      if (journal.backlog() === 0) {
        await journal.close();
        continue;
      }
      log.info({ journal: entry.name, backlog: journal.backlog() }, 'shipping a journal left behind');
      adopted.push({ journal, shipper: startShipper({ ...options, journal, gatewayId: entry.name }) });
    } catch (error) {
      if (!(error instanceof DirectoryLocked)) {
        log.error(
          { journal: entry.name, reason: (error as Error).message },
          'cannot open a journal left behind',
        );
      }
    }
  }
  return Object.freeze({
    close: async () => {
      for (const { journal, shipper } of adopted) {
        await shipper.close();
        await journal.close();
      }
    },
  });
}
