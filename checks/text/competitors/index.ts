import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import { defineTextCheck, type TextFinding, textInput } from '../types.ts';
import { createNameIndex, type NameHit } from './names.ts';

const Config = z.object({
  names: z
    .array(z.string().min(2).max(100))
    .max(500)
    .default([])
    .describe('Companies, products and domains; other spellings with spaces and hyphens are matched too'),
  typos: z
    .boolean()
    .default(true)
    .describe('Also match names of six letters or more with one slip of the pen'),
});
type Config = z.output<typeof Config>;

const index = memoised((config: Config) => createNameIndex(config.names, config.typos));

const SCORE: Readonly<Record<NameHit['how'], number>> = { exact: 0.95, 'lower-case': 0.8, typo: 0.6 };

const NAMES = { names: ['Contoso', 'Blue Yonder', 'Fabri-Kam', 'norda.example'] };

/** Names that an assistant should not speak of. */
export const competitorsCheck = defineTextCheck({
  id: 'text/competitors',
  title: 'Competitors',
  description:
    'Finds names of competitors and their products however they are cased, hyphenated, put into an address or slightly misspelt.',
  maps: [{ framework: 'OWASP-LLM', edition: '2025', id: 'LLM09', name: 'Misinformation' }],
  config: Config,
  actions: ['flag', 'redact', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['output'],
    authors: ['assistant'],
    action: 'flag',
    threshold: 0.5,
    coaching: 'This assistant does not talk about other companies’ products.',
  },
  streaming: { mode: 'hold', holdFrom: (text, config) => index(config).holdFrom(text) },
  samples: [
    { title: 'no names configured', input: textInput('Contoso is cheaper.'), found: false },
    { title: 'a name', input: textInput('Contoso is cheaper.'), config: NAMES, found: true },
    { title: 'its possessive', input: textInput('I prefer Contoso’s service.'), config: NAMES, found: true },
    {
      title: 'lower case in an address',
      input: textInput('see https://www.contoso.com/plans'),
      config: NAMES,
      found: true,
    },
    { title: 'a domain', input: textInput('mail sales@norda.example'), config: NAMES, found: true },
    { title: 'two words as one', input: textInput('BlueYonder has it.'), config: NAMES, found: true },
    { title: 'two words with a hyphen', input: textInput('ask Blue-Yonder'), config: NAMES, found: true },
    { title: 'one word as two', input: textInput('Fabri Kam offers that, too'), config: NAMES, found: true },
    { title: 'a slip', input: textInput('Have you tried Cntoso?'), config: NAMES, found: true },
    {
      title: 'a slip where none is allowed',
      input: textInput('Have you tried Cntoso?'),
      config: { ...NAMES, typos: false },
      found: false,
    },
    { title: 'half a name', input: textInput('The sky is blue.'), config: NAMES, found: false },
    {
      title: 'its words apart',
      input: textInput('Blue is the hill over yonder.'),
      config: NAMES,
      found: false,
    },
    { title: 'part of a longer word', input: textInput('contosofication'), config: NAMES, found: false },
  ],
  run(input, config) {
    if (config.names.length === 0) return resultOf<TextFinding>([]);
    const findings: TextFinding[] = [];
    for (const segment of input.segments) {
      for (const { name, start, end, how } of index(config).find(segment.text)) {
        const named = `Names "${config.names[name]}"`;
        findings.push({
          segment: segment.index,
          start,
          end,
          score: SCORE[how],
          kind: 'competitor',
          message: how === 'typo' ? `${named}, slightly misspelt.` : `${named}.`,
        });
      }
    }
    return resultOf(findings);
  },
});
