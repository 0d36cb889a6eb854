import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeArray } from '@bartizan/checks/artifacts/numpy/samples.ts';
import { readNpy } from '@bartizan/checks/datasets/read/index.ts';
import type { Generated } from './generated.ts';
import { auroc, type Found, found } from './measure.ts';

export interface MethodFigures extends Found {
  readonly method: string;
  readonly auroc: number;
  readonly seconds: number;
}

const METHODS = {
  linear: 'cleanlab, 5-fold LogisticRegression',
  neighbours: 'cleanlab, 5-fold kNN(20)',
  datalab: 'cleanlab Datalab, labels from features',
} as const;

/** Reads x.npy and y.npy of a folder, judges, writes scores.npy and flagged.npy; prints the seconds that it took. */
const SCRIPT = `
import sys, time
import numpy as np
folder, method = sys.argv[1], sys.argv[2]
x, y = np.load(folder + '/x.npy'), np.load(folder + '/y.npy').astype(np.int64)
from cleanlab import Datalab
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
start = time.perf_counter()
if method == 'datalab':
    lab = Datalab(data={'label': y}, label_name='label', verbosity=0)
    lab.find_issues(features=x, issue_types={'label': {}})
    issues = lab.get_issues('label')
    scores, flagged = 1 - issues['label_score'].to_numpy(), issues['is_label_issue'].to_numpy()
else:
    model = LogisticRegression(max_iter=1000) if method == 'linear' else KNeighborsClassifier(20)
    p = cross_val_predict(model, x, y, cv=5, method='predict_proba')
    flagged = find_label_issues(y, p, n_jobs=1)
    scores = 1 - get_label_quality_scores(y, p)
print('seconds', time.perf_counter() - start)
np.save(folder + '/scores.npy', scores.astype(np.float64))
np.save(folder + '/flagged.npy', np.where(flagged)[0].astype(np.int32))
`;

/** The same rows judged by cleanlab, each method in a process of its own with one thread. Throws where one fails. */
export async function cleanlabFigures(
  python: string,
  { features, labels, bad }: Generated,
): Promise<MethodFigures[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bartizan-labels-'));
  try {
    const { rows, columns } = features;
    const x = Buffer.from(Float32Array.from(features.values).buffer);
    const { buffer, byteOffset, byteLength } = labels.values;
    writeFileSync(join(folder, 'x.npy'), makeArray('<f4', `${rows}, ${columns}`, x));
    writeFileSync(
      join(folder, 'y.npy'),
      makeArray('<i4', `${rows},`, Buffer.from(buffer, byteOffset, byteLength)),
    );
    const methods: MethodFigures[] = [];
    for (const [method, name] of Object.entries(METHODS)) {
      const ran = spawnSync(python, ['-c', SCRIPT, folder, method], {
        encoding: 'utf8',
        env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
      });
      const seconds = /seconds ([\d.]+)/.exec(ran.stdout ?? '')?.[1];
      if (ran.status !== 0 || seconds === undefined)
        throw new Error(`${name} failed: ${(ran.stderr ?? ran.error?.message ?? '').slice(-2000)}`);
      const flagged = Int32Array.from((await readNpy(join(folder, 'flagged.npy'))).values);
      const scores = Float64Array.from((await readNpy(join(folder, 'scores.npy'))).values);
      methods.push({
        method: name,
        auroc: auroc(scores, bad),
        ...found(flagged, bad),
        seconds: Number(seconds),
      });
    }
    return methods;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
