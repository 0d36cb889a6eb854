/** An append that waits for its group to be written. */
interface Waiting {
  readonly line: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommit {
  readonly add: (line: string) => Promise<void>;
  /** UTF-16 units of records that wait for their write. */
  readonly pending: () => number;
  /** Resolves when everything added so far was written or refused. */
  readonly settled: () => Promise<void>;
}

const GROUP_RECORDS = 512;
const GROUP_CHARS = 1024 * 1024;

/**
 * Gathers what arrives in the same turn, or while a write is under way, and hands it to `write` as one group;
 * groups never overlap. When `write` rejects, every append of that group does.
 */
export function createGroupCommit(write: (lines: readonly string[]) => Promise<void>): GroupCommit {
  let queue: Waiting[] = [];
  let pendingChars = 0;
  let running: Promise<void> | null = null;

  function take(): Waiting[] {
    let chars = 0;
    let count = 0;
    while (count < queue.length && count < GROUP_RECORDS) {
      chars += queue[count]?.line.length ?? 0;
      if (count > 0 && chars > GROUP_CHARS) break;
      count += 1;
    }
    const group = queue.slice(0, count);
    queue = queue.slice(count);
    return group;
  }

  /** Gives what arrives in the same turn of the event loop the chance to join. */
  const gather = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  async function run(): Promise<void> {
    while (queue.length > 0) {
      await gather();
      const group = take();
      try {
        await write(group.map((waiting) => waiting.line));
        for (const waiting of group) waiting.resolve();
      } catch (error) {
        for (const waiting of group) waiting.reject(error);
      }
      for (const waiting of group) pendingChars -= waiting.line.length;
    }
    running = null;
  }

  return Object.freeze({
    add: (line: string) =>
      new Promise<void>((resolve, reject) => {
        queue.push({ line, resolve, reject });
        pendingChars += line.length;
        running ??= run();
      }),
    pending: () => pendingChars,
    settled: async () => {
      while (running) await running;
    },
  });
}
