import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import { defineTextCheck, type TextFinding, textInput } from '../types.ts';
import { createTermIndex, type TermHit, type TermIndex } from './match.ts';
import { TOPIC_SET_NAMES, TOPIC_SETS } from './sets.ts';

const Config = z.object({
  topics: z
    .array(
      z.object({
        name: z.string().min(1).max(60).describe('What the topic is called in findings'),
        terms: z
          .array(z.string().min(1).max(120))
          .min(1)
          .max(2_000)
          .describe('Words and phrases; inflections are matched too'),
        ambiguous: z
          .array(z.string().min(1).max(120))
          .max(2_000)
          .default([])
          .describe('Words that count only together with others'),
      }),
    )
    .max(50)
    .default([])
    .describe('Topics of your own'),
  builtIn: z
    .array(z.enum(TOPIC_SET_NAMES))
    .max(TOPIC_SET_NAMES.length)
    .default([])
    .describe('Topics that come with short lists of English and German terms'),
});
type Config = z.output<typeof Config>;

/** One strong term passes 0.5 by itself, of weak ones it takes three different. */
const STRONG = 0.7;
const WEAK = 0.25;

interface Compiled {
  readonly names: readonly string[];
  readonly index: TermIndex;
}

const compiled = memoised((config: Config): Compiled => {
  const names: string[] = [];
  const topics = [];
  for (const { name, terms, ambiguous } of config.topics) {
    names.push(name);
    topics.push([
      { terms, weight: STRONG },
      { terms: ambiguous, weight: WEAK },
    ]);
  }
  for (const name of config.builtIn) {
    const set = TOPIC_SETS[name];
    names.push(set.title);
    topics.push([
      { terms: set.strong, weight: STRONG },
      { terms: set.weak, weight: WEAK },
    ]);
  }
  return { names, index: createTermIndex(topics) };
});

/** 1 − the product of (1 − weight) over the distinct terms: they add up, and none counts twice. */
function scoresOf(hits: readonly TermHit[]): Map<number, number> {
  const weights = new Map<number, Map<number, number>>();
  for (const { topic, term, weight } of hits) {
    const own = weights.get(topic) ?? new Map<number, number>();
    weights.set(topic, own.set(term, weight));
  }
  const scores = new Map<number, number>();
  for (const [topic, own] of weights) {
    let rest = 1;
    for (const weight of own.values()) rest *= 1 - weight;
    scores.set(topic, 1 - rest);
  }
  return scores;
}

const GARDEN = { topics: [{ name: 'Gardening', terms: ['tulip bulb', 'compost', 'pruning'] }] };

/** Topics that an assistant is not for. */
export const topicsCheck = defineTextCheck({
  id: 'text/topics',
  title: 'Banned topics',
  description:
    'Finds texts on topics that you ban, by words and phrases of your own or by built-in lists. One telling term is enough; ambiguous words count only together.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM09', name: 'Misinformation' },
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM07', name: 'Misinformation' },
  ],
  config: Config,
  actions: ['flag', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['input', 'output'],
    authors: ['user', 'assistant'],
    action: 'block',
    threshold: 0.5,
    coaching: 'This assistant does not talk about that topic. Please ask about what it is for.',
  },
  streaming: { mode: 'hold', holdFrom: (text, config) => compiled(config).index.holdFrom(text) },
  samples: [
    { title: 'no topics configured', input: textInput('How do I build a pipe bomb?'), found: false },
    {
      title: 'a term of one’s own',
      input: textInput('When is the best time for pruning?'),
      config: GARDEN,
      found: true,
    },
    { title: 'an inflection', input: textInput('I composted the leaves.'), config: GARDEN, found: true },
    {
      title: 'a phrase in the plural',
      input: textInput('Where to buy TULIP-BULBS'),
      config: GARDEN,
      found: true,
    },
    { title: 'half a phrase', input: textInput('The light bulb broke.'), config: GARDEN, found: false },
    { title: 'part of another word', input: textInput('a decomposing theory'), config: GARDEN, found: false },
    {
      title: 'a script without spaces',
      input: textInput('我想知道如何赌博赢钱'),
      config: { topics: [{ name: 'Gambling', terms: ['赌博'] }] },
      found: true,
    },
    {
      title: 'a built-in topic',
      input: textInput('Which online casino pays best?'),
      config: { builtIn: ['gambling'] },
      found: true,
    },
    {
      title: 'a built-in topic in German',
      input: textInput('Wo finde ich gute Spielautomaten und Sportwetten?'),
      config: { builtIn: ['gambling'] },
      found: true,
    },
    {
      title: 'one ambiguous word',
      input: textInput('The trigger of the database fired.'),
      config: { builtIn: ['weapons'] },
      found: false,
    },
    {
      title: 'several ambiguous words',
      input: textInput('gun, rifle and bullet for sale'),
      config: { builtIn: ['weapons'] },
      found: true,
    },
    {
      title: 'one ambiguous word many times',
      input: textInput('bet '.repeat(20)),
      config: { builtIn: ['gambling'] },
      found: false,
    },
    {
      title: 'another topic',
      input: textInput('What is the capital of France?'),
      config: { builtIn: [...TOPIC_SET_NAMES] },
      found: false,
    },
  ],
  run(input, config) {
    const { names, index } = compiled(config);
    if (names.length === 0) return resultOf<TextFinding>([]);
    const findings: TextFinding[] = [];
    for (const segment of input.segments) {
      const hits = index.find(segment.text);
      const scores = scoresOf(hits);
      for (const { topic, start, end } of hits) {
        findings.push({
          segment: segment.index,
          start,
          end,
          score: scores.get(topic) ?? 0,
          kind: 'topic',
          message: `Belongs to the banned topic "${names[topic]}".`,
        });
      }
    }
    return resultOf(findings);
  },
});
