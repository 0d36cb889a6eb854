import { createRandom, type Random } from '../../statistics/random.ts';
import type { Annotations } from './types.ts';

/** What an annotator of a generated set does. */
export type Conduct = 'honest' | 'target' | 'random' | 'constant' | 'inverted' | 'copy';

export interface Crowd {
  readonly items: number;
  readonly annotators: number;
  readonly classes: number;
  /** Annotators per item. */
  readonly labels: number;
  readonly seed: number;
  /** Bad annotators come first: so many of each conduct. */
  readonly bad: Partial<Record<Conduct, number>>;
  /** The class that `target` moves labels to and `constant` gives; 0 when absent. */
  readonly target?: number;
  /** Of the labels of `target` that are not of its class, how many it moves; .9 when absent. */
  readonly moved?: number;
}

export interface GeneratedCrowd {
  readonly annotations: Annotations;
  readonly truth: Int32Array;
  readonly conduct: readonly Conduct[];
}

interface Item {
  readonly truth: number;
  /** What is taken off everybody's skill on it, 0..0.3. */
  readonly difficulty: number;
}

/** A label by somebody who tries, with the chance `skill` of being right; errors lean to the next class. */
function honest(random: Random, classes: number, { truth, difficulty }: Item, skill: number): number {
  if (random.next() < skill - difficulty) return truth;
  const step = random.next() < 0.5 ? 1 : 1 + random.integer(classes - 1);
  return (truth + step) % classes;
}

function conducts({ annotators, bad }: Crowd): Conduct[] {
  const some = Object.entries(bad).flatMap(([kind, many]) =>
    Array.from({ length: many }, () => kind as Conduct),
  );
  return Array.from({ length: annotators }, (_, annotator) => some[annotator] ?? 'honest');
}

/**
 * Labels by generated annotators with skills .65..0.95 on items of different difficulty. Copies repeat the labels of
 * the first of their own; each annotator is as likely on each item as any other, but copies come together.
 */
export function crowd(options: Crowd): GeneratedCrowd {
  const { items, annotators, classes, labels, seed, target = 0, moved = 0.9 } = options;
  const random = createRandom(seed);
  const conduct = conducts(options);
  const skills = conduct.map(() => 0.65 + 0.3 * random.next());
  const leader = conduct.indexOf('copy');
  const truth = Int32Array.from({ length: items }, () => random.integer(classes));
  const columns: [number[], number[], number[]] = [[], [], []];
  const everybody = Int32Array.from({ length: annotators }, (_, annotator) => annotator);
  for (let number = 0; number < items; number++) {
    const item = {
      truth: truth[number] as number,
      difficulty: random.next() < 0.2 ? 0.3 * random.next() : 0,
    };
    const led = leader < 0 ? 0 : honest(random, classes, item, skills[leader] as number);
    const group = new Set(random.shuffle(everybody).slice(0, labels));
    if (leader >= 0 && group.has(leader))
      conduct.forEach((kind, annotator) => {
        if (kind === 'copy') group.add(annotator);
      });
    for (const annotator of group) {
      const own = honest(random, classes, item, skills[annotator] as number);
      const aim = random.next() < moved ? target : own;
      const given: Record<Conduct, number> = {
        honest: own,
        target: aim,
        random: random.integer(classes),
        constant: target,
        inverted: random.next() < 0.8 ? (item.truth + 1 + random.integer(classes - 1)) % classes : item.truth,
        copy: led,
      };
      columns[0].push(number);
      columns[1].push(annotator);
      columns[2].push(given[conduct[annotator] as Conduct]);
    }
  }
  const named = (prefix: string, many: number): string[] =>
    Array.from({ length: many }, (_, at) => `${prefix}${at}`);
  const annotations = {
    items: Int32Array.from(columns[0]),
    annotators: Int32Array.from(columns[1]),
    labels: Int32Array.from(columns[2]),
    itemNames: named('item ', items),
    annotatorNames: named('annotator ', annotators),
    classNames: named('class ', classes),
  };
  return { annotations, truth, conduct };
}
