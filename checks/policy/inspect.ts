import { type CheckResult, memoised } from '../define.ts';
import type {
  Action,
  AnyTextCheck,
  Author,
  Direction,
  Segment,
  TextFinding,
  TextInput,
} from '../text/types.ts';
import { withoutExempt } from './exempt.ts';
import type { Decision, InspectInput, PolicyFinding, Rule } from './types.ts';

/** A rule with its check looked up and its config validated. */
export interface BoundRule {
  readonly rule: Rule;
  /** Place in the document. */
  readonly order: number;
  /** Authors as bits. */
  readonly authors: number;
  readonly check: AnyTextCheck | null;
  readonly config: unknown;
  /** Why the rule cannot run; it then reports this as an error on every inspection. */
  readonly problem: string | null;
  /** Undefined: reversible. Null: the kind in brackets. A string: that text. */
  readonly replacement: string | null | undefined;
}

/** What the inspector needs of a compiled policy. */
export interface Judging {
  readonly mode: 'enforce' | 'shadow';
  readonly now: (() => number) | null;
  readonly timeoutMs: number;
  readonly rulesFor: (direction: Direction, endpointId: string | null) => readonly BoundRule[];
  readonly authorBit: (author: Author) => number;
}

/** Most findings kept of one rule that does not redact; its verdict is known long before. */
export const MAX_FINDINGS_PER_RULE = 1_000;

const NONE: readonly never[] = Object.freeze([]);
const RANK: Readonly<Record<Action, number>> = { allow: 0, flag: 1, redact: 2, block: 3 };

/** The decision on text that no rule looks at or finds anything in. */
export const ALLOWED: Decision = Object.freeze({
  verdict: 'allow',
  wouldBe: 'allow',
  findings: NONE,
  coaching: '',
  errors: NONE,
  timings: NONE,
});

/** The stronger of two actions. */
export function stronger(a: Action, b: Action): Action {
  return RANK[a] >= RANK[b] ? a : b;
}

type Answer = CheckResult<TextFinding>;

/** A finding's kind as placeholders name it: `card-number` → `CARD_NUMBER`. */
export function kindLabel(kind: string): string {
  const label = kind
    .slice(0, 36)
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
  return /^[A-Z]/.test(label) ? label : `X_${label}`;
}

function thrown(error: unknown): string {
  // The message could quote the text that was judged; the name cannot.
  return `threw ${error instanceof Error ? error.name : 'a value that is no error'}`;
}

