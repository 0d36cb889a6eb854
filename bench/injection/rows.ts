import { createReadStream } from 'node:fs';
import type { Origin } from '@bartizan/checks/text/injection/model/manifest.ts';
import { z } from 'zod';

/** Bytes of a line that are read; a longer one is an error. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** Characters that a text may have: what the gateway takes at most. */
export const MAX_TEXT_CHARS = 8 * 1024 * 1024;

/** What a row may say of itself besides, and what figures are broken down by. */
export const FACETS = ['source', 'lang', 'kind', 'obfuscation', 'carrier'] as const;
export type Facet = (typeof FACETS)[number];

/** A labelled text. */
export interface Row {
  readonly text: string;
  /** 1: an attack. */
  readonly label: 0 | 1;
  /** Who wrote it: the user, or somebody whose text the assistant only reads. */
  readonly origin: Origin;
  readonly facets: Readonly<Partial<Record<Facet, string>>>;
  /** Of the attack within the text, in UTF-16 units, where the row says so. */
  readonly payload: { readonly start: number; readonly end: number } | null;
  /** `train`, `dev`; null where the row does not say. */
  readonly split: string | null;
  /** `FILE:LINE`, the line counted from 1. */
  readonly at: string;
}

/** A row that is no labelled text; the message begins with its file and line. */
export class BadRowError extends Error {
  constructor(at: string, why: string, options?: ErrorOptions) {
    super(`${at}: ${why}`, options);
    this.name = 'BadRowError';
  }
}

const Raw = z.looseObject({
  text: z.string().max(MAX_TEXT_CHARS),
  label: z.union([z.literal(0), z.literal(1)]),
  origin: z.enum(['user', 'third_party']).optional(),
});

/** Kinds of text, in corpora that name no origin, that an assistant reads rather than is told. */
const READ_KINDS: ReadonlySet<string> = new Set([
  'indirect_embedded',
  'indirect_payload',
  'benign_document',
  'benign_tool_output',
  'benign_code',
]);

/** How rows without an `origin` are taken: all as a user's, or by their `kind` as in the training corpora. */
export type OriginOf = 'user' | 'kind';

interface Line {
  readonly text: string;
  /** From 1. */
  readonly number: number;
}

/**
 * Lines between line feeds: a text may hold other marks that JavaScript takes for line ends (U+2028). Throws
 * {@link BadRowError} for lines that are too long or not UTF-8.
 */
async function* linesOf(path: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Buffer[] = [];
  let held = 0;
  let number = 0;
  const take = (bytes: Buffer): Line => {
    number += 1;
    try {
      return { text: decoder.decode(bytes), number };
    } catch (cause) {
      throw new BadRowError(`${path}:${number}`, 'not UTF-8', { cause });
    }
  };
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      yield take(Buffer.concat([...rest, chunk.subarray(from, to)]));
      rest = [];
      held = 0;
      from = to + 1;
    }
    if (from === chunk.length) continue;
    rest.push(chunk.subarray(from));
    held += chunk.length - from;
    if (held > MAX_LINE_BYTES) {
      throw new BadRowError(`${path}:${number + 1}`, `a line of more than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (held > 0) yield take(Buffer.concat(rest));
}

const sayable = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The payload's place: given as a range, or as the passage itself. */
function payloadOf(payload: unknown, text: string): Row['payload'] {
  if (sayable(payload)) {
    const start = text.indexOf(payload);
    return start < 0 ? null : { start, end: start + payload.length };
  }
  if (!Array.isArray(payload) || payload.length !== 2) return null;
  const [from, to] = payload as readonly unknown[];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to)) return null;
  // Ranges count code points; texts without any beyond the BMP need no conversion.
  const units = (points: number): number =>
    /[\ud800-\udbff]/.test(text) ? [...text].slice(0, points).join('').length : points;
  const start = units(from as number);
  const end = Math.min(text.length, units(to as number));
  return start >= 0 && start < end ? { start, end } : null;
}

function rowOf({ text: line }: Line, at: string, originOf: OriginOf): Row {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    throw new BadRowError(at, `not JSON (${(cause as Error).message})`, { cause });
  }
  const parsed = Raw.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new BadRowError(at, `${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'not a row'}`);
  }
  const raw = parsed.data;
  const facets: Partial<Record<Facet, string>> = {};
  for (const facet of FACETS) if (sayable(raw[facet])) facets[facet] = raw[facet];
  const byKind = originOf === 'kind' && READ_KINDS.has(facets.kind ?? '') ? 'third_party' : 'user';
  return {
    text: raw.text,
    label: raw.label,
    origin: raw.origin ?? byKind,
    facets,
    payload: payloadOf(raw.payload, raw.text),
    split: sayable(raw.split) ? raw.split : null,
    at,
  };
}

/** The rows of a JSONL file, one at a time; blank lines count as lines. Throws {@link BadRowError} at the first bad one. */
export async function* rowsOf(path: string, originOf: OriginOf = 'user'): AsyncGenerator<Row> {
  for await (const line of linesOf(path)) {
    if (line.text.trim() !== '') yield rowOf(line, `${path}:${line.number}`, originOf);
  }
}
