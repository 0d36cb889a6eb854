import type { Author, Segment, SegmentKind } from '@bartizan/checks/text/types.ts';
import type { JsonObject } from '../http/json.ts';
import { isObject } from '../http/json.ts';
import { type Problem, problem } from '../http/problem.ts';

/** A text found in a body, and how to put another in its place. */
export interface Piece extends Segment {
  /** JSON pointer to it in the body. */
  readonly path: string;
  /** Replaces the text in the parsed body. */
  readonly write: (text: string) => void;
  /** True when the text is itself JSON, so what is written into it must keep it parseable. */
  readonly json: boolean;
}

/** A part that a model reads but that is not text: nothing can be said about it. */
export interface Unread {
  readonly path: string;
  /** `media` (image, audio, video) carries text rarely; `document` (PDF, file by reference) carries it usually. */
  readonly kind: 'media' | 'document';
  readonly label: string;
  /** What stood there, for its digest. */
  readonly content: string;
}

/** Everything that a body holds for a model to read. Filled by a format, then frozen by use. */
export interface Gathered {
  readonly pieces: Piece[];
  readonly unread: Unread[];
  /** Names of the tools that the request offers. */
  readonly tools: string[];
  /** Set for answers: whatever is in one, the assistant says it, and rules for the assistant see it. */
  readonly author: Author | null;
  /** The first thing that makes the body unacceptable. */
  problem: Problem | null;
}

export function newGathered(author: Author | null = null): Gathered {
  return { pieces: [], unread: [], tools: [], author, problem: null };
}

/** Who wrote what is being read. */
export interface Voice {
  readonly author: Author;
  readonly kind: SegmentKind;
  readonly label?: string | undefined;
}

export const VOICES = {
  operator: { author: 'operator', kind: 'message' },
  user: { author: 'user', kind: 'message' },
  assistant: { author: 'assistant', kind: 'message' },
  reasoning: { author: 'assistant', kind: 'reasoning' },
  toolCall: { author: 'assistant', kind: 'tool_call' },
  toolResult: { author: 'third_party', kind: 'tool_result' },
  document: { author: 'third_party', kind: 'document' },
  toolDescription: { author: 'operator', kind: 'tool_description' },
  embedding: { author: 'user', kind: 'embedding_input' },
} as const satisfies Record<string, Voice>;

/** The same voice with a tool's or file's name. */
export const labelled = (voice: Voice, label: unknown): Voice =>
  typeof label === 'string' && label !== '' ? { ...voice, label: label.slice(0, 200) } : voice;

type Holder = JsonObject | unknown[];

export function setAt(holder: Holder, key: string | number, value: unknown): void {
  // A plain assignment to `__proto__` would change the prototype instead of the member.
  if (key === '__proto__') {
    Object.defineProperty(holder, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (holder as Record<string | number, unknown>)[key] = value;
  }
}

/** RFC 6901 escaping of one step. */
export function step(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}/${key}`;
  const plain = key.includes('~') || key.includes('/');
  return `${path}/${plain ? key.replaceAll('~', '~0').replaceAll('/', '~1') : key}`;
}

/** More separate texts than this in one body are an attack on whoever must judge and record them. */
export const MOST_PIECES = 20_000;

export function addPiece(
  to: Gathered,
  text: string,
  voice: Voice,
  place: Pick<Piece, 'path' | 'write'> & { json?: boolean },
): void {
  const index = to.pieces.length;
  if (index >= MOST_PIECES) {
    refuse(to, `A body may hold at most ${MOST_PIECES} texts. Join some of them.`, place.path);
    return;
  }
  const piece = {
    index,
    text,
    author: to.author ?? voice.author,
    kind: voice.kind,
    path: place.path,
    write: place.write,
    json: place.json ?? false,
  };
  to.pieces.push(voice.label === undefined ? piece : { ...piece, label: voice.label });
}

/** A place in a body: the member `key` of `holder`, which lies at `path`. */
export interface Place {
  readonly holder: Holder;
  readonly key: string | number;
  readonly path: string;
}

export const at = (holder: Holder, key: string | number, path: string): Place => ({
  holder,
  key,
  path: step(path, key),
});

const valueAt = (place: Place): unknown => (place.holder as Record<string | number, unknown>)[place.key];

const JSON_LIKE = /^\s{0,100}[[{]/;

/** Gathers a string member; anything else that is there is gathered by its leaves. */
export function text(to: Gathered, place: Place, voice: Voice): void {
  const value = valueAt(place);
  if (typeof value === 'string') {
    if (value === '') return;
    const { holder, key } = place;
    addPiece(to, value, voice, {
      path: place.path,
      write: (next) => setAt(holder, key, next),
      json: voice.kind === 'tool_call' && JSON_LIKE.test(value),
    });
    return;
  }
  if (value !== null && value !== undefined) leaves(to, place, voice);
}

const IDENTIFIER = /^[\w.:/+=-]{1,128}$/;

/**
 * A member that should be an identifier (an id, a name, a type). One that does not look like one may carry
 * text for the model, so it is gathered.
 */
export function identifier(to: Gathered, place: Place, voice: Voice): void {
  const value = valueAt(place);
  if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean')
    return;
  if (typeof value === 'string' && IDENTIFIER.test(value)) return;
  text(to, place, voice);
}

const LONGEST_NAME = 24;

/** The name of a speaker, which the model reads: a long one may be a sentence without its spaces. */
export function speakerName(to: Gathered, place: Place, voice: Voice): void {
  const value = valueAt(place);
  if (typeof value === 'string' && value.length > LONGEST_NAME) text(to, place, voice);
  else identifier(to, place, voice);
}

/** A tool's name: an identifier where a client sends it, but written by the model in an answer, so read there. */
export function toolName(to: Gathered, place: Place, voice: Voice): void {
  if (to.author === null) identifier(to, place, voice);
  else text(to, place, voice);
}

/** Every string below a place, object keys that are not identifiers included. */
export function leaves(to: Gathered, place: Place, voice: Voice): void {
  const value = valueAt(place);
  if (typeof value === 'string') {
    text(to, place, voice);
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) leaves(to, at(value, i, place.path), voice);
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      if (!IDENTIFIER.test(key)) keyText(to, value, key, { path: place.path, voice });
      leaves(to, at(value, key, place.path), voice);
    }
  }
}

/** An object key that reads like text. Rewriting it renames the member. */
function keyText(to: Gathered, holder: JsonObject, key: string, where: { path: string; voice: Voice }): void {
  if (key === '') return;
  addPiece(to, key, where.voice, {
    path: `${step(where.path, key)}#key`,
    write: (next) => {
      const value = holder[key];
      delete holder[key];
      setAt(holder, next, value);
    },
  });
}

