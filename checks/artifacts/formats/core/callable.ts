import { gradeImport } from '../../policy/grade.ts';

/** What a dotted Python name gives to whoever can have it called. */
export interface NameJudgement {
  readonly is: 'harmless' | 'unknown' | 'dangerous';
  /** For dangerous ones: `code`, `process`, `file`, `network`, `deserialisation`, … */
  readonly capability?: string;
}

/** Harmless when a configuration has them called with values of its own, unlike when a pickle does. */
const HARMLESS_HERE = new Set(['torch.utils.data.DataLoader', 'io.BytesIO', 'io.StringIO']);
/** The pickle machine looks into what these are given; a configuration hands them anything. */
const DANGEROUS_HERE: Readonly<Record<string, string>> = Object.freeze({
  'torch.storage._load_from_bytes': 'deserialisation',
  'hydra.utils.instantiate': 'code',
  'hydra.utils.call': 'code',
});
/** A package's own imports give access to everything: `package.module.os.system`. */
const INNER_MODULES: Readonly<Record<string, string>> = Object.freeze({
  os: 'process',
  sys: 'code',
  subprocess: 'process',
  posix: 'process',
  builtins: 'code',
  importlib: 'code',
  pickle: 'deserialisation',
  shutil: 'file',
  socket: 'network',
  ctypes: 'code',
});

/**
 * Judges a dotted name by the import policy; what that does not know is harmless only inside the packages of `known`.
 * Names are read as Python reads them (NFKC), `module:name` too.
 */
export function judgeName(name: string, known: readonly string[] = []): NameJudgement {
  const clean = name.normalize('NFKC').trim().replaceAll(':', '.');
  if (HARMLESS_HERE.has(clean)) return { is: 'harmless' };
  if (Object.hasOwn(DANGEROUS_HERE, clean)) {
    return { is: 'dangerous', capability: DANGEROUS_HERE[clean] as string };
  }
  const parts = clean.split('.');
  const inner = parts.slice(1, -1).find((part) => Object.hasOwn(INNER_MODULES, part));
  if (inner !== undefined) return { is: 'dangerous', capability: INNER_MODULES[inner] as string };
  // Where the module ends and an attribute begins is for the importer to find out: the worst reading counts.
  for (let split = parts.length - 1; split >= 1; split -= 1) {
    const grade = gradeImport(parts.slice(0, split).join('.'), parts.slice(split).join('.'));
    if (grade.allowed) return { is: 'harmless' };
    if (grade.severity === 'critical' || grade.severity === 'high') {
      return { is: 'dangerous', capability: grade.capability };
    }
  }
  if (parts.length === 1 && gradeImport(clean, '*').severity === 'critical') {
    return { is: 'dangerous', capability: 'code' };
  }
  const isKnown = known.some((prefix) => clean === prefix || clean.startsWith(`${prefix}.`));
  return { is: isKnown ? 'harmless' : 'unknown' };
}
