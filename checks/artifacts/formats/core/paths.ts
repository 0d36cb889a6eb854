/**
 * Why a path inside a model file leads out of the model's folder, or is read so by some system; null where it does
 * not. Paths should be relative, with slashes.
 */
export function unsafePath(path: string): string | null {
  if (path.includes('\0')) return 'has a NUL in it';
  const slashed = path.replaceAll('\\', '/');
  if (/^[a-zA-Z][a-zA-Z0-9+.-]{1,20}:\/\//.test(path)) return 'is a URL';
  if (/^[a-zA-Z]:/.test(path)) return 'names a drive';
  if (slashed.startsWith('/')) return 'is absolute';
  if (path.startsWith('~') || /\$[{(A-Z]|%[A-Z]+%/.test(path)) return 'is expanded by some readers';
  const folded = slashed
    .normalize('NFKC')
    .replace(/%2e/gi, '.')
    .replace(/%2f|%5c/gi, '/');
  let depth = 0;
  for (const part of folded.split('/')) {
    if (part === '..' || /^\.\.[ .]*$/.test(part)) depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return 'leads out of its folder';
  }
  return folded.split('/').includes('..') ? 'goes up within its folder' : null;
}

/** True for what only looks odd: it stays inside. */
export function isMild(reason: string): boolean {
  return reason.startsWith('goes up');
}
