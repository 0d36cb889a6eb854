import type { AnyTextCheck } from './text/types.ts';

/** Every text check there is, listed by hand: importing a check registers nothing. */
export const textChecks: readonly AnyTextCheck[] = Object.freeze([]);

const byId: ReadonlyMap<string, AnyTextCheck> = new Map(textChecks.map((check) => [check.id, check]));

/** The text check with this id, e.g. `text/injection`. */
export function textCheck(id: string): AnyTextCheck | undefined {
  return byId.get(id);
}