async function within(promise: Promise<Answer>, timeoutMs: number): Promise<Answer | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`gave no answer within ${timeoutMs} ms`), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } catch (error) {
    return thrown(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Views hold the segments of some authors only, so that a segment's index is not its place. */
const placesOf = memoised((segments: readonly Segment[]) => {
  const byIndex = new Map<number, Segment>();
  for (const segment of segments) if (!byIndex.has(segment.index)) byIndex.set(segment.index, segment);
  return byIndex;
});

function locate(segments: readonly Segment[], index: number): Segment | undefined {
  const guess = segments[index];
  return guess?.index === index ? guess : placesOf(segments).get(index);
}

/** Checked and clamped to the text, or null when the check answered something that cannot be. */
function placed(found: TextFinding, segments: readonly Segment[]): Place | null {
  const segment = locate(segments, found.segment);
  if (segment === undefined) return null;
  if (!(found.score >= 0 && found.score <= 1) || !(found.start <= found.end)) return null;
  const start = Math.max(0, Math.floor(found.start));
  const end = Math.min(segment.text.length, Math.ceil(found.end));
  return start <= end ? { segment, start, end } : null;
}

interface Place {
  readonly segment: Segment;
  readonly start: number;
  readonly end: number;
}

/** What an inspection has come to so far. */
interface Ledger {
  readonly mode: 'enforce' | 'shadow';
  readonly direction: Direction;
  readonly findings: PolicyFinding[];
  readonly exempt: PolicyFinding[];
  readonly errors: { check: string; message: string }[];
  readonly timings: { check: string; direction: Direction; ms: number }[];
}

function toFinding(bound: BoundRule, found: TextFinding, place: Place, ledger: Ledger): PolicyFinding {
  const { rule } = bound;
  const finding: PolicyFinding = {
    rule: rule.id,
    check: rule.check,
    action: rule.action,
    direction: ledger.direction,
    segment: place.segment.index,
    author: place.segment.author,
    start: place.start,
    end: place.end,
    score: found.score,
    kind: found.kind,
    message: found.message,
    enforced: ledger.mode === 'enforce',
    ...(found.probability === undefined ? {} : { probability: found.probability }),
  };
  const replacement = found.replacement ?? bound.replacement;
  if (replacement === undefined) return finding;
  return { ...finding, replacement: replacement ?? `[${kindLabel(found.kind)}]` };
}

function enter(ledger: Ledger, bound: BoundRule, input: TextInput, answer: Answer | string): void {
  const { rule } = bound;
  if (typeof answer === 'string') {
    ledger.errors.push({ check: rule.check, message: answer });
    return;
  }
  if (answer.outcome === 'pass' || answer.outcome === 'skipped') return;
  if (answer.outcome !== 'findings') {
    ledger.errors.push({ check: rule.check, message: answer.message ?? 'answered something unknown' });
    return;
  }
  let kept = 0;
  for (const found of answer.findings) {
    const place = placed(found, input.segments);
    if (place === null) {
      ledger.errors.push({ check: rule.check, message: 'reported a finding outside the text' });
      return;
    }
    if (found.score < rule.threshold) continue;
    kept += 1;
    if (kept > MAX_FINDINGS_PER_RULE && (rule.action === 'flag' || rule.action === 'block')) return;
    const finding = toFinding(bound, found, place, ledger);
    (rule.action === 'allow' ? ledger.exempt : ledger.findings).push(finding);
  }
}

function decide(ledger: Ledger, rules: readonly BoundRule[]): Decision {
  const { exempt, errors, timings } = ledger;
  let findings = ledger.findings;
  if (findings.length === 0 && errors.length === 0 && timings.length === 0) return ALLOWED;
  if (exempt.length > 0) findings = withoutExempt(findings, exempt);
  // Array sort is stable: what starts and ends together stays in the order of the rules.
  if (findings.length > 1) {
    findings.sort((a, b) => a.segment - b.segment || a.start - b.start || b.end - a.end);
  }
  let wouldBe: Action = 'allow';
  for (const finding of findings) wouldBe = stronger(finding.action, wouldBe);
  if (ledger.mode === 'shadow') return { verdict: 'allow', wouldBe, findings, coaching: '', errors, timings };
  return {
    verdict: wouldBe,
    wouldBe,
    findings,
    coaching: coachingOf(wouldBe, findings, rules),
    errors,
    timings,
  };
}

function coachingOf(action: Action, findings: readonly PolicyFinding[], rules: readonly BoundRule[]): string {
  if (action === 'allow') return '';
  for (const { rule } of rules) {
    if (rule.coaching === '' || rule.action !== action) continue;
    if (findings.some((finding) => finding.rule === rule.id && finding.action === action))
      return rule.coaching;
  }
  return '';
}

/** The segments of an inspection by the authors that rules ask for; built once per set of authors. */
function createViews(input: InspectInput, judging: Judging): (authors: number) => TextInput | null {
  let present = 0;
  for (const segment of input.segments) present |= judging.authorBit(segment.author);
  let views: Map<number, TextInput> | null = null;
  return (authors) => {
    const mask = authors & present;
    if (mask === 0) return null;
    if (mask === present) return input;
    views ??= new Map();
    let view = views.get(mask);
    if (view === undefined) {
      const segments = input.segments.filter((segment) => (judging.authorBit(segment.author) & mask) !== 0);
      view = { direction: input.direction, segments, context: input.context };
      views.set(mask, view);
    }
    return view;
  };
}

/** Runs one rule; a string says why it could not judge. */
function judge(bound: BoundRule, input: TextInput, signal?: AbortSignal): Answer | string | Promise<Answer> {
  if (bound.check === null || bound.problem !== null) return bound.problem ?? 'cannot run';
  try {
    return bound.check.run(input, bound.config as never, signal);
  } catch (error) {
    return thrown(error);
  }
}

interface Pending {
  readonly bound: BoundRule;
  readonly input: TextInput;
  readonly answer: Answer | string | Promise<Answer>;
  readonly startedMs: number;
  ms: number;
}

async function settle(pending: readonly Pending[], judging: Judging, ledger: Ledger): Promise<void> {
  const answers = await Promise.all(
    pending.map(async (item) => {
      if (!(item.answer instanceof Promise)) return item.answer;
      const answer = await within(item.answer, judging.timeoutMs);
      if (judging.now !== null) item.ms = judging.now() - item.startedMs;
      return answer;
    }),
  );
  for (const [index, item] of pending.entries()) {
    if (judging.now !== null) {
      ledger.timings.push({ check: item.bound.rule.check, direction: ledger.direction, ms: item.ms });
    }
    enter(ledger, item.bound, item.input, answers[index] as Answer | string);
  }
}

/** Inputs of more characters than this, or as many texts as that, are shown to the gates before all others. */
const LONG_CHARS = 100_000;
const MANY_SEGMENTS = 1_000;

function isLong(segments: readonly Segment[]): boolean {
  if (segments.length >= MANY_SEGMENTS) return true;
  let chars = 0;
  for (const segment of segments) chars += segment.text.length;
  return chars > LONG_CHARS;
}

const isGate = ({ rule, check, problem }: BoundRule): boolean =>
  check?.gate === true && rule.action === 'block' && problem === null;

/** The refusal of an input that is too large to look at, when a gate refuses it for good; else null. */
function refusedAtGate(
  input: InspectInput,
  rules: readonly BoundRule[],
  viewOf: (authors: number) => TextInput | null,
  ledger: Ledger,
): Decision | null {
  const gates = rules.filter(isGate);
  if (gates.length === 0 || !isLong(input.segments)) return null;
  for (const bound of gates) {
    if (rules.some(({ rule }) => rule.action === 'allow' && rule.check === bound.rule.check)) continue;
    const view = viewOf(bound.authors);
    const answer = view === null ? null : judge(bound, view);
    if (view === null || answer === null || answer instanceof Promise) continue;
    enter(ledger, bound, view, answer);
    if (ledger.findings.length > 0) return decide(ledger, rules);
    ledger.errors.length = 0;
  }
  return null;
}

/**
 * Judges segments by the rules of their direction, endpoint and authors. Answers at once unless a check answers
 * with a promise; from then on answers are collected and entered in the order of the rules, so that the
 * decision does not depend on which came first. Never throws and never rejects.
 */
export function createInspector(judging: Judging): (input: InspectInput) => Decision | Promise<Decision> {
  const { now } = judging;
  return (input) => {
    const rules = judging.rulesFor(input.direction, input.endpointId);
    if (rules.length === 0) return ALLOWED;
    const viewOf = createViews(input, judging);
    const ledger: Ledger = {
      mode: judging.mode,
      direction: input.direction,
      findings: [],
      exempt: [],
      errors: [],
      timings: [],
    };
    const refused = judging.mode === 'enforce' ? refusedAtGate(input, rules, viewOf, ledger) : null;
    if (refused !== null) return refused;
    let pending: Pending[] | null = null;
    for (const bound of rules) {
      const view = bound.problem === null ? viewOf(bound.authors) : input;
      if (view === null) continue;
      const startedMs = now === null ? 0 : now();
      const answer = judge(bound, view, input.signal);
      const ms = now === null ? 0 : now() - startedMs;
      if (pending !== null || answer instanceof Promise) {
        pending ??= [];
        pending.push({ bound, input: view, answer, startedMs, ms });
        continue;
      }
      if (now !== null) ledger.timings.push({ check: bound.rule.check, direction: input.direction, ms });
      enter(ledger, bound, view, answer);
    }
    if (pending === null) return decide(ledger, rules);
    return settle(pending, judging, ledger).then(() => decide(ledger, rules));
  };
}
