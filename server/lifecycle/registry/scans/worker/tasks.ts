import { weightsCheck } from '@bartizan/checks/artifacts/formats/weights/index.ts';
import { scanArtifact } from '@bartizan/checks/artifacts/scan.ts';
import {
  type ArtifactFinding,
  type ByteSource,
  ScanFault,
  type ScanLimits,
} from '@bartizan/checks/artifacts/types.ts';
import {
  compareWeights,
  deltaFindings,
  deltaSummary,
  type TensorRows,
  tensorRows,
  type WeightFile,
} from '@bartizan/checks/weights/index.ts';
import type { Judged, Task } from './protocol.ts';

const MOST_TENSORS = 1_000;
const MOST_DELTAS = 500;
/** Files beside an ONNX model that it may name. */
const MOST_ASKED = 64;

const GIB = 2 ** 30;
const GROWS = 20;

/** What the server spends on one file of `size` bytes at most: a small one cannot keep it busy for hours. */
export const serverLimits = (size: number): Pick<ScanLimits, 'expandedBytes' | 'opcodes'> => ({
  expandedBytes: Math.min(64 * GIB, Math.max(2 * GIB, GROWS * size)),
  opcodes: 2_000_000_000,
});

export interface Hooks {
  readonly checkpoint: () => void;
  readonly onFinding: (finding: ArtifactFinding) => void;
}

/** Does a task over files of which `sources` answers the bytes, in the order of the task's list. */
export async function perform(
  task: Task,
  sources: readonly ByteSource[],
  { checkpoint, onFinding }: Hooks,
): Promise<Judged> {
  if (task.is === 'compare') return await compared(task, sources, checkpoint);
  const [source] = sources;
  if (source === undefined) throw new TypeError('a task without a file');
  const asked = new Set<string>();
  let rows: TensorRows | null = null;
  const places = new Map(task.files.slice(1).map(({ path }, index) => [path, index + 1]));
  const outcome = await scanArtifact(source, {
    checkpoint,
    onFinding,
    limits: serverLimits(source.size),
    weights: task.is === 'weights' || task.weights,
    ...(task.is === 'weights' ? { checks: [weightsCheck as never] } : {}),
    beside(path) {
      if (asked.size < MOST_ASKED) asked.add(path);
      return sources[places.get(path) ?? -1] ?? null;
    },
    onWeights: (report) => {
      rows = tensorRows(report, MOST_TENSORS);
    },
  });
  const weights = rows as TensorRows | null;
  return {
    outcome: task.is === 'weights' ? { ...outcome, format: 'weights' } : outcome,
    weights: weights === null ? null : { ...weights, asked: [...asked] },
    delta: null,
  };
}

/** Content that breaks its format is an error: half a comparison says nothing. */
async function compared(
  { files, bases }: Extract<Task, { is: 'compare' }>,
  sources: readonly ByteSource[],
  checkpoint: () => void,
): Promise<Judged> {
  const all = files.flatMap(({ path }, index): WeightFile[] => {
    const source = sources[index];
    return source === undefined ? [] : [{ path, source }];
  });
  const outcome = { format: 'weights', findings: [], errors: [], skipped: [] };
  try {
    const report = await compareWeights(all.slice(0, bases), all.slice(bases), { checkpoint });
    const findings = deltaFindings(report).map((finding) => ({ ...finding, path: '' }));
    return {
      outcome: { ...outcome, findings },
      weights: null,
      delta: deltaSummary(report, MOST_DELTAS),
    };
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    const error = {
      check: 'weights/delta',
      message: `not compared with its base: ${fault.message}`,
      offset: fault.offset,
      path: '',
    };
    return { outcome: { ...outcome, errors: [error] }, weights: null, delta: null };
  }
}
