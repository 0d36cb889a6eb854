import { type AttributePath, attributePath, type Filter, matches, parseFilter } from './filter.ts';
import { invalid } from './problem.ts';

/** A resource: JSON with attribute names in any case. */
export type Resource = Record<string, unknown>;

export const PATCH_SCHEMA = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const MAX_OPERATIONS = 200;
const MAX_VALUES = 10_000;

interface Target {
  readonly attribute: AttributePath;
  /** `emails[type eq "work"]`: which elements. */
  readonly filter: Filter | null;
}

const badPath = (detail: string) => invalid('invalidPath', detail);
export const isRecord = (value: unknown): value is Resource =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The own key of `holder` that is called `name`, whatever its case; `name` itself where there is none. */
function keyOf(holder: Resource, name: string): string {
  return Object.keys(holder).find((key) => key.toLowerCase() === name.toLowerCase()) ?? name;
}

export function read(holder: Resource, name: string): unknown {
  const key = keyOf(holder, name);
  return Object.hasOwn(holder, key) ? holder[key] : undefined;
}

/** `attribute`, `attribute.sub`, `attribute[filter]` and `attribute[filter].sub` (RFC 7644 §3.5.2, figure 7). */
export function parsePath(path: string): Target {
  if (path.length > 1_000) throw badPath('the path is too long');
  const open = path.indexOf('[');
  if (open === -1) return { attribute: attributePath(path, badPath), filter: null };
  const close = path.lastIndexOf(']');
  const rest = path.slice(close + 1);
  if (close < open || (rest !== '' && !rest.startsWith('.'))) throw badPath('the path cannot be read');
  const [name, ...more] = attributePath(path.slice(0, open), badPath);
  if (name === undefined || more.length > 0) throw badPath('only a list can be filtered');
  const sub = rest === '' ? [] : attributePath(rest.slice(1), badPath);
  if (sub.length > 1) throw badPath('the path is too deep');
  return { attribute: [name, ...sub], filter: parseFilter(path.slice(open + 1, close)) };
}

const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

/** What makes two elements of a list the same one: their `value`, else all of them. */
const identityOf = (element: unknown): string =>
  JSON.stringify(isRecord(element) ? (read(element, 'value') ?? element) : element);

/** Adds elements that are not in the list yet; one that is called primary takes that from the others. */
function append(list: unknown[], added: unknown[]): unknown[] {
  const known = new Map(list.map((element) => [identityOf(element), element]));
  for (const element of added) known.set(identityOf(element), element);
  if (known.size > MAX_VALUES) throw invalid('tooMany', `a list has ${MAX_VALUES} elements at most`);
  return [...known.values()];
}

/** An element that a filter asks for and that is not there: `emails[type eq "work"].value` of somebody without. */
function elementFor(filter: Filter): Resource | null {
  if (filter.kind === 'and') {
    const [left, right] = [elementFor(filter.left), elementFor(filter.right)];
    return left && right && { ...left, ...right };
  }
  const [name, ...more] = filter.kind === 'compare' && filter.op === 'eq' ? filter.attribute : [];
  if (name === undefined || more.length > 0 || filter.kind !== 'compare') return null;
  return { [name]: filter.value };
}

function setIn(holder: Resource, name: string, value: unknown, adds: boolean): Resource {
  const key = keyOf(holder, name);
  const before = Object.hasOwn(holder, key) ? holder[key] : undefined;
  if (adds && Array.isArray(before)) return { ...holder, [key]: append(before, listOf(value)) };
  if (isRecord(before) && isRecord(value)) {
    let merged = before;
    for (const [sub, inner] of Object.entries(value)) merged = setIn(merged, sub, inner, adds);
    return { ...holder, [key]: merged };
  }
  return { ...holder, [key]: value };
}

function without(holder: Resource, name: string): Resource {
  const key = keyOf(holder, name);
  const { [key]: _, ...rest } = holder;
  return rest;
}

