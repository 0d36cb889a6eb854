import type { AuditProblem } from '../audit.ts';
import { parseLeaf } from './canonical.ts';
import { keyChain, openCheckpoint, type SignedCheckpoint, type VouchedKey } from './checkpoint.ts';
import { EXPORT_FORMAT, type ExportHead, type ExportLine, parseExportLine } from './export.ts';
import { leafHash } from './hash.ts';
import { COSIGNATURE, type Note, parseVerifierKey, signedBy } from './note.ts';
import { TILE_WIDTH } from './tiles.ts';
import { createLogCheck, type FoundEntry, type LogChecker } from './verify.ts';

/** Not an export, or not one of this version: nothing can be said about it. */
export class ExportUnreadable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ExportUnreadable';
  }
}

export interface VerifyOptions {
  /** Verifier key that one trusts; without it, the first key of the export itself, which proves less. */
  readonly key?: string;
  /** Verifier keys of witnesses that one trusts, instead of those that the export names. */
  readonly witnesses?: readonly string[];
  readonly progress?: (done: number, total: number) => void;
}

export interface Verified {
  readonly origin: string;
  readonly size: number;
  readonly root: string;
  /** Of the checkpoint that all was measured by; null where its signature does not hold. */
  readonly keyId: string | null;
  readonly signedAt: number | null;
  /** True when the caller said which key to trust. */
  readonly pinned: boolean;
  readonly witnesses: readonly { readonly name: string; readonly key: string; readonly at: number }[];
  readonly entries: number;
  readonly firstAltered: AuditProblem | null;
  readonly problems: readonly AuditProblem[];
}

/** In the order of places; the first one that is about an entry is the first altered entry. */
export function firstOf(problems: readonly AuditProblem[]): AuditProblem | null {
  const placed = problems
    .filter(({ index }) => index !== null)
    .toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
  return placed.find(({ kind }) => kind !== 'tree-altered') ?? placed[0] ?? null;
}

export const problemOf = (kind: AuditProblem['kind'], message: string): AuditProblem => ({
  kind,
  index: null,
  before: null,
  id: null,
  message,
});

/** Those of the witnesses, by their verifier keys, that cosigned the note. A key of another type is no witness. */
export function cosignedBy(note: Note, keys: readonly string[]): Verified['witnesses'] {
  return keys.flatMap((key) => {
    const verifier = parseVerifierKey(key);
    const at = verifier?.type === COSIGNATURE ? signedBy(note, verifier) : null;
    return verifier && at !== null ? [{ name: verifier.name, key, at }] : [];
  });
}

interface Header {
  head: ExportHead | null;
  readonly keys: VouchedKey[];
  readonly witnesses: string[];
  readonly notes: string[];
  readonly tree: Buffer[];
  edge: Buffer;
}

const MAX_NOTES = 10_000;
/** Entries that may be missing in one stretch before what follows is not believed to belong there. */
const MAX_GAP = 10_000_000;

/** Verifies an export line by line, a block of 256 entries in memory; throws {@link ExportUnreadable}. */
export async function verifyExport(
  lines: AsyncIterable<string>,
  options: VerifyOptions = {},
): Promise<Verified> {
  const header: Header = { head: null, keys: [], witnesses: [], notes: [], tree: [], edge: Buffer.alloc(0) };
  let body: ReturnType<typeof createBody> | null = null;
  for await (const text of lines) {
    if (text === '') continue;
    const line = parseExportLine(text);
    if (line === null) {
      if (header.head === null) throw new ExportUnreadable('this is not an export of an audit log');
      body ??= createBody(header, options);
      body.unreadable();
    } else if (line.type === 'leaves' || line.type === 'entry' || line.type === 'end') {
      if (header.head === null) throw new ExportUnreadable('this export has no beginning');
      body ??= createBody(header, options);
      body.add(line);
    } else {
      addToHeader(header, line);
    }
  }
  if (header.head === null) throw new ExportUnreadable('this export is empty');
  body ??= createBody(header, options);
  return body.end();
}

function addToHeader(header: Header, line: ExportLine): void {
  if (line.type === 'log') {
    if (line.format !== EXPORT_FORMAT)
      throw new ExportUnreadable(`this export has the format ${line.format}`);
    if (header.head !== null) throw new ExportUnreadable('these are two exports in one file');
    header.head = line.head;
  } else if (line.type === 'key') header.keys.push(line);
  else if (line.type === 'witness') header.witnesses.push(line.verifierKey);
  else if (line.type === 'checkpoint' && header.notes.length < MAX_NOTES) header.notes.push(line.note);
  else if (line.type === 'tree') header.tree.push(line.hashes);
  else if (line.type === 'edge') header.edge = line.hashes;
}

