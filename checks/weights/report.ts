import { ScanFault } from '../artifacts/types.ts';
import { isFloat } from './dtypes.ts';
import { constantsOf, duplicatesOf, familiesOf, familySummary, outliersOf } from './families.ts';
import { measureTensor } from './measure.ts';
import { type Beside, readTensors } from './read.ts';
import type { Tensor, TensorFigures, WeightFile, WeightReport } from './types.ts';

export interface WeightReportOptions {
  /** Called before each piece that is read; may throw to end the work: what it throws is thrown on. */
  readonly checkpoint?: () => void;
  /** False leaves out what the low bits say. */
  readonly bits?: boolean;
  /** Answers files of the model that are not among those given, by path. */
  readonly beside?: Beside;
  /** Tensors beyond this are counted, not measured: each costs memory for its figures. */
  readonly mostTensors?: number;
  /** Called when a tensor is done. */
  readonly onTensor?: (figures: TensorFigures) => void;
}

const MOST_TENSORS = 100_000;
const MOST_FAMILIES = 2_000;

/**
 * Measures all tensors of a model: one file, or the shards of one, with the external data of ONNX files among the
 * files. Streams: memory does not grow with the size of the tensors. Files of other formats are left out. Content
 * that breaks its format becomes a note: `scanArtifact` reports it. Throws only what `checkpoint` and the sources throw.
 */
export async function weightReport(
  files: readonly WeightFile[],
  options: WeightReportOptions = {},
): Promise<WeightReport> {
  const { checkpoint = () => {}, mostTensors = MOST_TENSORS } = options;
  const notes: string[] = [];
  const figures: TensorFigures[] = [];
  const totals = { tensors: 0, numbers: 0, bytes: 0, unmeasured: 0 };
  for (const file of files) {
    const tensors = await tensorsOf(file, files, { checkpoint, options, notes, totals });
    for (const tensor of tensors) {
      if (tensor.length === 0) continue;
      if (figures.length >= mostTensors) {
        totals.unmeasured += 1;
        continue;
      }
      const measured = await measureTensor(tensor, { checkpoint, bits: options.bits ?? true });
      figures.push(measured);
      totals.tensors += 1;
      totals.numbers += measured.count;
      totals.bytes += tensor.length;
      options.onTensor?.(measured);
    }
  }
  const families = familiesOf(figures);
  return {
    tensors: figures,
    totals,
    families: families.map(familySummary).slice(0, MOST_FAMILIES),
    outliers: outliersOf(families),
    duplicates: duplicatesOf(figures),
    constants: constantsOf(families),
    notes,
  };
}

interface Gathering {
  readonly checkpoint: () => void;
  readonly options: WeightReportOptions;
  readonly notes: string[];
  readonly totals: { unmeasured: number };
}

async function tensorsOf(
  file: WeightFile,
  files: readonly WeightFile[],
  { checkpoint, options, notes, totals }: Gathering,
): Promise<readonly Tensor[]> {
  const beside: Beside = (path) =>
    files.find((other) => other.path === path)?.source ?? options.beside?.(path) ?? null;
  try {
    const read = await readTensors(file, { checkpoint, beside });
    totals.unmeasured += read.unknown;
    for (const note of read.notes) notes.push(`${file.path}: ${note}`);
    return read.tensors;
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    notes.push(`${file.path}: not measured: ${fault.message}`);
    return [];
  }
}

/** True for tensors of weights: numbers with a fraction. */
export const isWeight = ({ dtype }: Pick<TensorFigures, 'dtype'>): boolean => isFloat(dtype);
