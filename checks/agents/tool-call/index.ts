import { z } from 'zod';
import { resultOf } from '../../define.ts';
import type { Segment, TextContext, TextFinding } from '../../text/types.ts';
import { defineTextCheck } from '../../text/types.ts';
import { DANGERS } from './dangers.ts';
import { findRecipients, isAllowedRecipient } from './recipients.ts';
import { toolCallSamples } from './samples.ts';
import type { StringValue } from './strings.ts';
import { stringValues } from './strings.ts';

const Names = z.array(z.string().min(1).max(200)).max(1000).default([]);

const Config = z.object({
  offeredOnly: z.boolean().default(true).describe('Find calls of tools that the request does not offer'),
  allowedTools: Names.describe(
    'Only these tools may be called; a trailing * stands for any ending. Empty allows all',
  ),
  deniedTools: Names.describe('These tools may never be called; a trailing * stands for any ending'),
  shell: z.boolean().default(true).describe('Find destructive commands and programs run from the network'),
  sql: z.boolean().default(true).describe('Find destructive SQL statements and SQL injection'),
  files: z.boolean().default(true).describe('Find path traversal and files that hold secrets'),
  network: z.boolean().default(true).describe('Find addresses of private networks and cloud metadata'),
  secrets: z.boolean().default(true).describe('Find keys, tokens and planted canaries in the arguments'),
  allowedRecipients: Names.describe('Mail addresses or domains that things may be sent to. Empty allows all'),
});
type Config = z.infer<typeof Config>;

type Found = Omit<TextFinding, 'segment'>;

/** Keys whose shape leaves no doubt; the secrets check knows many more. */
const SECRET =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,255}\b|\bsk-[A-Za-z0-9_-]{32,200}\b|\bxox[abprs]-[A-Za-z0-9-]{20,200}\b|\bbz_[A-Za-z0-9_-]{40,64}\b/;
/** A longer argument is judged in pieces of this many characters. */
const MAX_VALUE = 65_536;
/** Characters that neighbouring pieces share: no pattern matches more. */
const OVERLAP = 2_048;
const MAX_FINDINGS = 100;

function matchesName(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );
}

function judgeName(segment: Segment, config: Config, context: TextContext): Found | null {
  const name = segment.label ?? '';
  const whole = { start: 0, end: segment.text.length };
  if (matchesName(name, config.deniedTools)) {
    return {
      ...whole,
      kind: 'tool-denied',
      score: 0.98,
      message: `The tool "${name}" may not be called here.`,
    };
  }
  if (config.allowedTools.length > 0 && !matchesName(name, config.allowedTools)) {
    return {
      ...whole,
      kind: 'tool-not-allowed',
      score: 0.95,
      message: `The tool "${name}" is not among the allowed tools.`,
    };
  }
  if (config.offeredOnly && context.tools.length > 0 && !context.tools.includes(name)) {
    return {
      ...whole,
      kind: 'tool-not-offered',
      score: 0.9,
      message: `The request offers no tool named "${name}".`,
    };
  }
  return null;
}

/** Offsets in a decoded value are offsets in the text only where nothing was escaped. */
function place(value: StringValue, from: number, to: number): { start: number; end: number } {
  const exact = value.value.length === value.end - value.start;
  return exact
    ? { start: value.start + from, end: value.start + to }
    : { start: value.start, end: value.end };
}

/** A long value in overlapping pieces, so that each is quick to judge and none of it goes unread. */
function piecesOf(text: string): { readonly piece: string; readonly from: number }[] {
  const pieces = [];
  for (let from = 0; from === 0 || from + OVERLAP < text.length; from += MAX_VALUE - OVERLAP) {
    pieces.push({ piece: text.slice(from, from + MAX_VALUE), from });
  }
  return pieces;
}

function judgeValue(value: StringValue, config: Config, context: TextContext): Found[] {
  const text = value.value;
  const pieces = piecesOf(text);
  const found: Found[] = [];
  const first = (pattern: RegExp): { start: number; end: number } | null => {
    for (const { piece, from } of pieces) {
      const match = pattern.exec(piece);
      if (match !== null) return place(value, from + match.index, from + match.index + match[0].length);
    }
    return null;
  };
  for (const { capability, pattern, kind, score, message } of DANGERS) {
    const at = config[capability] ? first(pattern) : null;
    if (at !== null) found.push({ ...at, kind, score, message });
  }
  if (!config.secrets) return found;
  const secret = first(SECRET);
  if (secret !== null) {
    const message = 'An argument holds a key or token.';
    found.push({ ...secret, kind: 'secret-argument', score: 0.9, message });
  }
  for (const canary of context.canaries) {
    const at = canary.length >= 4 ? text.toLowerCase().indexOf(canary.toLowerCase()) : -1;
    if (at < 0) continue;
    const message = 'An argument holds a planted secret of the operator.';
    found.push({ ...place(value, at, at + canary.length), kind: 'canary-argument', score: 0.99, message });
  }
  return found;
}

function judgeRecipients(tool: string, values: readonly StringValue[], config: Config): Found[] {
  if (config.allowedRecipients.length === 0) return [];
  return findRecipients(tool, values)
    .filter(({ address }) => !isAllowedRecipient(address, config.allowedRecipients))
    .map(({ start, end }) => ({
      start,
      end,
      kind: 'recipient-not-allowed',
      score: 0.85,
      message: 'Something would be sent to an address that is not among the allowed recipients.',
    }));
}

function inspect(segment: Segment, config: Config, context: TextContext): Found[] {
  const named = judgeName(segment, config, context);
  // A value that is still arriving may turn out harmless (`DELETE FROM t` … `WHERE`).
  const values = stringValues(segment.text).filter((value) => !context.partial || value.closed);
  const found = named === null ? [] : [named];
  for (const value of values) {
    found.push(...judgeValue(value, config, context));
    if (found.length >= MAX_FINDINGS) break;
  }
  found.push(...judgeRecipients(segment.label ?? '', values, config));
  return found.slice(0, MAX_FINDINGS);
}

/** Judges the tool calls that a model makes: which tool, and what its arguments would do. */
export const toolCallCheck = defineTextCheck({
  id: 'agents/tool-call',
  title: 'Dangerous tool calls',
  description:
    'Judges the tool calls that a model makes: tools that are not offered or not allowed, and arguments that destroy, ' +
    'run downloaded programs, leave their folder, reach private networks, carry secrets or mail strangers.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM03', name: 'Excessive Agency' },
    { framework: 'OWASP-ASI', edition: '2026', id: 'ASI02', name: 'Tool Misuse and Exploitation' },
    { framework: 'OWASP-ASI', edition: '2026', id: 'ASI05', name: 'Unexpected Code Execution' },
  ],
  config: Config,
  samples: toolCallSamples,
  actions: ['allow', 'flag', 'block'],
  directions: ['output'],
  defaults: {
    directions: ['output'],
    authors: ['assistant'],
    action: 'block',
    threshold: 0.6,
    coaching:
      'The assistant tried to use a tool in a way that is not allowed here. Ask for the single step that you need, or do it by hand.',
  },
  // Arguments are JSON objects and are judged whole; running text is none of this check's business.
  streaming: { mode: 'hold', holdFrom: (text) => (/^\s{0,64}[{["]/.test(text) ? 0 : text.length) },
  run: ({ segments, context }, config) => {
    const findings: TextFinding[] = [];
    for (const segment of segments) {
      if (segment.kind !== 'tool_call') continue;
      for (const found of inspect(segment, config, context))
        findings.push({ segment: segment.index, ...found });
    }
    return resultOf(findings);
  },
});
