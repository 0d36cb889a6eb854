import { type AnyTextCheck, compilePolicy, createVault, redactSegments } from '@bartizan/checks';
import { GuardFinding, type PolicyDocument, type TryRequest, type TryResult } from '@bartizan/contracts';
import type { z } from 'zod';
import type { EndpointContext } from './ports.ts';

export type Try = z.output<typeof TryRequest>;

/** Judges segments as a gateway would; nothing is recorded. */
export async function tryOut(
  request: Pick<Try, 'segments' | 'direction' | 'endpointId'>,
  document: PolicyDocument,
  checks: readonly AnyTextCheck[],
  endpoint: EndpointContext | undefined,
): Promise<TryResult> {
  const compiled = compilePolicy(document, checks, { now: () => performance.now() });
  const segments = request.segments.map((segment, index) => ({ index, ...segment }));
  const operatorTexts = segments.filter(({ author }) => author === 'operator').map(({ text }) => text);
  const decision = await compiled.inspect({
    direction: request.direction,
    endpointId: request.endpointId ?? null,
    segments,
    context: { operatorTexts, canaries: endpoint?.canaries ?? [], tools: [], partial: false },
  });
  return {
    verdict: decision.verdict,
    wouldBe: decision.wouldBe,
    coaching: decision.coaching,
    findings: decision.findings.map((finding) => GuardFinding.parse(finding)),
    redacted: redactSegments(segments, decision.findings, createVault()),
    timings: decision.timings.map((timing) => ({ ...timing })),
    errors: decision.errors.map((error) => ({ ...error })),
    readings: [],
  };
}
