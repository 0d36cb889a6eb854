import { type GuardFinding, SINK_KINDS, VERDICTS } from '@bartizan/contracts';
import fc from 'fast-check';
import { type InteractionFacts, type SinkEvent, severityOfVerdict } from '../event.ts';

/** Texts as somebody hostile would choose them: control characters, separators of every format, lone surrogates. */
export const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '\r',
      '\n',
      '\0',
      '|',
      '=',
      '\\',
      ' ',
      'a',
      '"',
      '<',
      '>',
      '\u2028',
      '\ud800',
      '\x1b',
      '%',
    ),
  }),
  fc.constantFrom(
    'a\r\nCEF:0|x|y|1|2|3|10|',
    '<0>1 - - - - - -\n',
    '127 <0>1',
    'x act=allow',
    '…'.repeat(3000),
  ),
);

const facts: fc.Arbitrary<InteractionFacts> = fc.record({
  id: fc.uuid(),
  at: fc.integer({ min: 0, max: 4e12 }),
  endpointId: fc.option(fc.uuid()),
  endpointSlug: hostile,
  keyId: fc.option(fc.uuid()),
  keyName: hostile,
  user: fc.option(hostile),
  api: fc.constantFrom('chat.completions', 'messages'),
  model: hostile,
  streamed: fc.boolean(),
  status: fc.integer({ min: 100, max: 599 }),
  outcome: fc.constantFrom('answered', 'blocked', 'denied', 'failed', 'cancelled'),
  verdict: fc.constantFrom(...VERDICTS),
  wouldBe: fc.constantFrom(...VERDICTS),
  checks: fc.array(hostile, { maxLength: 3 }),
  totalMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  tokens: fc.option(fc.nat()),
  provider: hostile,
  excerpt: fc.option(hostile),
});

const finding: fc.Arbitrary<GuardFinding> = fc.record({
  rule: hostile,
  check: hostile,
  action: fc.constantFrom(...VERDICTS),
  direction: fc.constantFrom('input', 'output'),
  segment: fc.nat(),
  author: fc.constantFrom('operator', 'user', 'third_party', 'assistant'),
  start: fc.nat(),
  end: fc.nat(),
  score: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: hostile,
  message: hostile,
  enforced: fc.boolean(),
});

const entry = fc.record({
  actorKind: fc.constantFrom('person', 'key', 'gateway', 'scim', 'system', 'something'),
  actorId: fc.oneof(
    fc.uuid(),
    hostile.filter((id) => id !== ''),
  ),
  actorName: hostile,
  action: fc.oneof(
    fc.constantFrom(
      'people.signed-in',
      'keys.created',
      'keys.revoked',
      'policies.updated',
      'interactions.raw_read',
      'people.sign-in-failed',
    ),
    hostile,
  ),
  subject: hostile,
  detail: fc.dictionary(
    fc.constantFrom('a', 'b', 'address'),
    fc.oneof(hostile, fc.nat(), fc.constant('192.0.2.1')),
  ),
});

const alarm = fc.record({
  kind: hostile.filter((kind) => kind !== ''),
  severity: fc.constantFrom('high' as const, 'critical' as const),
  summary: hostile,
  subject: hostile,
});

/** Events of every kind with hostile values in every field that somebody outside can write. */
export const anyEvent: fc.Arbitrary<SinkEvent> = fc
  .record({ kind: fc.constantFrom(...SINK_KINDS), interaction: facts, finding, entry, alarm })
  .map(({ kind, interaction, finding: found, entry: written, alarm: raised }): SinkEvent => {
    const common = { uid: interaction.id, at: interaction.at, subjectId: interaction.id };
    switch (kind) {
      case 'interactions':
        return { ...common, kind, severity: severityOfVerdict(interaction.verdict), interaction };
      case 'findings':
        return { ...common, kind, severity: severityOfVerdict(found.action), interaction, finding: found };
      case 'audit':
        return { ...common, kind, severity: 'informational', entry: written };
      case 'alarms':
        return { ...common, kind, severity: raised.severity, alarm: raised };
    }
  });
