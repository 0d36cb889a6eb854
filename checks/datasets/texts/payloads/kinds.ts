import { injectionCheck } from '../../../text/injection/index.ts';
import { textInput } from '../../../text/types.ts';
import type { Payload } from './rows.ts';

/** Findings above which so many repeated phrases are the nature of the dataset rather than payloads. */
const MANY = 12;
/** Words from which a phrase is a text of its own: a dataset that repeats more than `MANY` of those quotes itself. */
const LONG = 8;
/** Phrases that could be signatures, greetings or headings above which they are those of the dataset; and their most share. */
const MANY_DOUBTFUL = 3;
const MOST_DOUBTFUL = 0.04;
/** Words that their documents share, beside chance, above which what its place alone tells is of one source. */
const ONE_SOURCE = 1.3;
/** Words that writers put first or last by custom: forwards, answers, retweets, later additions. */
const CUSTOM = /^\W*(?:rt|mt|via|re|fwd?|aw|wg|ps|nb|edit|update|spoiler|tl;?dr|imo|lol|thanks|thx)\W*$/i;
/** What one of few scores; and what is left unnamed. */
const DOUBTFUL = 0.55;
const UNNAMED = 0.45;

/** Fewest parts of an order, and what one scores. */
const SAYING = 3;
const ORDER = 0.9;
/** Below this the rules are not sure that a sentence is an attack. */
const RULES_SURE = 0.6;
const RULES = injectionCheck.config.parse({});

/**
 * What speaks for a payload, the surest first. `order`: to a model; `inserted`: it does not fit its neighbours; `edge`: first
 * or last in all; `sentence` and `layout`: it could be a notice, or a heading, a signature or a table.
 */
export type Kind = 'gibberish' | 'order' | 'alone' | 'inserted' | 'edge' | 'sentence' | 'layout';

/** Most misfit that one side alone can show: a pair of words that no other document has, see `readPairs`. */
const ONE_SIDE = 1.25;

/** Kinds that a dataset which quotes itself does not show. */
const SURE: ReadonlySet<Kind> = new Set<Kind>(['gibberish', 'order', 'alone']);

const SUREST: readonly Kind[] = ['gibberish', 'order', 'alone', 'inserted', 'edge', 'sentence', 'layout'];

interface OfKind {
  readonly payload: Payload;
  readonly kind: Kind;
}

/** The surest first, then those in most documents. */
export const byKind = (a: OfKind, b: OfKind): number =>
  SUREST.indexOf(a.kind) - SUREST.indexOf(b.kind) || b.payload.rows.length - a.payload.rows.length;

/** What a payload that says `phrase` is taken for. */
export function kindOf({ gibberish, alone, atEdge, misfit, layout }: Payload, phrase: string): Kind {
  if (gibberish) return 'gibberish';
  if (layout.parts >= SAYING && isOrder(phrase)) return 'order';
  if (layout.atLineBreak) return 'layout';
  if (layout.aligned && layout.parts > 1) return 'sentence';
  if (alone) return 'alone';
  if (!atEdge || misfit > ONE_SIDE) return 'inserted';
  return CUSTOM.test(phrase) ? 'layout' : 'edge';
}

const isLong = ({ before, unit, after }: Payload): boolean => before + unit.width + after >= LONG;

function isOrder(phrase: string): boolean {
  const text = textInput(phrase, { author: 'third_party', kind: 'document', label: 'phrase' });
  const result = injectionCheck.run(text, RULES);
  return (
    !(result instanceof Promise) &&
    result.outcome === 'findings' &&
    result.findings.some(({ score }) => score >= RULES_SURE)
  );
}

/** Phrases of words that are nowhere else, and those before gibberish, are surer than a word that does not fit. */
export function scoring(
  judged: readonly OfKind[],
  documents: number,
): (payload: Payload, kind: Kind) => number {
  const count = (...wanted: Kind[]): number => judged.filter(({ kind }) => wanted.includes(kind)).length;
  const [some, doubtful] = [count('inserted') > MANY, count('edge', 'sentence') > MANY_DOUBTFUL];
  const quotes = judged.filter(({ payload, kind }) => isLong(payload) && !SURE.has(kind)).length > MANY;
  return (payload, kind) => {
    const { layout, misfit, rows, relation } = payload;
    const surer = 0.02 * Math.max(0, misfit);
    const many = some || (quotes && isLong(payload));
    const ofSource = doubtful || relation > ONE_SOURCE;
    switch (kind) {
      case 'gibberish':
        return Math.min(0.98, 0.95 + surer);
      case 'order':
        return ORDER;
      case 'alone':
        return Math.min(0.98, 0.8 + surer);
      case 'inserted':
        return many ? UNNAMED : Math.min(0.98, (layout.parts > 1 ? 0.85 : 0.7) + surer);
      case 'edge':
        return ofSource ? UNNAMED : DOUBTFUL;
      case 'sentence':
        return ofSource || rows.length > MOST_DOUBTFUL * documents ? UNNAMED : DOUBTFUL;
      case 'layout':
        return UNNAMED;
    }
  };
}
