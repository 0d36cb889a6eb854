import type { CompiledPolicy, Decision, Segment, TextContext } from '@bartizan/checks';
import { type GuardFinding, type PolicyDocument, strongest, type Verdict } from '@bartizan/contracts';
import type { EndpointContext, Recording } from './ports.ts';

/** What a policy makes of a whole recorded interaction. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Rules that led to it, by id. */
  readonly rules: readonly string[];
}

const NO_CONTEXT: EndpointContext = Object.freeze({ canaries: [], onGuardError: 'deny' });

function segmentsOf(recording: Recording, direction: 'input' | 'output'): Segment[] {
  const segments: Segment[] = [];
  for (const segment of recording.segments) {
    if (segment.direction !== direction || segment.text === null) continue;
    segments.push({ index: segment.index, text: segment.text, author: segment.author, kind: segment.kind });
  }
  return segments;
}

const MASKED = /^█+$/;

/** True when the record keeps only a mask where the finding was. */
function isMasked(finding: GuardFinding, { segments }: Recording): boolean {
  const segment = segments.find(
    ({ index, direction }) => index === finding.segment && direction === finding.direction,
  );
  return MASKED.test(segment?.text?.slice(finding.start, finding.end) ?? '');
}

/**
 * Retention `redacted` masks what guards found, so that the same guard finds nothing there again. The recorded
 * findings of a check therefore stand for what a draft's rule with that check would find in masked spans.
 */
function remembered(
  recording: Recording,
  document: PolicyDocument,
  direction: 'input' | 'output',
): { readonly verdict: Verdict; readonly rules: string[] } {
  let verdict: Verdict = 'allow';
  const rules: string[] = [];
  if (recording.retention !== 'redacted' || document.mode === 'shadow') return { verdict, rules };
  const masked = recording.findings.filter((finding) => isMasked(finding, recording));
  for (const rule of document.rules) {
    if (!rule.enabled || !rule.directions.includes(direction)) continue;
    if (rule.endpoints.length > 0 && !rule.endpoints.includes(recording.endpointId ?? '')) continue;
    const matches = (finding: GuardFinding): boolean =>
      finding.check === rule.check &&
      finding.direction === direction &&
      finding.score >= rule.threshold &&
      rule.authors.includes(finding.author);
    if (!masked.some(matches)) continue;
    verdict = strongest(verdict, rule.action);
    if (rule.action !== 'allow') rules.push(rule.id);
  }
  return { verdict, rules };
}

/** True when some text was kept that a policy can judge. */
export function isEvaluable(recording: Recording): boolean {
  return recording.segments.some((segment) => segment.text !== null);
}

/** A guard that could not judge denies, unless the endpoint says otherwise; then it is flagged. */
function withErrors(decision: Decision, mode: 'enforce' | 'shadow', endpoint: EndpointContext): Verdict {
  if (decision.errors.length === 0 || mode === 'shadow') return decision.verdict;
  return strongest(decision.verdict, endpoint.onGuardError === 'deny' ? 'block' : 'flag');
}

/**
 * Judges a recorded interaction as a gateway with this policy would have: the request, and, unless that is
 * blocked, the answer.
 */
export async function judgeRecording(
  recording: Recording,
  policy: { readonly document: PolicyDocument; readonly compiled: CompiledPolicy },
  endpoint: EndpointContext = NO_CONTEXT,
): Promise<Judgement> {
  const operatorTexts = segmentsOf(recording, 'input')
    .filter((segment) => segment.author === 'operator')
    .map((segment) => segment.text);
  const context: TextContext = { operatorTexts, canaries: endpoint.canaries, tools: [], partial: false };
  let verdict: Verdict = 'allow';
  const rules = new Set<string>();
  for (const direction of ['input', 'output'] as const) {
    const segments = segmentsOf(recording, direction);
    const known = remembered(recording, policy.document, direction);
    verdict = strongest(verdict, known.verdict);
    for (const rule of known.rules) rules.add(rule);
    if (segments.length > 0) {
      const decision = await policy.compiled.inspect({
        direction,
        endpointId: recording.endpointId,
        segments,
        context,
      });
      verdict = strongest(verdict, withErrors(decision, policy.document.mode, endpoint));
      for (const finding of decision.findings) rules.add(finding.rule);
    }
    if (verdict === 'block') break;
  }
  return { verdict, rules: [...rules] };
}
