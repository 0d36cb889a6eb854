import type { Job, Waiting } from './jobs.ts';

/** Texts that wait, in fair turns: a text of each client, of whose questions one after the other, until a batch is full. */
export interface FairQueue {
  readonly size: () => number;
  /** Texts of one client that wait. */
  readonly sizeOf: (key: string | undefined) => number;
  readonly add: (waiting: readonly Waiting[], key: string | undefined) => void;
  /** Puts a text back as its question's next, to run by itself. */
  readonly again: (item: Waiting) => void;
  /** Removes and answers the texts that run next; one that is to run alone by itself. */
  readonly take: (most: number) => Waiting[];
  /** Forgets questions that are over. */
  readonly sweep: () => void;
  /** Removes and answers everything. */
  readonly drain: () => Waiting[];
}

/** Who asks: a key that the caller gave, or else the question itself. */
type Client = string | Job;

interface Line {
  readonly job: Job;
  readonly client: Client;
  readonly items: Waiting[];
}

export function createFairQueue(): FairQueue {
  // In the order of their turns: whose turn was goes to the end.
  const clients = new Map<Client, Line[]>();
  const clientOf = new WeakMap<Job, Client>();

  function join(line: Line, first: boolean): void {
    const lines = clients.get(line.client);
    if (lines === undefined) clients.set(line.client, [line]);
    else if (first) lines.unshift(line);
    else lines.push(line);
  }

  const lengthOf = (lines: readonly Line[]): number =>
    lines.reduce((total, { items }) => total + items.length, 0);

  function sweep(): void {
    for (const [client, lines] of clients) {
      const open = lines.filter(({ job, items }) => !job.over && items.length > 0);
      if (open.length === 0) clients.delete(client);
      else if (open.length < lines.length) clients.set(client, open);
    }
  }

  /** The line whose turn it is; null when nothing waits. */
  function next(): Line | null {
    for (const [client, lines] of clients) {
      while (lines.length > 0) {
        const line = lines[0] as Line;
        if (!line.job.over && line.items.length > 0) return line;
        lines.shift();
      }
      clients.delete(client);
    }
    return null;
  }

  function turn(line: Line): Waiting {
    const { client } = line;
    const lines = clients.get(client) ?? [];
    const item = line.items.shift() as Waiting;
    lines.shift();
    if (line.items.length > 0) lines.push(line);
    clients.delete(client);
    if (lines.length > 0) clients.set(client, lines);
    return item;
  }

  return Object.freeze({
    size: () => [...clients.values()].reduce((total, lines) => total + lengthOf(lines), 0),
    sizeOf: (key: string | undefined) => (key === undefined ? 0 : lengthOf(clients.get(key) ?? [])),
    add(waiting: readonly Waiting[], key: string | undefined): void {
      const [item] = waiting;
      if (item === undefined) return;
      const { job } = item;
      const client = key ?? job;
      clientOf.set(job, client);
      join({ job, client, items: [...waiting] }, false);
    },
    again(item: Waiting): void {
      const { job } = item;
      const client = clientOf.get(job) ?? job;
      const line = clients.get(client)?.find((one) => one.job === job);
      item.alone = true;
      if (line === undefined) join({ job, client, items: [item] }, true);
      else line.items.unshift(item);
    },
    take(most: number): Waiting[] {
      const batch: Waiting[] = [];
      while (batch.length < most) {
        const line = next();
        if (line === null) break;
        if (line.items[0]?.alone && batch.length > 0) break;
        batch.push(turn(line));
        if (batch[0]?.alone) break;
      }
      return batch;
    },
    sweep,
    drain(): Waiting[] {
      const all = [...clients.values()].flatMap((lines) => lines.flatMap(({ items }) => items));
      clients.clear();
      return all;
    },
  });
}
