import type * as Ort from 'onnxruntime-node';
import type { Manifest } from '../manifest.ts';
import { InjectionModelError, KINDS, ORIGINS } from '../manifest.ts';
import type { WordPiece } from '../tokenizer.ts';
import { OVERLAP_WEIGHT } from '../windows.ts';
import type { Scores } from './protocol.ts';
import { ROW } from './protocol.ts';

/** Sequences that run together, and how much longer the longest may be than the shortest, in tokens. */
const TOGETHER = 8;
const SPREAD = 24;
/** Numbers of a token that the lower layers may hand on. */
const MOST_UNITS = 4_096;

/** A run of tokens with the special ones, and the text it is from. */
interface Sequence {
  readonly text: number;
  readonly ids: readonly number[];
}

export interface EncoderSession {
  readonly score: (texts: readonly string[]) => Promise<Scores>;
}

/**
 * Tokens of a text as sequences that the encoder can read. A window seldom needs more than one; what is made of rare
 * letters does, and none of it goes unread.
 */
export function sequencesOf(ids: readonly number[], tokens: number): number[][] {
  const body = tokens - 2;
  if (ids.length <= body) return [[...ids]];
  const count = Math.ceil((ids.length - OVERLAP_WEIGHT) / (body - OVERLAP_WEIGHT));
  const stride = (ids.length - body) / (count - 1);
  return Array.from({ length: count }, (_, i) => {
    const from = Math.round(i * stride);
    return ids.slice(from, from + body);
  });
}

/** Sorted by length and cut where padding would be wasted. */
function groupsOf(sequences: readonly Sequence[]): Sequence[][] {
  const groups: Sequence[][] = [];
  let group: Sequence[] = [];
  for (const sequence of [...sequences].sort((a, b) => a.ids.length - b.ids.length)) {
    const shortest = group[0]?.ids.length ?? sequence.ids.length;
    if (group.length >= TOGETHER || sequence.ids.length - shortest > SPREAD) {
      groups.push(group);
      group = [];
    }
    group.push(sequence);
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/**
 * The highest logit of each origin over a text's sequences; the kinds are those of the most suspect one. Logits of both
 * parts have one scale.
 */
function keepHighest(values: Float32Array, text: number, row: Float32Array): void {
  const at = text * ROW;
  const suspect = (of: Float32Array, from: number): number =>
    Math.max(of[from] as number, of[from + 1] as number);
  if (!(suspect(row, 0) <= suspect(values, at)))
    values.set(row.subarray(ORIGINS.length), at + ORIGINS.length);
  for (let i = 0; i < ORIGINS.length; i += 1) {
    if (!((row[i] as number) <= (values[at + i] as number))) values[at + i] = row[i] as number;
  }
}

function numbersOf(output: Ort.Tensor | undefined, name: string, dims: readonly number[]): Float32Array {
  const right = output?.type === 'float32' && output.dims.join() === dims.join();
  if (right) return output.data as Float32Array;
  const got = output === undefined ? 'nothing' : `${output.type} [${output.dims.join(', ')}]`;
  throw new InjectionModelError(
    `The encoder's output "${name}" is ${got}, not float32 [${dims.join(', ')}]; it is not one of ours.`,
  );
}

/** The inputs of a network of ours, in any order. */
const INPUTS = { encoder: ['attention_mask', 'input_ids'], upper: ['attention_mask', 'hidden'] } as const;
type Part = keyof typeof INPUTS;
const NAME: Readonly<Record<Part, string>> = { encoder: 'encoder', upper: "encoder's upper part" };

export interface Networks {
  /** The lower layers' file. */
  readonly encoder: Uint8Array;
  readonly upper: Uint8Array;
  readonly tokenizer: WordPiece;
  /** Tokens of a sequence at most, special ones included. */
  readonly tokens: number;
  readonly exit: Manifest['exit'];
}

async function openPart(ort: typeof Ort, part: Part, bytes: Uint8Array): Promise<Ort.InferenceSession> {
  const session = await ort.InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  }).catch((cause: unknown) => {
    throw new InjectionModelError(`The ${NAME[part]} is no ONNX model that this runtime opens.`, { cause });
  });
  const inputs = [...session.inputNames].sort().join();
  if (inputs === INPUTS[part].join()) return session;
  throw new InjectionModelError(`The inputs of the ${NAME[part]} are ${inputs}; it is not one of ours.`);
}

/** The ids and the mask of sequences, padded to the longest. */
function tensorsOf(ort: typeof Ort, group: readonly Sequence[], pad: number) {
  const width = Math.max(...group.map(({ ids }) => ids.length));
  const dims = [group.length, width];
  const ids = new BigInt64Array(group.length * width).fill(BigInt(pad));
  const mask = new BigInt64Array(group.length * width);
  for (const [row, sequence] of group.entries()) {
    for (const [i, id] of sequence.ids.entries()) {
      ids[row * width + i] = BigInt(id);
      mask[row * width + i] = 1n;
    }
  }
  return { width, ids: new ort.Tensor('int64', ids, dims), mask: new ort.Tensor('int64', mask, dims) };
}

