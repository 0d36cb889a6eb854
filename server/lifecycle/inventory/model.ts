import type {
  ActClass,
  RiskOverride,
  RiskTier,
  SystemFields,
  SystemInput,
  SystemReview,
  SystemRisk,
  SystemState,
} from '@bartizan/contracts';
import type { z } from 'zod';
import { AppError } from '../../kernel/error.ts';
import type { Viewer } from '../sight.ts';

export type NewSystem = z.output<typeof SystemInput>;
/** What has no column of its own. */
export type RestOfFields = Omit<SystemFields, 'key' | 'name' | 'state' | 'tags'>;

/** Who answers for a system, with the name that they had when they were named. */
export type StoredParty =
  | { readonly kind: 'person' | 'team'; readonly id: string; readonly name: string }
  | { readonly kind: 'named'; readonly name: string };

/** What the last answers came to, and what somebody set instead. */
export interface StoredRisk {
  readonly suggested: { readonly tier: RiskTier; readonly actClass: ActClass };
  readonly impact: number;
  readonly exposure: number;
  readonly override: RiskOverride | null;
  readonly assessedAt: number;
  readonly assessedBy: string;
  readonly questionnaire: number;
}

export interface StoredSystem {
  readonly id: string;
  readonly fields: SystemFields;
  readonly owner: StoredParty | null;
  readonly backupOwner: StoredParty | null;
  readonly teamId: string | null;
  readonly modelIds: readonly string[];
  readonly endpointIds: readonly string[];
  readonly risk: StoredRisk | null;
  readonly lastReview: SystemReview | null;
  readonly revision: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly updatedAt: number;
  readonly retiredAt: number | null;
}

export const MAX_SYSTEMS = 10_000;
export const DAY_MS = 86_400_000;

/** The UTC day of an instant, as ISO 8601. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/**
 * Whether what belongs to this team (null: everybody's) is there for the viewer. Keys that are for certain
 * endpoints reach nothing of the inventory.
 */
export function isThere(viewer: Viewer, teamId: string | null): boolean {
  if (viewer.endpoints) return false;
  return viewer.teams === '*' || teamId === null || viewer.teams.has(teamId);
}

export const noSuchSystem = (): AppError =>
  new AppError('not_found', 'there is no such system', { hint: 'List the systems to see their ids.' });

export const changedMeanwhile = (): AppError =>
  new AppError('conflict', 'somebody else changed this system in the meantime', {
    hint: 'Load it again, look at the changes, and save yours on top.',
    issues: [{ path: 'revision', message: 'changed since' }],
  });

export const invalid = (message: string, path: string, problem: string): AppError =>
  new AppError('invalid_input', message, {
    hint: 'Correct what is named and try again.',
    issues: [{ path, message: problem }],
  });

/** Tier and class in force. */
export function inForce(risk: Pick<StoredRisk, 'suggested' | 'override'>): {
  readonly tier: RiskTier;
  readonly actClass: ActClass;
} {
  return {
    tier: risk.override?.tier ?? risk.suggested.tier,
    actClass: risk.override?.actClass ?? risk.suggested.actClass,
  };
}

export const toRisk = (risk: StoredRisk | null): SystemRisk | null =>
  risk === null ? null : { ...risk, ...inForce(risk) };

/** Fields of a system that a client wrote. */
export function fieldsOf(input: NewSystem): SystemFields {
  const {
    owner: _owner,
    backupOwner: _backup,
    teamId: _team,
    modelIds: _models,
    endpointIds: _endpoints,
    ...fields
  } = input;
  return fields;
}

/** When a system became retired: kept while it stays so. */
export function retiredAtOf(
  before: Pick<StoredSystem, 'retiredAt'> | null,
  state: SystemState,
  nowMs: number,
): number | null {
  return state === 'retired' ? (before?.retiredAt ?? nowMs) : null;
}
