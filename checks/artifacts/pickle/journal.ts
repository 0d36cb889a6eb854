import { isMention } from '../policy/built.ts';
import type { FindingKind, Severity } from '../types.ts';
import type { Carried } from './carried.ts';
import { createCarried } from './carried.ts';
import { isPlainConstruction } from './construct.ts';
import { renderCall } from './render.ts';
import type { Bytes, Imported, Text, Value } from './values.ts';

/** Something that a loader would do or that lies in the stream, with the opcodes that led there. */
export interface PickleEvent {
  readonly what:
    | 'import'
    | 'call'
    | 'unresolved'
    | 'mutation'
    | 'hook'
    | 'extension'
    | 'persistent'
    | 'carried';
  readonly at: number;
  /** Offsets of the opcodes before `at`, in rising order. */
  readonly trail: readonly number[];
  readonly severity: Severity;
  readonly capability: string;
  readonly import?: string;
  readonly call?: string;
  readonly reason: string;
  /** Set where `what` alone does not tell it. */
  readonly kind?: FindingKind;
}

/** Content that may itself be a pickle, code or an encoding of them. */
export interface PayloadCandidate {
  readonly at: number;
  readonly value: Text | Bytes;
  /** Offset and length of the content in the stream; undefined when it was computed. */
  readonly range: { readonly offset: number; readonly length: number } | undefined;
  /** Whether the stream itself hands it to a deserialiser, and whether that one is known to be needed. */
  readonly loaded: 'never' | 'call' | 'known-loader';
}

export interface Journal {
  imported(value: Imported, at: number): void;
  called(callee: Imported, args: Value, at: number): void;
  /** A call that was looked into and came to something harmless: its import alone is then no event. */
  settled(callee: Imported): void;
  note(event: Omit<PickleEvent, 'trail'>): void;
  payload(candidate: PayloadCandidate): void;
  /** Code that the stream brings along. */
  readonly carried: Carried;
  /** Every name that was brought in, dangerous or not, as `module.name`. */
  readonly names: ReadonlySet<string>;
  /** Imports that were never called, then all else, in the order of the stream. */
  events(): readonly PickleEvent[];
  readonly payloads: readonly PayloadCandidate[];
  /** More happened than was kept. */
  readonly overflowed: () => boolean;
}

const MOST_NAMES = 20_000;
const MOST_CALLS_EACH = 8;
const MOST_NOTES = 400;
const MOST_PAYLOADS = 4_096;
/** What is kept of content that can be read again. */
const KEPT_HEAD = 264;

/** Content that lies in the stream need not be kept. */
function lean(candidate: PayloadCandidate): PayloadCandidate {
  const { value, range } = candidate;
  if (range === undefined) return candidate;
  const short =
    value.kind === 'text'
      ? { ...value, text: value.text.slice(0, KEPT_HEAD), whole: false }
      : { ...value, head: value.head.slice(0, KEPT_HEAD) };
  return { ...candidate, value: short };
}

/** `trail` holds the offsets of the last 16 opcodes; `opcodes` counts those so far. */
export function createJournal(trail: Float64Array, opcodes: () => number): Journal {
  const imports = new Map<string, PickleEvent>();
  const calls = new Map<string, number>();
  const notes: PickleEvent[] = [];
  const names = new Set<string>();
  const payloads: PayloadCandidate[] = [];
  const carried = createCarried(recent);
  let overflow = false;

  function recent(): number[] {
    const count = opcodes();
    const offsets: number[] = [];
    for (let index = Math.max(0, count - 10); index < count; index += 1) {
      const offset = trail[index & 15] as number;
      if (offset !== offsets.at(-1)) offsets.push(offset);
    }
    return offsets;
  }

  function note(event: Omit<PickleEvent, 'trail'>): void {
    if (notes.length < MOST_NOTES) notes.push({ ...event, trail: recent() });
    else overflow = true;
  }

  return Object.freeze({
    names,
    payloads,
    carried,
    note,
    imported(value: Imported, at: number) {
      const dotted = `${value.module}.${value.name}`;
      if (names.size < MOST_NAMES) names.add(dotted);
      if (value.grade.allowed || value.grade.built || imports.has(dotted)) return;
      if (imports.size >= MOST_NOTES) {
        overflow = true;
        return;
      }
      const { severity, capability, reason } = value.grade;
      imports.set(dotted, {
        what: 'import',
        at,
        trail: recent(),
        severity,
        capability,
        import: dotted,
        reason,
      });
    },
    called(callee: Imported, args: Value, at: number) {
      if (callee.grade.allowed || isPlainConstruction(callee, args)) return;
      const dotted = `${callee.module}.${callee.name}`;
      const before = calls.get(dotted) ?? 0;
      if (calls.size < MOST_NAMES) calls.set(dotted, before + 1);
      if (before >= MOST_CALLS_EACH) return;
      const { severity, capability, reason } = callee.grade;
      note({
        what: 'call',
        at,
        severity,
        capability,
        import: dotted,
        call: renderCall(callee, args),
        reason,
      });
    },
    settled(callee: Imported) {
      const dotted = `${callee.module}.${callee.name}`;
      if (calls.size < MOST_NAMES && !calls.has(dotted)) calls.set(dotted, 0);
    },
    payload(candidate: PayloadCandidate) {
      if (payloads.length < MOST_PAYLOADS) payloads.push(lean(candidate));
      else overflow = true;
    },
    events() {
      const idle = [...imports.values()].filter(
        ({ import: name = '' }) => !calls.has(name) && !isMention(name),
      );
      return carried.amend([...idle, ...notes]).toSorted((a, b) => a.at - b.at);
    },
    overflowed: () => overflow,
  });
}
