import { z } from 'zod';

/** What was decided about an interaction, weakest first. */
export const VERDICTS = ['allow', 'flag', 'redact', 'block'] as const;
export const Verdict = z.enum(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** The stronger of two verdicts. */
export function strongest(a: Verdict, b: Verdict): Verdict {
  return VERDICTS.indexOf(a) >= VERDICTS.indexOf(b) ? a : b;
}

/**
 * Who wrote a piece of text: the operator (system and developer messages), the user who typed it,
 * a third party (tool results, documents), or the assistant (answers, tool-call arguments).
 */
export const AUTHORS = ['operator', 'user', 'third_party', 'assistant'] as const;
export const Author = z.enum(AUTHORS);
export type Author = z.infer<typeof Author>;

export const DIRECTIONS = ['input', 'output'] as const;
export const Direction = z.enum(DIRECTIONS);
export type Direction = z.infer<typeof Direction>;

/** What a segment is within the conversation. */
export const SEGMENT_KINDS = [
  'message',
  'tool_call',
  'tool_result',
  'document',
  'reasoning',
  'embedding_input',
  'tool_description',
] as const;
export const SegmentKind = z.enum(SEGMENT_KINDS);
export type SegmentKind = z.infer<typeof SegmentKind>;
