import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
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
  /** How often an adopted journal is looked at, to let go of it once it is empty; default 500 ms. */
  readonly checkIntervalMs?: number;
}

/**
 * Ships what gateways that no longer run left behind (fewer workers than before, another gateway id). A
 * journal that a live process holds is left alone; an adopted one is let go as soon as it is empty.
 */
export async function adoptOrphans(options: OrphanOptions): Promise<Orphans> {
  const { root, own, master, log } = options;
  const entries = await readdir(root, { withFileTypes: true }).catch(() => []);
  const adopted = new Map<string, { journal: JournalStore; shipper: Shipper }>();

  async function adopt(name: string): Promise<void> {
    const journal = await openJournal({ directory: join(root, name), master, log });
    if (journal.backlog() === 0) return journal.close();
    log.info({ journal: name, backlog: journal.backlog() }, 'shipping a journal left behind');
    adopted.set(name, { journal, shipper: startShipper({ ...options, journal, gatewayId: name }) });
  }

  async function release(name: string): Promise<void> {
    const held = adopted.get(name);
    if (!adopted.delete(name) || !held) return;
    await held.shipper.close();
    await held.journal.close();
  }

  for (const { name } of entries.filter((entry) => entry.isDirectory() && !own.includes(entry.name))) {
    try {
      await adopt(name);
    } catch (error) {
      if (error instanceof DirectoryLocked) continue;
      log.error({ journal: name, reason: (error as Error).message }, 'cannot open a journal left behind');
    }
  }
  const timer = setInterval(() => {
    for (const [name, { journal }] of adopted) if (journal.backlog() === 0) void release(name);
  }, options.checkIntervalMs ?? 500);
  timer.unref();
  return Object.freeze({
    close: async () => {
      clearInterval(timer);
      for (const name of adopted.keys()) await release(name);
    },
  });
}
