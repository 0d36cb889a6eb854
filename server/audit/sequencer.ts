import { type MasterKey } from '@bartizan/contracts/sealed.ts';
import { checkpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import { HASH_BYTES } from '@bartizan/contracts/tlog/hash.ts';
import { formatNote } from '@bartizan/contracts/tlog/note.ts';
import { createEdge, type Edge } from '@bartizan/contracts/tlog/tiles.ts';
import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import type { Database } from '../platform/database/index.ts';
import { type KeyRing, openKeys, readKeys } from './keys.ts';
import { type Executor, sealKeyOf, sealOf } from './log.ts';
import type { Memory, Noticed } from './memory.ts';
import { LogBroken } from './model.ts';
import { type Head, openHead, readEdge, readHead, readRoot, writeTiles } from './tree-store.ts';

export interface SequencerDeps {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly memory: Pick<Memory, 'checkpoint' | 'remember'>;
  readonly clock: Clock;
  /** Told of what is not as it should be, after the batch that met it. */
  readonly notice: (noticed: Noticed) => void;
}

/** The tree as this server has checked it. */
interface Trusted {
  readonly head: Pick<Head, 'size' | 'root' | 'keyId' | 'origin'>;
  readonly edge: Edge;
  readonly ring: KeyRing;
}

/** What is known inside {@link Sequencer.holding}. */
export interface Held {
  readonly size: number;
  readonly origin: string;
  readonly ring: KeyRing;
  /** Writes a checkpoint of the tree as it is, signed with the key in use of `next`. */
  readonly sign: (next: KeyRing) => Promise<void>;
}

interface Waiting {
  readonly ids: readonly string[];
  readonly leaves: Buffer;
  readonly sealed: boolean;
}

/** Entries of one batch, about. */
const BATCH = 20_000;
const CHECKPOINT_EVERY_MS = 60_000;
const UNIQUE_VIOLATION = '23505';

const isUniqueViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === UNIQUE_VIOLATION;

/** Gives committed entries their places in the tree, a batch in a transaction. */
export function createSequencer({ database, masterKey, memory, clock, notice }: SequencerDeps) {
  const sealKey = sealKeyOf(masterKey);
  let trusted: Trusted | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  /** One piece of work after the other: each begins with what the one before it learned. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  }

  /** Compares what the database holds with what this server remembers of it. */
  async function compare(within: Executor, head: Head): Promise<void> {
    const known = memory.checkpoint();
    if (known === null) return;
    if (known.origin !== head.origin) {
      notice({
        kind: 'rolled-back',
        message: `This server remembers the log ${known.origin}, and finds ${head.origin} in its place.`,
      });
    } else if (head.size < known.size) {
      notice({
        kind: 'rolled-back',
        index: head.size,
        message: `The log has ${head.size} entries, but had ${known.size}: what came after entry ${head.size - 1} was taken away.`,
      });
    } else if (!(await readRoot(within, known.size)).equals(known.root)) {
      notice({
        kind: 'forked',
        message: `The first ${known.size} entries of the log are not those that this server remembers.`,
      });
    }
  }

  async function trust(within: Executor, head: Head | null): Promise<Trusted> {
    if (head === null) throw new LogBroken('truncated', 'The tree of the log is gone from the database.');
    if (
      trusted?.head.size === head.size &&
      trusted.head.keyId === head.keyId &&
      trusted.head.root.equals(head.root)
    ) {
      return trusted;
    }
    const ring = openKeys(await readKeys(within), masterKey);
    openHead(head, ring.verifiers);
    if (ring.signer.keyId !== head.keyId) {
      throw new LogBroken('key-altered', 'Another key than the one that took over signs the log.');
    }
    const edge = await readEdge(within, head);
    await compare(within, head);
    memory.remember(head.checkpoint);
    trusted = { head, edge, ring };
    return trusted;
  }

  async function take(tx: Executor): Promise<{ waiting: Waiting[]; spoiled: number }> {
    const { rows } = await sql<{ n: number; ids: string; leaves: Buffer; seal: Buffer | null }>`
      with taken as (
        delete from audit_waiting where n in (
          select n from (
            select n, sum(cardinality(ids)) over (order by n) - cardinality(ids) as before
            from (select n, ids from audit_waiting order by n limit 1000) as first) as counted
          where before < ${BATCH})
        returning n, ids, leaves, seal)
      select n, array_to_string(ids, ',') as ids, leaves, seal from taken order by n`.execute(tx);
    const waiting: Waiting[] = [];
    let spoiled = 0;
    for (const { ids: list, leaves, seal } of rows) {
      const ids = list.split(',');
      const whole = leaves.length === ids.length * HASH_BYTES;
      const sealed = seal !== null && sealOf(sealKey, ids, leaves).equals(seal);
      if (!sealed) spoiled += ids.length;
      // What does not fit together is left to the search for entries without a place.
      if (whole) waiting.push({ ids, leaves, sealed });
    }
    return { waiting, spoiled };
  }

  /** Without entries that have a place already: somebody put them there a second time. */
  async function withoutPlaced(tx: Executor, waiting: readonly Waiting[]): Promise<Waiting[]> {
    const all = waiting.flatMap(({ ids }) => ids);
    const { rows } = await sql<{ id: string }>`select id from audit_sequence
      where id = any(string_to_array(${all.join()}, ',')::uuid[])`.execute(tx);
    const seen = new Set(rows.map(({ id }) => id));
    return waiting.map(({ ids, leaves, sealed }) => {
      const kept = ids.map((id, i) => ({ id, i })).filter(({ id }) => !seen.has(id) && seen.add(id));
      const parts = kept.map(({ i }) => leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
      return { ids: kept.map(({ id }) => id), leaves: Buffer.concat(parts), sealed };
    });
  }

  async function place(tx: Executor, before: Trusted, waiting: readonly Waiting[]): Promise<Trusted> {
    const { head, ring } = before;
    const edge = createEdge(head.size, before.edge.tiles());
    const ids = waiting.flatMap((one) => one.ids);
    await writeTiles(tx, edge.append(Buffer.concat(waiting.map(({ leaves }) => leaves))));
    await sql`insert into audit_sequence (index, id)
      select ${head.size}::bigint + place - 1, id
      from unnest(string_to_array(${ids.join()}, ',')::uuid[]) with ordinality as t(id, place)`.execute(tx);
    const next = { ...head, size: edge.size(), root: edge.root() };
    await writeCheckpoint(tx, { ...next, keyId: ring.signer.keyId }, ring);
    return { head: next, edge, ring };
  }

  async function writeCheckpoint(tx: Executor, head: Trusted['head'], ring: KeyRing): Promise<void> {
    const at = clock.now();
    const { origin, size, root } = head;
    const text = checkpointText({ origin, size, root, at });
    const note = formatNote({ text, signatures: [ring.signer.sign(text)] });
    // Of those that nobody cosigned, the first of a minute and the newest are kept.
    await sql`
      delete from audit_checkpoints c
      where c.size = (select max(size) from audit_checkpoints)
        and not exists (select from audit_cosignatures s where s.size = c.size)
        and exists (select from audit_checkpoints b
          where b.size < c.size and b.at > c.at - ${CHECKPOINT_EVERY_MS}::bigint)`.execute(tx);
    await sql`insert into audit_checkpoints (size, root, at, key_id, note)
      values (${size}, ${root}, ${at}, ${ring.signer.keyId}, ${note})
      on conflict (size) do nothing`.execute(tx);
    await sql`update audit_tree set size = ${size}, root = ${root}, key_id = ${ring.signer.keyId},
      checkpoint = ${note}`.execute(tx);
    written = note;
  }
  /** By the transaction under way; remembered once it is committed. */
  let written: string | null = null;

  async function attempt(careful: boolean): Promise<number> {
    written = null;
    let spoiled = 0;
    let doubled = 0;
    const done = await database.transaction().execute(async (tx) => {
      const before = await trust(tx, await readHead(tx, { lock: true }));
      const taken = await take(tx);
      spoiled = taken.spoiled;
      const count = (list: readonly Waiting[]) => list.reduce((sum, { ids }) => sum + ids.length, 0);
      const waiting = careful ? await withoutPlaced(tx, taken.waiting) : taken.waiting;
      doubled = count(taken.waiting) - count(waiting);
      if (count(waiting) === 0) return null;
      return { after: await place(tx, before, waiting), placed: count(waiting) };
    });
    if (spoiled > 0) {
      notice({
        kind: 'waiting-altered',
        message: `${spoiled} entries got their place without the seal of the server that wrote them.`,
      });
    }
    if (doubled > 0)
      notice({
        kind: 'waiting-altered',
        message: `${doubled} entries waited for a place that have one already.`,
      });
    if (done === null) return 0;
    trusted = done.after;
    if (written !== null) memory.remember(written);
    return done.placed;
  }

  return Object.freeze({
    /**
     * Places what waits, at most about 20,000 entries; returns how many. Throws {@link LogBroken}, and changes
     * nothing, when the tree is not the one that was signed. Whatever fails on the way is rolled back as a whole.
     */
    async batch(): Promise<number> {
      const { rows } = await sql`select from audit_waiting limit 1`.execute(database);
      if (rows.length === 0) return 0;
      return await inTurn(async () => {
        try {
          return await attempt(false);
        } catch (error) {
          trusted = null;
          if (isUniqueViolation(error)) return await attempt(true);
          throw error;
        }
      });
    },

    /** Checks that the log still is the one that this server knows, and takes notice of what others added. */
    check: () =>
      inTurn(() =>
        database
          .transaction()
          .setIsolationLevel('repeatable read')
          .execute(async (tx) => {
            await trust(tx, await readHead(tx));
          }),
      ),

    /**
     * Runs `work` in a transaction that holds the head, with what was checked; it may write a checkpoint of the
     * tree as it is, with other keys.
     */
    holding: <T>(work: (tx: Executor, held: Held) => Promise<T>): Promise<T> =>
      inTurn(async () => {
        written = null;
        const result = await database.transaction().execute(async (tx) => {
          const { head, ring } = await trust(tx, await readHead(tx, { lock: true }));
          const sign = (next: KeyRing) => writeCheckpoint(tx, { ...head, keyId: next.signer.keyId }, next);
          return await work(tx, { size: head.size, origin: head.origin, ring, sign });
        });
        trusted = null;
        if (written !== null) memory.remember(written);
        return result;
      }),
  });
}
export type Sequencer = ReturnType<typeof createSequencer>;
