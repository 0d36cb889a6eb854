import { DatasetInputError } from '../../types.ts';
import { shown } from '../shown.ts';
import { type Node, parsePattern } from './parse.ts';

/** Longer values match no pattern. */
export const MAX_MATCHED_CHARS = 10_000;
const MAX_STEPS = 5_000;
const MAX_STATES = 1_000;

type Step =
  | { readonly kind: 'one'; readonly test: (character: string) => boolean; readonly next: number }
  | { readonly kind: 'fork'; to: readonly number[] }
  | { readonly kind: 'end' };

/** A set of steps that a value can have come to, and where a character leads from it (as far as that was asked). */
interface State {
  readonly ones: readonly Extract<Step, { kind: 'one' }>[];
  readonly accepts: boolean;
  readonly next: Map<string, State>;
}

/**
 * Thompson's construction (CACM 11, 1968) with states built as they are met: no backtracking, so a value of n characters
 * takes at most n × `MAX_STEPS` steps whatever the pattern, and in practice about one look-up a character.
 */
function build(pattern: string): { readonly steps: readonly Step[]; readonly start: number } {
  const steps: Step[] = [{ kind: 'end' }];
  const push = (step: Step): number => {
    if (steps.length >= MAX_STEPS)
      throw new DatasetInputError(
        `The pattern “${shown(pattern)}” is too large once its counts are written out: use smaller counts.`,
      );
    return steps.push(step) - 1;
  };
  function repeat({ part, min, max }: Extract<Node, { kind: 'repeat' }>, next: number): number {
    let start = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop: Extract<Step, { kind: 'fork' }> = { kind: 'fork', to: [] };
      start = push(loop);
      loop.to = [add(part, start), next];
    } else for (let i = min; i < max; i++) start = push({ kind: 'fork', to: [add(part, start), next] });
    for (let i = 0; i < min; i++) start = add(part, start);
    return start;
  }
  function add(node: Node, next: number): number {
    switch (node.kind) {
      case 'set':
        return push({ kind: 'one', test: node.test, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => add(part, after), next);
      case 'choice':
        return push({ kind: 'fork', to: node.parts.map((part) => add(part, next)) });
      case 'repeat':
        return repeat(node, next);
    }
  }
  const start = add(parsePattern(pattern), 0);
  return { steps, start };
}

/** Tells whether a whole value matches. DatasetInputError for a pattern that cannot be read or run in bounded time. */
export function compilePattern(pattern: string): (value: string) => boolean {
  const { steps, start } = build(pattern);
  let states = new Map<string, State>();
  function stateOf(from: readonly number[]): State {
    const reached = new Set<number>();
    const waiting = [...from];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      if (reached.has(at)) continue;
      reached.add(at);
      const step = steps[at] as Step;
      if (step.kind === 'fork') waiting.push(...step.to);
    }
    const places = [...reached].filter((at) => steps[at]?.kind !== 'fork').sort((a, b) => a - b);
    const key = places.join();
    const known = states.get(key);
    if (known !== undefined) return known;
    if (states.size >= MAX_STATES) states = new Map();
    const ones = places.map((at) => steps[at] as Step).filter((step) => step.kind === 'one');
    const state: State = { ones, accepts: reached.has(0), next: new Map() };
    states.set(key, state);
    return state;
  }
  function after(state: State, character: string): State {
    const known = state.next.get(character);
    if (known !== undefined) return known;
    const next = stateOf(state.ones.filter(({ test }) => test(character)).map((one) => one.next));
    if (state.next.size < 512) state.next.set(character, next);
    return next;
  }
  return (value) => {
    if (value.length > MAX_MATCHED_CHARS) return false;
    let state = stateOf([start]);
    for (const character of value) {
      state = after(state, character);
      if (state.ones.length === 0 && !state.accepts) return false;
    }
    return state.accepts;
  };
}
