import { type System, SystemInput, type SystemParty } from '@bartizan/contracts';
import type { UseFormReturnType } from '@mantine/form';
import type { z } from 'zod';

export type SystemValues = z.output<typeof SystemInput>;
export type SystemFormApi = UseFormReturnType<SystemValues>;
type PartyValue = SystemValues['owner'];

const partyValue = (party: SystemParty | null): PartyValue => {
  if (party === null) return null;
  if (party.kind === 'named' || party.id === null) return { kind: 'named', name: party.name };
  return { kind: party.kind, id: party.id };
};

const EMPTY: SystemValues = { ...SystemInput.parse({ key: 'x', name: 'x' }), key: '', name: '' };

/** What the form starts with: the system as it is, or nothing but what is to be linked. */
export function initialSystem(
  system: System | null,
  linked: { readonly endpoint?: string | undefined; readonly model?: string | undefined } = {},
): SystemValues {
  if (system === null) {
    return {
      ...EMPTY,
      endpointIds: linked.endpoint ? [linked.endpoint] : [],
      modelIds: linked.model ? [linked.model] : [],
    };
  }
  return SystemInput.parse({
    ...system,
    owner: partyValue(system.owner),
    backupOwner: partyValue(system.backupOwner),
    modelIds: system.models.map(({ id }) => id),
    endpointIds: system.endpoints.map(({ id }) => id),
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** A draft of the form, of the shape that it has now; what is half typed is kept. Null for anything else. */
export function draftOf(value: unknown): SystemValues | null {
  if (!isRecord(value)) return null;
  for (const [name, known] of Object.entries(EMPTY)) {
    const typed = value[name];
    if (known === null) {
      if (typed !== null && typeof typed !== 'string' && !isRecord(typed)) return null;
    } else if (
      Array.isArray(known) !== Array.isArray(typed) ||
      typeof known !== typeof typed ||
      typed === null
    ) {
      return null;
    }
  }
  return value as unknown as SystemValues;
}

export const partyKey = (party: PartyValue): string | null =>
  party === null ? null : party.kind === 'named' ? 'named' : `${party.kind}:${party.id}`;

/** The party that a choice in the list stands for. */
export function partyFrom(key: string | null): PartyValue {
  if (key === null) return null;
  if (key === 'named') return { kind: 'named', name: '' };
  const [kind, id = ''] = key.split(':');
  return kind === 'team' ? { kind: 'team', id } : { kind: 'person', id };
}
