import type { Probe } from '../../types.ts';
import { MOST_PROBED, probeFields } from '../protobuf/probe.ts';

/** Wire types of the fields of ModelProto. */
const MODEL_FIELDS: Readonly<Record<number, 0 | 2>> = Object.freeze({
  1: 0,
  2: 2,
  3: 2,
  4: 2,
  5: 0,
  6: 2,
  7: 2,
  8: 2,
  14: 2,
  20: 2,
  25: 2,
  26: 2,
});

/** Whether the fields at the start are those of a ModelProto. */
export function recogniseOnnx(probe: Probe): 'yes' | 'maybe' | 'no' {
  const fields = probeFields(probe);
  if (fields === null || fields.length === 0) return 'no';
  const numbers = new Set(fields.map(({ number }) => number));
  const fits = fields.every(({ number, wire }) => MODEL_FIELDS[number] === wire);
  if (numbers.has(7)) return numbers.has(1) && (fits || numbers.has(8)) ? 'yes' : 'maybe';
  // Fields come in any order, unknown ones among them: the graph may lie behind what was seen.
  const { offset = 0, length = 0 } = fields.at(-1) ?? {};
  return fields.length >= MOST_PROBED || offset + length > probe.head.length ? 'maybe' : 'no';
}