/**
 * An object that the model reads as JSON (tool arguments, tool definitions): one text, so that every API
 * format shows a guard the same. `hidden` members (credentials) are left out and survive a rewrite.
 */
export function jsonText(
  to: Gathered,
  place: Place,
  voice: Voice,
  hidden: ReadonlySet<string> | null = null,
): void {
  const value = valueAt(place);
  if (typeof value === 'string') {
    text(to, place, voice);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const shown = JSON.stringify(
    value,
    hidden === null ? undefined : (key, member: unknown) => (hidden.has(key) ? undefined : member),
  );
  if (shown === '{}' || shown === '[]') return;
  addPiece(to, shown, voice, {
    path: place.path,
    json: true,
    write: (next) => setAt(place.holder, place.key, parsedOr(next, value, hidden)),
  });
}

function parsedOr(next: string, before: object, hidden: ReadonlySet<string> | null): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(next);
  } catch {
    return { redacted: next };
  }
  if (hidden !== null && isObject(parsed) && isObject(before)) {
    for (const key of hidden) if (Object.hasOwn(before, key)) setAt(parsed, key, before[key]);
  }
  return parsed;
}

export function unread(to: Gathered, place: Place, kind: Unread['kind'], label: string): void {
  const value = valueAt(place);
  if (value === undefined || value === null) return;
  const content = typeof value === 'string' ? value : JSON.stringify(value);
  to.unread.push({ path: place.path, kind, label, content });
}

/** Remembers the first refusal. */
export function refuse(to: Gathered, message: string, param: string | null): void {
  to.problem ??= problem('invalid_request', message, { param });
}

/** A set of member names, written as one string. */
export const names = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/).filter(Boolean));

/** Known members that only steer how a part is treated. */
const STEERING = names('cache_control prompt_cache_breakpoint detail caller is_error');

/**
 * Gathers every member of an object that `known` does not name, as third-party text, and text in those that only
 * steer: nothing is skipped silently.
 */
export function strangers(
  to: Gathered,
  holder: JsonObject,
  path: string,
  known: { readonly has: (key: string) => boolean },
): void {
  for (const key in holder) {
    if (!known.has(key)) stranger(to, holder, key, path);
    else if (STEERING.has(key)) setting(to, at(holder, key, path));
  }
}

/** Gathers one member that the format has no name for. */
export function stranger(to: Gathered, holder: JsonObject, key: string, path: string): void {
  if (!IDENTIFIER.test(key)) keyText(to, holder, key, { path, voice: VOICES.document });
  leaves(to, at(holder, key, path), VOICES.document);
}

/**
 * Gathers what reads like text in members that should only steer a call: some models are shown them (how hard to
 * think, what to keep of a long conversation), and all of them leave the house.
 */
export function settings(
  to: Gathered,
  holder: JsonObject,
  path: string,
  members: { readonly has: (key: string) => boolean },
): void {
  for (const key in holder) {
    const value = holder[key];
    if (typeof value === 'number' || typeof value === 'boolean' || !members.has(key)) continue;
    setting(to, at(holder, key, path));
  }
}

function setting(to: Gathered, place: Place): void {
  const value = valueAt(place);
  if (typeof value !== 'object' || value === null) {
    identifier(to, place, VOICES.document);
    return;
  }
  for (const key of Object.keys(value)) {
    const below = Array.isArray(value)
      ? at(value, Number(key), place.path)
      : at(value as JsonObject, key, place.path);
    setting(to, below);
    if (!IDENTIFIER.test(key))
      keyText(to, value as JsonObject, key, { path: place.path, voice: VOICES.document });
  }
}
