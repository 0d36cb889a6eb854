import { z } from 'zod';
import { resultOf } from '../../define.ts';
import { fold } from '../normalise/fold.ts';
import type { View } from '../normalise/index.ts';
import { readSegment } from '../normalise/index.ts';
import type { Segment, TextContext, TextFinding } from '../types.ts';
import { defineTextCheck } from '../types.ts';
import { needlesOf, squeeze, unfinishedNeedle } from './canaries.ts';
import type { Run, Source } from './overlap.ts';
import { commonRuns, instructionsOf, isTail, sourceOf } from './overlap.ts';
import { promptLeakSamples } from './samples.ts';
import type { Word } from './words.ts';
import { wordsOf } from './words.ts';

const Config = z.object({
  canaries: z
    .boolean()
    .default(true)
    .describe('Find planted secret strings, also spelled out, encoded or reversed'),
  similarity: z.boolean().default(true).describe('Find passages of the operator’s own text'),
  minimumWords: z
    .number()
    .int()
    .min(6)
    .max(200)
    .default(12)
    .describe('How many words in a row must come from the operator’s text'),
});
type Config = z.infer<typeof Config>;

type Found = Omit<TextFinding, 'segment'>;

/** A passage of fewer different words than this is a list or a refrain, not a prompt. */
const MIN_DISTINCT = 6;
/** Encoded text that is still arriving is held up to this many characters. */
const HOLD_LIMIT = 8_192;

function findCanaries(view: View, canaries: readonly string[]): Found[] {
  const needles = needlesOf(canaries);
  if (needles.length === 0) return [];
  const squeezed = squeeze(view.text);
  const found: Found[] = [];
  for (const needle of needles) {
    for (
      let at = squeezed.text.indexOf(needle.text);
      at >= 0;
      at = squeezed.text.indexOf(needle.text, at + needle.text.length)
    ) {
      const from = squeezed.at[at] ?? 0;
      const to = (squeezed.at[at + needle.text.length - 1] ?? from) + 1;
      const form = view.how[0] ?? (needle.form === 'plain' ? '' : needle.form);
      const how = form === '' ? '' : ` (${form})`;
      found.push({
        ...view.spanOf(from, to),
        kind: 'canary',
        score: 0.99,
        message: `A planted secret of the operator stands in the answer${how}.`,
      });
      if (found.length >= 100) return found;
    }
  }
  return found;
}

function isUsers(words: readonly Word[], run: Run, userTexts: readonly string[] | undefined): boolean {
  if (userTexts === undefined || userTexts.length === 0) return false;
  const source = sourceOf(userTexts);
  const repeated = commonRuns(words.slice(run.from, run.to), source);
  const covered = repeated.reduce((sum, { from, to }) => sum + to - from, 0);
  return covered >= (run.to - run.from) * 0.7;
}

function findPassages(view: View, source: Source, config: Config, context: TextContext): Found[] {
  // Instructions of fewer words hold no passage that counts.
  if (source.longest < config.minimumWords) return [];
  const words = wordsOf(view.text);
  const found: Found[] = [];
  for (const run of commonRuns(words, source)) {
    const count = run.to - run.from;
    if (count < config.minimumWords || isUsers(words, run, context.userTexts)) continue;
    const passage = words.slice(run.from, run.to);
    if (new Set(passage.map(({ word }) => word)).size < MIN_DISTINCT) continue;
    const span = view.spanOf(passage[0]?.start ?? 0, passage.at(-1)?.end ?? 0);
    const encoded = view.how.length > 0 ? ` (${view.how.join(', ')})` : '';
    found.push({
      ...span,
      kind: 'operator-text',
      score: Math.min(0.97, 0.6 + (count - config.minimumWords) * 0.025),
      message: `${count} words in a row come from the operator’s instructions${encoded}.`,
    });
  }
  return found;
}

function inspect(segment: Segment, config: Config, context: TextContext): Found[] {
  const found: Found[] = [];
  const add = (next: readonly Found[]): void => {
    for (const one of next) {
      if (!found.some((other) => other.kind === one.kind && other.start < one.end && one.start < other.end))
        found.push(one);
    }
  };
  for (const view of readSegment(segment).views) {
    if (config.canaries) add(findCanaries(view, context.canaries));
    if (config.similarity && context.operatorTexts.length > 0) {
      add(findPassages(view, instructionsOf(context.operatorTexts), config, context));
    }
  }
  return found;
}

/** Where an operator's passage, a canary or an encoded run that ends the text begins. */
function holdFrom(text: string, config: Config, context: TextContext): number {
  const floor = Math.max(0, text.length - HOLD_LIMIT);
  const tail = text.slice(floor);
  const { text: folded, map } = fold(tail);
  let hold = tail.length - (/[A-Za-z0-9+/=_-]{1,4096}$/.exec(tail.slice(-4096))?.[0].length ?? 0);
  const needles = config.canaries ? needlesOf(context.canaries) : [];
  if (needles.length > 0) {
    const squeezed = squeeze(folded);
    const unfinished = unfinishedNeedle(squeezed.text, needles);
    if (unfinished > 0)
      hold = Math.min(hold, map(squeezed.at[squeezed.text.length - unfinished] ?? 0, folded.length).start);
  }
  if (config.similarity && context.operatorTexts.length > 0) {
    hold = Math.min(hold, holdPassage(folded, map, config, instructionsOf(context.operatorTexts)));
  }
  return floor + hold;
}

function holdPassage(
  folded: string,
  map: (start: number, end: number) => { readonly start: number },
  config: Config,
  source: Source,
): number {
  const words = wordsOf(folded);
  // The last word may be unfinished: it counts as matching whatever it will become.
  const complete = /[\p{L}\p{N}\p{M}]$/u.test(folded) ? words.slice(0, -1) : words;
  let from = complete.length;
  const earliest = Math.max(0, complete.length - config.minimumWords * 4);
  for (let i = complete.length - 1; i >= earliest; i -= 1) if (isTail(complete, i, source)) from = i;
  const first = words[from];
  return map(first?.start ?? folded.length, folded.length).start;
}

/** Judges answers against the operator's own texts and planted canaries; says nothing without either. */
export const promptLeakCheck = defineTextCheck({
  id: 'text/prompt-leak',
  title: 'System prompt leak',
  description:
    'Finds planted canaries (plain, spaced, encoded, reversed) and longer passages of the operator’s instructions in ' +
    'answers. Short common phrases and what the user wrote do not count.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM08', name: 'Hidden Context Exposure' },
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM02', name: 'Sensitive Information Disclosure' },
    { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.035', name: 'Prompt Extraction' },
    { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0056', name: 'Extract LLM System Prompt' },
  ],
  config: Config,
  samples: promptLeakSamples,
  actions: ['allow', 'flag', 'redact', 'block'],
  directions: ['output'],
  defaults: {
    directions: ['output'],
    authors: ['assistant'],
    action: 'block',
    threshold: 0.5,
    coaching:
      'The answer would have repeated the assistant’s own instructions. Ask about your task instead of how the assistant is set up.',
  },
  streaming: { mode: 'hold', holdFrom },
  redaction: { reversible: false },
  run: ({ segments, context }, config) => {
    if (context.canaries.length === 0 && context.operatorTexts.length === 0) return resultOf<TextFinding>([]);
    const findings: TextFinding[] = [];
    for (const segment of segments) {
      for (const found of inspect(segment, config, context))
        findings.push({ segment: segment.index, ...found });
    }
    return resultOf(findings);
  },
});
