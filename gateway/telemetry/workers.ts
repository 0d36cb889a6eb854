import { exposeTogether, type MetricSnapshot, withDeparted } from '@bartizan/contracts/telemetry/index.ts';

type Snapshots = readonly MetricSnapshot[];

/** How long a worker may take to say what it measured; one that is busier is shown as it was. */
const ANSWER_MS = 2_000;

interface Member {
  readonly ask: (id: number) => void;
  readonly waiting: Map<number, () => void>;
  last: Snapshots;
}

/**
 * The metrics of all workers as one. Counters never go back: what a worker that ended had counted, as far as it
 * was told, stays in the total.
 */
export function createWorkerMetrics(answerMs: number = ANSWER_MS) {
  const members = new Map<number, Member>();
  let departed: Snapshots = [];
  let departing: Promise<void> = Promise.resolve();
  let asked = 0;

  function askOne(member: Member): Promise<void> {
    asked += 1;
    const id = asked;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        member.waiting.delete(id);
        resolve();
      };
      const timer = setTimeout(done, answerMs);
      member.waiting.set(id, done);
      member.ask(id);
    });
  }

  async function depart(before: Promise<void>, last: Snapshots): Promise<void> {
    await before;
    departed = await withDeparted(departed, last);
  }

  /** Everything that left is in `departed`; what leaves meanwhile is waited for too. */
  async function settled(): Promise<void> {
    let seen: Promise<void>;
    do {
      seen = departing;
      await seen;
    } while (seen !== departing);
  }

  return Object.freeze({
    joined: (slot: number, ask: (id: number) => void) =>
      void members.set(slot, { ask, waiting: new Map(), last: [] }),
    answered(slot: number, id: number, snapshots: Snapshots) {
      const member = members.get(slot);
      if (member === undefined) return;
      member.last = snapshots;
      member.waiting.get(id)?.();
    },
    left(slot: number) {
      const member = members.get(slot);
      if (member === undefined) return;
      members.delete(slot);
      for (const done of member.waiting.values()) done();
      const { last } = member;
      if (last.length === 0) return;
      departing = depart(departing, last);
    },
    async expose(): Promise<string> {
      await Promise.all([...members.values()].map(askOne));
      await settled();
      return exposeTogether([departed, ...[...members.values()].map(({ last }) => last)]);
    },
  });
}
export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>;
