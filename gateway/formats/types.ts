import type { ApiFormat } from '@bartizan/contracts';
import type { ErrorDialect } from '../http/errors.ts';
import type { JsonObject } from '../http/json.ts';
import type { UpstreamApi } from '../ports.ts';
import type { Gathered } from './gather.ts';

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What the gateway must know about the guards in force to decide which parts it can let through unread. */
export interface Reading {
  /** Input rules are in force: what cannot be read is not a pass. */
  readonly guardsInput: boolean;
  /** Output rules are in force. */
  readonly guardsOutput: boolean;
}

/**
 * One API format at the rim: how a request and an answer of it turn into segments, and what it calls things.
 * Everything behind it works on segments and cannot tell one API from another.
 */
export interface Format {
  readonly api: ApiFormat;
  readonly family: UpstreamApi;
  readonly dialect: ErrorDialect;
  /** Path below `/v1` at the upstream. */
  readonly path: string;
  /** Whether `stream: true` means something here. */
  readonly streams: boolean;
  /** Gathers all that a model would read. The first thing wrong is left in `problem`. */
  readonly readRequest: (body: JsonObject, to: Gathered, reading: Reading) => void;
  /** Gathers all that a client would read from an answer. */
  readonly readAnswer: (answer: JsonObject, to: Gathered) => void;
  /** The end user that the request names. */
  readonly userOf: (body: JsonObject) => string | null;
  readonly usageOf: (answer: JsonObject) => Usage | null;
  /** Drops members that repeat the text in another form (token log-probabilities) once it was changed. */
  readonly dropEchoes: (answer: JsonObject) => void;
  /** True when the value has the shape of an answer of this API. */
  readonly isAnswer: (answer: JsonObject) => boolean;
}

const LONGEST_USER = 512;

/** A user id as recorded: a non-empty string, cut to what the record holds. */
export const userId = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value.slice(0, LONGEST_USER) : null;

const count = (value: unknown): number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0
    ? Math.min(Math.trunc(value), Number.MAX_SAFE_INTEGER)
    : 0;

/** Adds up token counts that an upstream reported; null when it reported none. */
export function usage(
  usageObject: unknown,
  input: readonly string[],
  output: readonly string[],
): Usage | null {
  if (typeof usageObject !== 'object' || usageObject === null) return null;
  const counts = usageObject as JsonObject;
  let inputTokens = 0;
  let outputTokens = 0;
  for (const name of input) inputTokens += count(counts[name]);
  for (const name of output) outputTokens += count(counts[name]);
  return { inputTokens, outputTokens };
}
