import { invalid } from './problem.ts';

/** A filter of SCIM (RFC 7644 §3.4.2.2) as a tree. Attribute names are in lower case. */
export type Filter =
  | {
      readonly kind: 'compare';
      readonly attribute: AttributePath;
      readonly op: Comparison;
      readonly value: Literal;
    }
  | { readonly kind: 'present'; readonly attribute: AttributePath }
  | { readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter }
  | { readonly kind: 'not'; readonly inner: Filter }
  | { readonly kind: 'each'; readonly attribute: AttributePath; readonly inner: Filter };

export type AttributePath = readonly string[];
export type Literal = string | number | boolean | null;
const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof COMPARISONS)[number];

const MAX_LENGTH = 1_000;
const MAX_DEPTH = 8;
const MAX_TERMS = 20;

const bad = (detail: string) => invalid('invalidFilter', detail);

/** One token: a bracket, a text in quotes (as in JSON), or a word. Anchored and without nesting: linear. */
const TOKEN = /\s*(?:([()[\]])|("(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")|([^\s()[\]"]+))/y;

type Token = { readonly kind: 'bracket' | 'text' | 'word'; readonly text: string };

function tokensOf(filter: string): Token[] {
  if (filter.length > MAX_LENGTH) throw bad(`a filter has ${MAX_LENGTH} characters at most`);
  const tokens: Token[] = [];
  const reader = new RegExp(TOKEN);
  const end = filter.trimEnd().length;
  while (reader.lastIndex < end) {
    const match = reader.exec(filter);
    if (!match) throw bad('the filter cannot be read');
    const [, bracket, text, word] = match;
    if (bracket !== undefined) tokens.push({ kind: 'bracket', text: bracket });
    else if (text !== undefined) tokens.push({ kind: 'text', text });
    else tokens.push({ kind: 'word', text: word ?? '' });
  }
  return tokens;
}

const NAME = /^[a-z][a-z0-9_$-]{0,99}$/;
const URN = /^urn:[a-z0-9:.-]{1,200}:([a-z][a-z0-9_$.-]{0,200})$/;

/** Steps of an attribute's name in lower case, a schema's URN in front left out. Throws for what is no name. */
export function attributePath(text: string, problem = bad): AttributePath {
  const lower = text.toLowerCase();
  // The version of a schema, as in "…:2.0:User:userName", has a dot that separates no steps.
  const name = lower.startsWith('urn:') ? (URN.exec(lower)?.[1] ?? '') : lower;
  const steps = name.split('.');
  if (steps.length > 2 || !steps.every((step) => NAME.test(step)))
    throw problem(`"${text.slice(0, 60)}" is no attribute`);
  return steps;
}

function literalOf({ kind, text }: Token): Literal {
  if (kind === 'text') return JSON.parse(text) as string;
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  if (lower === 'null') return null;
  if (kind === 'word' && /^-?\d{1,15}(?:\.\d{1,10})?$/.test(text)) return Number(text);
  throw bad('a value is a text in double quotes, a number, true, false or null');
}

/** Reads a filter of bounded length, depth and number of terms. Throws `invalidFilter`. */
export function parseFilter(filter: string): Filter {
  const tokens = tokensOf(filter);
  let at = 0;
  let terms = 0;
  const peek = () => tokens[at];
  const isWord = (word: string) => peek()?.kind === 'word' && peek()?.text.toLowerCase() === word;
  const isBracket = (bracket: string) => peek()?.kind === 'bracket' && peek()?.text === bracket;
  const next = (): Token => {
    const token = tokens[at++];
    if (!token) throw bad('the filter ends too early');
    return token;
  };
  const expect = (bracket: string) => {
    if (!isBracket(bracket)) throw bad(`"${bracket}" is missing`);
    at++;
  };

  function anyOf(depth: number): Filter {
    let left = allOf(depth);
    while (isWord('or')) {
      at++;
      left = { kind: 'or', left, right: allOf(depth) };
    }
    return left;
  }
  function allOf(depth: number): Filter {
    let left = term(depth);
    while (isWord('and')) {
      at++;
      left = { kind: 'and', left, right: term(depth) };
    }
    return left;
  }
  function grouped(open: string, close: string, depth: number): Filter {
    expect(open);
    const inner = anyOf(depth + 1);
    expect(close);
    return inner;
  }
  function term(depth: number): Filter {
    if (depth > MAX_DEPTH || ++terms > MAX_TERMS) throw bad('the filter is too complicated');
    if (isBracket('(')) return grouped('(', ')', depth);
    if (isWord('not')) {
      at++;
      return { kind: 'not', inner: grouped('(', ')', depth) };
    }
    const name = next();
    if (name.kind !== 'word') throw bad('an attribute is missing');
    const attribute = attributePath(name.text);
    if (!isBracket('[')) return comparison(attribute);
    const inner = grouped('[', ']', depth);
    const sub = peek();
    if (sub?.kind !== 'word' || !sub.text.startsWith('.')) return { kind: 'each', attribute, inner };
    // `emails[type eq "work"].value eq "…"`, as Entra ID asks: both of the same element.
    at++;
    const right = comparison(attributePath(sub.text.slice(1)));
    return { kind: 'each', attribute, inner: { kind: 'and', left: inner, right } };
  }
  function comparison(attribute: AttributePath): Filter {
    const op = next().text.toLowerCase();
    if (op === 'pr') return { kind: 'present', attribute };
    const known = COMPARISONS.find((each) => each === op);
    if (!known) throw bad(`"${op.slice(0, 20)}" is no operator`);
    return { kind: 'compare', attribute, op: known, value: literalOf(next()) };
  }

  const parsed = anyOf(0);
  if (at < tokens.length) throw bad('the filter goes on after its end');
  return parsed;
}

/** Attributes whose texts are compared by case (RFC 7643 §2.2, `caseExact`). */
const CASE_EXACT = new Set(['id', 'externalid']);

function ownIn(holder: unknown, name: string): unknown {
  if (typeof holder !== 'object' || holder === null) return undefined;
  const key = Object.keys(holder).find((each) => each.toLowerCase() === name);
  return key === undefined ? undefined : (holder as Record<string, unknown>)[key];
}

/** Values at a path; lists are entered, and an element that is an object stands for its `value`. */
function valuesAt(holder: unknown, path: AttributePath): unknown[] {
  let values: unknown[] = [holder];
  for (const step of path) {
    values = values.flatMap((value) => {
      const inner = ownIn(value, step);
      return Array.isArray(inner) ? inner : inner === undefined ? [] : [inner];
    });
  }
  return values;
}

const plain = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? ownIn(value, 'value') : value;

function compare(actual: unknown, op: Comparison, wanted: Literal, exact: boolean): boolean {
  if (op === 'ne') return !compare(actual, 'eq', wanted, exact);
  if (typeof actual === 'string' && typeof wanted === 'string') {
    const [one, other] = exact ? [actual, wanted] : [actual.toLowerCase(), wanted.toLowerCase()];
    switch (op) {
      case 'eq':
        return one === other;
      case 'co':
        return one.includes(other);
      case 'sw':
        return one.startsWith(other);
      case 'ew':
        return one.endsWith(other);
      default:
        return ordered(one < other ? -1 : one > other ? 1 : 0, op);
    }
  }
  if (typeof actual === 'number' && typeof wanted === 'number')
    return op === 'eq' ? actual === wanted : ordered(actual - wanted, op);
  return op === 'eq' && actual === wanted;
}

function ordered(difference: number, op: Comparison): boolean {
  switch (op) {
    case 'gt':
      return difference > 0;
    case 'ge':
      return difference >= 0;
    case 'lt':
      return difference < 0;
    case 'le':
      return difference <= 0;
    default:
      return false;
  }
}

/** Whether a resource, or an element of a list, is one that the filter means. */
export function matches(filter: Filter, resource: unknown): boolean {
  switch (filter.kind) {
    case 'and':
      return matches(filter.left, resource) && matches(filter.right, resource);
    case 'or':
      return matches(filter.left, resource) || matches(filter.right, resource);
    case 'not':
      return !matches(filter.inner, resource);
    case 'each':
      return valuesAt(resource, filter.attribute).some((value) => matches(filter.inner, value));
    case 'present':
      return valuesAt(resource, filter.attribute).some((value) => value !== null && value !== '');
    case 'compare': {
      const exact = CASE_EXACT.has(filter.attribute.join('.'));
      const values = valuesAt(resource, filter.attribute).map(plain);
      if (values.length === 0) return filter.op === 'ne' || (filter.op === 'eq' && filter.value === null);
      return values.some((value) => compare(value, filter.op, filter.value, exact));
    }
  }
}
