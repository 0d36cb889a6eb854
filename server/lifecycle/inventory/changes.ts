import { isDeepStrictEqual } from 'node:util';
import type { SystemChange } from '@bartizan/contracts';
import type { Viewer } from '../sight.ts';
import type { Facts } from './facts.ts';
import { inForce, isThere, type StoredSystem } from './model.ts';

type FieldChange = SystemChange['changes'][number];

/** What a history tells of, by the names that people see. */
function told(system: StoredSystem): Record<string, unknown> {
  const { fields, risk } = system;
  const { decisions, people, origin, access, ...flat } = fields;
  const force = risk === null ? null : inForce(risk);
  return {
    ...flat,
    'decisions.text': decisions.text,
    'decisions.how': decisions.how,
    'people.groups': people.groups,
    'people.band': people.band,
    'people.vulnerable': people.vulnerable,
    'origin.kind': origin.kind,
    'origin.vendor': origin.vendor,
    'origin.contractUrl': origin.contractUrl,
    'origin.dpaUrl': origin.dpaUrl,
    'access.users': access.users,
    'access.authentication': access.authentication,
    owner: system.owner,
    backupOwner: system.backupOwner,
    teamId: system.teamId,
    modelIds: system.modelIds,
    endpointIds: system.endpointIds,
    tier: force?.tier ?? null,
    actClass: force?.actClass ?? null,
  };
}

/** What changed between two versions of a system, field by field. */
export function changesOf(before: StoredSystem | null, after: StoredSystem): FieldChange[] {
  const [old, now] = [before === null ? {} : told(before), told(after)];
  const empty = (value: unknown) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0) || value === undefined;
  return Object.entries(now).flatMap(([field, value]): FieldChange[] => {
    const previous: unknown = field in old ? old[field as keyof typeof old] : null;
    if (isDeepStrictEqual(previous, value) || (before === null && empty(value))) return [];
    return [{ field, before: previous ?? null, after: value ?? null }];
  });
}

const nameOf = (value: unknown): unknown =>
  value !== null && typeof value === 'object' && 'name' in value ? value.name : value;

/** A change as the viewer may read it: names for ids, and nothing of what is hidden from them. */
export function readable(viewer: Viewer, change: SystemChange, facts: Facts): SystemChange {
  const links = (value: unknown, known: Facts['models'] | Facts['endpoints']): unknown => {
    if (!Array.isArray(value)) return value;
    return value.map((id: unknown) => {
      const one = typeof id === 'string' ? known.get(id) : undefined;
      if (!one) return 'removed since';
      return isThere(viewer, one.teamId) ? one.name : 'of another team';
    });
  };
  const read = (field: string, value: unknown): unknown => {
    if (field === 'modelIds') return links(value, facts.models);
    if (field === 'endpointIds') return links(value, facts.endpoints);
    if (field === 'teamId')
      return typeof value === 'string' ? (facts.teams.get(value)?.name ?? 'removed since') : value;
    return nameOf(value);
  };
  return {
    ...change,
    changes: change.changes.map(({ field, before, after }) => ({
      field,
      before: read(field, before),
      after: read(field, after),
    })),
  };
}
