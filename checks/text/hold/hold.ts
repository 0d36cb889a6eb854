import { stronger } from '../../policy/inspect.ts';
import { redactAnswer } from '../../policy/redact.ts';
import type { Decision, PolicyFinding } from '../../policy/types.ts';
import { URL_LOOKBACK } from '../../policy/url.ts';
import type { Action, Segment, TextContext } from '../types.ts';
import { createJsonState } from './json-state.ts';
import { beforeStraddling, clipped, isActing, sameAs, shifted } from './spans.ts';
import { NARROW_CONTEXT, nextBoundary, splitsPair, WIDE_CONTEXT, WIDE_EVERY, windowStart } from './steps.ts';
import type { Draft, HoldBack, HoldBackOptions, Released, Step } from './types.ts';

/** More held text than this is judged as it stands and released, so that memory stays bounded. */
export const MAX_HELD_CHARS = 65_536;
/** Longest answer that a rule which judges only whole answers can be applied to. */
export const MAX_WHOLE_CHARS = 2 * 1024 * 1024;
/** How far the findings of rules that only record may lag behind. */
const MAX_UNSETTLED_CHARS = 4_096;

/**
 * Holds an answer back while it arrives, and releases it judged, redacted and restored.
 *
 * No character of a span that a redacting or blocking rule ends up finding is released before it was judged:
 * text leaves only up to where every such check says that nothing unfinished begins (`holdFrom`), and never
 * from within a finding. Released text stays as context, so that a match across the seam is seen, and no
 * finding is reported twice. The answer is judged at places that follow from its text alone (see steps.ts):
 * released text, findings and verdict do not depend on how it was cut into chunks.
 *
 * Limits: a stretch held for more than {@link MAX_HELD_CHARS} is judged as if the answer ended there; what is
 * found is redacted or blocks, the rest is released; a find that reaches the end of such a stretch is an error
 * (the channel stops, unless `onGuardError` is `allow`). A rule that judges only whole answers holds everything
 * until `flush`; past {@link MAX_WHOLE_CHARS} it reports an error instead. What shows only over more than
 * 8,192 characters, or only once the text before it was released, is found too late to redact, but still
 * blocks what follows.
 */
