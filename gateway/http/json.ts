import { isUtf8 } from 'node:buffer';
import { type Problem, problem } from './problem.ts';
import { scanJson } from './scan.ts';

/** A JSON object as parsed; values are foreign until checked. */
export type JsonObject = { [key: string]: unknown };

export interface ParsedBody {
  readonly value: JsonObject;
  /** Byte range of the top-level `model` value, quotes included; -1 when there is none. */
  readonly modelStart: number;
  readonly modelEnd: number;
}

export type ParseResult = { readonly ok: true; readonly body: ParsedBody } | ParseFailure;
interface ParseFailure {
  readonly ok: false;
  readonly problem: Problem;
}

/** Deepest nesting that is accepted, objects and arrays together. */
export const MAX_DEPTH = 64;

const failure = (message: string, param: string | null = null): ParseFailure => ({
  ok: false,
  problem: problem('invalid_json', message, { param }),
});

const FAULTS = {
  duplicate: (key: string) =>
    `The key ${JSON.stringify(key)} appears twice in one object of the request body. Send each key once.`,
  depth: (_key: string, maxDepth: number) =>
    `The request body is nested more than ${maxDepth} levels deep. Flatten it.`,
  number: () => 'A number in the request body is too large. Numbers must fit a 64-bit float.',
} as const;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses a request body strictly: valid UTF-8, one JSON object, at most {@link MAX_DEPTH} deep, no key twice
 * in one object (parsers differ in which one they keep, so a guard and a model could read different texts),
 * no number beyond a double's range. Never throws.
 */
export function parseBody(bytes: Buffer, maxDepth = MAX_DEPTH): ParseResult {
  if (bytes.length === 0) return failure('The request has no body. Send a JSON object.');
  if (!isUtf8(bytes)) return failure('The request body is not valid UTF-8. Send JSON encoded as UTF-8.');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', 0, bytes.length));
  } catch (error) {
    return failure(describeSyntaxError(error, bytes));
  }
  if (!isObject(value)) return failure('The request body must be a JSON object.');
  const scan = scanJson(bytes, maxDepth);
  if (scan.fault !== null) return failure(FAULTS[scan.fault](scan.key, maxDepth), scan.key || null);
  return { ok: true, body: { value, modelStart: scan.modelStart, modelEnd: scan.modelEnd } };
}

/** V8's message quotes the input, so only its position is told. */
function describeSyntaxError(error: unknown, bytes: Buffer): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return 'The request body begins with a byte order mark. Send JSON without it.';
  }
  const at = error instanceof Error ? /at position (\d{1,12})/.exec(error.message)?.[1] : undefined;
  if (error instanceof Error && /end of JSON input|Unterminated/.test(error.message)) {
    return 'The request body is not valid JSON: it ends too early. Was it cut off?';
  }
  return `The request body is not valid JSON${at === undefined ? '' : ` (near character ${at})`}.`;
}