/** What the lower layers hand on: float32 [B, T, W]. */
function hiddenOf(output: Ort.Tensor | undefined, sequences: number, width: number): Hidden {
  const units = output?.dims[2] ?? 0;
  const known = units >= 1 && units <= MOST_UNITS ? units : 1;
  return { values: numbersOf(output, 'hidden', [sequences, width, known]), width, units: known };
}

interface Hidden {
  readonly values: Float32Array;
  /** Tokens of a sequence, padding included. */
  readonly width: number;
  /** Numbers of a token. */
  readonly units: number;
}

/** The hidden rows of some of the sequences, padded to the longest of these. */
function gathered({ values, width, units }: Hidden, staying: readonly number[], to: number): Float32Array {
  const kept = new Float32Array(staying.length * to * units);
  for (const [row, from] of staying.entries()) {
    const at = from * width * units;
    kept.set(values.subarray(at, at + to * units), row * to * units);
  }
  return kept;
}

/**
 * Opens an encoder's two parts and tries them on a batch. Throws {@link InjectionModelError} where the interface of either
 * is another, or they do not belong together.
 */
export async function openSession(ort: typeof Ort, networks: Networks): Promise<EncoderSession> {
  const { tokenizer, tokens } = networks;
  const lower = await openPart(ort, 'encoder', networks.encoder);
  const upper = await openPart(ort, 'upper', networks.upper);

  /** The rows of a group, in its order; those of sequences that leave early have no kinds. */
  async function rowsOf(group: readonly Sequence[], exit: Manifest['exit']): Promise<[Float32Array, number]> {
    const { width, ids, mask } = tensorsOf(ort, group, tokenizer.pad);
    const outputs = await lower.run({ input_ids: ids, attention_mask: mask });
    const early = numbersOf(outputs.early, 'early', [group.length, ORIGINS.length]);
    const rows = new Float32Array(group.length * ROW);
    const staying: number[] = [];
    for (let i = 0; i < group.length; i += 1) {
      const row = early.subarray(i * ORIGINS.length, (i + 1) * ORIGINS.length);
      if (ORIGINS.every((origin, column) => (row[column] as number) < exit[origin])) rows.set(row, i * ROW);
      else staying.push(i);
    }
    if (staying.length > 0) {
      await readOn(group, staying, { rows, hidden: hiddenOf(outputs.hidden, group.length, width) });
    }
    return [rows, group.length - staying.length];
  }

  async function readOn(
    group: readonly Sequence[],
    staying: readonly number[],
    { rows, hidden }: { readonly rows: Float32Array; readonly hidden: Hidden },
  ): Promise<void> {
    const kept = staying.map((i) => group[i] as Sequence);
    const { width, mask } = tensorsOf(ort, kept, tokenizer.pad);
    const values = gathered(hidden, staying, width);
    const outputs = await upper.run({
      hidden: new ort.Tensor('float32', values, [staying.length, width, hidden.units]),
      attention_mask: mask,
    });
    const origin = numbersOf(outputs.origin, 'origin', [staying.length, ORIGINS.length]);
    const kind = numbersOf(outputs.kind, 'kind', [staying.length, KINDS.length]);
    for (const [from, to] of staying.entries()) {
      rows.set(origin.subarray(from * ORIGINS.length, (from + 1) * ORIGINS.length), to * ROW);
      rows.set(kind.subarray(from * KINDS.length, (from + 1) * KINDS.length), to * ROW + ORIGINS.length);
    }
  }

  async function score(texts: readonly string[], exit = networks.exit): Promise<Scores> {
    const sequences = texts.flatMap((text, i) =>
      sequencesOf(tokenizer.encode(text).ids, tokens).map((ids) => ({
        text: i,
        ids: [tokenizer.cls, ...ids, tokenizer.sep],
      })),
    );
    const values = new Float32Array(texts.length * ROW).fill(Number.NaN);
    let left = 0;
    for (const group of groupsOf(sequences)) {
      const [rows, early] = await rowsOf(group, exit);
      left += early;
      for (const [i, { text }] of group.entries()) {
        keepHighest(values, text, rows.subarray(i * ROW, (i + 1) * ROW));
      }
    }
    if (!values.every((value) => Number.isFinite(value))) throw new Error('The encoder answered no number.');
    return { values, sequences: sequences.length, early: left };
  }

  await tryOut(score, tokens);
  return Object.freeze({ score: (texts: readonly string[]) => score(texts) });
}

/**
 * Runs the longest and the shortest sequence through both parts, whatever their early logits, which also lets the library
 * lay out its memory.
 */
async function tryOut(
  score: (texts: readonly string[], exit: Manifest['exit']) => Promise<Scores>,
  tokens: number,
): Promise<void> {
  const never = { user: Number.NEGATIVE_INFINITY, third_party: Number.NEGATIVE_INFINITY };
  try {
    await score(['a '.repeat(tokens), 'a'], never);
    await score([''], never);
  } catch (cause) {
    if (cause instanceof InjectionModelError) throw cause;
    throw new InjectionModelError(`The encoder fails on its first batch: ${(cause as Error).message}`, {
      cause,
    });
  }
}
