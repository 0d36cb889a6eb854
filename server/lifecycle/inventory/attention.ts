import type { Attention, AttentionKind } from '@bartizan/contracts';
import type { Viewer } from '../sight.ts';
import type { Facts } from './facts.ts';
import { dayOf, inForce, isThere, type StoredSystem } from './model.ts';
import type { KnownEndpoint, KnownModel } from './ports.ts';

export interface AttentionFacts extends Facts {
  readonly traffic: ReadonlyMap<string, { readonly requests: number; readonly lastAt: number }>;
  /** Of the questions as they are now. */
  readonly questionnaire: number;
  readonly nowMs: number;
}

type Found = Pick<Attention, 'kind' | 'severity' | 'reason' | 'next'>;
const found = (
  kind: AttentionKind,
  severity: Attention['severity'],
  reason: string,
  next: string,
): Found[] => [{ kind, severity, reason, next }];

/** Whether anybody relies on it by now. */
const isLive = ({ fields }: StoredSystem): boolean =>
  fields.state === 'production' || fields.state === 'pilot';

function aboutOwner(system: StoredSystem, { people, teams }: Facts): Found[] {
  const { owner, teamId } = system;
  if (owner === null) {
    return found(
      'no-owner',
      isLive(system) ? 'high' : 'medium',
      'Nobody owns this system.',
      'Choose a person or a team that answers for it.',
    );
  }
  if (owner.kind === 'named') {
    return found(
      'owner-without-account',
      'low',
      `${owner.name}, who owns this system, has no account here.`,
      'Invite them, or choose somebody with an account.',
    );
  }
  if (owner.kind === 'team') {
    return teams.has(owner.id)
      ? []
      : found('owner-gone', 'high', `The team ${owner.name} was removed.`, 'Choose a new owner.');
  }
  const person = people.get(owner.id);
  if (!person) {
    return found('owner-gone', 'high', `The account of ${owner.name} was removed.`, 'Choose a new owner.');
  }
  if (person.disabled) {
    return found(
      'owner-disabled',
      'high',
      `The account of ${person.name} is disabled.`,
      'Choose a new owner, or enable the account.',
    );
  }
  if (teamId !== null && !person.overAllTeams && !person.teams.has(teamId)) {
    return found(
      'owner-left-team',
      'medium',
      `${person.name} is not in the team ${teams.get(teamId)?.name ?? ''} that this system belongs to, and cannot see it.`,
      'Choose an owner in the team, or put them back into it.',
    );
  }
  return [];
}

function aboutRisk({ risk, fields }: StoredSystem, questionnaire: number): Found[] {
  if (risk === null) {
    if (fields.state === 'idea') return [];
    return found(
      'not-assessed',
      fields.state === 'production' ? 'high' : 'medium',
      'Nobody has worked out its risk tier.',
      'Answer the questionnaire; it takes a few minutes.',
    );
  }
  const { override, suggested } = risk;
  const moved =
    override !== null &&
    (override.over.tier !== suggested.tier || override.over.actClass !== suggested.actClass);
  return [
    ...(inForce(risk).actClass === 'prohibited'
      ? found(
          'prohibited',
          'high',
          'Its answers name a practice that the EU AI Act prohibits (Art. 5).',
          'Stop it, and have a lawyer look at the article and its exceptions.',
        )
      : []),
    ...(risk.questionnaire < questionnaire
      ? found(
          'assessment-outdated',
          'low',
          'The questions have changed since it was assessed.',
          'Go through the questionnaire again.',
        )
      : []),
    ...(moved
      ? found(
          'override-outdated',
          'medium',
          'Tier or class was set by hand, and the answers have come to something else since.',
          'Confirm what was set by hand, or withdraw it.',
        )
      : []),
  ];
}

