import type { ArtifactFinding, ByteSource, FindingKind } from '../types.ts';
import { disassemble } from './disassemble.ts';
import type { PickleEvent } from './journal.ts';

export const PICKLE_CHECK = 'artifacts/pickle';

function kindOf({ what, capability, kind }: PickleEvent): FindingKind {
  if (kind !== undefined) return kind;
  switch (what) {
    case 'mutation':
    case 'hook':
      return 'executes-on-load';
    case 'call':
      return capability === 'unknown' ? 'unknown-import' : 'executes-on-load';
    case 'import':
      return capability === 'unknown' ? 'unknown-import' : 'imports-on-load';
    case 'persistent':
      return 'note';
    default:
      return 'unknown-import';
  }
}

function messageOf(event: PickleEvent): string {
  const { what, reason } = event;
  switch (what) {
    case 'call':
      return `Loading calls ${event.import}: ${reason}.`;
    case 'import':
      return `Loading imports ${event.import}: ${reason}.`;
    case 'mutation':
      return `Loading changes ${event.import}: ${reason}.`;
    case 'carried':
      return `Carries Python code${reason}.`;
    default:
      return `Loading ${reason}.`;
  }
}

function noteOf({ what, call, import: name, reason }: PickleEvent): string {
  if (what === 'call' && call !== undefined) return `calls ${call}`;
  if (what === 'import' && name !== undefined) return `imports ${name}`;
  if (what === 'carried') return `carries code${reason}`.slice(0, 160);
  return call ?? reason;
}

/** What a reader of the report needs about an event; reads a little of `source` around it. */
export async function findingOf(
  source: ByteSource,
  event: PickleEvent,
): Promise<Omit<ArtifactFinding, 'path'>> {
  return {
    check: PICKLE_CHECK,
    severity: event.severity,
    kind: kindOf(event),
    message: messageOf(event),
    offset: event.at,
    evidence: {
      ...(event.call !== undefined && { call: event.call }),
      ...(event.import !== undefined && { import: event.import }),
      capability: event.capability,
      excerpt: await disassemble(source, event.trail, { marked: event.at, note: noteOf(event) }),
    },
  };
}
