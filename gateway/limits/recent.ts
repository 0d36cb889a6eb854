/**
 * A map that keeps at most `capacity` entries and at least the `capacity / 2` used last. Two generations
 * instead of one ordered map: taking the oldest key out of a JavaScript Map costs time in proportion to the
 * keys deleted before it, which an attacker who names ever new users would make us pay.
 */
export interface Recent<Value> {
  /** Finds an entry and counts as a use of it. */
  readonly get: (key: string) => Value | undefined;
  readonly set: (key: string, value: Value) => void;
  readonly size: () => number;
  readonly entries: () => Iterable<[string, Value]>;
}

export function createRecent<Value>(capacity: number): Recent<Value> {
  const half = Math.max(1, Math.floor(capacity / 2));
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();

  function set(key: string, value: Value): void {
    if (young.size >= half && !young.has(key)) {
      old = young;
      young = new Map();
    }
    young.set(key, value);
  }

  function get(key: string): Value | undefined {
    const found = young.get(key);
    if (found !== undefined) return found;
    const aged = old.get(key);
    if (aged === undefined) return undefined;
    old.delete(key);
    set(key, aged);
    return aged;
  }

  return Object.freeze({
    get,
    set,
    size: () => young.size + old.size,
    entries: () => [...old, ...young],
  });
}