/** The checkpoint over the whole, and those before it, as far as their signatures hold. */
function openNotes({ head, keys, notes }: Header, options: VerifyOptions, problems: AuditProblem[]) {
  const trusted = options.key ?? keys.find(({ vouchedBy }) => vouchedBy === null)?.verifierKey ?? '';
  const chain = keyChain(trusted, keys);
  if (chain.length === 0) problems.push(problemOf('key-altered', 'There is no key that could be trusted.'));
  const opened: SignedCheckpoint[] = [];
  for (const [i, note] of notes.entries()) {
    const checkpoint = openCheckpoint(note, chain);
    if (checkpoint?.origin === head?.origin && checkpoint) opened.push(checkpoint);
    else
      problems.push(
        problemOf(
          'checkpoint-altered',
          `Checkpoint ${i + 1} of ${notes.length} is not signed by a trusted key.`,
        ),
      );
  }
  const last = opened.at(-1);
  if (last === undefined) {
    problems.push(
      problemOf('checkpoint-altered', 'No checkpoint is signed by a trusted key: nothing is proven.'),
    );
  } else if (last.size !== head?.size) {
    const message = `The export says ${head?.size} entries, its newest trusted checkpoint says ${last.size}.`;
    problems.push(problemOf('checkpoint-altered', message));
  }
  return { opened, last };
}

function createBody(header: Header, options: VerifyOptions) {
  const problems: AuditProblem[] = [];
  const { opened, last } = openNotes(header, options, problems);
  const size = last?.size ?? header.head?.size ?? 0;
  const check: LogChecker = createLogCheck({
    signed: { size, root: last?.root ?? Buffer.alloc(32) },
    earlier: opened.slice(0, -1),
    blockRoots: Buffer.concat(header.tree),
    lastLeaves: header.edge,
  });
  let block: { start: number; leaves: Buffer; entries: Map<number, FoundEntry> } | null = null;
  let next = 0;
  let read = 0;
  let ended = false;
  let broken = 0;

  /** Hands over what was gathered, up to `before`; blocks that are missing altogether are empty ones. */
  function flush(before: number): void {
    while (next < Math.min(before, size)) {
      const width = Math.min(TILE_WIDTH, size - next);
      const own = block?.start === next ? block : null;
      const entries = Array.from(
        { length: width },
        (_, i) => own?.entries.get(next + i) ?? { id: null, hash: null },
      );
      check.add({ leaves: own?.leaves ?? Buffer.alloc(0), entries });
      next += width;
      options.progress?.(next, size);
    }
  }

  function outside(index: number, id: string | null): void {
    if (problems.length >= 100) return;
    const message = `An entry stands at ${index}, where it does not belong.`;
    problems.push({ kind: 'entry-inserted', index, before: null, id, message });
  }

  function addEntry(index: number, leaf: string): void {
    const entry = parseLeaf(leaf);
    read += 1;
    const found = { id: entry?.id ?? null, hash: leafHash(Buffer.from(leaf)) };
    const start = index - (index % TILE_WIDTH);
    if (index >= size || start < next || start - next > MAX_GAP) return outside(index, found.id);
    if (block === null || block.start !== start) {
      flush(start);
      block = { start, leaves: Buffer.alloc(0), entries: new Map() };
    }
    if (block.entries.has(index)) return outside(index, found.id);
    block.entries.set(index, found);
  }

  return Object.freeze({
    unreadable(): void {
      broken += 1;
    },
    add(line: Extract<ExportLine, { type: 'leaves' | 'entry' | 'end' }>): void {
      if (line.type === 'end') ended = true;
      else if (line.type === 'entry') addEntry(line.index, line.leaf);
      else if (line.start >= next && line.start - next <= MAX_GAP && line.start % TILE_WIDTH === 0) {
        flush(line.start);
        block = { start: line.start, leaves: line.hashes, entries: new Map() };
      }
    },
    end(): Verified {
      if (block !== null) flush(block.start + TILE_WIDTH);
      if (!ended) problems.push(problemOf('truncated', 'The export ends before its end: it was cut off.'));
      if (broken > 0)
        problems.push(problemOf('file-altered', `${broken} lines of the export cannot be read.`));
      const all = [...problems, ...(last ? check.end().problems : [])];
      const witnesses = last ? cosignedBy(last.note, options.witnesses ?? header.witnesses) : [];
      return {
        origin: header.head?.origin ?? '',
        size,
        root: last?.root.toString('base64') ?? '',
        keyId: last?.keyId ?? null,
        signedAt: last?.at ?? null,
        pinned: options.key !== undefined,
        witnesses,
        entries: read,
        firstAltered: firstOf(all),
        problems: all.slice(0, 100),
      };
    },
  });
}
