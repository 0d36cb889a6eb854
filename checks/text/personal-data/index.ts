import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import { findInViews, unfinishedInViews } from '../normalise/plain.ts';
import type { TextFinding } from '../types.ts';
import { defineTextCheck, textInput } from '../types.ts';
import { COUNTRIES } from './national-ids.ts';
import type { Wanted } from './scan.ts';
import { findPersonalData, unfinishedFrom } from './scan.ts';

const Config = z.object({
  emails: z.boolean().default(true).describe('E-mail addresses'),
  phones: z
    .boolean()
    .default(true)
    .describe('Phone numbers: international, and national ones after a word such as "call"'),
  payments: z.boolean().default(true).describe('Payment cards, IBAN and bank codes'),
  nationalIds: z.boolean().default(true).describe('National, tax and health numbers, by their check digits'),
  documents: z
    .boolean()
    .default(true)
    .describe('Passport and driving licence numbers after a word that names them'),
  birthDates: z.boolean().default(true).describe('Dates of birth after a word that names them'),
  postalAddresses: z.boolean().default(true).describe('Streets with house numbers'),
  cryptoAddresses: z.boolean().default(true).describe('Crypto wallet addresses'),
  names: z.boolean().default(true).describe('Names of persons after "my name is", "Patient:" and the like'),
  networkAddresses: z.boolean().default(false).describe('IP and MAC addresses'),
  countries: z
    .array(z.enum(COUNTRIES))
    .max(COUNTRIES.length)
    .default([])
    .describe('Countries whose national numbers count; empty means all'),
  allowedValues: z
    .array(z.string().min(3).max(200))
    .max(500)
    .default([])
    .describe('Exact values that may pass, e.g. the number of your hotline'),
  allowedDomains: z
    .array(z.string().min(3).max(200))
    .max(500)
    .default([])
    .describe('Domains whose e-mail addresses may pass, e.g. example.com'),
  minimumCertainty: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe(
      'Finds below this certainty are dropped: 0.4 adds bare numbers with only a check digit, 0.8 leaves what is certain',
    ),
});
type Config = z.output<typeof Config>;

const wantedBy = memoised((config: Config): Wanted => ({ ...config, countries: new Set(config.countries) }));
const heldFrom = (text: string, wanted: Wanted): number =>
  unfinishedInViews(text, (view) => unfinishedFrom(view, wanted));
const plain = (value: string): string => value.replace(/[\s\u00a0.()/-]/g, '').toLowerCase();
const allowedBy = memoised((config: Config): ReadonlySet<string> => new Set(config.allowedValues.map(plain)));

function isAllowed(value: string, kind: string, config: Config): boolean {
  if (config.allowedValues.length > 0 && allowedBy(config).has(plain(value))) return true;
  if (kind !== 'email' || config.allowedDomains.length === 0) return false;
  const domain = value.slice(value.indexOf('@') + 1).toLowerCase();
  return config.allowedDomains.some(
    (allowed) => domain === allowed.toLowerCase() || domain.endsWith(`.${allowed.toLowerCase()}`),
  );
}

/** Personal data: contact data, payments, official numbers of 50 countries with their check digits, and more. */
export const personalDataCheck = defineTextCheck({
  id: 'text/personal-data',
  title: 'Personal data',
  description:
    'Finds e-mail addresses, phone numbers, payment data, national and tax numbers, documents, dates of birth, addresses and announced names. Numbers are validated by their check digits; bare ones count only near a word that names them.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM02', name: 'Sensitive Information Disclosure' },
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM02', name: 'Sensitive Information Disclosure' },
    { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0057', name: 'LLM Data Leakage' },
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
    directions: ['input', 'output'],
    authors: ['user', 'third_party', 'assistant'],
    action: 'redact',
    threshold: 0.6,
    coaching:
      'This contains personal data. Leave it out or use placeholders such as [NAME] or [PHONE]; the answer will be as good without it.',
  },
  streaming: { mode: 'hold', holdFrom: (text, config) => heldFrom(text, wantedBy(config)) },
  samples: [
    {
      title: 'e-mail address',
      input: textInput('Write to jane.doe+news@mail.example.org please.'),
      found: true,
    },
    { title: 'card number', input: textInput('Charge 4111 1111 1111 1111, it expires in May.'), found: true },
    { title: 'IBAN', input: textInput('My IBAN is DE89 3704 0044 0532 0130 00.'), found: true },
    {
      title: 'international phone',
      input: textInput('Reach me on +44 20 7946 0958 after six.'),
      found: true,
    },
    { title: 'US social security number', input: textInput('SSN: 536-90-4399'), found: true },
    {
      title: 'German tax id after its name',
      input: textInput('Meine Steuer-ID ist 86095742719.'),
      found: true,
    },
    { title: 'date of birth', input: textInput('Patient was born on 12 March 1985 in Lyon.'), found: true },
    {
      title: 'announced name',
      input: textInput('Hello, my name is Maria van den Berg and I need help.'),
      found: true,
    },
    { title: 'street', input: textInput('Deliver to 221B Baker Street, please.'), found: true },
    {
      title: 'allowed domain',
      input: textInput('Write to help@acme.example'),
      config: { allowedDomains: ['acme.example'] },
      found: false,
    },
    {
      title: 'card number with a wrong digit',
      input: textInput('Order 4111 1111 1111 1112 has shipped.'),
      found: false,
    },
    {
      title: 'plain numbers',
      input: textInput('In 2024 we sold 86095742719 units at 12.50, up from 1,234,567; see page 11 of 365.'),
      found: false,
    },
    {
      title: 'dates and versions',
      input: textInput('Released 2024-03-12, version 10.2.33.1, build 20240312.1187.'),
      found: false,
    },
    {
      title: 'names of things',
      input: textInput('The file name is Report Final and the product name is Atlas.'),
      found: false,
    },
  ],
  run: (input, config) => {
    const findings: TextFinding[] = [];
    const wanted = wantedBy(config);
    for (const { index, text } of input.segments) {
      // What is still held may yet become another number: it is judged when it is complete.
      const settled = input.context.partial ? heldFrom(text, wanted) : text.length;
      const finds = findInViews(text, (view) =>
        findPersonalData(view, wanted, view === text ? settled : view.length),
      );
      for (const { find, value } of finds) {
        const { start, end, score, kind, title } = find;
        if (start >= settled || score < config.minimumCertainty) continue;
        if (isAllowed(value, kind, config)) continue;
        findings.push({ segment: index, start, end, score, kind, message: `Looks like ${title}.` });
      }
    }
    return resultOf(findings);
  },
});
