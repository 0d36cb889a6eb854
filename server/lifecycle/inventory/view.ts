import {
  type Attention,
  allows,
  ROLES,
  type System,
  type SystemDetail,
  type SystemLink,
  type SystemParty,
  type SystemSummary,
} from '@bartizan/contracts';
import type { Caller } from '../../reviews/index.ts';
import type { Viewer } from '../sight.ts';
import type { Facts } from './facts.ts';
import { isThere, type StoredParty, type StoredSystem, toRisk } from './model.ts';

/** An owner as they are now. */
export function partyOf(party: StoredParty | null, { people, teams }: Facts): SystemParty | null {
  if (party === null) return null;
  if (party.kind === 'named') return { kind: 'named', id: null, name: party.name, account: 'none' };
  if (party.kind === 'team') {
    const team = teams.get(party.id);
    return { kind: 'team', id: party.id, name: team?.name ?? party.name, account: team ? 'active' : 'gone' };
  }
  const person = people.get(party.id);
  const account = person ? (person.disabled ? 'disabled' : 'active') : 'gone';
  return { kind: 'person', id: party.id, name: person?.name ?? party.name, account };
}

interface Linkable {
  readonly id: string;
  readonly name: string;
  readonly slug?: string;
  readonly teamId: string | null;
}

/** What is linked, as far as it is there for the viewer; what was removed is named by its id. */
export function linksOf(
  viewer: Viewer,
  ids: readonly string[],
  known: ReadonlyMap<string, Linkable>,
): { readonly shown: SystemLink[]; readonly hidden: number } {
  const shown = ids.flatMap((id): SystemLink[] => {
    const one = known.get(id);
    if (!one) return [{ id, name: 'removed', slug: '', gone: true }];
    return isThere(viewer, one.teamId) ? [{ id, name: one.name, slug: one.slug ?? '', gone: false }] : [];
  });
  return {
    shown: shown.toSorted((a, b) => a.name.localeCompare(b.name)),
    hidden: ids.length - shown.length,
  };
}

const teamOf = (teamId: string | null, { teams }: Facts) =>
  teamId === null ? null : (teams.get(teamId) ?? null);

export function toSystem(
  viewer: Viewer,
  stored: StoredSystem,
  facts: Facts,
  attention: readonly Attention[],
): System {
  const models = linksOf(viewer, stored.modelIds, facts.models);
  const endpoints = linksOf(viewer, stored.endpointIds, facts.endpoints);
  return {
    ...stored.fields,
    id: stored.id,
    owner: partyOf(stored.owner, facts),
    backupOwner: partyOf(stored.backupOwner, facts),
    teamId: stored.teamId,
    team: teamOf(stored.teamId, facts),
    models: models.shown,
    endpoints: endpoints.shown,
    hidden: { models: models.hidden, endpoints: endpoints.hidden },
    risk: toRisk(stored.risk),
    lastReview: stored.lastReview,
    attention: [...attention],
    revision: stored.revision,
    createdAt: stored.createdAt,
    createdBy: stored.createdBy,
    updatedAt: stored.updatedAt,
    retiredAt: stored.retiredAt,
  };
}

export function toSummary(
  stored: StoredSystem,
  facts: Facts,
  attention: readonly Attention[],
): SystemSummary {
  const { fields } = stored;
  return {
    id: stored.id,
    key: fields.key,
    name: fields.name,
    purpose: fields.purpose,
    state: fields.state,
    owner: partyOf(stored.owner, facts),
    team: teamOf(stored.teamId, facts),
    risk: toRisk(stored.risk),
    tags: fields.tags,
    vendor: fields.origin.vendor,
    models: stored.modelIds.length + fields.vendorModels.length,
    endpoints: stored.endpointIds.length,
    nextReviewOn: fields.nextReviewOn,
    attention: [...new Set(attention.map(({ kind }) => kind))],
    updatedAt: stored.updatedAt,
  };
}

const MANAGE = 'systems.manage';
/** What the caller may do with a system that is there for them. */
export function mayOf(caller: Pick<Caller, 'kind' | 'permissions'>): SystemDetail['may'] {
  if (caller.permissions.has(MANAGE)) return { manage: true, reason: '' };
  const roles = ROLES.filter((role) => allows([role], MANAGE)).join(', ');
  return caller.kind === 'key'
    ? { manage: false, reason: `this key does not have the scope ${MANAGE}, or its owner lost it` }
    : { manage: false, reason: `changing systems takes one of the roles ${roles}` };
}
