import type { AuditProblem } from '@bartizan/contracts';
import { auditRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { parseLeaf } from '@bartizan/contracts/tlog/canonical.ts';
import { keyChain, openCheckpoint, type SignedCheckpoint } from '@bartizan/contracts/tlog/checkpoint.ts';
import { HASH_BYTES, leafHash } from '@bartizan/contracts/tlog/hash.ts';
import type { Verifier } from '@bartizan/contracts/tlog/note.ts';
import { createEdge, TILE_WIDTH, tilePath, tilesOnLevel, tileWidth } from '@bartizan/contracts/tlog/tiles.ts';
import { createLogCheck, type FoundEntry } from '@bartizan/contracts/tlog/verify.ts';
import { cosignedBy, firstOf, problemOf, type Verified } from '@bartizan/contracts/tlog/verify-export.ts';
import type { Remembered } from './remembered.ts';

export interface LiveOptions {
  readonly client: Client;
  readonly known: Remembered | null;
  /** Verifier key to trust; else the remembered one, else the first that the server shows. */
  readonly key?: string;
  readonly witnesses?: readonly string[];
  /** Do not read again what was verified before, unless a verification failed since. */
  readonly newOnly: boolean;
  readonly nowMs: number;
  readonly progress: (done: number, total: number) => void;
}

export interface LiveResult extends Verified {
  /** Entries that were verified before and not read again. */
  readonly knownBefore: number;
  /** When the key that was used was first trusted here; null where that is now, or was given by the caller. */
  readonly keySince: number | null;
  /** When the last verification from here failed, where that is why everything was read; else null. */
  readonly failedBefore: number | null;
  /** What to remember; where something is wrong, that what was remembered counts no more. Null for nothing. */
  readonly remember: Remembered | null;
}

const GONE = 410;
const MAX_BUNDLE = TILE_WIDTH * 65_538;

async function bytesOf(client: Client, path: string): Promise<Buffer> {
  const response = await client.stream(auditRoutes.logTile, { params: { '*': path } });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > MAX_BUNDLE) throw new Error('a tile of the server is larger than any can be');
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}

/** Hashes of a tile; fewer where the server has fewer. */
async function tile(client: Client, level: number, number: number, size: number): Promise<Buffer> {
  const width = tileWidth(level, number, size);
  if (width === 0) return Buffer.alloc(0);
  try {
    return (await bytesOf(client, tilePath({ level, number, width }))).subarray(0, width * HASH_BYTES);
  } catch (error) {
    if (error instanceof ApiFailure && error.status === GONE) return Buffer.alloc(0);
    throw error;
  }
}

interface Bundle {
  readonly entries: FoundEntry[];
  /** Why the server cannot show all of them; null where it does. */
  readonly problem: AuditProblem | null;
}

async function bundle(client: Client, number: number, size: number): Promise<Bundle> {
  const width = tileWidth(0, number, size);
  const start = number * TILE_WIDTH;
  const entries: FoundEntry[] = [];
  try {
    const bytes = await bytesOf(client, tilePath({ level: 'entries', number, width }));
    for (let at = 0; at + 2 <= bytes.length && entries.length < width; ) {
      const leaf = bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at));
      entries.push({ id: parseLeaf(leaf.toString('utf8'))?.id ?? null, hash: leafHash(leaf) });
      at += 2 + leaf.length;
    }
  } catch (error) {
    if (!(error instanceof ApiFailure) || error.status !== GONE) throw error;
    const named = /^Entry (\d{1,15}) /.exec(error.body.message);
    const index = named ? Number(named[1]) : start;
    const problem = { ...problemOf('entry-missing', error.body.message), index };
    return { entries: Array.from({ length: width }, () => ({ id: null, hash: null })), problem };
  }
  while (entries.length < width) entries.push({ id: null, hash: null });
  return { entries, problem: null };
}

interface Trusted {
  readonly checkpoint: SignedCheckpoint | null;
  readonly key: string;
  readonly problems: AuditProblem[];
}

async function openServed({ client, known, key }: LiveOptions): Promise<Trusted> {
  const note = await (await client.stream(auditRoutes.logCheckpoint, {})).text();
  const { items } = await client.call(auditRoutes.keys, {});
  const trusted = key ?? known?.key ?? items.find(({ vouchedBy }) => vouchedBy === null)?.verifierKey ?? '';
  const chain: readonly Verifier[] = keyChain(trusted, items);
  const checkpoint = openCheckpoint(note, chain);
  const problems: AuditProblem[] = [];
  if (checkpoint === null) {
    problems.push(
      problemOf(
        'key-altered',
        'The checkpoint is not signed by the trusted key, nor by one that it vouched for.',
      ),
    );
  } else if (known && known.origin !== checkpoint.origin) {
    problems.push(
      problemOf('rolled-back', `This was the log ${known.origin}; now it is ${checkpoint.origin}.`),
    );
  } else if (known && checkpoint.size < known.size) {
    const message = `The log had ${known.size} entries when it was verified last; now it has ${checkpoint.size}.`;
    problems.push({ ...problemOf('rolled-back', message), index: checkpoint.size, before: known.size });
  } else if (known?.size === checkpoint.size && known.root !== checkpoint.root.toString('base64')) {
    problems.push(problemOf('forked', `The ${known.size} entries are not those that were verified last.`));
  }
  return { checkpoint, key: trusted, problems };
}

