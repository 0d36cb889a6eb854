import { textCheck } from '../catalogue.ts';
import type { Action, Author, Direction } from '../text/types.ts';

/** A policy document that may still be edited; fits `PolicyDocument` of the contracts. */
export interface PolicyDraft {
  mode: 'enforce' | 'shadow';
  rules: {
    id: string;
    check: string;
    enabled: boolean;
    config: Record<string, unknown>;
    directions: Direction[];
    authors: Author[];
    endpoints: string[];
    action: Action;
    threshold: number;
    coaching: string;
  }[];
}

interface DefaultRule {
  readonly id: string;
  readonly check: string;
  readonly action: Action;
  readonly directions: readonly Direction[];
  readonly authors: readonly Author[];
  readonly coaching?: string;
}

const FROM_OUTSIDE: readonly Author[] = ['user', 'third_party'];
const ASSISTANT: readonly Author[] = ['assistant'];
const INPUT: readonly Direction[] = ['input'];
const OUTPUT: readonly Direction[] = ['output'];

const RULES: readonly DefaultRule[] = [
  {
    id: 'injection',
    check: 'text/injection',
    action: 'block',
    directions: INPUT,
    authors: FROM_OUTSIDE,
    coaching:
      'This request contains text that tries to override the assistant’s instructions. Say what you need in your own words, and take out pasted passages that give the assistant orders.',
  },
  {
    id: 'length',
    check: 'text/length',
    action: 'block',
    directions: INPUT,
    authors: FROM_OUTSIDE,
    coaching: 'The request is longer than this endpoint accepts. Send the part that matters, or split it up.',
  },
  {
    id: 'repetition',
    check: 'text/repetition',
    action: 'flag',
    directions: ['input', 'output'],
    authors: ['user', 'third_party', 'assistant'],
  },
  {
    id: 'unicode',
    check: 'text/unicode',
    action: 'redact',
    directions: INPUT,
    authors: FROM_OUTSIDE,
  },
  {
    id: 'secrets-sent',
    check: 'text/secrets',
    action: 'redact',
    directions: INPUT,
    authors: ['user', 'third_party', 'assistant'],
    coaching:
      'A password or key in your text was replaced before it left. Keep secrets in a vault, and replace this one if it was real.',
  },
  {
    id: 'secrets-answered',
    check: 'text/secrets',
    action: 'redact',
    directions: OUTPUT,
    authors: ASSISTANT,
  },
  {
    id: 'personal-data-sent',
    check: 'text/personal-data',
    action: 'redact',
    directions: INPUT,
    authors: ['user', 'third_party', 'assistant'],
    coaching: 'Personal data in your text was replaced by placeholders before it left.',
  },
  {
    id: 'personal-data-answered',
    check: 'text/personal-data',
    action: 'flag',
    directions: OUTPUT,
    authors: ASSISTANT,
  },
  {
    id: 'confidential',
    check: 'text/confidential',
    action: 'flag',
    directions: INPUT,
    authors: FROM_OUTSIDE,
    coaching:
      'Your text carries a confidentiality marking. Share only what the task needs, and ask the document’s owner when in doubt.',
  },
  {
    id: 'source-code',
    check: 'text/source-code',
    action: 'flag',
    directions: INPUT,
    authors: ['user'],
    coaching:
      'You are sharing source code. Leave out what is proprietary, and describe the problem with a small example instead.',
  },
  {
    id: 'prompt-leak',
    check: 'text/prompt-leak',
    action: 'block',
    directions: OUTPUT,
    authors: ASSISTANT,
    coaching:
      'The answer would have given away the assistant’s instructions. Ask about your task rather than about how the assistant is set up.',
  },
  {
    id: 'exfiltration',
    check: 'text/exfiltration',
    action: 'redact',
    directions: OUTPUT,
    authors: ASSISTANT,
  },
  {
    id: 'tool-call',
    check: 'agents/tool-call',
    action: 'block',
    directions: OUTPUT,
    authors: ASSISTANT,
    coaching:
      'The assistant tried to use a tool in a way that is not allowed here. Ask for the step itself, or do it by hand.',
  },
];

/** The policy that new endpoints start with. Each call answers a fresh copy. */
export function defaultPolicy(): PolicyDraft {
  const rules = [];
  for (const rule of RULES) {
    const check = textCheck(rule.check);
    if (check === undefined) continue;
    rules.push({
      id: rule.id,
      check: rule.check,
      enabled: true,
      config: {},
      directions: [...rule.directions],
      authors: [...rule.authors],
      endpoints: [],
      action: rule.action,
      threshold: check.defaults.threshold,
      coaching: rule.coaching ?? '',
    });
  }
  return { mode: 'enforce', rules };
}
