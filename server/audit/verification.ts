import type { AuditProblem } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { keyChain, openCheckpoint } from '@bartizan/contracts/tlog/checkpoint.ts';
import { HASH_BYTES, perfectRoot } from '@bartizan/contracts/tlog/hash.ts';
import { parseNote, parseVerifierKey, signedBy, type Verifier } from '@bartizan/contracts/tlog/note.ts';
import { TILE_WIDTH } from '@bartizan/contracts/tlog/tiles.ts';
import { createLogCheck, type FoundEntry, type SignedRoot } from '@bartizan/contracts/tlog/verify.ts';
import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';
import { type KeptCheckpoint, readCheckpoints, readLevel } from './export.ts';
import { openKeys, readKeys } from './keys.ts';
import { sealKeyOf, sealOf } from './log.ts';
import type { Memory } from './memory.ts';
import { LogBroken } from './model.ts';
import { hashOf, readPlaces, readUnplaced } from './rows.ts';
import { type Head, openHead, readHead } from './tree-store.ts';
import { readCosignatures } from './witnesses.ts';

/** Tells what a check has found and how far it is. */
export interface Report {
  readonly problem: (problem: AuditProblem) => void;
  readonly phase: (name: string) => void;
  readonly entries: (done: number) => void;
  readonly interactions: (more: number) => void;
  /** To be awaited between two pieces of work; a verification that nobody waits for rests there. */
  readonly breathe: () => Promise<void>;
  readonly signal: AbortSignal;
}

/** Compares other data with what the log says of it: recorded verdicts. */
export interface FurtherCheck {
  readonly run: (report: Report) => Promise<void>;
}

export interface VerifyDeps {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly memory: Pick<Memory, 'checkpoint' | 'breaks'>;
  readonly further: () => readonly FurtherCheck[];
}

const EARLIER = 2_000;
/** Blocks that are read and hashed at once. */
const BLOCKS = 16;
const nowhere = { index: null, before: null, id: null } as const;

/** What the log says of itself. */
interface Standing {
  readonly known: ReturnType<Memory['checkpoint']>;
  readonly checkpoints: readonly KeptCheckpoint[];
  readonly head: Head | null;
}

/**
 * In this order, while the log grows and keys change: nothing that is read first can be ahead of what is read after
 * it. Keys are read last.
 */
async function readStanding({ database, memory }: VerifyDeps): Promise<Standing> {
  const known = memory.checkpoint();
  const checkpoints = await readCheckpoints(database, Number.MAX_SAFE_INTEGER, EARLIER);
  return { known, checkpoints, head: await readHead(database) };
}

/** Keys that count, as far as they can be opened; what is wrong with them is reported. */
async function checkKeys({ database, masterKey }: VerifyDeps, report: Report): Promise<readonly Verifier[]> {
  const rows = await readKeys(database);
  try {
    return openKeys(rows, masterKey).verifiers;
  } catch (error) {
    if (!(error instanceof LogBroken)) throw error;
    report.problem({ ...nowhere, kind: error.kind, message: error.message });
    const first = rows.find(({ vouchedBy }) => vouchedBy === null);
    return keyChain(first?.verifierKey ?? '', rows);
  }
}

/** The signed root that all is measured by: the newest in the database, or where that is altered the remembered one. */
function anchorOf({ head, known }: Standing, keys: readonly Verifier[], report: Report): SignedRoot {
  if (head === null) {
    report.problem({ ...nowhere, index: 0, kind: 'truncated', message: 'The tree of the log is gone.' });
    return known ?? { size: 0, root: Buffer.alloc(0) };
  }
  try {
    openHead(head, keys);
    return head;
  } catch (error) {
    if (!(error instanceof LogBroken)) throw error;
    report.problem({ ...nowhere, kind: error.kind, message: error.message });
    return known ?? head;
  }
}

/** Kept checkpoints whose signatures hold; the others are reported. */
async function checkCheckpoints(
  deps: VerifyDeps,
  { known, checkpoints: rows }: Standing,
  keys: readonly Verifier[],
  report: Report,
): Promise<SignedRoot[]> {
  const good = rows.filter(({ size, root, note }) => {
    const opened = openCheckpoint(note, keys);
    if (opened?.size === size && opened.root.equals(root)) return true;
    const message = `The stored checkpoint over ${size} entries is not as it was signed.`;
    report.problem({ ...nowhere, kind: 'checkpoint-altered', message });
    return false;
  });
  const notes = new Map(good.map(({ size, note }) => [size, note]));
  const { rows: witnesses } = await sql<{
    key: string;
  }>`select verifier_key as key from audit_witnesses`.execute(deps.database);
  const verifiers = witnesses.flatMap(({ key }) => parseVerifierKey(key) ?? []);
  for (const { size, line, witness, keyId } of await readCosignatures(deps.database, [...notes.keys()])) {
    const note = parseNote(`${notes.get(size)}${line}\n`);
    const key = verifiers.find((one) => one.name === witness && one.keyId === keyId);
    if (note && key && signedBy(note, key) !== null) continue;
    const message = `The cosignature of ${witness} under the checkpoint over ${size} entries does not hold.`;
    report.problem({ ...nowhere, kind: 'checkpoint-altered', message });
  }
  return known ? [...good, known] : good;
}

async function collect(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const part of parts) all.push(part);
  return Buffer.concat(all);
}