/** Changes the elements that the filter means; with none, makes one where the filter says how it looks. */
function setElements(
  resource: Resource,
  { attribute, filter }: Target,
  value: unknown,
  adds: boolean,
): Resource {
  const [name = '', sub] = attribute;
  if (filter === null) return resource;
  const list = listOf(read(resource, name));
  const change = (element: unknown): unknown => {
    if (sub !== undefined) return setIn(isRecord(element) ? element : {}, sub, value, adds);
    return isRecord(value) && isRecord(element) ? { ...element, ...value } : value;
  };
  let found = false;
  const changed = list.map((element) => {
    if (!matches(filter, element)) return element;
    found = true;
    return change(element);
  });
  if (!found) {
    const fresh = elementFor(filter);
    if (fresh === null) throw invalid('noTarget', 'nothing fits the path');
    changed.push(change(fresh));
  }
  return { ...resource, [keyOf(resource, name)]: changed };
}

function set(resource: Resource, target: Target, value: unknown, adds: boolean): Resource {
  if (target.filter !== null) return setElements(resource, target, value, adds);
  const [name = '', sub] = target.attribute;
  if (sub === undefined) return setIn(resource, name, value, adds);
  const inner = read(resource, name);
  return { ...resource, [keyOf(resource, name)]: setIn(isRecord(inner) ? inner : {}, sub, value, adds) };
}

/** Entra ID removes members by `value` beside the path, others by a filter in it. */
function remove(resource: Resource, { attribute, filter }: Target, value: unknown): Resource {
  const [name = '', sub] = attribute;
  const current = read(resource, name);
  if (current === undefined) return resource;
  const key = keyOf(resource, name);
  if (filter === null && sub === undefined) {
    if (value === undefined || !Array.isArray(current)) return without(resource, name);
    const gone = new Set(listOf(value).map(identityOf));
    return { ...resource, [key]: current.filter((element) => !gone.has(identityOf(element))) };
  }
  if (filter === null) {
    return isRecord(current) ? { ...resource, [key]: without(current, sub ?? '') } : resource;
  }
  const list = listOf(current);
  if (sub === undefined) return { ...resource, [key]: list.filter((element) => !matches(filter, element)) };
  const cut = list.map((element) =>
    isRecord(element) && matches(filter, element) ? without(element, sub) : element,
  );
  return { ...resource, [key]: cut };
}

/** Without a path the value is an object, whose names may themselves be paths (Entra ID, Okta). */
function setAll(resource: Resource, value: unknown, adds: boolean): Resource {
  if (!isRecord(value)) throw invalid('invalidValue', 'without a path the value must be an object');
  let result = resource;
  for (const [name, inner] of Object.entries(value)) {
    // A schema's own object, e.g. the enterprise extension, whose URN is a name as a whole.
    if (/^urn:/i.test(name) && isRecord(inner)) result = setAll(result, inner, adds);
    else if (name.toLowerCase() !== 'schemas') result = set(result, parsePath(name), inner, adds);
  }
  return result;
}

function applyOne(resource: Resource, operation: unknown): Resource {
  if (!isRecord(operation)) throw invalid('invalidSyntax', 'an operation is an object');
  const op = read(operation, 'op');
  const path = read(operation, 'path');
  const value = read(operation, 'value');
  if (path !== undefined && typeof path !== 'string') throw badPath('a path is a text');
  const verb = typeof op === 'string' ? op.toLowerCase() : '';
  if (verb === 'remove') {
    if (path === undefined || path === '') throw invalid('noTarget', 'say with a path what to remove');
    return remove(resource, parsePath(path), value);
  }
  if (verb !== 'add' && verb !== 'replace') throw invalid('invalidSyntax', 'op is add, replace or remove');
  if (value === undefined) throw invalid('invalidValue', 'the value is missing');
  const adds = verb === 'add';
  return path === undefined || path === ''
    ? setAll(resource, value, adds)
    : set(resource, parsePath(path), value, adds);
}

/**
 * A resource with the operations of a PATCH body applied (RFC 7644 §3.5.2); the one given stays as it is. Takes
 * what Entra ID and Okta send: verbs in any case, dotted names in values, members removed by value. Throws
 * {@link ScimProblem}.
 */
export function applyPatch(resource: Resource, body: Resource): Resource {
  const operations = read(body, 'Operations');
  if (!Array.isArray(operations) || operations.length === 0)
    throw invalid('invalidSyntax', 'a patch has a list called Operations');
  if (operations.length > MAX_OPERATIONS)
    throw invalid('tooMany', `a patch has ${MAX_OPERATIONS} operations at most`);
  return operations.reduce<Resource>(applyOne, resource);
}
