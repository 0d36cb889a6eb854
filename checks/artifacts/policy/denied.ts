import type { Severity } from '../types.ts';
import { DENIED_LIBRARIES } from './denied-libraries.ts';
import { DENIED_PYTHON } from './denied-python.ts';
import type { Capability, Grade } from './grade.ts';

const REASONS: Readonly<Record<Capability, string>> = {
  code: 'can run any Python code',
  process: 'can start programs or act on processes',
  file: 'can read, write or remove files',
  network: 'can talk to other machines',
  deserialisation: 'loads further content that can run code',
  environment: 'changes or reveals the environment of the process',
  import: 'imports modules, which runs their code',
  native: 'reaches native code or raw memory',
  unknown: 'is not known to be harmless',
};

const SEVERITY: Readonly<Record<Capability, Severity>> = {
  code: 'critical',
  process: 'critical',
  file: 'high',
  network: 'high',
  deserialisation: 'high',
  environment: 'high',
  import: 'high',
  native: 'critical',
  unknown: 'medium',
};

function gradeOf(capability: Capability): Grade {
  return Object.freeze({
    allowed: false,
    built: false,
    severity: SEVERITY[capability],
    capability,
    reason: REASONS[capability],
  });
}

const GRADES: ReadonlyMap<string, Grade> = new Map(
  [DENIED_PYTHON, DENIED_LIBRARIES].flatMap((table) =>
    Object.entries(table).flatMap(([capability, names]) => {
      const grade = gradeOf(capability as Capability);
      return names.map((name) => [name, grade] as const);
    }),
  ),
);

/** More parts than any name that is listed. */
const MOST_PARTS = 12;

export interface Denied {
  readonly grade: Grade;
  /** Letters of the listed name. */
  readonly length: number;
}

/**
 * The grade of the longest listed name that `dotted` is or lies under; undefined when there is none. A loader would
 * fail on blanks and odd case, so they are not looked through, but white space around a name is.
 */
export function deniedBy(dotted: string): Denied | undefined {
  const parts = dotted.split('.', MOST_PARTS).map((part) => part.trim());
  for (let length = parts.length; length > 0; length -= 1) {
    const name = parts.slice(0, length).join('.');
    const grade = GRADES.get(name);
    if (grade !== undefined) return { grade, length: name.length };
  }
  return undefined;
}
