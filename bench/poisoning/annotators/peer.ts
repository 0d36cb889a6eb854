import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Annotations } from '@bartizan/checks/datasets/annotators/index.ts';

const METHODS = { 'dawid-skene': 'DawidSkene(n_iter=100)', glad: 'GLAD(n_iter=100)' } as const;
export type PeerMethod = keyof typeof METHODS;

export interface PeerFigures {
  /** Class per item; −1 where there is none. */
  readonly labels: Int32Array;
  readonly seconds: number;
}

/** Reads item, worker, label from a file, prints the seconds and then item and class of every line. */
const script = (method: PeerMethod): string => `
import sys, time
import pandas as pd
from crowdkit.aggregation import DawidSkene, GLAD
data = pd.read_csv(sys.argv[1])
start = time.perf_counter()
labels = ${METHODS[method]}.fit_predict(data)
print('seconds', time.perf_counter() - start)
for task, label in labels.items(): print(task, label)
`;

/** The same labels aggregated by crowd-kit with one thread, in a process of its own. Throws where it fails. */
export function crowdKit(python: string, method: PeerMethod, annotations: Annotations): PeerFigures {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-annotators-'));
  try {
    const file = join(folder, 'labels.csv');
    const { items, annotators, labels } = annotations;
    const lines = Array.from(items, (item, place) => `${item},${annotators[place]},${labels[place]}`);
    writeFileSync(file, `task,worker,label\n${lines.join('\n')}\n`);
    const ran = spawnSync(python, ['-c', script(method), file], {
      encoding: 'utf8',
      maxBuffer: 256 * 2 ** 20,
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    const [first = '', ...rest] = (ran.stdout ?? '').trim().split('\n');
    const seconds = /^seconds ([\d.]+)$/.exec(first)?.[1];
    if (ran.status !== 0 || seconds === undefined)
      throw new Error(`crowd-kit ${method} failed: ${(ran.stderr ?? ran.error?.message ?? '').slice(-2000)}`);
    const found = new Int32Array(annotations.itemNames.length).fill(-1);
    for (const line of rest) {
      const [item, label] = line.split(' ').map(Number);
      found[item as number] = label as number;
    }
    return { labels: found, seconds: Number(seconds) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
