export { type JournalOptions, type JournalStore, openJournal } from './journal.ts';
export { DirectoryLocked } from './lock.ts';
export { adoptOrphans } from './orphans.ts';
export { type Shipper, type ShipperOptions, startShipper } from './shipper.ts';
