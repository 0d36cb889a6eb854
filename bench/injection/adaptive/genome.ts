import { randomOf } from '../survey.ts';
import { PADS, WRAPS } from './context.ts';
import { ENCODINGS } from './encoding.ts';
import { LETTERS } from './letters.ts';
import type { Layer, Operator, Surroundings } from './operator.ts';
import { LAYERS } from './operator.ts';
import { WORDING } from './wording.ts';

export const OPERATORS: readonly Operator[] = [...WORDING, ...LETTERS, ...ENCODINGS, ...WRAPS, ...PADS];
const BY_ID: ReadonlyMap<string, Operator> = new Map(OPERATORS.map((operator) => [operator.id, operator]));

/** How many operators of a layer a mutant may carry: more, and nobody could read it. */
export const MOST: Readonly<Record<Layer, number>> = { wording: 3, letters: 2, encoding: 1, wrap: 1, pad: 1 };

/** One operator, with the number that its chances come from. */
export interface Gene {
  readonly operator: string;
  readonly seed: number;
}

/** What makes a mutant of an attack; each operator at most once. */
export type Genome = readonly Gene[];

/** What is attacked: a text, and the part of it that is the attack. */
export interface Target {
  readonly text: string;
  readonly payload: { readonly start: number; readonly end: number };
  readonly lang: string | null;
}

export function operatorOf({ operator }: Gene): Operator {
  const known = BY_ID.get(operator);
  if (known === undefined) throw new RangeError(`there is no operator "${operator}"`);
  return known;
}

/** Whether a genome keeps to the limits: no operator twice, and of no layer more than it may have. */
export function isSound(genome: Genome): boolean {
  const operators = genome.map(operatorOf);
  return (
    new Set(operators).size === operators.length &&
    LAYERS.every((layer) => operators.filter((operator) => operator.layer === layer).length <= MOST[layer])
  );
}

/** The mutant that a genome describes, always the same. Padding goes around the whole, all else changes the attack itself. */
export function render(target: Target, genome: Genome, harmless: Surroundings['harmless']): string {
  const { text, payload, lang } = target;
  const apply = (to: string, layers: readonly Layer[]): string => {
    let mutant = to;
    for (const layer of layers) {
      for (const gene of genome) {
        const operator = operatorOf(gene);
        if (operator.layer === layer)
          mutant = operator.apply(mutant, { random: randomOf(gene.seed), harmless, lang });
      }
    }
    return mutant;
  };
  const attack = apply(text.slice(payload.start, payload.end), ['wording', 'letters', 'encoding', 'wrap']);
  return apply(text.slice(0, payload.start) + attack + text.slice(payload.end), ['pad']);
}