/** Reads only what is new and appends it to the remembered edge; null when that does not make up the signed root. */
async function verifyNew(options: LiveOptions, known: Remembered, signed: SignedCheckpoint) {
  const tiles = known.edge.map((hashes) => Buffer.from(hashes, 'base64'));
  const edge = createEdge(known.size, tiles);
  if (edge.root().toString('base64') !== known.root) return null;
  for (let start = known.size; start < signed.size; ) {
    const number = Math.floor(start / TILE_WIDTH);
    const { entries, problem } = await bundle(options.client, number, signed.size);
    const fresh = entries.slice(start % TILE_WIDTH);
    if (problem || fresh.some(({ hash }) => hash === null)) return null;
    edge.append(Buffer.concat(fresh.map(({ hash }) => hash ?? Buffer.alloc(0))));
    start += fresh.length;
    options.progress(start - known.size, signed.size - known.size);
  }
  return edge.root().equals(signed.root) ? edge : null;
}

/** Reads everything; names what is wrong. */
async function verifyWhole(options: LiveOptions, signed: SignedCheckpoint, problems: AuditProblem[]) {
  const { client, known, progress } = options;
  const roots: Buffer[] = [];
  for (let number = 0; number < tilesOnLevel(1, signed.size); number += 1) {
    roots.push(await tile(client, 1, number, signed.size));
  }
  const lastLeaves =
    signed.size % TILE_WIDTH === 0
      ? Buffer.alloc(0)
      : await tile(client, 0, Math.floor(signed.size / TILE_WIDTH), signed.size);
  const before = known && known.origin === signed.origin && known.size <= signed.size ? [known] : [];
  const check = createLogCheck({
    signed,
    earlier: before.map(({ size, root }) => ({ size, root: Buffer.from(root, 'base64') })),
    blockRoots: Buffer.concat(roots),
    lastLeaves,
  });
  const edge = createEdge();
  for (let number = 0; number * TILE_WIDTH < signed.size; number += 1) {
    const leaves = await tile(client, 0, number, signed.size);
    const { entries, problem } = await bundle(client, number, signed.size);
    if (problem) problems.push(problem);
    check.add({ leaves, entries: problem ? standIns(leaves, entries.length) : entries });
    if (!problem) edge.append(Buffer.concat(entries.map(({ hash }) => hash ?? Buffer.alloc(0))));
    progress(Math.min((number + 1) * TILE_WIDTH, signed.size), signed.size);
  }
  problems.push(...check.end().problems);
  return edge;
}

/** For a block of which the server has said already what is missing. */
const standIns = (leaves: Buffer, width: number): FoundEntry[] =>
  Array.from({ length: width }, (_, i) => ({
    id: null,
    hash: leaves.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  }));

/** What the next verification begins with. A failed one voids the point from which it would go on. */
function toRemember(
  { known, nowMs }: LiveOptions,
  failed: boolean,
  verified: Omit<Remembered, 'keySince' | 'failedAt'> | null,
): Remembered | null {
  if (failed || verified === null) return known && { ...known, failedAt: nowMs };
  return { ...verified, keySince: (known?.key === verified.key ? known.keySince : undefined) ?? nowMs };
}

/** Verifies the log of a running server: everything, or with `newOnly` what is new since the last time. */
export async function verifyLive(options: LiveOptions): Promise<LiveResult> {
  const { known, newOnly } = options;
  const { checkpoint, key, problems } = await openServed(options);
  const failedBefore = known?.failedAt ?? null;
  let edge: ReturnType<typeof createEdge> | null = null;
  let knownBefore = 0;
  if (checkpoint) {
    const extends_ = known !== null && newOnly && failedBefore === null && problems.length === 0;
    edge = extends_ ? await verifyNew(options, known, checkpoint) : null;
    if (edge !== null && known) knownBefore = known.size;
    edge ??= await verifyWhole(options, checkpoint, problems);
  }
  const witnesses = checkpoint ? cosignedBy(checkpoint.note, options.witnesses ?? []) : [];
  const root = checkpoint?.root.toString('base64') ?? '';
  const size = checkpoint?.size ?? 0;
  const tiles = edge?.tiles().map((one) => one.toString('base64'));
  return {
    origin: checkpoint?.origin ?? '',
    size,
    root,
    keyId: checkpoint?.keyId ?? null,
    signedAt: checkpoint?.at ?? null,
    pinned: options.key !== undefined,
    keySince: options.key === undefined ? (known?.keySince ?? null) : null,
    failedBefore: newOnly ? failedBefore : null,
    witnesses,
    entries: size - knownBefore,
    firstAltered: firstOf(problems),
    problems: problems.slice(0, 100),
    knownBefore,
    remember: toRemember(
      options,
      problems.length > 0,
      checkpoint && tiles ? { origin: checkpoint.origin, key, size, root, edge: tiles } : null,
    ),
  };
}
