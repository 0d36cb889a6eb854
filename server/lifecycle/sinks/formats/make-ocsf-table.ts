import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Makes `ocsf-table.json`, the table that the tests hold our events against, from an export of the compiled
 * schema (`https://schema.ocsf.io/export/schema`, version 1.8.0): names, types, what is required, enumerations and
 * constraints of the classes and objects that we write; no descriptions.
 *
 * Usage: node server/lifecycle/sinks/formats/make-ocsf-table.ts <export.json>
 */
const CLASSES = ['api_activity', 'authentication', 'detection_finding'];
const OBJECTS = [
  'actor',
  'ai_model',
  'analytic',
  'api',
  'evidences',
  'finding_info',
  'http_response',
  'message_context',
  'metadata',
  'network_endpoint',
  'product',
  'request',
  'resource_details',
  'response',
  'service',
  'user',
];

interface Attribute {
  readonly type: string;
  readonly object_type?: string;
  readonly is_array?: boolean;
  readonly requirement: string;
  readonly profiles?: readonly string[];
  readonly enum?: Readonly<Record<string, unknown>>;
}
interface Item {
  readonly uid?: number;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: {
    readonly at_least_one?: readonly string[];
    readonly just_one?: readonly string[];
  } | null;
}
interface Export {
  readonly version: string;
  readonly classes: Readonly<Record<string, Item>>;
  readonly objects: Readonly<Record<string, Item>>;
}

function compact({ uid, attributes, constraints }: Item) {
  return {
    ...(uid === undefined ? {} : { uid }),
    ...(constraints?.at_least_one ? { atLeastOne: constraints.at_least_one } : {}),
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, one]) => [
          name,
          {
            type: one.object_type ?? one.type,
            ...(one.is_array ? { array: true } : {}),
            ...(one.requirement === 'required' ? { required: true } : {}),
            ...(one.profiles ? { profiles: one.profiles } : {}),
            ...(one.enum ? { values: Object.keys(one.enum) } : {}),
          },
        ]),
    ),
  };
}

function pick(items: Export['classes'], names: readonly string[]) {
  return Object.fromEntries(
    names.map((name) => {
      const item = items[name];
      if (!item) throw new Error(`the export has no ${name}`);
      return [name, compact(item)];
    }),
  );
}

const [, , path] = process.argv;
if (!path) throw new Error('name the export of the schema');
const given = JSON.parse(readFileSync(path, 'utf8')) as Export;
const table = {
  version: given.version,
  classes: pick(given.classes, CLASSES),
  objects: pick(given.objects, OBJECTS),
};
const lines = JSON.stringify(table).replaceAll('},"', '},\n"');
writeFileSync(new URL('ocsf-table.json', import.meta.url), `${lines}\n`);
