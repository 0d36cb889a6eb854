import { z } from 'zod';
import { resultOf } from '../../define.ts';
import { defineTextCheck, type Segment, type TextFinding, type TextInput, textInput } from '../types.ts';

const limit = (most: number) => z.number().int().min(0).max(1_000_000_000).default(most);

const Config = z.object({
  maxSegmentChars: limit(400_000).describe('Most characters in one message or tool result; 0 for no limit'),
  maxTotalChars: limit(1_000_000).describe('Most characters in all of them together; 0 for no limit'),
  maxSegments: limit(2_000).describe('Most messages, tool calls and tool results; 0 for no limit'),
  maxTokens: limit(250_000).describe('Most tokens, estimated; 0 for no limit'),
  maxLineChars: limit(200_000).describe('Most characters in one line; 0 for no limit'),
});
type Config = z.output<typeof Config>;

/**
 * Rough number of tokens: four ASCII characters a token, one a token for other scripts' characters. Byte-pair
 * encodings of current models lie within about 30% of this for prose and code.
 */
export function estimateTokens(text: string): number {
  let ascii = 0;
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) < 128) ascii += 1;
  return Math.ceil(ascii / 4 + (text.length - ascii));
}

/** A find from `start` on: to the end of a request's text, one character in an answer that still grows. */
function from(
  segment: Segment,
  start: number,
  input: TextInput,
): { segment: number; start: number; end: number } {
  const end = input.direction === 'output' ? Math.min(start + 1, segment.text.length) : segment.text.length;
  return { segment: segment.index, start, end };
}

function longLine(text: string, most: number): number {
  if (most === 0 || text.length <= most) return -1;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    if (end - start > most) return start + most;
    start = end + 1;
  }
  return -1;
}

function judgeLengths(input: TextInput, config: Config): TextFinding[] {
  const findings: TextFinding[] = [];
  const add = (segment: Segment, start: number, kind: string, message: string) =>
    findings.push({ ...from(segment, start, input), score: 1, kind, message });
  let total = 0;
  for (const segment of input.segments) {
    const before = segment.offset ?? 0;
    const { text } = segment;
    const over = config.maxSegmentChars - before;
    if (config.maxSegmentChars > 0 && over >= 0 && text.length > over) {
      add(segment, over, 'segment-length', `Longer than ${config.maxSegmentChars} characters.`);
    }
    const left = config.maxTotalChars - total - before;
    if (config.maxTotalChars > 0 && left >= 0 && text.length > left) {
      add(
        segment,
        left,
        'total-length',
        `All texts together are longer than ${config.maxTotalChars} characters.`,
      );
    }
    total += before + text.length;
    if (input.context.partial) continue;
    const line = longLine(text, config.maxLineChars);
    if (line >= 0)
      add(segment, line, 'line-length', `A line is longer than ${config.maxLineChars} characters.`);
  }
  return findings;
}

function judgeCounts(input: TextInput, config: Config): TextFinding[] {
  const findings: TextFinding[] = [];
  const first = input.segments[config.maxSegments];
  if (config.maxSegments > 0 && first !== undefined) {
    const message = `${input.segments.length} messages and tool results, more than ${config.maxSegments}.`;
    findings.push({ ...from(first, 0, input), score: 1, kind: 'segment-count', message });
  }
  if (config.maxTokens === 0 || input.context.partial) return findings;
  let chars = 0;
  for (const segment of input.segments) chars += segment.text.length;
  // No text has more tokens by our estimate than characters.
  if (chars <= config.maxTokens) return findings;
  let tokens = 0;
  for (const segment of input.segments) {
    const before = tokens;
    tokens += estimateTokens(segment.text);
    if (before > config.maxTokens || tokens <= config.maxTokens) continue;
    const message = `About ${tokens} tokens or more, over the limit of ${config.maxTokens}.`;
    findings.push({ ...from(segment, 0, input), score: 1, kind: 'token-count', message });
  }
  return findings;
}

/** Denial of service and of wallet by length. */
export const lengthCheck = defineTextCheck({
  id: 'text/length',
  gate: true,
  title: 'Length',
  description:
    'Finds requests and answers that are too long: characters in one text or in all, number of messages, estimated tokens, endless lines.',
  maps: [
    { framework: 'OWASP-LLM', edition: '2026', id: 'LLM06', name: 'Unbounded Consumption' },
    { framework: 'OWASP-LLM', edition: '2025', id: 'LLM10', name: 'Unbounded Consumption' },
    { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0029', name: 'Denial of AI Service' },
  ],
  config: Config,
  actions: ['flag', 'block'],
  directions: ['input', 'output'],
  defaults: {
    directions: ['input'],
    authors: ['user', 'third_party', 'assistant'],
    action: 'block',
    threshold: 0.5,
    coaching: 'The request is longer than this endpoint accepts. Send the part that matters, or split it up.',
  },
  streaming: { mode: 'hold', holdFrom: (text) => text.length },
  samples: [
    { title: 'an ordinary question', input: textInput('How do I reset my password?'), found: false },
    {
      title: 'one text too long',
      input: textInput('word '.repeat(30)),
      config: { maxSegmentChars: 100 },
      found: true,
    },
    {
      title: 'exactly at the limit',
      input: textInput('x'.repeat(100)),
      config: { maxSegmentChars: 100 },
      found: false,
    },
    {
      title: 'several texts together too long',
      input: {
        ...textInput(''),
        segments: ['a', 'b', 'c'].map((letter, index) => ({
          index,
          author: 'user',
          kind: 'message',
          text: letter.repeat(50),
        })),
      },
      config: { maxTotalChars: 120 },
      found: true,
    },
    {
      title: 'too many texts',
      input: {
        ...textInput(''),
        segments: [0, 1, 2].map((index) => ({ index, author: 'user', kind: 'message', text: 'hi' })),
      },
      config: { maxSegments: 2 },
      found: true,
    },
    {
      title: 'too many tokens',
      input: textInput('你好世界'.repeat(10)),
      config: { maxTokens: 20 },
      found: true,
    },
    {
      title: 'as many letters, fewer tokens',
      input: textInput('four'.repeat(10)),
      config: { maxTokens: 20 },
      found: false,
    },
    {
      title: 'an endless line',
      input: textInput(`a\n${'x'.repeat(99)}`),
      config: { maxLineChars: 50 },
      found: true,
    },
    {
      title: 'as much in short lines',
      input: textInput('xxxx\n'.repeat(20)),
      config: { maxLineChars: 50 },
      found: false,
    },
    {
      title: 'limits switched off',
      input: textInput('x'.repeat(500)),
      config: { maxSegmentChars: 0, maxTotalChars: 0, maxSegments: 0, maxTokens: 0, maxLineChars: 0 },
      found: false,
    },
  ],
  run: (input, config) => resultOf([...judgeLengths(input, config), ...judgeCounts(input, config)]),
});
