import { reliabilities } from './reliability.ts';
import type { Aggregate, Annotations } from './types.ts';
import { counts, decide, type Fit, normalise, type Votes, votesOf } from './votes.ts';

/** The shares of the votes, every label one vote. */
export function majorityFit(votes: Votes): Fit {
  const posteriors = counts(votes);
  for (let from = 0; from < posteriors.length; from += votes.classes)
    normalise(posteriors, from, votes.classes);
  const { labels } = votes.annotations;
  return {
    method: 'majority',
    posteriors,
    logs: null,
    add: (place, into, sign) => {
      const label = labels[place] as number;
      into[label] = (into[label] as number) + sign;
    },
  };
}

/**
 * Majority vote: the class that most annotators chose; `ties` says where several did. Items without a label get equal
 * probabilities. Time O(labels + items × classes). DatasetInputError for annotations that do not hold together.
 */
export function majorityVote(annotations: Annotations): Aggregate {
  const votes = votesOf(annotations);
  return finished(votes, majorityFit(votes), { rounds: 0, converged: true });
}

/** A fit with its decisions and its annotators' reliability. */
export function finished(
  votes: Votes,
  fit: Fit,
  rest: Pick<Aggregate, 'rounds' | 'converged'> & Partial<Pick<Aggregate, 'ease' | 'ability'>>,
): Aggregate {
  return Object.freeze({
    method: fit.method,
    classes: votes.classes,
    posteriors: fit.posteriors,
    ...decide(votes, fit.posteriors),
    reliability: reliabilities(votes, fit),
    ease: null,
    ability: null,
    ...rest,
  });
}
