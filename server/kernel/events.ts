/**
 * Events between domains inside one server process: a later stage subscribes to an earlier one.
 * Handlers run one after the other; one that throws is reported and does not stop the others.
 */
export interface Events<Map extends object> {
  readonly emit: <Name extends keyof Map>(name: Name, payload: Map[Name]) => void;
  /** Returns the function that ends the subscription. */
  readonly on: <Name extends keyof Map>(name: Name, handler: (payload: Map[Name]) => void) => () => void;
}

export function createEvents<Map extends object>(
  onError: (name: keyof Map, error: unknown) => void,
): Events<Map> {
  const handlers: { [Name in keyof Map]?: Set<(payload: Map[Name]) => void> } = {};
  return Object.freeze({
    emit<Name extends keyof Map>(name: Name, payload: Map[Name]) {
      for (const handler of handlers[name] ?? []) {
        try {
          handler(payload);
        } catch (error) {
          onError(name, error);
        }
      }
    },
    on<Name extends keyof Map>(name: Name, handler: (payload: Map[Name]) => void) {
      const set = handlers[name] ?? new Set();
      handlers[name] = set;
      set.add(handler);
      return () => set.delete(handler);
    },
  });
}
