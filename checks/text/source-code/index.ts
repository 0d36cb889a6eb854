import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import type { TextFinding } from '../types.ts';
import { defineTextCheck, textInput } from '../types.ts';
import type { CodeBlock } from './blocks.ts';
import { codeBlocks, unfinishedLineFrom } from './blocks.ts';
import { LANGUAGE_IDS, LANGUAGES } from './languages.ts';
import {
  PROSE_WITH_CODE_WORDS,
  PYTHON_MODULE,
  SHORT_SNIPPET,
  STACK_TRACE,
  TYPESCRIPT_MODULE,
} from './samples.ts';

const Config = z.object({
  minimumLines: z
    .number()
    .int()
    .min(3)
    .max(500)
    .default(10)
    .describe('Lines of code in one block from which it counts; shorter snippets pass'),
  languages: z
    .array(z.enum(LANGUAGE_IDS))
    .max(LANGUAGE_IDS.length)
    .default([])
    .describe('Only code of these kinds counts; empty means all'),
  allowFencedLines: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe('Code between ``` fences passes up to this many lines'),
});
type Config = z.output<typeof Config>;

const wantedBy = memoised((config: Config): ReadonlySet<string> => new Set(config.languages));

/** The language most lines of the block speak for, when at least a tenth of them (and two) agree. */
function languageOf(block: CodeBlock): (typeof LANGUAGES)[number] | null {
  let best: string | null = null;
  for (const [id, lines] of block.languages) {
    if (lines > (best === null ? 1 : (block.languages.get(best) ?? 0))) best = id;
  }
  const enough = best !== null && (block.languages.get(best) ?? 0) * 10 >= block.codeLines;
  return enough ? (LANGUAGES.find(({ id }) => id === best) ?? null) : null;
}

/** 0 when the block is too short, too mixed with prose or of a kind nobody asked for. */
function scoreOf(block: CodeBlock, config: Config): number {
  if (block.codeLines < config.minimumLines) return 0;
  if (block.fenced && block.codeLines <= config.allowFencedLines) return 0;
  const density = block.codeLines / (block.codeLines + block.proseLines);
  if (density < 0.6) return 0;
  const language = languageOf(block);
  const wanted = wantedBy(config);
  if (wanted.size > 0 && !wanted.has(language?.id ?? '')) return 0;
  let named = 0;
  for (const lines of block.languages.values()) named += lines;
  const share = named / block.codeLines;
  if (language === null && share < 0.2)
    return density > 0.85 && config.minimumLines * 2 <= block.codeLines ? 0.6 : 0;
  return Math.min(0.99, 0.55 + 0.25 * Math.min(1, share * 1.5) + 0.15 * density + (block.fenced ? 0.04 : 0));
}

/** Source code, stack traces, diffs and SQL of some length, told from prose that mentions code. */
export const sourceCodeCheck = defineTextCheck({
  id: 'text/source-code',
  title: 'Source code',
  description:
    'Finds blocks of source code, diffs, SQL and stack traces by the forms of their lines in 19 languages. Sentences about code and short snippets pass.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM02', name: 'Sensitive Information Disclosure' },
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM02', name: 'Sensitive Information Disclosure' },
    {
      framework: 'NIST-100-2',
      edition: 'e2025',
      id: 'NISTAML.036',
      name: 'Leaking information from user interactions',
    },
  ],
  config: Config,
  actions: ['flag', 'redact', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['input'],
    authors: ['user'],
    action: 'flag',
    threshold: 0.6,
    coaching:
      'This contains a longer piece of source code. Describe the problem or send only the few lines it is about, without internal names; ask security for an approved coding assistant.',
  },
  streaming: {
    mode: 'hold',
    holdFrom: (text, config) => {
      const unfinished = unfinishedLineFrom(text);
      const last = codeBlocks(text, true).at(-1);
      if (last?.open !== true) return unfinished;
      // A block that is long enough has been reported up to its end; a shorter one may still become so.
      return Math.min(unfinished, scoreOf(last, config) === 0 ? last.start : last.end);
    },
  },
  samples: [
    { title: 'a Python module', input: textInput(PYTHON_MODULE), found: true },
    {
      title: 'a TypeScript module after a question',
      input: textInput(`Why does this fail?\n\n${TYPESCRIPT_MODULE}`),
      found: true,
    },
    { title: 'a Java stack trace', input: textInput(STACK_TRACE), found: true },
    {
      title: 'fenced code within the allowance',
      input: textInput(`Look:\n\`\`\`python\n${PYTHON_MODULE}\n\`\`\``),
      config: { allowFencedLines: 60 },
      found: false,
    },
    {
      title: 'another language than asked for',
      input: textInput(PYTHON_MODULE),
      config: { languages: ['rust'] },
      found: false,
    },
    { title: 'a short snippet', input: textInput(SHORT_SNIPPET), found: false },
    { title: 'prose that mentions functions', input: textInput(PROSE_WITH_CODE_WORDS), found: false },
  ],
  run: (input, config) => {
    const findings: TextFinding[] = [];
    for (const { index, text } of input.segments) {
      for (const block of codeBlocks(text, input.context.partial)) {
        const score = scoreOf(block, config);
        if (score === 0) continue;
        const language = languageOf(block);
        findings.push({
          segment: index,
          start: block.start,
          end: block.end,
          score,
          kind: 'source-code',
          message: `${block.codeLines} lines that read as ${language?.title ?? 'code'}.`,
        });
      }
    }
    return resultOf(findings);
  },
});
