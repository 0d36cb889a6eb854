import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import type { TextFinding } from '../types.ts';
import { defineTextCheck, textInput } from '../types.ts';
import type { DocumentKind } from './phrases.ts';
import { CHAT_ABOUT_CONTRACTS, CONTRACT, CURRICULUM_VITAE, EARNINGS_DRAFT, SALARY_LIST } from './samples.ts';
import { findConfidential } from './scan.ts';
import { compileTerms } from './terms.ts';
import { markingFrom } from './unfinished.ts';

const Config = z.object({
  markings: z
    .boolean()
    .default(true)
    .describe('Markings such as CONFIDENTIAL, TLP:RED or "Vertraulich", used as a marking'),
  contracts: z.boolean().default(true).describe('Contract language'),
  candidates: z.boolean().default(true).describe('CVs and candidate files'),
  salaries: z.boolean().default(true).describe('Lists of salaries'),
  financials: z.boolean().default(true).describe('Financial figures before their publication'),
  terms: z
    .array(z.string().min(2).max(80))
    .max(500)
    .default([])
    .describe(
      'Own words, e.g. project code names; * stands for some letters or digits, ? for one, # for one digit',
    ),
  caseSensitive: z.boolean().default(false).describe('Own words count only in exactly this capitalisation'),
});
type Config = z.output<typeof Config>;

const kindsBy = memoised((config: Config): ReadonlySet<DocumentKind> => {
  const kinds: readonly [boolean, DocumentKind][] = [
    [config.contracts, 'contract'],
    [config.candidates, 'curriculum-vitae'],
    [config.salaries, 'salary-list'],
    [config.financials, 'financial-report'],
  ];
  return new Set(kinds.filter(([on]) => on).map(([, kind]) => kind));
});
const termsBy = memoised((config: Config) => compileTerms(config.terms, config.caseSensitive));

/** The last word (a term or cue may end in it), the beginning of a term, and a possible marking. */
function holdFrom(text: string, config: Config): number {
  let word = text.length;
  while (
    word > 0 &&
    text.length - word < 200 &&
    /[\p{L}\p{N}_+:$€£#.’-]/u.test(text[word - 1] as string) &&
    !isWide(text.charCodeAt(word - 1))
  )
    word--;
  // Markings in scripts without spaces are a few characters long, and may go on with the next one.
  let wide = text.length;
  while (wide > 0 && text.length - wide < 8 && isWide(text.charCodeAt(wide - 1))) wide--;
  const terms = config.terms.length === 0 ? text.length : termsBy(config).unfinishedFrom(text);
  return Math.min(word, wide, terms, config.markings ? markingFrom(text) : text.length);
}

const isWide = (code: number): boolean =>
  (code >= 0x3040 && code <= 0x9fff) || (code >= 0xac00 && code <= 0xd7af);

/** Confidentiality markings, business documents and the operator's own words. */
export const confidentialCheck = defineTextCheck({
  id: 'text/confidential',
  title: 'Confidential documents',
  description:
    'Finds confidentiality markings in many languages where they are used as a marking, contracts, candidate files, salary lists and unpublished financial figures by their typical phrases, and your own words such as project names.',
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
      'This looks like a confidential document. Ask about it in general terms or with names and figures removed, or use a system that is approved for it.',
  },
  streaming: { mode: 'hold', holdFrom },
  samples: [
    {
      title: 'marking as a header',
      input: textInput('CONFIDENTIAL – Board pack\n\nNext year we plan to close two sites.'),
      found: true,
    },
    {
      title: 'marking on its own line, German',
      input: textInput('Protokoll der Sitzung\nStreng vertraulich\n\nAnwesend: alle'),
      found: true,
    },
    {
      title: 'traffic light protocol',
      input: textInput('Indicators below are TLP:AMBER, please summarise.'),
      found: true,
    },
    { title: 'Japanese marking', input: textInput('【社外秘】\n来年度の計画について'), found: true },
    { title: 'contract', input: textInput(CONTRACT), found: true },
    { title: 'curriculum vitae', input: textInput(CURRICULUM_VITAE), found: true },
    { title: 'salary list', input: textInput(SALARY_LIST), found: true },
    { title: 'unpublished results', input: textInput(EARNINGS_DRAFT), found: true },
    {
      title: 'code name with wildcard',
      input: textInput('When does PRJ-2041 start?'),
      config: { terms: ['PRJ-####'] },
      found: true,
    },
    {
      title: 'code name inside another word',
      input: textInput('We saw bluebirds.'),
      config: { terms: ['blue'] },
      found: false,
    },
    {
      title: 'the word in a sentence',
      input: textInput('Is it confidential when I talk to a doctor? Some information is restricted.'),
      found: false,
    },
    { title: 'talk about contracts', input: textInput(CHAT_ABOUT_CONTRACTS), found: false },
  ],
  run: (input, config) => {
    const findings: TextFinding[] = [];
    const growing = input.direction === 'output';
    for (const { index, text } of input.segments) {
      const settled = input.context.partial ? holdFrom(text, config) : text.length;
      for (const find of findConfidential(text, {
        markings: config.markings,
        kinds: kindsBy(config),
        growing,
      })) {
        if (!input.context.partial || find.start < settled) findings.push({ segment: index, ...find });
      }
      for (const { start, end } of termsBy(config).find(text)) {
        if (input.context.partial && start >= settled) continue;
        findings.push({
          segment: index,
          start,
          end,
          score: 0.95,
          kind: 'own-term',
          message: 'A word that your organisation keeps to itself.',
        });
      }
    }
    return resultOf(findings);
  },
});