function aboutLinks(system: StoredSystem, facts: AttentionFacts): Found[] {
  const { fields, modelIds, endpointIds } = system;
  const nothing = modelIds.length + endpointIds.length + fields.vendorModels.length === 0;
  const gone =
    modelIds.filter((id) => !facts.models.has(id)).length +
    endpointIds.filter((id) => !facts.endpoints.has(id)).length;
  return [
    ...(nothing && fields.state === 'production'
      ? found(
          'nothing-linked',
          'medium',
          'It is in production, and no model or endpoint is linked to it.',
          'Link what it uses, so that findings and incidents lead here.',
        )
      : []),
    ...(gone > 0
      ? found(
          'link-gone',
          'medium',
          gone === 1
            ? 'A model or endpoint that it is linked to was removed.'
            : `${gone} models or endpoints that it is linked to were removed.`,
          'Take the link away, or link what replaced it.',
        )
      : []),
  ];
}

function aboutReview(system: StoredSystem, nowMs: number): Found[] {
  const { nextReviewOn } = system.fields;
  if (nextReviewOn === null) {
    if (!isLive(system)) return [];
    return found(
      'no-review-date',
      'low',
      'Nobody said when it is reviewed next.',
      'Review it, which sets the next date.',
    );
  }
  if (nextReviewOn >= dayOf(nowMs)) return [];
  return found(
    'review-overdue',
    'medium',
    `Its review was due on ${nextReviewOn}.`,
    'See whether it is still as described, and mark it as reviewed.',
  );
}

function aboutRetired({ endpointIds, retiredAt }: StoredSystem, facts: AttentionFacts): Found[] {
  const busy = endpointIds.filter((id) => (facts.traffic.get(id)?.lastAt ?? 0) >= (retiredAt ?? facts.nowMs));
  if (busy.length === 0) return [];
  return found(
    'retired-with-traffic',
    'high',
    busy.length === 1
      ? 'It is retired, and its endpoint still has traffic.'
      : `It is retired, and ${busy.length} of its endpoints still have traffic.`,
    'Turn the endpoint off, or see who still uses it.',
  );
}

const WEIGHT: Readonly<Record<Attention['severity'], number>> = { high: 0, medium: 1, low: 2 };
export const byWeight = (a: Attention, b: Attention): number =>
  WEIGHT[a.severity] - WEIGHT[b.severity] || a.subject.name.localeCompare(b.subject.name);

/** What somebody must look into about a system, the weightiest first. */
export function attentionOf(system: StoredSystem, facts: AttentionFacts): Attention[] {
  const subject = { kind: 'system' as const, id: system.id, name: system.fields.name };
  const all =
    system.fields.state === 'retired'
      ? aboutRetired(system, facts)
      : [
          ...aboutOwner(system, facts),
          ...aboutRisk(system, facts.questionnaire),
          ...aboutLinks(system, facts),
          ...aboutReview(system, facts.nowMs),
        ];
  return all.map((one) => ({ ...one, subject })).toSorted(byWeight);
}

/** What is in use and belongs to no system, as far as it is there for the viewer. */
export function unclaimed(
  viewer: Viewer,
  facts: AttentionFacts,
  linked: { readonly models: ReadonlySet<string>; readonly endpoints: ReadonlySet<string> },
): Attention[] {
  const strayEndpoint = ({ id, teamId, demo }: KnownEndpoint): boolean =>
    !demo &&
    isThere(viewer, teamId) &&
    !linked.endpoints.has(id) &&
    (facts.traffic.get(id)?.requests ?? 0) > 0;
  const strayModel = ({ id, teamId, inUse }: KnownModel): boolean =>
    inUse && isThere(viewer, teamId) && !linked.models.has(id);
  return [
    ...[...facts.endpoints.values()].filter(strayEndpoint).map(
      ({ id, name }): Attention => ({
        kind: 'unclaimed-endpoint',
        severity: 'medium',
        subject: { kind: 'endpoint', id, name },
        reason: `${facts.traffic.get(id)?.requests ?? 0} requests in the last 30 days, and it belongs to no system.`,
        next: 'Link it to the system that uses it, or describe a new one.',
      }),
    ),
    ...[...facts.models.values()].filter(strayModel).map(
      ({ id, name }): Attention => ({
        kind: 'unclaimed-model',
        severity: 'medium',
        subject: { kind: 'model', id, name },
        reason: 'It is in use, and belongs to no system.',
        next: 'Link it to the system that uses it, or describe a new one.',
      }),
    ),
  ];
}