/** Every entry against its leaf, every leaf against the tree, the tree against the signed root. */
async function checkEntries(
  deps: VerifyDeps,
  signed: SignedRoot,
  earlier: readonly SignedRoot[],
  report: Report,
) {
  const { database } = deps;
  const blockRoots = await collect(readLevel(database, 1, signed.size));
  const partial = signed.size % TILE_WIDTH;
  const leavesOf = readLevel(database, 0, signed.size);
  const lastLeaves = Buffer.alloc(partial * HASH_BYTES);
  if (partial > 0) {
    const { rows } = await sql<{ hashes: Buffer }>`select hashes from audit_tiles
      where level = 0 and number = ${Math.floor(signed.size / TILE_WIDTH)}`.execute(database);
    rows[0]?.hashes.copy(lastLeaves, 0, 0, lastLeaves.length);
  }
  const check = createLogCheck({ signed, earlier, blockRoots, lastLeaves });
  if (check.trustsTree) await checkUpperTiles(database, blockRoots, signed.size, report);
  let entries: FoundEntry[] = [];
  let read = 0;
  for (let start = 0; start < signed.size; start += TILE_WIDTH) {
    if (report.signal.aborted) return;
    if (start >= read) {
      await report.breathe();
      read = Math.min(start + BLOCKS * TILE_WIDTH, signed.size);
      entries = await readFound(database, start, read);
      report.entries(start);
    }
    const { value: leaves } = await leavesOf.next();
    const from = start % (BLOCKS * TILE_WIDTH);
    check.add({ leaves: leaves ?? Buffer.alloc(0), entries: entries.slice(from, from + TILE_WIDTH) });
  }
  for (const problem of check.end().problems) report.problem(problem);
  report.entries(signed.size);
}

/** One for each place from `start` to `end`, whether there is something or not. */
async function readFound(database: Database, start: number, end: number): Promise<FoundEntry[]> {
  const found: FoundEntry[] = Array.from({ length: end - start }, () => ({ id: null, hash: null }));
  for (const { index, id, entry } of await readPlaces(database, start, end)) {
    found[index - start] = { id, hash: entry && hashOf(entry) };
  }
  return found;
}

async function checkUpperTiles(
  database: Database,
  blockRoots: Buffer,
  size: number,
  report: Report,
): Promise<void> {
  let below = blockRoots;
  for (let level = 2; below.length >= TILE_WIDTH * HASH_BYTES; level += 1) {
    const count = Math.floor(below.length / HASH_BYTES / TILE_WIDTH);
    const roots = Array.from({ length: count }, (_, i) => perfectRoot(below, i * TILE_WIDTH, TILE_WIDTH));
    below = Buffer.concat(roots);
    const stored = await collect(readLevel(database, level, size));
    if (stored.equals(below)) continue;
    const message = `Hashes on level ${level} of the tree were altered.`;
    report.problem({ ...nowhere, kind: 'tree-altered', message });
  }
}

/** What claims a place beyond the tree, has none, or waits without a seal. */
async function checkOthers({ database, masterKey }: VerifyDeps, report: Report): Promise<void> {
  const kind = 'entry-inserted';
  const { rows: beyond } = await sql<{ index: number; id: string }>`select index, id from audit_sequence
    where index >= (select size from audit_tree) or index < 0 order by index limit 20`.execute(database);
  for (const { index, id } of beyond) {
    const message = `Entry ${id} claims place ${index}, which is outside the tree.`;
    report.problem({ kind, index: Math.max(0, index), before: null, id, message });
  }
  for await (const page of readUnplaced(database)) {
    for (const { id } of page.slice(0, 20)) {
      report.problem({
        ...nowhere,
        kind,
        id,
        message: `Entry ${id} was put in: it has no place and waits for none.`,
      });
    }
  }
  const sealKey = sealKeyOf(masterKey);
  const { rows } = await sql<{ ids: string; leaves: Buffer; seal: Buffer | null }>`
    select array_to_string(ids, ',') as ids, leaves, seal from audit_waiting order by n limit 1000`.execute(
    database,
  );
  for (const { ids, leaves, seal } of rows) {
    const list = ids.split(',');
    if (seal && sealOf(sealKey, list, leaves).equals(seal)) continue;
    const message = `${list.length} entries wait for their place without the seal of the server that wrote them.`;
    report.problem({ ...nowhere, kind: 'waiting-altered', id: list[0] ?? null, message });
  }
}

/** Checks all there is; what it finds goes to `report`. */
export async function verifyAll(
  deps: VerifyDeps,
  report: Report,
  begun: (signed: SignedRoot) => void,
): Promise<void> {
  report.phase('keys and checkpoints');
  const standing = await readStanding(deps);
  const { known } = standing;
  const keys = await checkKeys(deps, report);
  const signed = anchorOf(standing, keys, report);
  begun(signed);
  const earlier = await checkCheckpoints(deps, standing, keys, report);
  if (known && known.size > signed.size) {
    const message = `This server remembers a log of ${known.size} entries; now it has ${signed.size}.`;
    report.problem({ ...nowhere, index: signed.size, before: known.size, kind: 'rolled-back', message });
  }
  report.phase('entries and tree');
  await checkEntries(deps, signed, earlier, report);
  report.phase('entries without a place');
  await checkOthers(deps, report);
  report.phase('recorded verdicts');
  for (const check of deps.further()) await check.run(report);
  for (const { kind, index, message, acknowledgedAt } of deps.memory.breaks()) {
    if (acknowledgedAt === null) report.problem({ ...nowhere, kind, index, message });
  }
}
