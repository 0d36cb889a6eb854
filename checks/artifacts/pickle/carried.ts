import { dangersOfCode, dangersOfModule, mayReachSystem, touchesSystem } from '../policy/carried-code.ts';
import type { Severity } from '../types.ts';
import type { CarriedCode } from './code.ts';
import type { PickleEvent } from './journal.ts';

/** Account of the code that a stream brings along: what it is, what it shows of harm, and whether loading may run it. */
export interface Carried {
  /** A code object; undefined where it cannot be read. */
  code(read: CarriedCode | undefined, at: number): void;
  /** A module that carried code gets. */
  module(name: string, at: number): void;
  /** A class, when it is made; its parts follow. */
  class(name: string, at: number): void;
  /** What a class has: `isKnown` is false where not all names are. */
  attributes(className: string, names: readonly string[], isKnown: boolean): void;
  /** Loading itself may run carried code. */
  runs(): void;
  /** The events of a stream, with those of its code; calls of what cannot be told may then be calls of that code. */
  amend(events: readonly PickleEvent[]): readonly PickleEvent[];
}

const MOST_DANGERS = 64;
const MOST_CLASSES = 32;
const MOST_METHODS = 24;
const MOST_SHOWN = 240;

/** Special attributes that loading does not come upon, whatever they are. All others count as run by it. */
const IDLE: ReadonlySet<string> = new Set(
  (
    '__init__ __repr__ __str__ __doc__ __module__ __qualname__ __name__ __annotations__ __slotnames__ __slots__ ' +
    '__firstlineno__ __static_attributes__ __parameters__ __orig_bases__ __abstractmethods__ __match_args__ ' +
    '__dataclass_fields__ __dataclass_params__ __weakref__ __dict__ __kwdefaults__ __defaults__ __type_params__'
  ).split(' '),
);

const isSpecial = (name: string): boolean => name.startsWith('__') && name.endsWith('__');

const DANGEROUS: Readonly<Record<string, Severity>> = {
  process: 'critical',
  code: 'critical',
  native: 'critical',
};

/** `trailOf` answers the offsets of the last opcodes. */
export function createCarried(trailOf: () => readonly number[]): Carried {
  const dangers = new Map<string, PickleEvent>();
  const classes = new Map<string, string[]>();
  const loose: string[] = [];
  let first: { readonly at: number; readonly trail: readonly number[] } | undefined;
  let codes = 0;
  let onLoad = false;
  let system = false;
  let latent: PickleEvent | undefined;

  const begin = (at: number): void => {
    first ??= { at, trail: trailOf() };
  };

  const eventOf = (at: number, capability: string, reason: string): PickleEvent => ({
    what: 'carried',
    at,
    trail: trailOf(),
    severity: DANGEROUS[capability] ?? 'high',
    capability,
    reason,
  });

  function danger(at: number, capability: string, reason: string): void {
    if (dangers.has(reason) || dangers.size >= MOST_DANGERS) return;
    dangers.set(reason, eventOf(at, capability, reason));
  }

  function summary(): string {
    const parts = [...classes].map(([name, methods]) =>
      methods.length > 0 ? `class ${name} with ${methods.join(', ')}` : `class ${name}`,
    );
    const known = new Set([...classes.values()].flat());
    const others = loose.filter((name) => !known.has(name) && !name.startsWith('<'));
    if (others.length > 0) parts.push(`function ${[...new Set(others)].join(', ')}`);
    const listed = parts.join('; ');
    const shown = listed.length > MOST_SHOWN ? `${listed.slice(0, MOST_SHOWN)}…` : listed;
    const count = codes === 1 ? '1 function' : `${codes} functions`;
    return shown === '' ? ` (${count})` : `: ${shown} (${count})`;
  }

  return Object.freeze({
    code(read: CarriedCode | undefined, at: number) {
      begin(at);
      codes += 1;
      if (read === undefined) {
        danger(at, 'unknown', ' that cannot be read');
        return;
      }
      if (loose.length < MOST_METHODS) loose.push(read.name.slice(0, 60));
      if (touchesSystem(read.names)) system = true;
      const within = `in ${read.name.slice(0, 60)}`;
      for (const { capability, reason } of dangersOfCode(read))
        danger(at, capability, ` that ${reason} (${within})`);
      for (const what of read.hidden) danger(at, 'code', ` that holds ${what} (${within})`);
      if (latent === undefined && mayReachSystem(read)) {
        const reason = ` that looks up functions of the operating system by a text (${within})`;
        latent = eventOf(at, 'process', reason);
      }
    },
    module(name: string, at: number) {
      begin(at);
      if (touchesSystem([name])) system = true;
      for (const { capability, reason } of dangersOfModule(name))
        danger(at, capability, ` that is given a module and ${reason}`);
    },
    class(name: string, at: number) {
      begin(at);
      if (classes.size < MOST_CLASSES && !classes.has(name)) classes.set(name.slice(0, 60), []);
    },
    attributes(className: string, names: readonly string[], isKnown: boolean) {
      const known = classes.get(className.slice(0, 60));
      for (const name of names) {
        if (known !== undefined && known.length < MOST_METHODS && (name === '__init__' || !isSpecial(name)))
          known.push(name.slice(0, 60));
        if (isSpecial(name) && !IDLE.has(name)) onLoad = true;
      }
      if (!isKnown) onLoad = true;
    },
    runs() {
      onLoad = true;
    },
    amend(events: readonly PickleEvent[]) {
      if (first === undefined) return events;
      const kind = onLoad ? 'executes-on-load' : 'executes-on-use';
      const all = [...dangers.values()];
      if (latent !== undefined && system) all.push(latent);
      const own: PickleEvent = {
        ...first,
        what: 'carried',
        severity: 'medium',
        capability: 'code',
        reason: `${summary()}${onLoad ? ', which loading may run' : ''}`,
        kind,
      };
      const rest = events.map(
        (event): PickleEvent =>
          event.what === 'unresolved'
            ? { ...event, severity: 'high', capability: 'code', kind: 'executes-on-load' }
            : event,
      );
      return [...rest, own, ...all.map((event) => ({ ...event, kind }) as const)];
    },
  });
}
