import { BaseComparison, TensorNumbers } from '@bartizan/contracts';
import { z } from 'zod';
import { storable } from './text.ts';
import type { Judged } from './worker/protocol.ts';

const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;
const textOf = (most: number) => z.string().transform((text) => storable(text, most));
// The process that reads foreign files may have been taken over by one: what it says is held to a shape.
const Numbers = z
  .record(
    z.string().max(40),
    z
      .number()
      .or(z.nan())
      .or(z.literal([Infinity, -Infinity]))
      .nullable(),
  )
  .transform((numbers) =>
    Object.fromEntries(
      Object.entries(numbers)
        .slice(0, 20)
        .map(([name, value]) => [storable(name), finite(value)]),
    ),
  );
const Tensor = z.object({
  name: textOf(300),
  type: textOf(20),
  shape: z.array(z.number().nonnegative()).max(32),
  numbers: Numbers,
});
const count = z.number().int().nonnegative();

const Weights = z.object({
  tensors: z.array(Tensor.extend({ notes: z.array(textOf(500)).max(20) })).max(1_000),
  total: count,
  asked: z.array(z.string().max(4_096)).max(64),
});
const Delta = z.object({
  kind: BaseComparison.shape.kind.unwrap(),
  reading: textOf(500),
  counts: BaseComparison.shape.counts,
  tensors: z.array(Tensor.extend({ state: BaseComparison.shape.tensors.element.shape.state })).max(500),
  total: count,
  notes: z.array(textOf(500)).max(20),
});

export const StoredTensors = z.array(TensorNumbers);
export type KeptWeights = z.output<typeof Weights>;
export type KeptDelta = z.output<typeof Delta>;

/** Figures as they are kept; null for what has another shape than the scanner gives. */
export function keptFigures({ weights, delta }: Pick<Judged, 'weights' | 'delta'>): {
  readonly weights: KeptWeights | null;
  readonly delta: KeptDelta | null;
} {
  return {
    weights: weights === null ? null : (Weights.safeParse(weights).data ?? null),
    delta: delta === null ? null : (Delta.safeParse(delta).data ?? null),
  };
}
