import { ACCESS_LEVELS, type AccessLabel, type AccessLevel, type Principal } from '../types.ts';

const NAMES: Readonly<Record<string, AccessLevel>> = {
  public: 'public',
  open: 'public',
  öffentlich: 'public',
  internal: 'internal',
  intern: 'internal',
  interne: 'internal',
  confidential: 'confidential',
  vertraulich: 'confidential',
  confidentiel: 'confidential',
  restricted: 'restricted',
  secret: 'restricted',
  'strictly confidential': 'restricted',
  'streng vertraulich': 'restricted',
};

const MAX_LABEL_CHARS = 4_000;
const MAX_GROUPS = 100;

const rank = (level: AccessLevel): number => ACCESS_LEVELS.indexOf(level);

/** Whether `level` demands more than `other`. */
export const isStricter = (level: AccessLevel, other: AccessLevel): boolean => rank(level) > rank(other);

/**
 * Reads a label as a column holds it: a level (`public`, `internal`, `confidential`, `restricted`), with groups after a
 * colon where there are some: `internal: hr, legal`. null for what is no such label, or has more than 100 groups: it
 * must not be taken for an open one.
 */
export function parseAccessLabel(text: string | null): AccessLabel | null {
  if (text === null || text.length > MAX_LABEL_CHARS) return null;
  const colon = text.indexOf(':');
  const name = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase();
  const level = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
  if (level === undefined) return null;
  const groups =
    colon < 0
      ? []
      : text
          .slice(colon + 1)
          .split(',')
          .map((group) => group.trim());
  // A colon without a group after it names nobody, rather than everybody.
  if (groups.length > MAX_GROUPS || groups.includes('')) return null;
  return Object.freeze({ level, groups: Object.freeze([...new Set(groups)]) });
}

/**
 * Whether someone may read a document: cleared for its level, and in one of its groups where it has some (`public` ones
 * too). Groups are compared as they are written. Nobody may read what has no readable label.
 */
export function mayRead(label: AccessLabel | null, principal: Principal): boolean {
  if (label === null || isStricter(label.level, principal.clearance)) return false;
  return label.groups.length === 0 || label.groups.some((group) => principal.groups.includes(group));
}
