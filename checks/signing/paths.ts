const LONGEST_BYTES = 4096;
/** Control characters, line and paragraph separators, and marks that turn the reading direction around. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/**
 * Whether a path can name a file of a model: relative, `/` between names, no `.`, `..` or empty names, no backslash,
 * no drive, nothing that a person cannot see.
 */
export function isPlainPath(path: string): boolean {
  if (path === '' || !path.isWellFormed() || Buffer.byteLength(path) > LONGEST_BYTES) return false;
  if (UNSEEN.test(path) || path.includes('\\') || /^[a-z]:/i.test(path)) return false;
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

/** Whether a file lies at one of the ignored paths or below it. */
export const isIgnored = (path: string, ignored: readonly string[]): boolean =>
  ignored.some((one) => path === one || path.startsWith(`${one}/`));

/** Order of the paths' UTF-8 bytes: the order in which our manifests name files. */
export const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Order of model-signing for Python: name by name, so that `a/b` comes before `a.b`. */
export function byNames(a: string, b: string): number {
  const left = a.split('/');
  const right = b.split('/');
  for (const [at, name] of left.entries()) {
    const other = right[at];
    if (other === undefined) return 1;
    const order = byBytes(name, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
