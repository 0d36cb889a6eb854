/** Search parameters are plain strings in the URL; pages read them with these. */

export const parseSearch = (search: string): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(search));

export function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') parameters.set(name, value);
    else if (typeof value === 'number') parameters.set(name, String(value));
  }
  // Commas separate values; a URL may show them as they are.
  const text = parameters.toString().replaceAll('%2C', ',');
  return text === '' ? '' : `?${text}`;
}

/** Keeps the named parameters that are strings; everything else in the URL is dropped. */
export function only<const Names extends readonly string[]>(...names: Names) {
  return (search: Record<string, unknown>): { [K in Names[number]]?: string } => {
    const kept: Record<string, string> = {};
    for (const name of names) {
      const value = search[name];
      if (typeof value === 'string' && value !== '') kept[name] = value;
      if (typeof value === 'number') kept[name] = String(value);
    }
    return kept as { [K in Names[number]]?: string };
  };
}

export const listOf = (value: string | undefined): string[] => (value ? value.split(',') : []);
export const joined = (values: readonly string[]): string | undefined =>
  values.length > 0 ? values.join(',') : undefined;
