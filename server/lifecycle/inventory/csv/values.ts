import { DATA_KINDS, PERSONAL_DATA, type SystemFields, type SystemPartyInput } from '@bartizan/contracts';
import type { StoredParty } from '../model.ts';
import { CellProblem, split, word } from './cells.ts';

/** Names that a file uses for what has ids, as far as they are there for the caller. */
export interface Names {
  readonly teamId: (name: string) => string | undefined;
  readonly teamName: (id: string) => string | undefined;
  readonly personId: (email: string) => string | undefined;
  /** Empty where the caller may not read it. */
  readonly personMail: (id: string) => string;
  readonly modelId: (name: string) => string | undefined;
  readonly modelName: (id: string) => string | undefined;
  readonly endpointId: (slug: string) => string | undefined;
  readonly endpointSlug: (id: string) => string | undefined;
  /** Whether an id that is linked already is one that the caller sees, or is gone. */
  readonly isHidden: (kind: 'model' | 'endpoint', id: string) => boolean;
  readonly warn: (message: string) => void;
}

export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function partyFrom(cell: string, names: Names): SystemPartyInput | null {
  const given = cell.trim();
  if (given === '') return null;
  const [, kind, rest = ''] = /^(team|person):\s*(.*)$/is.exec(given) ?? [];
  if (kind?.toLowerCase() === 'team') {
    const id = UUID.test(rest) ? rest : names.teamId(rest);
    if (id !== undefined) return { kind: 'team', id };
    throw new CellProblem(`there is no team "${rest.slice(0, 60)}"`, 'Use the name of one of your teams.');
  }
  if (kind !== undefined) {
    if (UUID.test(rest)) return { kind: 'person', id: rest };
    throw new CellProblem('after "person:" comes an id', 'Write the e-mail address of the account instead.');
  }
  const id = given.includes('@') ? names.personId(given) : undefined;
  if (id !== undefined) return { kind: 'person', id };
  names.warn(`no account for "${given.slice(0, 60)}": kept as a name, unowned by an account`);
  return { kind: 'named', name: given };
}

export function partyText(party: StoredParty | null, names: Names): string {
  if (party === null) return '';
  if (party.kind === 'named') return party.name;
  if (party.kind === 'team') return `team:${names.teamName(party.id) ?? party.id}`;
  const mail = names.personMail(party.id);
  return mail === '' ? `person:${party.id}` : mail;
}

/** Ids of linked things by their names; `id:<uuid>` names what has no other name. */
export function idsFrom(
  cell: string,
  noun: string,
  find: (name: string) => string | undefined,
  todo: string,
): string[] {
  return split(cell).map((item) => {
    const id = /^id:/i.test(item) && UUID.test(item.slice(3)) ? item.slice(3).toLowerCase() : find(item);
    if (id !== undefined) return id;
    throw new CellProblem(`there is no ${noun} "${item.slice(0, 60)}"`, todo);
  });
}

const DATA_SOURCE = /^(.*\S)\s*\[\s*([a-z -]{2,20}?)\s*(?:,\s*([a-z]{2,10})\s*)?\]$/is;
export function dataSource(item: string): SystemFields['dataSources'][number] {
  const [, name, kind = '', personal = ''] = DATA_SOURCE.exec(item) ?? [];
  if (name === undefined) return { name: item, kind: 'other', personalData: 'unknown' };
  return {
    name,
    kind: word(kind, DATA_KINDS) ?? 'other',
    personalData: word(personal, PERSONAL_DATA) ?? 'unknown',
  };
}

const LINK = /^(.*?)\s*<(https?:[^<>\s]{1,2000})>$/is;
export function link(item: string): { title: string; url: string } {
  const [, title = '', url] = LINK.exec(item) ?? [];
  if (url !== undefined) return { title: title === '' ? url.slice(0, 200) : title, url };
  if (/^https?:\S+$/i.test(item)) return { title: item.slice(0, 200), url: item };
  throw new CellProblem(
    `"${item.slice(0, 60)}" is not a link`,
    'Write it as: Title <https://example.com/page>',
  );
}
