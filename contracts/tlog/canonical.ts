/**
 * JSON in the one form of RFC 8785: no blanks, members in the order of their names' UTF-16 code units, numbers and
 * strings as ECMAScript writes them. `value` must be what JSON.parse returns, with well-formed strings.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') {
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError('not a JSON value');
    return text;
  }
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const parts = Object.keys(members)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(members[name])}`);
  return `{${parts.join(',')}}`;
}

/** What of an entry is hashed; `at` in ms since the epoch. */
export interface LeafEntry {
  readonly id: string;
  readonly at: number;
  readonly actor: { readonly kind: string; readonly id: string; readonly name: string };
  readonly action: string;
  readonly subject: string;
  /** As JSON.parse returns it. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Of the form; another one would have another number. */
export const LEAF_VERSION = 1;
/** tlog-tiles gives an entry of a bundle 16 bits for its length. */
export const MAX_LEAF_BYTES = 65_535;

/**
 * The exact text of an entry that is hashed as its leaf: canonical JSON of `{"action","actor":{"id","kind",
 * "name"},"at","detail","id","subject","v":1}` in UTF-8. docs/guide/audit.md specifies it.
 */
export function leafText({ id, at, actor, action, subject, detail }: LeafEntry): string {
  const who = `{"id":${JSON.stringify(actor.id)},"kind":${JSON.stringify(actor.kind)},"name":${JSON.stringify(actor.name)}}`;
  return `{"action":${JSON.stringify(action)},"actor":${who},"at":${JSON.stringify(at)},"detail":${canonicalJson(detail)},"id":"${id}","subject":${JSON.stringify(subject)},"v":${LEAF_VERSION}}`;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const NAMES = 'action,actor,at,detail,id,subject,v';

/** Reads the text of a leaf; null when it is not exactly what {@link leafText} writes. */
export function parseLeaf(text: string): LeafEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || Object.keys(value).sort().join() !== NAMES || value.v !== LEAF_VERSION) return null;
  const { id, at, actor, action, subject, detail } = value;
  if (!isText(id) || !isText(action) || !isText(subject) || typeof at !== 'number') return null;
  if (!isObject(actor) || !isObject(detail)) return null;
  if (!isText(actor.id) || !isText(actor.kind) || !isText(actor.name)) return null;
  const entry = {
    id,
    at,
    actor: { kind: actor.kind, id: actor.id, name: actor.name },
    action,
    subject,
    detail,
  };
  return leafText(entry) === text ? entry : null;
}
