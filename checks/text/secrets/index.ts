import { z } from 'zod';
import { memoised, resultOf } from '../../define.ts';
import { findInViews, unfinishedInViews } from '../normalise/plain.ts';
import type { TextFinding } from '../types.ts';
import { defineTextCheck, textInput } from '../types.ts';
import { alnum, base32, hex, pem } from './sample-parts.ts';
import type { Wanted } from './scan.ts';
import { findSecrets, unfinishedFrom } from './scan.ts';

const Config = z.object({
  tokens: z
    .boolean()
    .default(true)
    .describe('Keys and tokens with a known form: cloud, code hosts, model providers, payments, chat, …'),
  privateKeys: z.boolean().default(true).describe('Private key blocks: PEM, OpenSSH, PGP'),
  urlPasswords: z
    .boolean()
    .default(true)
    .describe('Passwords inside addresses, such as database connection strings'),
  assignments: z
    .boolean()
    .default(true)
    .describe('Values assigned to a password, key, token or secret, judged by entropy and context'),
  ignoreKinds: z
    .array(z.string().max(64))
    .max(200)
    .default([])
    .describe('Kinds that are not reported, e.g. "jwt" or "stripe-key"'),
  allowedValues: z
    .array(z.string().min(4).max(500))
    .max(500)
    .default([])
    .describe('Exact values that may pass, e.g. a published test key'),
});
type Config = z.output<typeof Config>;

const wantedBy = memoised((config: Config): Wanted => ({ ...config, skip: new Set(config.ignoreKinds) }));
const allowedBy = memoised((config: Config): ReadonlySet<string> => new Set(config.allowedValues));

const heldFrom = (text: string, privateKeys: boolean): number =>
  unfinishedInViews(text, (view) => unfinishedFrom(view, privateKeys));

/** Secrets in text: some 100 known forms, private key blocks, passwords in addresses, and assignments. */
export const secretsCheck = defineTextCheck({
  id: 'text/secrets',
  title: 'Secrets',
  description:
    'Finds keys, tokens, passwords and private keys by their known forms, and values assigned to such names by entropy and context. Placeholders and references to variables pass.',
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
      'This looks like a live key or password. Remove it and use a placeholder such as <API_KEY>; if it was real, rotate it now.',
  },
  streaming: {
    mode: 'hold',
    holdFrom: (text, config) => heldFrom(text, config.privateKeys),
  },
  samples: [
    {
      title: 'GitHub token in a question',
      input: textInput(`Why does ghp_${alnum(36)} not work?`),
      found: true,
    },
    {
      title: 'password in a connection string',
      input: textInput('DATABASE_URL=postgres://app:h4rd-t0-gu3ss@db:5432/app'),
      found: true,
    },
    {
      title: 'private key block',
      input: textInput(`Here it is:\n${pem('RSA PRIVATE KEY')}\nthanks`),
      found: true,
    },
    {
      title: 'spoken password',
      input: textInput('My password is Winter2031!, please log in for me.'),
      found: true,
    },
    { title: 'assignment by entropy', input: textInput(`client_secret = "${alnum(32)}"`), found: true },
    {
      title: 'ignored kind',
      input: textInput(`AKIA${base32(16)}`),
      config: { ignoreKinds: ['aws-access-key'] },
      found: false,
    },
    {
      title: 'placeholders',
      input: textInput('api_key = "your-key-here"\npassword: <token>\ntoken=%TOKEN%'),
      found: false,
    },
    {
      title: 'commit hash',
      input: textInput(`Fixed in commit ${hex(40)}, see the changelog.`),
      found: false,
    },
    {
      title: 'talk about passwords',
      input: textInput('A password is required. The token: a short-lived credential. Which key is better?'),
      found: false,
    },
    { title: 'public key', input: textInput(pem('PUBLIC KEY')), found: false },
  ],
  run: (input, config) => {
    const findings: TextFinding[] = [];
    const allowed = allowedBy(config);
    for (const segment of input.segments) {
      // What is still held may yet turn out longer, or harmless: it is judged when it is complete.
      const settled = input.context.partial
        ? heldFrom(segment.text, config.privateKeys)
        : segment.text.length;
      for (const { find, value } of findInViews(segment.text, (view) =>
        findSecrets(view, wantedBy(config)),
      )) {
        if (input.context.partial && find.start >= settled) continue;
        if (allowed.has(value)) continue;
        const { start, end, score, kind } = find;
        findings.push({
          segment: segment.index,
          start,
          end,
          score,
          kind,
          message: `Looks like ${find.title}.`,
        });
      }
    }
    return resultOf(findings);
  },
});
