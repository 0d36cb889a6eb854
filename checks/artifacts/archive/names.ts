export const ARCHIVE_CHECK = 'artifacts/archive';

/** True for names that lead out of the folder that an archive is unpacked in. */
export function isUnsafePath(name: string): boolean {
  const slashed = name.replaceAll('\\', '/');
  return slashed.startsWith('/') || /^[A-Za-z]:/.test(slashed) || slashed.split('/').includes('..');
}
