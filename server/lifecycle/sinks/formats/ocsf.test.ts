import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SinkEvent } from '../event.ts';
import { toLine, toOcsf } from './ocsf.ts';
import { activityOf } from './ocsf-audit.ts';
import { OCSF_VERSION } from './ocsf-frame.ts';
import { anyEvent } from './samples.ts';

interface Attribute {
  readonly type: string;
  readonly array?: boolean;
  readonly required?: boolean;
  readonly profiles?: readonly string[];
  readonly values?: readonly string[];
}
interface Item {
  readonly uid?: number;
  readonly atLeastOne?: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}
const table = JSON.parse(readFileSync(new URL('ocsf-table.json', import.meta.url), 'utf8')) as {
  readonly version: string;
  readonly classes: Readonly<Record<string, Item>>;
  readonly objects: Readonly<Record<string, Item>>;
};

const NUMBERS = new Set(['integer_t', 'long_t', 'timestamp_t', 'port_t', 'float_t']);
const ANYTHING = new Set(['json_t', 'object', 'object_t']);

/** Everything that is wrong with a value of the schema's type. */
function problemsOf(
  path: string,
  value: unknown,
  attribute: Attribute,
  profiles: readonly string[],
): string[] {
  if (attribute.array) {
    if (!Array.isArray(value)) return [`${path} is not a list`];
    return value.flatMap((one, index) =>
      problemsOf(`${path}.${index}`, one, { ...attribute, array: false }, profiles),
    );
  }
  if (attribute.values && !attribute.values.includes(String(value)))
    return [`${path}: ${value} is not a value of it`];
  const item = table.objects[attribute.type];
  if (item) return problemsIn(path, value, item, profiles);
  if (ANYTHING.has(attribute.type)) return [];
  if (NUMBERS.has(attribute.type)) {
    const whole = attribute.type === 'float_t' ? Number.isFinite(value) : Number.isSafeInteger(value);
    return whole ? [] : [`${path} is not a number`];
  }
  if (attribute.type === 'boolean_t')
    return typeof value === 'boolean' ? [] : [`${path} is not true or false`];
  if (!attribute.type.endsWith('_t')) return [`${path}: the table knows no ${attribute.type}`];
  return typeof value === 'string' ? [] : [`${path} is not a text`];
}

function problemsIn(path: string, value: unknown, item: Item, profiles: readonly string[]): string[] {
  if (value === null || typeof value !== 'object') return [`${path} is not an object`];
  const fields = value as Record<string, unknown>;
  const applies = ({ profiles: of }: Attribute): boolean => !of || of.some((name) => profiles.includes(name));
  return [
    ...Object.entries(item.attributes)
      .filter(([name, one]) => one.required && applies(one) && fields[name] === undefined)
      .map(([name]) => `${path}.${name} is missing`),
    ...(item.atLeastOne && !item.atLeastOne.some((name) => fields[name] !== undefined)
      ? [`${path} has none of ${item.atLeastOne.join(', ')}`]
      : []),
    ...Object.entries(fields).flatMap(([name, inner]) => {
      const one = item.attributes[name];
      if (!one) return [`${path}.${name} is not in the schema`];
      if (!applies(one)) return [`${path}.${name} belongs to the profile ${one.profiles}`];
      return problemsOf(`${path}.${name}`, inner, one, profiles);
    }),
  ];
}

function problems(event: SinkEvent): string[] {
  const made = JSON.parse(toLine(toOcsf(event, '1.2.3'))) as Record<string, unknown>;
  const item = Object.values(table.classes).find(({ uid }) => uid === made.class_uid);
  if (!item) return [`no class ${made.class_uid}`];
  const { profiles = [] } = made.metadata as { profiles?: string[] };
  const wrong = problemsIn('event', made, item, profiles);
  const type = Number(made.class_uid) * 100 + Number(made.activity_id);
  return made.type_uid === type ? wrong : [...wrong, `type_uid is ${made.type_uid}, not ${type}`];
}

test('the table is of the version that we say', () => {
  expect(table.version).toBe(OCSF_VERSION);
});

test('the judge finds what is wrong', () => {
  const item = table.classes.api_activity;
  if (!item) throw new Error('no class');
  const found = problemsIn('event', { severity_id: 77, actor: {}, surprise: 1, time: 'now' }, item, []);
  expect(found).toEqual(
    expect.arrayContaining([
      'event.metadata is missing',
      'event.severity_id: 77 is not a value of it',
      'event.surprise is not in the schema',
      'event.time is not a number',
    ]),
  );
  expect(found.some((one) => one.startsWith('event.actor has none of'))).toBe(true);
});

test('every event, whatever its values, keeps to the schema and is one line', () => {
  fc.assert(
    fc.property(anyEvent, (event) => {
      expect(problems(event)).toEqual([]);
      const line = toLine(toOcsf(event, '1.2.3'));
      expect(line).not.toMatch(/[\r\n]/);
      expect(line.isWellFormed()).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ['keys.created', 1],
  ['people.invited', 1],
  ['interactions.raw_read', 2],
  ['interactions.exported', 2],
  ['policies.updated', 3],
  ['people.password-changed', 3],
  ['keys.revoked', 4],
  ['sinks.removed', 4],
  ['sinks.behind', 99],
])('the audit action %s is of kind %i', (action, id) => {
  expect(activityOf(action).id).toBe(id);
});

test('sign-ins are authentications, and failures say so', () => {
  const entry = {
    actorKind: 'person',
    actorId: 'p1',
    actorName: 'Ada',
    subject: 'person:p1',
    detail: { address: '192.0.2.7' },
  };
  const event = (action: string): SinkEvent => ({
    kind: 'audit',
    uid: 'u',
    at: 1,
    subjectId: 'u',
    severity: 'informational',
    entry: { ...entry, action },
  });
  expect(toOcsf(event('people.signed-in'), '1')).toMatchObject({
    class_uid: 3002,
    activity_id: 1,
    status_id: 1,
    user: { name: 'Ada', uid: 'p1' },
    src_endpoint: { ip: '192.0.2.7' },
  });
  expect(toOcsf(event('people.sign-in-failed'), '1')).toMatchObject({ class_uid: 3002, status_id: 2 });
});
