import { isFloat, MANTISSA } from '../dtypes.ts';
import { roleOf } from '../families.ts';
import type { Change, DeltaKind, DeltaReport, TensorDelta } from './types.ts';

/** A row or column is one of few: at most this many, and at most this part of all. */
const MOST_LINES = 16;
const MOST_LINE_SHARE = 0.02;
/** Edits touch at most this part of the matrices, or three. */
const MOST_EDITED = 0.1;
const MOST_EDIT_RANK = 8;
const HEAD =
  /(?:^|[./_])(?:lm_head|classifier|head|heads|fc|score|logits|output_projection|out_proj_final|cls|pooler|prediction|predictions|linear_out|decoder)(?:[./_]|$)/i;
const TABLE = /embed|wte|wpe|token|vocab|lookup/i;

/** What made the difference, as far as its shape tells. Rules in order; docs/guide/weights.md explains each. */
export function kindOf(tensors: readonly TensorDelta[], counts: DeltaReport['counts']): DeltaKind {
  const common = counts.unchanged + counts.changed + counts.reshaped;
  if (common === 0 || common < (counts.added + counts.removed) / 2) return 'different';
  const changed = tensors.filter(
    (tensor): tensor is Changed => tensor.change !== null && isFloat(tensor.dtype),
  );
  if (changed.length === 0)
    return counts.added + counts.removed + counts.reshaped === 0 ? 'identical' : 'partial';
  if (changed.every(isConversion)) return 'conversion';
  const matrices = tensors.filter(isMatrix);
  const changedMatrices = changed.filter(isMatrix);
  if (changed.every(({ change }) => isFewLines(change))) {
    return changed.every(({ name }) => TABLE.test(name)) ? 'rows' : 'neurons';
  }
  const isFew = changedMatrices.length <= Math.max(3, matrices.length * MOST_EDITED);
  const isWhole = changedMatrices.length >= matrices.length * 0.6;
  const areLow =
    changedMatrices.length > 0 && changedMatrices.every(({ change }) => change.rank?.isLow === true);
  const areTiny = changedMatrices.every(({ change }) => (change.rank?.signal ?? 99) <= MOST_EDIT_RANK);
  if (areLow && areTiny && isFew && changedMatrices.length === changed.length) return 'low-rank-edit';
  if (changed.every(({ name }) => HEAD.test(name)) && changedMatrices.length < matrices.length)
    return 'last-layer';
  if (areLow && coversFamily(changedMatrices, matrices)) return 'adapter';
  return isWhole ? 'fine-tune' : 'partial';
}

type Changed = TensorDelta & { readonly change: Change };

const isMatrix = ({ shape, dtype, state }: TensorDelta): boolean =>
  isFloat(dtype) &&
  shape.length >= 2 &&
  (shape[0] ?? 0) >= 8 &&
  shape.slice(1).reduce((product, dim) => product * dim, 1) >= 8 &&
  state !== 'added' &&
  state !== 'removed';

/** Nothing but rounding to the model's own, coarser type. */
function isConversion({ change, dtype }: Changed): boolean {
  const step = 2 ** -(MANTISSA[dtype] ?? (dtype.startsWith('F8') ? 2 : 52));
  return change.roundingShare > 0.99 && (change.relative ?? 1) < step;
}

function isFewLines({ rows, columns }: Change): boolean {
  const few = ({ of, changed }: Change['rows']) =>
    of >= 32 && changed > 0 && changed <= Math.min(MOST_LINES, Math.max(1, of * MOST_LINE_SHARE));
  return few(rows) || few(columns);
}

/** Whether the change goes through at least half the layers of one of its roles, and four at least. */
function coversFamily(changed: readonly TensorDelta[], all: readonly TensorDelta[]): boolean {
  const count = (tensors: readonly TensorDelta[]) => {
    const roles = new Map<string, number>();
    for (const { name } of tensors) roles.set(roleOf(name), (roles.get(roleOf(name)) ?? 0) + 1);
    return roles;
  };
  const [touched, whole] = [count(changed), count(all)];
  return [...touched].some(([role, number]) => number >= 4 && number >= (whole.get(role) ?? 0) / 2);
}