export function createHoldBack(options: HoldBackOptions): HoldBack {
  const { policy, endpointId, vault } = options;
  const denies = policy.mode === 'enforce' && options.onGuardError !== 'allow';
  const judged = policy.hasRules('output', endpointId);
  const whole = judged ? policy.judgesWhole(endpointId) : 'no';
  const context: Record<'partial' | 'whole', TextContext> = {
    partial: { ...options.context, partial: true },
    whole: { ...options.context, partial: false },
  };
  const segmentBase: Segment = {
    index: 0,
    kind: 'message',
    ...options.segment,
    author: 'assistant',
    text: '',
  };

  /** Text from absolute position `base` on. */
  let buffer = '';
  let base = 0;
  /** Absolute positions: last place judged at, last wide one, released, and final for each kind of rule. */
  /** Where no rule judges: what went out last. */
  let passed = '';
  let judgedTo = 0;
  let widenedAt = 0;
  let released = 0;
  let cleared = 0;
  let settled = 0;
  /** The answer from its beginning, for rules that judge only whole answers; never cut, so never copied. */
  let kept = '';
  let keepsWhole = whole !== 'no';
  let verdict: Action = 'allow';
  let wouldBe: Action = 'allow';
  let coaching = '';
  let blocked = false;
  let over = false;
  const json = options.json ? createJsonState() : null;
  let busy: Promise<Released> | null = null;
  let reported: PolicyFinding[] = [];
  const errorsSeen = new Set<string>();
  const spentMs = new Map<string, number>();

  function finish(draft: Draft): Released {
    const { text, findings, errors } = draft;
    return { text, findings, verdict, wouldBe, blocked, coaching, errors };
  }

  function fail(errors: Decision['errors'], draft: Draft): void {
    for (const error of errors) {
      const key = `${error.check} ${error.message}`;
      if (errorsSeen.has(key)) continue;
      errorsSeen.add(key);
      draft.errors.push(error);
    }
    if (errors.length > 0 && denies) stop();
  }

  function stop(): void {
    blocked = true;
    stopKeeping();
  }

  function stopKeeping(): void {
    buffer = '';
    kept = '';
    reported = [];
  }

  function restore(text: string, before: string): string {
    if (vault.size() === 0) return text;
    return options.json ? vault.restoreJson(text, before) : vault.restore(text, before);
  }

  /** The step that ends at `boundary`, or null when nothing could come of it yet. */
  function plan(boundary: number): Step | null {
    const wide = boundary - widenedAt >= WIDE_EVERY;
    const keep = Math.min(released, settled) - base;
    const start = base + windowStart(buffer, keep, wide ? WIDE_CONTEXT : NARROW_CONTEXT);
    const window = buffer.slice(start - base, boundary - base);
    const all = policy.holdFrom(window, endpointId, context.partial, 'all');
    const acting =
      all === window.length ? all : policy.holdFrom(window, endpointId, context.partial, 'acting');
    const forceClear = boundary - released > MAX_HELD_CHARS;
    const forceSettle = boundary - settled > MAX_UNSETTLED_CHARS;
    const clearTo = forceClear ? boundary : Math.max(cleared, start + acting);
    const settleTo = forceSettle ? boundary : Math.max(settled, start + all);
    if (clearTo <= released && settleTo <= settled) return null;
    if (wide) widenedAt = boundary;
    const forced = { clear: forceClear, settle: forceSettle };
    return { window, start, boundary, wide, partial: true, clearTo, settleTo, forced, last: false };
  }

  /** The step that ends the channel. */
  function planLast(): Step {
    const boundary = base + buffer.length;
    const keep = Math.min(released, settled) - base;
    const start = keepsWhole ? 0 : base + windowStart(buffer, keep, WIDE_CONTEXT);
    return {
      window: keepsWhole ? kept : buffer.slice(start - base),
      start,
      boundary,
      wide: true,
      partial: start > 0,
      clearTo: boundary,
      settleTo: boundary,
      forced: { clear: true, settle: true },
      last: true,
    };
  }

  function inspect(step: Step): Decision | Promise<Decision> {
    return policy.inspect({
      direction: 'output',
      endpointId,
      segments: [{ ...segmentBase, text: step.window, offset: step.start }],
      context: step.partial ? context.partial : context.whole,
    });
  }

  /** True for a finding that this step settles and no earlier one did. */
  function isNew(finding: PolicyFinding, step: Step, to: { clear: number; settle: number }): boolean {
    const acting = isActing(finding);
    const before = acting ? cleared : settled;
    if (finding.end > (acting ? to.clear : to.settle)) return false;
    if (finding.end > before || (finding.end === 0 && step.start === 0)) {
      // A recorded find that only grew (a loop that goes on) is the same find.
      return acting || !reported.some((known) => sameAs(known, finding));
    }
    // Wholly in settled text: found late for want of context, or an artefact of where the window starts.
    if (!step.wide || (step.start > 0 && finding.start === step.start)) return false;
    return !reported.some((known) => sameAs(known, finding));
  }

  /** Keeps what was reported up to date where a find grew, so that its growth is recognised later too. */
  function extendReported(findings: readonly PolicyFinding[], settleTo: number): void {
    if (reported.length === 0 || findings.length === 0) return;
    reported = reported.map((known) => {
      const grown = findings.find((finding) => finding.end <= settleTo && sameAs(known, finding));
      return grown === undefined || grown.end <= known.end ? known : { ...known, end: grown.end };
    });
  }

  function report(findings: readonly PolicyFinding[], decision: Decision, draft: Draft): boolean {
    for (const finding of findings) {
      draft.findings.push(finding);
      reported.push(finding);
      wouldBe = stronger(finding.action, wouldBe);
      if (!finding.enforced) continue;
      verdict = stronger(finding.action, verdict);
    }
    if (findings.length > 0 && (coaching === '' || verdict === 'block')) coaching = decision.coaching;
    return findings.some((finding) => finding.enforced && finding.action === 'block');
  }

  /** How far text may go out: not into a placeholder, a surrogate pair or, unless forced, a finding. */
  function releaseEnd(acting: readonly PolicyFinding[], step: Step, clear: number): number {
    if (step.last) return clear;
    let to = clear;
    for (;;) {
      const at = vault.restoreHold(buffer.slice(Math.max(0, to - base - 64), to - base));
      const held = Math.max(released, Math.max(base, to - 64) + at);
      const next = step.forced.clear ? held : beforeStraddling(acting, held, released);
      if (next === to) break;
      to = next;
    }
    return splitsPair(buffer, to - base) ? Math.max(released, to - 1) : to;
  }

  function release(to: number, acting: readonly PolicyFinding[], draft: Draft): void {
    if (to <= released) return;
    const text = buffer.slice(released - base, to - base);
    const cuts = clipped(acting, released, to);
    const redacted = redactAnswer(text, json === null ? cuts : json.quoteBare(text, cuts));
    draft.text += restore(
      redacted,
      buffer.slice(Math.max(0, released - base - URL_LOOKBACK), released - base),
    );
    released = to;
  }

  function apply(step: Step, decision: Decision, draft: Draft): void {
    for (const { check, ms } of decision.timings) spentMs.set(check, (spentMs.get(check) ?? 0) + ms);
    fail(decision.errors, draft);
    if (blocked) return;
    const findings = shifted(decision.findings, step.start);
    const acting = findings.filter(isActing);
    if (step.forced.clear && !step.last && acting.some((finding) => finding.end === step.boundary)) {
      // What follows could no longer be recognised as the rest of this find.
      fail(
        [{ check: 'text/hold', message: `found something longer than ${MAX_HELD_CHARS} characters` }],
        draft,
      );
      if (blocked) return;
    }
    const clear = step.forced.clear ? step.clearTo : beforeStraddling(acting, step.clearTo, cleared);
    const settle = step.forced.settle ? step.settleTo : beforeStraddling(findings, step.settleTo, settled);
    const fresh = findings.filter((finding) => isNew(finding, step, { clear, settle }));
    extendReported(findings, settle);
    if (report(fresh, decision, draft)) {
      stop();
      return;
    }
    release(releaseEnd(acting, step, clear), acting, draft);
    cleared = Math.max(cleared, clear);
    settled = Math.max(settled, settle);
    trim();
  }

  function trim(): void {
    const floor = Math.min(released, settled) - WIDE_CONTEXT;
    if (floor - base < WIDE_CONTEXT) return;
    buffer = buffer.slice(floor - base);
    base = floor;
    reported = reported.filter((finding) => finding.end >= base);
  }

  /** Gives up judging the whole of an answer that is too long to keep. */
  function tooLong(draft: Draft): void {
    keepsWhole = false;
    kept = '';
    fail([{ check: 'text/hold', message: `the answer is longer than ${MAX_WHOLE_CHARS} characters` }], draft);
  }

  function advance(draft: Draft, last: boolean): Released | Promise<Released> {
    if (keepsWhole && kept.length > MAX_WHOLE_CHARS) tooLong(draft);
    for (;;) {
      if (blocked || (keepsWhole && whole === 'acting')) break;
      const held = judgedTo - Math.min(released, settled);
      const index = nextBoundary(buffer, judgedTo - base, { position: judgedTo, held });
      if (index < 0) break;
      judgedTo = base + index;
      const step = plan(judgedTo);
      if (step === null) continue;
      const decision = inspect(step);
      if (decision instanceof Promise) {
        return decision.then((later) => {
          apply(step, later, draft);
          return advance(draft, last);
        });
      }
      apply(step, decision, draft);
    }
    return last && !blocked ? conclude(draft) : finish(draft);
  }

  function conclude(draft: Draft): Released | Promise<Released> {
    over = true;
    const step = planLast();
    if (step.boundary === 0 && whole === 'no') return finish(draft);
    const decision = inspect(step);
    const end = (settledDecision: Decision): Released => {
      apply(step, settledDecision, draft);
      stopKeeping();
      return finish(draft);
    };
    return decision instanceof Promise ? decision.then(end) : end(decision);
  }

  /** No rule judges this channel: only placeholders are put back. */
  function pass(draft: Draft, last: boolean): Released {
    const cut = last ? buffer.length : vault.restoreHold(buffer);
    const text = buffer.slice(0, cut);
    draft.text = restore(text, passed);
    passed = (passed + text).slice(-URL_LOOKBACK);
    buffer = buffer.slice(cut);
    return finish(draft);
  }

  function take(delta: string, last: boolean): Released | Promise<Released> {
    const draft: Draft = { text: '', findings: [], errors: [] };
    if (blocked || over) return finish(draft);
    buffer += delta;
    if (keepsWhole) kept += delta;
    return judged ? advance(draft, last) : pass(draft, last);
  }

  function queued(delta: string, last: boolean): Released | Promise<Released> {
    const answer = busy === null ? take(delta, last) : busy.then(() => take(delta, last));
    if (!(answer instanceof Promise)) return answer;
    const settledAnswer: Promise<Released> = answer.finally(() => {
      if (busy === settledAnswer) busy = null;
    });
    busy = settledAnswer;
    return settledAnswer;
  }

  return Object.freeze({
    push: (delta: string) => queued(delta, false),
    flush: () => queued('', true),
    timings: () => [...spentMs].map(([check, ms]) => ({ check, direction: 'output' as const, ms })),
  });
}
