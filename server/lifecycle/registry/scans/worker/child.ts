import type { ArtifactFinding } from '@bartizan/checks/artifacts/types.ts';
import { type Blocks, createBlocks } from './blocks.ts';
import { EXIT_MEMORY, type FromWorker, MOST_TOLD, type ToWorker } from './protocol.ts';
import { perform } from './tasks.ts';

/**
 * The process that reads foreign files: it has an empty environment, may neither write nor start anything, gets the
 * bytes from the server that started it, and ends with it.
 */
const waiting = new Map<number, { resolve: (bytes: Uint8Array) => void; reject: (error: Error) => void }>();
const parent = process.ppid;
const CHECK_EVERY = 64;
const TELL_EVERY_MS = 500;
let asked = 0;

function say(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}

function fetch(file: number, offset: number, length: number): Promise<Uint8Array> {
  asked += 1;
  const id = asked;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    say({ type: 'read', id, file, offset, length });
  });
}

/** Ends the process when it has grown too large, or when its server is gone. */
function watch(memoryBytes: number): void {
  if (process.memoryUsage.rss() > memoryBytes) process.exit(EXIT_MEMORY);
  if (process.ppid !== parent) process.exit(0);
}

/** Tells how far reading is, and looks whether the process may go on. */
function checkpointOf(blocks: Blocks, memoryBytes: number): () => void {
  let checks = 0;
  let toldMs = 0;
  return () => {
    checks += 1;
    if (checks % CHECK_EVERY === 0) watch(memoryBytes);
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    watch(memoryBytes);
    say({ type: 'reached', offset: blocks.reached() });
  };
}

async function work({ task, memoryBytes }: Extract<ToWorker, { type: 'do' }>): Promise<void> {
  const blocks = createBlocks();
  const sources = task.files.map(({ size }, file) =>
    blocks.source(size, (offset, length) => fetch(file, offset, length)),
  );
  let told = 0;
  const hooks = {
    checkpoint: checkpointOf(blocks, memoryBytes),
    onFinding(finding: ArtifactFinding) {
      told += 1;
      if (told <= MOST_TOLD) say({ type: 'found', finding });
    },
  };
  try {
    say({ type: 'judged', ...(await perform(task, sources, hooks)) });
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    const frame = /\n\s+at [^\n]*?([\w.-]+\.ts:\d+)/.exec(stack)?.[1] ?? 'an unknown place';
    say({ type: 'broken', where: frame });
  } finally {
    waiting.clear();
  }
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToWorker) => {
  if (message.type === 'do') {
    void work(message);
    return;
  }
  waiting.get(message.id)?.resolve(message.bytes);
  waiting.delete(message.id);
});
say({ type: 'ready' });
