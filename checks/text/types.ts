import type { z } from 'zod';
import type { Check, FrameworkRef, Sample } from '../define.ts';
import { defineCheck } from '../define.ts';

export type Author = 'operator' | 'user' | 'third_party' | 'assistant';
export type Direction = 'input' | 'output';
export type SegmentKind =
  | 'message'
  | 'tool_call'
  | 'tool_result'
  | 'document'
  | 'reasoning'
  | 'embedding_input'
  | 'tool_description';

/** A piece of a conversation with one author. `text` is what a model would read. */
export interface Segment {
  readonly index: number;
  readonly text: string;
  readonly author: Author;
  readonly kind: SegmentKind;
  /** Tool name, file name or similar, where there is one. */
  readonly label?: string;
  /** Characters that came before `text` where a stream shows only a window of the segment; 0 where absent. */
  readonly offset?: number;
}

/** What the text checks see: the segments to judge, and the conversation around them. */
export interface TextInput {
  readonly direction: Direction;
  /** The segments that the rule applies to (already filtered by author). */
  readonly segments: readonly Segment[];
  readonly context: TextContext;
}

export interface TextContext {
  /** Operator text of the request, for leak detection in answers. */
  readonly operatorTexts: readonly string[];
  /** Secret strings whose appearance in an answer is a leak. */
  readonly canaries: readonly string[];
  /** Tool names that the request offers to the model. */
  readonly tools: readonly string[];
  /** Whose texts these are, e.g. an endpoint: what checks share among clients they share evenly. Never judged. */
  readonly client?: string;
  /** What the user wrote in the request: repeating it in an answer is no leak. */
  readonly userTexts?: readonly string[];
  /**
   * True while an answer is still arriving: `segments` hold a window of it, and checks that judge only
   * whole texts (length minimum, schema) must wait.
   */
  readonly partial: boolean;
}

export const EMPTY_CONTEXT: TextContext = Object.freeze({
  operatorTexts: Object.freeze([]),
  canaries: Object.freeze([]),
  tools: Object.freeze([]),
  partial: false,
});

/** A find in a segment: `start`/`end` are UTF-16 offsets into `segments[..].text`, `segment` is its index field. */
export interface TextFinding {
  readonly segment: number;
  readonly start: number;
  readonly end: number;
  /** Probability-like, 0..1. */
  readonly score: number;
  /** Calibrated probability of what was found, 0..1, of checks that have one. */
  readonly probability?: number;
  /** Finer kind, e.g. `card-number`, `buried`; names the placeholder when redacted (`[CARD_NUMBER_1]`). */
  readonly kind: string;
  /** What and why, for a person; never quotes a secret. */
  readonly message: string;
  /** What stands in its place when redacted; a placeholder named after `kind` where absent. Not reversible. */
  readonly replacement?: string;
}

export type Action = 'allow' | 'flag' | 'redact' | 'block';

/**
 * How much of an unfinished answer must be held back. `holdFrom` returns the smallest index i such that
 * text[i..] could still become (part of) a finding as more text arrives; text.length when nothing can.
 * `whole` means the check can only judge the finished text, so everything is held.
 */
export type Streaming<Config> =
  | {
      readonly mode: 'hold';
      readonly holdFrom: (text: string, config: Config, context: TextContext) => number;
    }
  | { readonly mode: 'whole' };

export interface TextCheck<Config = unknown> extends Check<TextInput, Config, TextFinding> {
  readonly subject: 'text';
  /** Actions that make sense; `redact` only where a span can be replaced. */
  readonly actions: readonly Action[];
  readonly directions: readonly Direction[];
  /** What a rule for this check starts with. */
  readonly defaults: {
    readonly directions: readonly Direction[];
    readonly authors: readonly Author[];
    readonly action: Action;
    readonly threshold: number;
    readonly coaching: string;
  };
  readonly streaming: Streaming<Config>;
  /**
   * Looks at sizes only, at next to no cost: when it blocks a long input, no other check is run on it. False where
   * absent.
   */
  readonly gate?: boolean;
  /** How its spans are replaced when redacted; reversible placeholders where absent. */
  readonly redaction?: Redaction;
}

/**
 * `reversible`: the span becomes a placeholder such as `[EMAIL_1]` and comes back in the answer. Otherwise
 * `replacement` stands in for good; an empty one deletes the span, an absent one is the kind (`[EMAIL]`).
 */
export interface Redaction {
  readonly reversible: boolean;
  readonly replacement?: string;
}

/** A check whose configuration type is not known here: every `TextCheck<Config>` is one. */
export type AnyTextCheck = Omit<TextCheck<never>, 'config'> & { readonly config: z.ZodType };

/** Declares a text check with its config type inferred from the schema. */
export function defineTextCheck<Schema extends z.ZodType>(
  check: Omit<TextCheck<z.output<Schema>>, 'config' | 'subject'> & { readonly config: Schema },
): TextCheck<z.output<Schema>> {
  return defineCheck({ ...check, subject: 'text' } as never) as unknown as TextCheck<z.output<Schema>>;
}

export type { FrameworkRef, Sample };

/** A one-segment input, for samples, tests and the command line. */
export function textInput(
  text: string,
  options: Partial<Omit<Segment, 'text'>> & { direction?: Direction; context?: Partial<TextContext> } = {},
): TextInput {
  const { direction = 'input', context, ...segment } = options;
  return {
    direction,
    segments: [
      { index: 0, author: direction === 'input' ? 'user' : 'assistant', kind: 'message', ...segment, text },
    ],
    context: { ...EMPTY_CONTEXT, ...context },
  };
}
