import type { Me } from '@bartizan/contracts';
import { CONFIRMED_FOR_MS } from '../platform/http/access.ts';
import { hasFactor } from './factors/settings.ts';
import { isOverAllTeams, type PersonRow, permissionsOf } from './model.ts';

/** What of a session belongs to who one is. */
export interface Standing {
  /** When the person last proved who they are, in ms since the epoch. */
  readonly confirmedAt: number;
  readonly mustEnrol: boolean;
  readonly hasPassword: boolean;
}

function waysToConfirm(person: PersonRow, hasPassword: boolean): Me['confirmWith'] {
  if (hasFactor(person)) return person.factors;
  return hasPassword ? ['password'] : ['sign-in'];
}

/** A person as they see themselves. */
export function meOf(person: PersonRow, { confirmedAt, mustEnrol, hasPassword }: Standing): Me {
  return {
    kind: 'person',
    id: person.id,
    name: person.name,
    email: person.email,
    roles: person.roles,
    permissions: [...permissionsOf(person.roles)],
    teams: person.teams,
    everyTeam: isOverAllTeams(person.roles),
    factors: person.factors,
    confirmWith: waysToConfirm(person, hasPassword),
    confirmedUntil: confirmedAt + CONFIRMED_FOR_MS,
    mustEnrol,
    breakGlass: person.break_glass,
  };
}
