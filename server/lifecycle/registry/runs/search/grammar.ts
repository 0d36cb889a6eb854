import { badFilter, type Token, tokensOf } from './tokens.ts';

export type EntityKind = 'attribute' | 'metric' | 'param' | 'tag' | 'dataset';
export type Operator =
  | '='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL';

export interface Entity {
  readonly kind: EntityKind;
  readonly key: string;
}
export interface Clause extends Entity {
  readonly operator: Operator;
  readonly value: string | number | readonly string[] | null;
}
export interface Order extends Entity {
  readonly ascending: boolean;
}

/** What may be asked of one kind of thing. */
export interface Dialect {
  /** Attribute → what it is compared as. Only these get anywhere near a column. */
  readonly attributes: Readonly<Record<string, 'text' | 'number'>>;
  /** Other names of attributes. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly kinds: readonly EntityKind[];
}

const KINDS: Readonly<Record<string, EntityKind>> = {
  metric: 'metric',
  metrics: 'metric',
  param: 'param',
  params: 'param',
  parameter: 'param',
  parameters: 'param',
  tag: 'tag',
  tags: 'tag',
  attribute: 'attribute',
  attributes: 'attribute',
  attr: 'attribute',
  run: 'attribute',
  dataset: 'dataset',
  datasets: 'dataset',
};
const DATASET_KEYS = ['name', 'digest', 'context'];
const ORDERED = ['=', '!=', '<', '<=', '>', '>='];
const MATCHING = ['=', '!=', 'LIKE', 'ILIKE', 'IN', 'NOT IN'];
const MAX_CLAUSES = 100;
const MAX_LIST = 1_000;

const ownValue = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

interface Reader {
  readonly peek: () => Token | undefined;
  readonly next: () => Token | undefined;
}

function readerOf(tokens: readonly Token[]): Reader {
  let index = 0;
  return { peek: () => tokens[index], next: () => tokens[index++] };
}

const isSign = (token: Token | undefined, text: string): boolean =>
  token?.kind === 'sign' && token.text === text;
const wordOf = (token: Token | undefined): string => (token?.kind === 'name' ? token.text.toUpperCase() : '');
const shown = (token: Token | undefined): string =>
  token === undefined ? 'the end' : token.kind === 'number' ? String(token.value) : `"${token.text}"`;

/** `a`, `a.b.c`, or `` a.`any thing` ``: the first name, and what follows its dot. */
function readPath(reader: Reader): { readonly head: string; readonly rest: string | null } {
  const head = reader.next();
  if (head?.kind !== 'name' && head?.kind !== 'quoted') {
    throw badFilter(`a name is expected, found ${shown(head)}`);
  }
  if (!isSign(reader.peek(), '.')) return { head: head.text, rest: null };
  reader.next();
  const parts: string[] = [];
  for (;;) {
    const part = reader.next();
    if (part?.kind === 'number') parts.push(String(part.value));
    else if (part?.kind === 'name' || part?.kind === 'quoted') parts.push(part.text);
    else throw badFilter(`a name is expected behind the dot, found ${shown(part)}`);
    if (part.kind === 'quoted' || !isSign(reader.peek(), '.'))
      return { head: head.text, rest: parts.join('.') };
    reader.next();
  }
}

function attributeOf(name: string, dialect: Dialect): Entity {
  const key = ownValue(dialect.aliases, name) ?? name;
  if (ownValue(dialect.attributes, key) === undefined) {
    const known = Object.keys(dialect.attributes).join(', ');
    throw badFilter(`there is no attribute "${name}"; there are ${known}`);
  }
  return { kind: 'attribute', key };
}

function readEntity(reader: Reader, dialect: Dialect): Entity {
  const { head, rest } = readPath(reader);
  if (rest === null) return attributeOf(head, dialect);
  const kind = ownValue(KINDS, head.toLowerCase());
  if (kind === undefined || !dialect.kinds.includes(kind)) {
    throw badFilter(`"${head}" is none of ${dialect.kinds.map((one) => `${one}s`).join(', ')}`);
  }
  if (kind === 'attribute') return attributeOf(rest, dialect);
  if (kind === 'dataset' && !DATASET_KEYS.includes(rest)) {
    throw badFilter(`datasets have ${DATASET_KEYS.join(', ')}, not "${rest}"`);
  }
  return { kind, key: rest };
}

function readOperator(reader: Reader): Operator {
  const token = reader.next();
  if (token?.kind === 'sign') {
    const text = token.text === '<>' ? '!=' : token.text === '==' ? '=' : token.text;
    if (ORDERED.includes(text)) return text as Operator;
  }
  const word = wordOf(token);
  if (word === 'LIKE' || word === 'ILIKE' || word === 'IN') return word;
  if (word === 'NOT' && wordOf(reader.next()) === 'IN') return 'NOT IN';
  if (word === 'IS') {
    const next = wordOf(reader.next());
    if (next === 'NULL') return 'IS NULL';
    if (next === 'NOT' && wordOf(reader.next()) === 'NULL') return 'IS NOT NULL';
  }
  throw badFilter(`a comparison is expected, found ${shown(token)}`);
}

function readText(reader: Reader): string {
  const token = reader.next();
  if (token?.kind === 'string' || token?.kind === 'quoted') return token.text;
  throw badFilter(`a value in quotes is expected, found ${shown(token)}`);
}

function readList(reader: Reader): readonly string[] {
  if (!isSign(reader.next(), '(')) throw badFilter('a list in parentheses is expected behind IN');
  const values: string[] = [];
  for (;;) {
    values.push(readText(reader));
    if (values.length > MAX_LIST) throw badFilter(`a list has at most ${MAX_LIST} values`);
    const token = reader.next();
    if (isSign(token, ')')) return values;
    if (!isSign(token, ',')) throw badFilter(`a comma or ) is expected, found ${shown(token)}`);
    if (isSign(reader.peek(), ')')) {
      reader.next();
      return values;
    }
  }
}

const isNumeric = ({ kind, key }: Entity, dialect: Dialect): boolean =>
  kind === 'metric' || (kind === 'attribute' && dialect.attributes[key] === 'number');

function readValue(reader: Reader, operator: Operator, numeric: boolean): Clause['value'] {
  if (operator === 'IN' || operator === 'NOT IN') return readList(reader);
  if (!numeric) return readText(reader);
  const token = reader.next();
  if (token?.kind === 'number' && Number.isFinite(token.value)) return token.value;
  throw badFilter(`a number is expected, found ${shown(token)}`);
}

function readClause(reader: Reader, dialect: Dialect): Clause {
  const entity = readEntity(reader, dialect);
  const operator = readOperator(reader);
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') {
    if (entity.kind === 'tag' || entity.kind === 'param') return { ...entity, operator, value: null };
    throw badFilter(`${operator} is for tags and params`);
  }
  const numeric = isNumeric(entity, dialect);
  if (!(numeric ? ORDERED : MATCHING).includes(operator)) {
    throw badFilter(`${entity.kind} "${entity.key}" cannot be compared by ${operator}`);
  }
  return { ...entity, operator, value: readValue(reader, operator, numeric) };
}

