const MAX_DEPTH = 8;
type Schema = Readonly<Record<string, unknown>>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value that fits a JSON Schema of the simple kind that tools have; texts are taken from `text`. */
export function valueFor(schema: Schema, text: string, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0] ?? null;
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (Array.isArray(alternatives) && isSchema(alternatives[0]))
    return valueFor(alternatives[0], text, depth + 1);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'string':
      return stringFor(schema, text);
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 1;
    case 'boolean':
      return true;
    case 'null':
      return null;
    case 'array':
      return isSchema(schema.items) ? [valueFor(schema.items, text, depth + 1)] : [];
    default:
      return objectFor(schema, text, depth);
  }
}

function stringFor(schema: Schema, text: string): string {
  const longest = typeof schema.maxLength === 'number' ? Math.max(0, schema.maxLength) : 200;
  return text.replace(/\s+/g, ' ').trim().slice(0, Math.min(longest, 10_000));
}

function objectFor(schema: Schema, text: string, depth: number): Record<string, unknown> {
  if (!isSchema(schema.properties)) return {};
  const entries = Object.entries(schema.properties).slice(0, 100);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, isSchema(value) ? valueFor(value, text, depth + 1) : null]),
  );
}
