import type { SinkTestResult } from '@bartizan/contracts';
import type { Actor, AuditLog } from '../../audit/index.ts';
import type { Clock } from '../../kernel/clock.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { SinkEvent } from './event.ts';
import type { StoredSink, TargetSecrets } from './model.ts';
import type { Transport } from './transports/transport.ts';
import { render } from './worker.ts';

export interface TrialDeps {
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly version: string;
  readonly transportFor: (settings: StoredSink['settings'], secrets: TargetSecrets) => Transport;
}

/** What an auditor needs to know of where events go; never a secret. */
export function described({
  name,
  settings,
}: Pick<StoredSink, 'name' | 'settings'>): Record<string, unknown> {
  const { target, filter, includeExcerpts } = settings;
  const where =
    target.type === 'file'
      ? target.name
      : target.type === 'syslog'
        ? `${target.protocol}://${target.host}:${target.port}`
        : new URL(target.url).origin;
  return { name, type: target.type, where, kinds: filter.kinds, includeExcerpts };
}

/** Sends one event that is labelled as a test, and says what the receiver made of it. */
export function createTrial({ audit, clock, version, transportFor }: TrialDeps) {
  function testEvent(actor: Actor, sinkId: string): SinkEvent {
    const at = clock.now();
    return {
      kind: 'audit',
      test: true,
      uid: uuidv7(at),
      at,
      subjectId: sinkId,
      severity: 'informational',
      entry: {
        actorKind: actor.kind,
        actorId: actor.id,
        actorName: actor.name,
        action: 'sinks.tested',
        subject: `sink:${sinkId}`,
        detail: { test: true },
      },
    };
  }

  return async function test(
    actor: Actor,
    sink: Pick<StoredSink, 'id' | 'name' | 'settings'>,
    secrets: TargetSecrets,
    signal: AbortSignal,
  ): Promise<SinkTestResult> {
    const transport = transportFor(sink.settings, secrets);
    const started = performance.now();
    try {
      const outcome = await transport.deliver([render(testEvent(actor, sink.id), sink, version)], signal);
      const ok = outcome.kind === 'delivered';
      await audit.record({
        actor,
        action: 'sinks.tested',
        subject: `sink:${sink.id}`,
        detail: { ...described(sink), ok },
      });
      return {
        ok,
        message: ok ? 'the receiver took the test event' : outcome.message,
        status: outcome.status,
        answer: outcome.answer,
        latencyMs: Math.round(performance.now() - started),
      };
    } finally {
      await transport.close();
    }
  };
}
