import { createHash } from 'node:crypto';
import { wilson } from '@bartizan/checks/statistics/wilson.ts';
import type { OwnJudge } from '../judge.ts';
import type { Facet } from '../rows.ts';
import type { SampledAttack } from '../survey.ts';
import type { Genome } from './genome.ts';
import { OPERATORS } from './genome.ts';
import type { Search } from './search.ts';
import { search } from './search.ts';

export interface AdaptiveOptions {
  readonly tries: number;
  /** Blocked attacks that are mutated, at most. */
  readonly attacks: number;
  readonly seed: number;
  readonly limitMs: number;
  /** Harmless texts to pad with; at least one. */
  readonly harmless: readonly string[];
  readonly progress?: (done: number, survived: number) => void;
}

/** How a share of attacks fared. */
export interface Survival {
  readonly attacked: number;
  readonly survived: number;
  /** 0..1; null where none was attacked. */
  readonly survival: number | null;
  /** Of 95% (Wilson). */
  readonly interval: readonly [low: number, high: number];
}

export interface OperatorFigures {
  readonly operator: string;
  readonly keeps: 'verbatim' | 'wording';
  /** Mutants that it was the only operator of, and how many of them passed. */
  readonly alone: number;
  readonly alonePassed: number;
  /** All mutants that it had part in. */
  readonly tries: number;
  readonly passed: number;
}

export interface Example {
  readonly attack: string;
  readonly mutant: string;
  readonly operators: readonly string[];
  readonly tries: number;
}

export interface AdaptiveReport extends Survival {
  readonly model: string;
  readonly tries: number;
  readonly seed: number;
  /** Attacks that were judged, those among them that were blocked as they are, and those that time did not suffice for. */
  readonly judged: number;
  readonly blocked: number;
  readonly unfinished: number;
  /** Survival after so many tries, 0..1. */
  readonly afterTries: Readonly<Record<string, number>>;
  /** Tries of those that survived: quartiles. */
  readonly triesNeeded: { readonly p25: number; readonly p50: number; readonly p75: number } | null;
  readonly by: Readonly<Record<'origin' | Facet, Readonly<Record<string, Survival>>>>;
  readonly operators: readonly OperatorFigures[];
  readonly examples: readonly Example[];
}

const MARKS = [1, 5, 10, 25, 50, 100, 200, 500] as const;
const EXAMPLES = 20;
const EXAMPLE_CHARS = 600;

/** An attack that was searched. */
export interface Searched {
  readonly attack: SampledAttack;
  readonly search: Search;
}

function survivalOf(searched: readonly Searched[]): Survival {
  const survived = searched.filter(({ search: { end } }) => end === 'survived').length;
  return {
    attacked: searched.length,
    survived,
    survival: searched.length === 0 ? null : survived / searched.length,
    interval: wilson(survived, searched.length),
  };
}

function groupedBy(
  searched: readonly Searched[],
  nameOf: (attack: SampledAttack) => string | undefined,
): Record<string, Survival> {
  const names = [...new Set(searched.flatMap(({ attack }) => nameOf(attack) ?? []))].sort();
  return Object.fromEntries(
    names.map((name) => [name, survivalOf(searched.filter(({ attack }) => nameOf(attack) === name))]),
  );
}

function operatorFigures(searched: readonly Searched[]): OperatorFigures[] {
  const figures = new Map(
    OPERATORS.map(({ id, keeps }) => [
      id,
      { operator: id, keeps, alone: 0, alonePassed: 0, tries: 0, passed: 0 },
    ]),
  );
  for (const { search: done } of searched) {
    for (const { genome, passed } of done.tries) {
      for (const { operator } of genome) {
        const figure = figures.get(operator);
        if (figure === undefined) continue;
        figure.tries += 1;
        if (passed) figure.passed += 1;
        if (genome.length > 1) continue;
        figure.alone += 1;
        if (passed) figure.alonePassed += 1;
      }
    }
  }
  return [...figures.values()].filter(({ tries }) => tries > 0);
}

