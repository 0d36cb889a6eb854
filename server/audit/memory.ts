import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AuditBreak } from '@bartizan/contracts';
import { parseCheckpointText } from '@bartizan/contracts/tlog/checkpoint.ts';
import { parseNote } from '@bartizan/contracts/tlog/note.ts';
import { z } from 'zod';
import { uuidv7 } from '../kernel/id.ts';

/** The newest checkpoint that this server has seen, as kept outside the database. */
export interface Remembered {
  readonly note: string;
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly at: number;
}

/** Something that is not as it should be. */
export interface Noticed {
  readonly kind: AuditBreak['kind'];
  /** One sentence for people. */
  readonly message: string;
  /** First place in the tree that it is about. */
  readonly index?: number | null;
}

const MAX_BREAKS = 1_000;
const Breaks = z.array(AuditBreak).max(MAX_BREAKS);

/**
 * What a server knows of the log without the database: its newest checkpoint and what was noticed. In memory, and in
 * files of `dir` so that it outlives the process; with `dir` null, or one that takes no files, in memory alone.
 */
export function createMemory(
  dir: string | null,
  { now, warn }: { readonly now: () => number; readonly warn: (error: unknown) => void },
) {
  const checkpointFile = dir && join(dir, 'checkpoint');
  const breaksFile = dir && join(dir, 'breaks.json');
  let durable = dir !== null;
  let checkpoint: Remembered | null = null;
  let breaks: readonly AuditBreak[] = [];

  function read(file: string | null): string | null {
    return file !== null && existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  function write(file: string | null, text: string): void {
    if (file === null || !durable) return;
    try {
      writeFileSync(`${file}.new`, text, { mode: 0o600 });
      renameSync(`${file}.new`, file);
    } catch (error) {
      durable = false;
      warn(error);
    }
  }

  function open(): void {
    if (dir === null) return;
    try {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      durable = false;
      warn(error);
      return;
    }
    const note = read(checkpointFile);
    checkpoint = note === null ? null : rememberedOf(note);
    const known = Breaks.safeParse(jsonOf(read(breaksFile)));
    breaks = known.success ? known.data : [];
    if ((note !== null && checkpoint === null) || (!known.success && existsSync(breaksFile ?? ''))) {
      addBreak({
        kind: 'file-altered',
        message: 'A file in which this server keeps what it knows of the log cannot be read.',
      });
    }
  }

  function addBreak({ kind, message, index = null }: Noticed): AuditBreak | null {
    if (breaks.some((one) => one.message === message && one.acknowledgedAt === null)) return null;
    const made = {
      id: uuidv7(now()),
      at: now(),
      kind,
      index,
      message,
      acknowledgedAt: null,
      acknowledgedBy: null,
      note: null,
    };
    setBreaks([...breaks, made].slice(-MAX_BREAKS));
    return made;
  }

  function setBreaks(next: readonly AuditBreak[]): void {
    breaks = next;
    write(breaksFile, JSON.stringify(next));
  }

  open();
  return Object.freeze({
    checkpoint: () => checkpoint,
    breaks: () => breaks,
    /** False where a restart forgets: no folder, or one that cannot be written to. */
    durable: () => durable,
    /** `note` is one that was verified. */
    remember(note: string): void {
      checkpoint = rememberedOf(note);
      write(checkpointFile, note);
    },
    /** Null when the same was noticed before and nobody has acknowledged it. */
    notice: addBreak,
    acknowledge(id: string, by: { readonly name: string; readonly note: string }): AuditBreak | null {
      const known = breaks.find((one) => one.id === id);
      if (!known) return null;
      const done = { ...known, acknowledgedAt: now(), acknowledgedBy: by.name, note: by.note };
      setBreaks(breaks.map((one) => (one.id === id ? done : one)));
      return done;
    },
  });
}
export type Memory = ReturnType<typeof createMemory>;

function jsonOf(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '[]');
  } catch {
    return null;
  }
}

/** Null for what is no checkpoint. */
function rememberedOf(note: string): Remembered | null {
  const body = parseCheckpointText(parseNote(note)?.text ?? '');
  return body && { note, origin: body.origin, size: body.size, root: body.root, at: body.at ?? 0 };
}
