import type { RecordedEntry } from '../../../audit/index.ts';

/** Actions from which the standing of a version follows. */
export const STANDING_ACTIONS = Object.freeze([
  'data.version-created',
  'data.version-failed',
  'data.version-settled',
  'data.version-approved',
  'data.version-rejected',
  'data.version-quarantined',
  'data.version-released',
  'data.content-expired',
]);

/** A fact, and the entry of the audit log that it follows from. */
export interface ToldFact<Value> {
  readonly value: Value;
  readonly entry: RecordedEntry;
}

/** What follows from the entries about a version. Undefined: they hold nothing of it. */
export interface Standing {
  readonly created?: RecordedEntry;
  readonly state?: ToldFact<string>;
  readonly failure?: ToldFact<string | null>;
  readonly readyAt?: ToldFact<number | null>;
  /** The last time that it was put into quarantine or let out. */
  readonly quarantined?: ToldFact<boolean>;
  readonly contentRemoved?: RecordedEntry;
  /** The first approval, which is the one that is kept. */
  readonly approved?: RecordedEntry;
  /**
   * Made by a Bartizan that did not yet record when waiting versions were let into use: a state other than the one that
   * is told may be right.
   */
  readonly isOlder: boolean;
}

type Growing = { -readonly [Key in keyof Standing]: Standing[Key] };

const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function settle(standing: Growing, entry: RecordedEntry, failure: string | null): void {
  const { state, readyAt } = entry.detail;
  standing.state = { value: String(state), entry };
  standing.failure = { value: failure, entry };
  if ('readyAt' in entry.detail) standing.readyAt = { value: numberOrNull(readyAt), entry };
}

const why = ({ detail }: RecordedEntry): string | null =>
  typeof detail.why === 'string' ? detail.why : null;

const STEPS: Readonly<Record<string, (standing: Growing, entry: RecordedEntry) => void>> = Object.freeze({
  'data.version-created'(standing, entry) {
    if (standing.created) return;
    standing.created = entry;
    standing.isOlder = !('readyAt' in entry.detail);
    settle(standing, entry, null);
  },
  'data.version-failed'(standing, entry) {
    settle(standing, entry, why(entry));
    standing.contentRemoved = entry;
  },
  'data.version-settled'(standing, entry) {
    settle(standing, entry, why(entry));
    standing.isOlder = false;
  },
  'data.version-approved'(standing, entry) {
    standing.approved ??= entry;
  },
  'data.version-rejected'(standing, entry) {
    if (!standing.isOlder) return;
    const reason = String(entry.detail.reason ?? '');
    standing.state = { value: 'rejected', entry };
    standing.failure = { value: `${entry.actor.name}: ${reason}`, entry };
    standing.isOlder = false;
  },
  'data.version-quarantined'(standing, entry) {
    standing.quarantined = { value: true, entry };
  },
  'data.version-released'(standing, entry) {
    standing.quarantined = { value: false, entry };
  },
  'data.content-expired'(standing, entry) {
    standing.contentRemoved = entry;
  },
} satisfies Record<string, (standing: Growing, entry: RecordedEntry) => void>);

/** Replays sound entries about a version, given in the order of the log. */
export function replay(entries: readonly RecordedEntry[]): Standing {
  const standing: Growing = { isOlder: false };
  for (const entry of entries) STEPS[entry.action]?.(standing, entry);
  return standing;
}
