const MOST_CHARACTERS = 4_000;

/**
 * Text from a file as the database takes it: no NUL, no half of a surrogate pair, bounded. What else is in it is for
 * whoever shows it to make harmless.
 */
export function storable(text: string, most = MOST_CHARACTERS): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.replaceAll('\u0000', '\ufffd').toWellFormed();
}

/** The same for a value of evidence: texts at any depth. */
export function storableValue(value: unknown): unknown {
  if (typeof value === 'string') return storable(value);
  if (Array.isArray(value)) return value.slice(0, 200).map(storableValue);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [storable(name, 200), storableValue(inner)]),
  );
}
