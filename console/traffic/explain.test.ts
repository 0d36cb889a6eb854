import type { InteractionDetail } from '@bartizan/contracts';
import { describe, expect, it } from 'vitest';
import { explain } from './explain.ts';
import { tellingPart } from './playground-state.ts';

type Finding = InteractionDetail['findings'][number];

const finding: Finding = {
  rule: 'injection',
  check: 'text/injection',
  action: 'block',
  direction: 'input',
  segment: 0,
  author: 'user',
  start: 0,
  end: 6,
  score: 0.98,
  kind: 'direct',
  message: 'Tells the assistant to set its instructions aside.',
  enforced: true,
};

const segment = { index: 0, author: 'user', kind: 'message', path: '/x', sha256: '', chars: 6 } as const;

const interaction: InteractionDetail = {
  id: '0192f0c1-7e65-7c2a-9d6e-2f1f6c1b0a01',
  at: 0,
  gatewayId: 'g',
  requestId: 'r',
  endpointId: null,
  endpointSlug: 'demo',
  keyId: null,
  keyName: 'app',
  user: null,
  api: 'messages',
  model: 'demo',
  upstreamModel: null,
  upstreamId: null,
  streamed: false,
  status: 403,
  outcome: 'blocked',
  verdict: 'block',
  wouldBe: 'block',
  policyId: '0192f0c1-7e65-7c2a-9d6e-2f1f6c1b0a02',
  policyVersion: 1,
  snapshotVersion: 's',
  findings: [finding],
  guardErrors: [],
  attempts: [],
  timings: { totalMs: 1, guardMs: 1, upstreamMs: 0, firstTokenMs: null, guards: [] },
  usage: null,
  retention: 'full',
  expiresAt: 0,
  segments: [
    { ...segment, direction: 'input', text: 'Ignore' },
    { ...segment, direction: 'output', author: 'assistant', text: 'Secret' },
  ],
  error: null,
  hasRaw: false,
};
const words = (change: Partial<InteractionDetail>) =>
  explain({ ...interaction, ...change }, () => 'Prompt injection');

describe('explain', () => {
  it('says what stopped a request and where', () => {
    expect(words({})).toBe(
      'The request was blocked before it reached the model. Prompt injection found this in what the user wrote (score 0.98, rule injection): Tells the assistant to set its instructions aside.',
    );
  });

  it('tells an answer that was stopped from a request that was', () => {
    expect(words({ findings: [{ ...finding, direction: 'output', author: 'assistant' }] })).toMatch(
      /^The model answered, but the answer was blocked.*found this in the answer/,
    );
  });

  it('says that a policy in shadow mode let it pass', () => {
    expect(words({ outcome: 'answered', verdict: 'allow' })).toMatch(
      /^It was answered unchanged\. .*shadow mode.*would have been blocked\.$/,
    );
  });

  it('does not call a request clean that nobody looked at, or that a guard could not judge', () => {
    const unguarded: Partial<InteractionDetail> = {
      outcome: 'answered',
      verdict: 'allow',
      wouldBe: 'allow',
      findings: [],
    };
    expect(words({ ...unguarded, policyId: null })).toContain('no policy, so no guard looked at it');
    expect(words({ ...unguarded })).toContain('No guard found anything.');
    const unjudged = words({ ...unguarded, guardErrors: [{ check: 'text/injection', message: 'too slow' }] });
    expect(unjudged).toContain('A guard could not judge it: Prompt injection.');
    expect(unjudged).not.toContain('No guard found anything');
  });

  it('passes on why a request was denied or failed', () => {
    const error = { code: 'rate_limited', message: '60 requests a minute are allowed' };
    expect(words({ outcome: 'denied', verdict: 'allow', wouldBe: 'allow', findings: [], error })).toContain(
      'not admitted: 60 requests a minute are allowed.',
    );
    expect(words({ outcome: 'failed', verdict: 'allow', wouldBe: 'allow', findings: [] })).toContain(
      'failed: status 403.',
    );
  });
});

describe('tellingPart', () => {
  it('is the answer only where the answer decided', () => {
    expect(tellingPart(interaction)).toMatchObject({ direction: 'input', segments: [{ text: 'Ignore' }] });
    const inAnswer = { ...interaction, findings: [{ ...finding, direction: 'output' as const }] };
    expect(tellingPart(inAnswer)).toMatchObject({ direction: 'output', segments: [{ text: 'Secret' }] });
    const notKept = { ...inAnswer, segments: interaction.segments.slice(0, 1) };
    expect(tellingPart(notKept).direction).toBe('input');
  });
});
