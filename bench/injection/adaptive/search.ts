import { randomOf } from '../survey.ts';
import type { Gene, Genome, Target } from './genome.ts';
import { isSound, OPERATORS, render } from './genome.ts';
import { below, pick } from './operator.ts';

/** What the attacker is told of a mutant. */
export interface Answer {
  /** 0..1. */
  readonly score: number;
  /** It was taken for an attack. */
  readonly blocked: boolean;
}

export interface SearchOptions {
  readonly ask: (text: string) => Promise<Answer>;
  readonly harmless: readonly string[];
  /** Questions that may be asked. */
  readonly tries: number;
  readonly seed: number;
  /** True once there is no more time. */
  readonly isLate?: () => boolean;
}

/** A question, and how it went. */
export interface Try {
  readonly genome: Genome;
  readonly score: number;
  readonly passed: boolean;
}

export interface Search {
  /** `unfinished`: time ran out first. */
  readonly end: 'survived' | 'blocked' | 'unfinished';
  readonly tries: readonly Try[];
  /** The mutant that passed. */
  readonly mutant: string | null;
}

/** Mutants that breed. */
const POOL = 8;
/** Mutants that are made for one that is new, at most. */
const DRAWS = 40;
const EDGE = 1e-6;

const logit = (score: number): number => {
  const p = Math.min(1 - EDGE, Math.max(EDGE, score));
  return Math.log(p / (1 - p));
};

/** How much suspicion each operator has taken off its parents, in logits; unknown ones count as average. */
function createGains() {
  const sums = new Map<string, { gain: number; count: number }>();
  return {
    learn: (operators: readonly string[], gain: number): void => {
      for (const id of operators) {
        const known = sums.get(id) ?? { gain: 0, count: 0 };
        sums.set(id, { gain: known.gain + gain, count: known.count + 1 });
      }
    },
    weightOf: (id: string): number => {
      const { gain, count } = sums.get(id) ?? { gain: 0, count: 0 };
      return Math.exp(Math.max(-3, Math.min(3, gain / (count + 1))));
    },
  };
}

type Gains = ReturnType<typeof createGains>;

function drawOperator(gains: Gains, random: () => number): string {
  const weights = OPERATORS.map(({ id }) => gains.weightOf(id));
  let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [i, weight] of weights.entries()) {
    left -= weight;
    if (left <= 0) return (OPERATORS[i] as (typeof OPERATORS)[number]).id;
  }
  return (OPERATORS.at(-1) as (typeof OPERATORS)[number]).id;
}

const seedOf = (random: () => number): number => Math.floor(random() * 2 ** 31);

/** A child: a gene more, another instead, the same with other chances, one less, or two parents' genes mixed. */
function vary(parents: readonly [Genome, Genome], gains: Gains, random: () => number): Genome {
  const [parent, other] = parents;
  const drawn: Gene = { operator: drawOperator(gains, random), seed: seedOf(random) };
  const at = parent.length === 0 ? 0 : below(random, parent.length);
  const dice = random();
  if (dice < 0.45 || parent.length === 0) return [...parent, drawn];
  if (dice < 0.6) return parent.map((gene, i) => (i === at ? drawn : gene));
  if (dice < 0.78) return parent.map((gene, i) => (i === at ? { ...gene, seed: seedOf(random) } : gene));
  if (dice < 0.85) return parent.filter((_, i) => i !== at);
  const mixed = new Map([...parent, ...other].map((gene) => [gene.operator, gene]));
  return [...mixed.values()].filter(() => random() < 0.75);
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  const left = [...items];
  return items.map(() => left.splice(below(random, left.length), 1)[0] as Item);
}

interface Known {
  readonly genome: Genome;
  readonly score: number;
}

/**
 * Mutates a blocked attack until a mutant passes or the tries are used up: each operator alone, in an order drawn by
 * lot, then an evolutionary search that keeps the least suspect mutants and prefers operators that helped. The same seed
 * asks the same questions. Mutants seen before are not asked again and cost no try.
 */
export async function search(target: Target, options: SearchOptions): Promise<Search> {
  const { ask, harmless, isLate = () => false } = options;
  const random = randomOf(options.seed);
  const gains = createGains();
  const asked = new Set([target.text]);
  const tries: Try[] = [];
  const base = await ask(target.text);
  let pool: Known[] = [{ genome: [], score: base.score }];

  async function attempt(genome: Genome, parentScore: number): Promise<string | null> {
    const text = render(target, genome, harmless);
    if (asked.has(text)) return null;
    asked.add(text);
    const { score, blocked } = await ask(text);
    tries.push({ genome, score, passed: !blocked });
    if (!blocked) return text;
    gains.learn(
      genome.map(({ operator }) => operator),
      logit(parentScore) - logit(score),
    );
    pool = [...pool, { genome, score }].sort((a, b) => a.score - b.score).slice(0, POOL);
    return null;
  }

  const draw = (): Known => {
    const [a, b] = [pick(pool, random), pick(pool, random)];
    return a.score <= b.score ? a : b;
  };

  for (const { id } of shuffled(OPERATORS, random)) {
    if (isLate()) return { end: 'unfinished', tries, mutant: null };
    if (tries.length >= options.tries) break;
    const mutant = await attempt([{ operator: id, seed: seedOf(random) }], base.score);
    if (mutant !== null) return { end: 'survived', tries, mutant };
  }
  for (let draws = 0; tries.length < options.tries && draws < DRAWS * options.tries; draws += 1) {
    if (isLate()) return { end: 'unfinished', tries, mutant: null };
    const parent = draw();
    const child = vary([parent.genome, draw().genome], gains, random);
    if (child.length === 0 || !isSound(child)) continue;
    const mutant = await attempt(child, parent.score);
    if (mutant !== null) return { end: 'survived', tries, mutant };
  }
  return { end: 'blocked', tries, mutant: null };
}
