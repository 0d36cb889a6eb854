import type { BaseInput } from '@bartizan/contracts';

/**
 * What a person wrote of the base of a version: `model@version` names a version of this registry, anything else a
 * model from elsewhere. Null where nothing is written.
 */
export function baseOf(text: string): BaseInput | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  const own = /^([^/:@]+)@([A-Za-z0-9_-]+)$/.exec(trimmed);
  if (own?.[1] && own[2]) return { kind: 'version', model: own[1], version: own[2] };
  return { kind: 'external', name: trimmed };
}