const idsOf = (genome: Genome): string[] => genome.map(({ operator }) => operator);

function examplesOf(searched: readonly Searched[]): Example[] {
  return searched
    .filter(({ search: { end } }) => end === 'survived')
    .slice(0, EXAMPLES)
    .map(({ attack, search: done }) => ({
      attack: attack.text.slice(0, EXAMPLE_CHARS),
      mutant: (done.mutant ?? '').slice(0, EXAMPLE_CHARS),
      operators: idsOf(done.tries.at(-1)?.genome ?? []),
      tries: done.tries.length,
    }));
}

function quartiles(searched: readonly Searched[]): AdaptiveReport['triesNeeded'] {
  const needed = searched
    .filter(({ search: { end } }) => end === 'survived')
    .map(({ search: { tries } }) => tries.length)
    .sort((a, b) => a - b);
  const at = (share: number): number => needed[Math.max(0, Math.ceil(share * needed.length) - 1)] ?? 0;
  return needed.length === 0 ? null : { p25: at(0.25), p50: at(0.5), p75: at(0.75) };
}

/** Everything that is said of a run. */
export function adaptiveReport(
  all: readonly Searched[],
  run: { model: string; tries: number; seed: number; judged: number; blocked: number },
): AdaptiveReport {
  const searched = all.filter(({ search: { end } }) => end !== 'unfinished');
  const after = (most: number): number =>
    searched.filter(({ search: { end, tries } }) => end === 'survived' && tries.length <= most).length /
    Math.max(1, searched.length);
  const by = (nameOf: (attack: SampledAttack) => string | undefined) => groupedBy(searched, nameOf);
  return {
    ...run,
    ...survivalOf(searched),
    unfinished: run.blocked - searched.length,
    afterTries: Object.fromEntries(
      [...MARKS.filter((mark) => mark < run.tries), run.tries].map((mark) => [mark, after(mark)]),
    ),
    triesNeeded: quartiles(searched),
    by: {
      origin: by(({ origin }) => origin),
      source: by(({ facets }) => facets.source),
      lang: by(({ facets }) => facets.lang),
      kind: by(({ facets }) => facets.kind),
      obfuscation: by(({ facets }) => facets.obfuscation),
      carrier: by(({ facets }) => facets.carrier),
    },
    operators: operatorFigures(searched),
    examples: examplesOf(searched),
  };
}

const numberOf = (seed: number, text: string): number =>
  createHash('sha256').update(`${seed}\0${text}`).digest().readInt32BE(0);

/** Mutates attacks that are blocked at the balanced point and reports how many get through. */
export async function adaptiveRun(
  judge: OwnJudge,
  attacks: readonly SampledAttack[],
  options: AdaptiveOptions,
): Promise<AdaptiveReport> {
  const { tries, seed, harmless } = options;
  const deadline = performance.now() + options.limitMs;
  const isLate = (): boolean => performance.now() > deadline;
  const blocked: SampledAttack[] = [];
  let judged = 0;
  for (const attack of attacks) {
    if (blocked.length >= options.attacks || isLate()) break;
    judged += 1;
    if ((await judge.judge(attack.text, attack.origin)).flagged.balanced === true) blocked.push(attack);
  }
  const all: Searched[] = [];
  let survived = 0;
  // One after the other: what shares a batch of an int8 encoder sways each other's last digits.
  for (const attack of blocked) {
    const { text, payload, facets, origin } = attack;
    const target = { text, payload: payload ?? { start: 0, end: text.length }, lang: facets.lang ?? null };
    const ask = async (mutant: string) => {
      const verdict = await judge.judge(mutant, origin);
      return { score: verdict.score, blocked: verdict.flagged.balanced === true };
    };
    const found = await search(target, { ask, harmless, tries, seed: numberOf(seed, text), isLate });
    all.push({ attack, search: found });
    if (found.end === 'survived') survived += 1;
    options.progress?.(all.length, survived);
    if (isLate()) break;
  }
  return adaptiveReport(all, { model: judge.name, tries, seed, judged, blocked: blocked.length });
}
