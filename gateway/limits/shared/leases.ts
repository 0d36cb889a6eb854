import type { Limits } from '@bartizan/contracts';
import { createRecent } from '../recent.ts';

/** What a process holds of one subject. */
export interface Lease {
  readonly subject: string;
  readonly hash: string;
  /** Requests granted by Redis and not used yet. */
  left: number;
  /** Bucket that they are counted in, and until when they may be used (`performance.now`). */
  bucket: number;
  until: number;
  /** How many to ask for beyond the one that is needed: doubles when used up, halves when some go back. */
  size: number;
  /** A question is under way: others ask for their one only. */
  asking: number;
  /** Refused until then without asking again. */
  refusedUntil: number;
  refusal: { readonly limit: keyof Limits; readonly retryAt: number } | null;
  /** What this process has under way. */
  open: number;
  /** All tokens of the day as last heard, and how many of them were ours. */
  seen: { readonly day: number; readonly all: number; readonly own: number } | null;
}

export interface Unused {
  readonly hash: string;
  readonly bucket: number;
  readonly requests: number;
}

const MAX_CONFIGURED = 200_000;
const MAX_USERS = 100_000;
const MAX_SLICE = 256;

/** Slices of limits that this process may use up without asking. */
export function createLeases(hashOf: (subject: string) => string) {
  const configured = createRecent<Lease>(MAX_CONFIGURED);
  const users = createRecent<Lease>(MAX_USERS);
  let held = new Set<Lease>();
  let unused: Unused[] = [];

  function of(subject: string): Lease {
    const recent = subject.startsWith('user:') ? users : configured;
    let lease = recent.get(subject);
    if (!lease) {
      lease = {
        subject,
        hash: hashOf(subject),
        left: 0,
        bucket: 0,
        until: 0,
        size: 0,
        asking: 0,
        refusedUntil: 0,
        refusal: null,
        open: 0,
        seen: null,
      };
      recent.set(subject, lease);
    }
    return lease;
  }

  function returnRest(lease: Lease): void {
    held.delete(lease);
    if (lease.left <= 0) return;
    unused.push({ hash: lease.hash, bucket: lease.bucket, requests: lease.left });
    lease.left = 0;
    lease.size = Math.floor(lease.size / 2);
  }

  return Object.freeze({
    of,
    usable: (lease: Lease, at: number): boolean => lease.left > 0 && lease.until > at,
    take(lease: Lease): void {
      lease.left -= 1;
      if (lease.left > 0) return;
      held.delete(lease);
      lease.size = Math.min(MAX_SLICE, Math.max(1, lease.size * 2));
    },
    /** Takes one back that was taken, where its slice still counts. */
    untake(lease: Lease, bucket: number): void {
      if (lease.bucket !== bucket) unused.push({ hash: lease.hash, bucket, requests: 1 });
      else {
        lease.left += 1;
        held.add(lease);
      }
    },
    grant(lease: Lease, requests: number, at: { readonly bucket: number; readonly until: number }): void {
      if (requests <= 0) return;
      if (lease.left > 0 && lease.bucket !== at.bucket) returnRest(lease);
      lease.left += requests;
      lease.bucket = at.bucket;
      lease.until = at.until;
      held.add(lease);
    },
    /** What is to be given back: slices whose time is over, and `all` of them at an end. */
    takeUnused(at: number, all = false): Unused[] {
      for (const lease of held) if (all || lease.until <= at) returnRest(lease);
      const taken = unused;
      unused = [];
      return taken;
    },
    /** Redis has forgotten: nothing that it granted counts there any more. */
    forget(): void {
      for (const lease of held) lease.left = 0;
      held = new Set();
      unused = [];
    },
  });
}
export type Leases = ReturnType<typeof createLeases>;
