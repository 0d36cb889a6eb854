import { scanArtifact } from '@bartizan/checks/artifacts/scan.ts';
import { blockSource } from './blocks.ts';
import { EXIT_MEMORY, type FromWorker, type ToWorker } from './protocol.ts';

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

function fetch(offset: number, length: number): Promise<Uint8Array> {
  asked += 1;
  const id = asked;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    say({ type: 'read', id, offset, length });
  });
}

/** Ends the process when it has grown too large, or when its server is gone. */
function watch(memoryBytes: number): void {
  if (process.memoryUsage.rss() > memoryBytes) process.exit(EXIT_MEMORY);
  if (process.ppid !== parent) process.exit(0);
}

async function scan({ size, weights, memoryBytes }: Extract<ToWorker, { type: 'scan' }>): Promise<void> {
  const source = blockSource(size, fetch);
  let checks = 0;
  let toldMs = 0;
  const checkpoint = (): void => {
    checks += 1;
    if (checks % CHECK_EVERY === 0) watch(memoryBytes);
    const nowMs = performance.now();
    if (nowMs - toldMs < TELL_EVERY_MS) return;
    toldMs = nowMs;
    watch(memoryBytes);
    say({ type: 'reached', offset: source.reached() });
  };
  try {
    const outcome = await scanArtifact(source, { weights, checkpoint });
    say({ type: 'judged', outcome });
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
  if (message.type === 'scan') {
    void scan(message);
    return;
  }
  const one = waiting.get(message.id);
  waiting.delete(message.id);
  if (message.type === 'bytes') one?.resolve(message.bytes);
  else one?.reject(new Error('the content cannot be read'));
});
say({ type: 'ready' });
