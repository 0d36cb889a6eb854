import type * as Ort from 'onnxruntime-node';
import { InjectionModelError, KINDS, ORIGINS } from '../manifest.ts';
import type { WordPiece } from '../tokenizer.ts';
import { OVERLAP_WEIGHT } from '../windows.ts';
import { ROW } from './protocol.ts';

/** Sequences that run together, and how much longer the longest may be than the shortest, in tokens. */
const TOGETHER = 8;
const SPREAD = 24;

/** A run of tokens with the special ones, and the text it is from. */
interface Sequence {
  readonly text: number;
  readonly ids: readonly number[];
}

export interface EncoderSession {
  /** `ROW` logits for each text, in order. */
  readonly score: (texts: readonly string[]) => Promise<Float32Array>;
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

/** The highest logit of each origin over a text's sequences; the kinds are those of the most suspect one. */
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

/** Opens an encoder and tries it on a batch. Throws {@link InjectionModelError} where its interface is another. */
export async function openSession(
  ort: typeof Ort,
  model: { readonly bytes: Uint8Array; readonly tokenizer: WordPiece; readonly tokens: number },
): Promise<EncoderSession> {
  const { tokenizer, tokens } = model;
  const session = await ort.InferenceSession.create(model.bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
  }).catch((cause: unknown) => {
    throw new InjectionModelError('The encoder is no ONNX model that this runtime opens.', { cause });
  });

  async function run(group: readonly Sequence[]): Promise<readonly [Float32Array, Float32Array]> {
    const width = group.at(-1)?.ids.length ?? 0;
    const ids = new BigInt64Array(group.length * width).fill(BigInt(tokenizer.pad));
    const mask = new BigInt64Array(group.length * width);
    for (const [row, sequence] of group.entries()) {
      for (const [i, id] of sequence.ids.entries()) {
        ids[row * width + i] = BigInt(id);
        mask[row * width + i] = 1n;
      }
    }
    const dims = [group.length, width];
    const outputs = await session.run({
      input_ids: new ort.Tensor('int64', ids, dims),
      attention_mask: new ort.Tensor('int64', mask, dims),
    });
    return [
      numbersOf(outputs.origin, 'origin', [group.length, ORIGINS.length]),
      numbersOf(outputs.kind, 'kind', [group.length, KINDS.length]),
    ];
  }

  async function score(texts: readonly string[]): Promise<Float32Array> {
    const sequences = texts.flatMap((text, i) =>
      sequencesOf(tokenizer.encode(text).ids, tokens).map((ids) => ({
        text: i,
        ids: [tokenizer.cls, ...ids, tokenizer.sep],
      })),
    );
    const values = new Float32Array(texts.length * ROW).fill(Number.NaN);
    const row = new Float32Array(ROW);
    for (const group of groupsOf(sequences)) {
      const [origin, kind] = await run(group);
      for (const [i, sequence] of group.entries()) {
        row.set(origin.subarray(i * ORIGINS.length, (i + 1) * ORIGINS.length));
        row.set(kind.subarray(i * KINDS.length, (i + 1) * KINDS.length), ORIGINS.length);
        keepHighest(values, sequence.text, row);
      }
    }
    if (!values.every((value) => Number.isFinite(value))) throw new Error('The encoder answered no number.');
    return values;
  }

  await tryOut(session, score, tokens);
  return Object.freeze({ score });
}

/** Runs the longest and the shortest sequence, which also lets the library lay out its memory. */
async function tryOut(
  session: Ort.InferenceSession,
  score: EncoderSession['score'],
  tokens: number,
): Promise<void> {
  const inputs = [...session.inputNames].sort().join();
  if (inputs !== 'attention_mask,input_ids') {
    throw new InjectionModelError(`The encoder's inputs are ${inputs}; it is not one of ours.`);
  }
  try {
    await score(['a '.repeat(tokens), 'a']);
    await score(['']);
  } catch (cause) {
    if (cause instanceof InjectionModelError) throw cause;
    throw new InjectionModelError(`The encoder fails on its first batch: ${(cause as Error).message}`, {
      cause,
    });
  }
}
