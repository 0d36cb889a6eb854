import type { InfixRule } from './rule.ts';
import { alnum, base32, digits, hex, lower, url64 } from './sample-parts.ts';

const at = 'p4ss-W0rd9';

/** Secrets whose tell-tale part lies inside the run: bot tokens, addresses with a password in them. */
export const INFIX_RULES: readonly InfixRule[] = [
  {
    id: 'url-password',
    title: 'a password in an address',
    needle: '://',
    pattern:
      /[A-Za-z][A-Za-z0-9+.-]{1,30}:\/\/[^\s:@/'"`<>]{0,120}:(?<secret>[^\s/'"`<>@]{3,200})@[A-Za-z0-9[]/g,
    score: 0.93,
    yes: [
      `postgres://app:${at}@db.internal:5432/prod`,
      `mongodb+srv://root:${at}@cluster0.abcde.mongodb.net`,
      `https://deploy:${at}@git.example.org/repo.git`,
      `redis://:${at}@cache:6379/0`,
    ],
    no: [
      'https://example.org:8443/path@2',
      'postgres://user:password@localhost/db',
      'mysql://root:<password>@host/db',
      `postgres://app:$${'{DB_PASSWORD}'}@db/prod`,
    ],
  },
  {
    id: 'telegram-token',
    title: 'a Telegram bot token',
    needle: ':AA',
    pattern: /(?<![A-Za-z0-9])[0-9]{8,10}:AA[A-Za-z0-9_-]{32,34}(?![A-Za-z0-9])/g,
    score: 0.97,
    yes: [`${digits(10)}:AA${url64(33)}`],
    no: [`12:AA${url64(8)}`, 'ratio 10:AA'],
  },
  {
    id: 'azure-client-secret',
    title: 'a Microsoft Entra client secret',
    needle: 'Q~',
    pattern: /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])/g,
    score: 0.96,
    yes: [`abc8Q~${alnum(34)}`],
    no: ['abc8Q~short', 'FAQ~'],
  },
  {
    id: 'discord-token',
    title: 'a Discord bot token',
    needle: '.',
    pattern:
      /(?<![A-Za-z0-9_.-])[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}(?![A-Za-z0-9_.-])/g,
    score: 0.93,
    accept: (value) => /[0-9]/.test(value) && /[A-Z]/.test(value.slice(1, 24)),
    yes: [`MTIz${alnum(20)}.${alnum(6)}.${url64(38)}`],
    no: ['Module.loader.initialise', `Mymodulenameisverylongindeed.sub001.${'a'.repeat(30)}`],
  },
  {
    id: 'twilio-key',
    title: 'a Twilio API key',
    needle: 'SK',
    pattern: /(?<![A-Za-z0-9])SK[a-f0-9]{32}(?![A-Za-z0-9])/g,
    score: 0.93,
    yes: [`SK${hex(32)}`],
    no: [`SK${hex(12)}`, 'SKU12345'],
  },
  {
    id: 'mailchimp-key',
    title: 'a Mailchimp key',
    needle: '-us',
    pattern: /(?<![A-Za-z0-9])[a-f0-9]{32}-us[0-9]{1,2}(?![A-Za-z0-9])/g,
    score: 0.95,
    yes: [`${hex(32)}-us21`],
    no: ['eu-us21', `${hex(10)}-us2`],
  },
  {
    id: 'aws-secret-pair',
    title: 'an AWS key id with its secret',
    needle: 'AKIA',
    pattern: /(?<![A-Za-z0-9])AKIA[A-Z2-7]{16}[:,;|](?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/g,
    score: 0.97,
    yes: [`AKIA${base32(16)}:${alnum(40)}`],
    no: [`AKIA:${alnum(40)}`],
  },
  {
    id: 'okta-token',
    title: 'an Okta API token',
    needle: '00',
    pattern: /(?<![A-Za-z0-9_-])00[A-Za-z0-9_-]{40}(?![A-Za-z0-9_-])/g,
    score: 0.8,
    accept: (value) => /[a-z]/.test(value) && /[A-Z]/.test(value) && /[G-Zg-z]/.test(value),
    yes: [`00${alnum(40)}`],
    no: [`00${lower(12)}`, `00${hex(40)}`],
  },
];