/** Reads a filter of MLflow's; an empty one is no clause. Throws `invalid_input`. */
export function parseFilter(text: string | undefined, dialect: Dialect): readonly Clause[] {
  const tokens = tokensOf(text ?? '');
  if (tokens.length === 0) return [];
  const reader = readerOf(tokens);
  const clauses: Clause[] = [];
  for (;;) {
    clauses.push(readClause(reader, dialect));
    if (clauses.length > MAX_CLAUSES) throw badFilter(`at most ${MAX_CLAUSES} comparisons are taken`);
    const token = reader.next();
    if (token === undefined) return clauses;
    if (wordOf(token) !== 'AND') throw badFilter(`AND is expected, found ${shown(token)}`);
  }
}

/** Reads `metrics.accuracy desc`, `start_time`, `` params.`a b` ASC ``. Throws `invalid_input`. */
export function parseOrder(text: string, dialect: Dialect): Order {
  const reader = readerOf(tokensOf(text));
  const entity = readEntity(reader, dialect);
  const token = reader.next();
  const word = wordOf(token);
  const trailing = reader.next();
  if (trailing !== undefined || (token !== undefined && word !== 'ASC' && word !== 'DESC')) {
    throw badFilter(`an order is a name with ASC or DESC, found ${shown(trailing ?? token)}`);
  }
  return { ...entity, ascending: word !== 'DESC' };
}
