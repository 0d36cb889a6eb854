import type { Cosignature, Witness } from '@bartizan/contracts';
import { keyChain, parseCheckpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import {
  COSIGNATURE,
  type Note,
  parseNote,
  parseVerifierKey,
  signatureLine,
  signedBy,
  type Verifier,
} from '@bartizan/contracts/tlog/note.ts';
import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';
import { urlProblem } from '../platform/outbound/index.ts';
import { readKeys } from './keys.ts';
import type { Actor, AuditLog, Executor } from './log.ts';
import { readHead, readRoot } from './tree-store.ts';

interface WitnessRow {
  readonly id: string;
  readonly verifierKey: string;
  readonly url: string | null;
  readonly allowPrivateNetwork: boolean;
  readonly addedAt: number;
  readonly problem: string | null;
  readonly lastSize: number | null;
  readonly lastAt: number | null;
}

export interface KnownWitness extends WitnessRow {
  readonly verifier: Verifier;
}

/** A cosignature may be this far ahead of our clock. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** Those that count, in the order they were added. */
export async function readWitnesses(within: Executor): Promise<KnownWitness[]> {
  const { rows } = await sql<WitnessRow>`
    select w.id, w.verifier_key as "verifierKey", w.url, w.allow_private_network as "allowPrivateNetwork",
      w.added_at as "addedAt", w.problem, c.size as "lastSize", c.at as "lastAt"
    from audit_witnesses w
    left join lateral (select size, at from audit_cosignatures c where c.witness_id = w.id
      order by size desc limit 1) c on true
    where w.removed_at is null order by w.added_at, w.id`.execute(within);
  return rows.flatMap((row) => {
    const verifier = parseVerifierKey(row.verifierKey);
    return verifier ? [{ ...row, verifier }] : [];
  });
}

const toWitness = (row: KnownWitness): Witness => ({
  id: row.id,
  name: row.verifier.name,
  verifierKey: row.verifierKey,
  url: row.url,
  addedAt: row.addedAt,
  lastSize: row.lastSize,
  lastAt: row.lastAt,
  problem: row.problem,
});

export interface StoredCosignature extends Cosignature {
  readonly size: number;
  readonly line: string;
}

/** Of checkpoints of these sizes, by witnesses that count or counted. */
export async function readCosignatures(
  within: Executor,
  sizes: readonly number[],
): Promise<StoredCosignature[]> {
  const { rows } = await sql<{ size: number; at: number; line: string; verifierKey: string }>`
    select c.size, c.at, c.line, w.verifier_key as "verifierKey"
    from audit_cosignatures c join audit_witnesses w on w.id = c.witness_id
    where c.size = any(${[...sizes]}::bigint[]) order by c.size, w.added_at`.execute(within);
  return rows.map(({ size, at, line, verifierKey }) => {
    const [witness = '', keyId = ''] = verifierKey.split('+');
    return { size, at, line, witness, keyId };
  });
}

/** The note with its cosignatures. */
export const withLines = (note: string, lines: readonly string[]): string =>
  note + lines.map((line) => `${line}\n`).join('');

export interface WitnessesDeps {
  readonly database: Database;
  readonly log: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
}

export function createWitnesses({ database, log, clock }: WitnessesDeps) {
  /** The note's checkpoint, signed by this log and over this tree. */
  async function ownCheckpoint(tx: Executor, note: Note) {
    const body = parseCheckpointText(note.text);
    const keys = await readKeys(tx);
    const first = keys.find(({ vouchedBy }) => vouchedBy === null);
    const signer = keyChain(first?.verifierKey ?? '', keys).find((key) => signedBy(note, key) !== null);
    const head = await readHead(tx);
    if (!body || !signer || body.origin !== head?.origin || body.size > head.size) {
      throw new AppError('invalid_input', 'this is no checkpoint of this log');
    }
    if (!(await readRoot(tx, body.size)).equals(body.root)) {
      throw new AppError('conflict', 'the log has another root at this size');
    }
    const own = note.signatures.filter(({ keyId, name }) => keyId === signer.keyId && name === signer.name);
    return {
      ...body,
      keyId: signer.keyId,
      bare: `${note.text}\n${own.map((one) => `${signatureLine(one)}\n`).join('')}`,
    };
  }

  async function stored(tx: Executor, note: Note): Promise<number> {
    const checkpoint = await ownCheckpoint(tx, note);
    let count = 0;
    for (const { id, verifier } of await readWitnesses(tx)) {
      const at = signedBy(note, verifier);
      const line = note.signatures.find((one) => one.keyId === verifier.keyId && one.name === verifier.name);
      if (at === null || !line || at > clock.now() + CLOCK_SKEW_MS) continue;
      await sql`insert into audit_checkpoints (size, root, at, key_id, note)
        values (${checkpoint.size}, ${checkpoint.root}, ${checkpoint.at ?? at}, ${checkpoint.keyId},
          ${checkpoint.bare}) on conflict do nothing`.execute(tx);
      // Of one size there may be several notes; cosignatures belong to the one that is kept.
      const { rows } = await sql`select from audit_checkpoints
        where size = ${checkpoint.size} and note = ${checkpoint.bare}`.execute(tx);
      if (rows.length === 0) throw new AppError('conflict', 'there is a newer checkpoint of this size');
      await sql`insert into audit_cosignatures as c (size, witness_id, at, line)
        values (${checkpoint.size}, ${id}, ${at}, ${signatureLine(line)})
        on conflict (size, witness_id) do update set at = excluded.at, line = excluded.line
        where excluded.at > c.at`.execute(tx);
      await sql`update audit_witnesses set problem = null where id = ${id} and problem is not null`.execute(
        tx,
      );
      count += 1;
    }
    if (count === 0) {
      throw new AppError('invalid_input', 'no registered witness signed this checkpoint', {
        hint: 'A person with audit.manage says whose cosignatures count.',
      });
    }
    return count;
  }

  return Object.freeze({
    list: async (): Promise<Witness[]> => (await readWitnesses(database)).map(toWitness),

    async add(
      input: {
        readonly verifierKey: string;
        readonly url: string | null;
        readonly allowPrivateNetwork: boolean;
      },
      actor: Actor,
    ): Promise<Witness> {
      const verifier = parseVerifierKey(input.verifierKey);
      if (verifier?.type !== COSIGNATURE) {
        throw new AppError('invalid_input', 'this is not the key of a witness', {
          hint: 'Give its key of type 0x04 (Ed25519 cosignature/v1), as name+1a2b3c4d+BASE64.',
        });
      }
      const problem = input.url === null ? null : urlProblem(new URL(input.url), input.allowPrivateNetwork);
      if (problem !== null) throw new AppError('invalid_input', `this address cannot be used: ${problem}`);
      const id = await database.transaction().execute(async (tx) => {
        const { rows } = await sql<{ id: string }>`
          insert into audit_witnesses as w (id, verifier_key, url, allow_private_network, added_at)
          values (${uuidv7(clock.now())}, ${input.verifierKey}, ${input.url}, ${input.allowPrivateNetwork},
            ${clock.now()})
          on conflict (verifier_key) do update set removed_at = null, url = excluded.url, problem = null,
            allow_private_network = excluded.allow_private_network, added_at = excluded.added_at
          where w.removed_at is not null returning id`.execute(tx);
        const [added] = rows;
        if (!added) throw new AppError('conflict', 'this witness counts already');
        const detail = { ...input };
        await log.record(
          { actor, action: 'audit.witness-added', subject: `witness:${added.id}`, detail },
          tx,
        );
        return added.id;
      });
      const made = (await readWitnesses(database)).find((one) => one.id === id);
      if (!made) throw new AppError('conflict', 'the witness was removed meanwhile');
      return toWitness(made);
    },

    async remove(id: string, actor: Actor): Promise<void> {
      await database.transaction().execute(async (tx) => {
        const { rows } = await sql<{
          verifierKey: string;
        }>`update audit_witnesses set removed_at = ${clock.now()}
          where id = ${id} and removed_at is null returning verifier_key as "verifierKey"`.execute(tx);
        const [gone] = rows;
        if (!gone) throw new AppError('not_found', 'there is no such witness');
        const detail = { verifierKey: gone.verifierKey };
        await log.record({ actor, action: 'audit.witness-removed', subject: `witness:${id}`, detail }, tx);
      });
    },

    /** Stores the cosignatures of registered witnesses on a note; returns how many. Throws where there is none. */
    async cosign(text: string): Promise<number> {
      const note = parseNote(text);
      if (!note) throw new AppError('invalid_input', 'this is no signed note');
      return await database.transaction().execute((tx) => stored(tx, note));
    },

    async noteProblem(id: string, problem: string): Promise<void> {
      await sql`update audit_witnesses set problem = ${problem} where id = ${id}`.execute(database);
    },
  });
}
export type Witnesses = ReturnType<typeof createWitnesses>;
