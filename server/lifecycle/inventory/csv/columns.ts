import {
  DATA_KINDS,
  DECISION_ROLES,
  PEOPLE_BANDS,
  PERSONAL_DATA,
  SYSTEM_ORIGINS,
  SYSTEM_STATES,
  SYSTEM_USERS,
  type SystemFields,
  type SystemPartyInput,
} from '@bartizan/contracts';
import type { NewSystem, StoredParty, StoredSystem } from '../model.ts';
import { CellProblem, day, joined, split, wholeNumber, word } from './cells.ts';

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

/** One column of the file. `path` is where the server's schema reports a problem with it. */
export interface Column {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly path: string;
  /** Reads a cell into what a client would send. Throws {@link CellProblem}. Absent: the column is only written. */
  readonly read?: (draft: NewSystem, cell: string, names: Names) => NewSystem;
  readonly write: (system: StoredSystem, names: Names) => string;
}

const text = (
  name: string,
  aliases: readonly string[],
  path: string,
  get: (fields: SystemFields) => string,
  set: (draft: NewSystem, value: string) => Partial<NewSystem>,
): Column => ({
  name,
  aliases,
  path,
  read: (draft, cell) => ({ ...draft, ...set(draft, cell) }),
  write: ({ fields }) => get(fields),
});

const list = (
  name: string,
  aliases: readonly string[],
  path: string,
  get: (fields: SystemFields) => readonly string[],
  set: (draft: NewSystem, value: string[]) => Partial<NewSystem>,
): Column => ({
  name,
  aliases,
  path,
  read: (draft, cell) => ({ ...draft, ...set(draft, split(cell)) }),
  write: ({ fields }) => joined(get(fields)),
});

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function partyFrom(cell: string, names: Names): SystemPartyInput | null {
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

function partyText(party: StoredParty | null, names: Names): string {
  if (party === null) return '';
  if (party.kind === 'named') return party.name;
  if (party.kind === 'team') return `team:${names.teamName(party.id) ?? party.id}`;
  const mail = names.personMail(party.id);
  return mail === '' ? `person:${party.id}` : mail;
}

/** Ids of linked things by their names; `id:<uuid>` names what has no other name. */
function idsFrom(
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

const party = (
  name: 'owner' | 'backup_owner',
  key: 'owner' | 'backupOwner',
  aliases: readonly string[],
): Column => ({
  name,
  aliases,
  path: key,
  read: (draft, cell, names) => ({ ...draft, [key]: partyFrom(cell, names) }),
  write: (system, names) => partyText(system[key], names),
});

const DATA_SOURCE = /^(.*\S)\s*\[\s*([a-z -]{2,20}?)\s*(?:,\s*([a-z]{2,10})\s*)?\]$/is;
function dataSource(item: string): SystemFields['dataSources'][number] {
  const [, name, kind = '', personal = ''] = DATA_SOURCE.exec(item) ?? [];
  if (name === undefined) return { name: item, kind: 'other', personalData: 'unknown' };
  return {
    name,
    kind: word(kind, DATA_KINDS) ?? 'other',
    personalData: word(personal, PERSONAL_DATA) ?? 'unknown',
  };
}

const LINK = /^(.*?)\s*<(https?:[^<>\s]{1,2000})>$/is;
function link(item: string): { title: string; url: string } {
  const [, title = '', url] = LINK.exec(item) ?? [];
  if (url !== undefined) return { title: title === '' ? url.slice(0, 200) : title, url };
  if (/^https?:\S+$/i.test(item)) return { title: item.slice(0, 200), url: item };
  throw new CellProblem(
    `"${item.slice(0, 60)}" is not a link`,
    'Write it as: Title <https://example.com/page>',
  );
}

/** Every column, in the order in which an export writes them. */
export const COLUMNS: readonly Column[] = Object.freeze([
  text(
    'key',
    ['id', 'slug', 'short name'],
    'key',
    (f) => f.key,
    (_, key) => ({ key: key.trim() }),
  ),
  text(
    'name',
    ['system', 'system name', 'title'],
    'name',
    (f) => f.name,
    (_, name) => ({ name }),
  ),
  text(
    'description',
    ['summary'],
    'description',
    (f) => f.description,
    (_, description) => ({ description }),
  ),
  text(
    'purpose',
    ['business purpose', 'use case'],
    'purpose',
    (f) => f.purpose,
    (_, purpose) => ({ purpose }),
  ),
  {
    name: 'state',
    aliases: ['status', 'lifecycle', 'lifecycle state', 'stage'],
    path: 'state',
    read: (draft, cell) => ({ ...draft, state: word(cell, SYSTEM_STATES) ?? 'idea' }),
    write: ({ fields }) => fields.state,
  },
  party('owner', 'owner', ['business owner', 'responsible', 'owner e-mail', 'owner email']),
  party('backup_owner', 'backupOwner', ['deputy', 'second owner']),
  {
    name: 'team',
    aliases: ['department', 'unit'],
    path: 'teamId',
    read: (draft, cell, names) => {
      const given = cell.trim();
      const teamId = given === '' ? null : (names.teamId(given) ?? (UUID.test(given) ? given : undefined));
      if (teamId !== undefined) return { ...draft, teamId };
      throw new CellProblem(
        `there is no team "${given.slice(0, 60)}"`,
        'Use the name of one of your teams, or leave it empty for everybody.',
      );
    },
    write: ({ teamId }, names) => (teamId === null ? '' : (names.teamName(teamId) ?? teamId)),
  },
  text(
    'decisions',
    ['decisions influenced'],
    'decisions.text',
    (f) => f.decisions.text,
    (d, value) => ({
      decisions: { ...d.decisions, text: value },
    }),
  ),
  {
    name: 'decision_role',
    aliases: ['decision influence', 'autonomy'],
    path: 'decisions.how',
    read: (draft, cell) => ({ ...draft, decisions: { ...draft.decisions, how: word(cell, DECISION_ROLES) } }),
    write: ({ fields }) => fields.decisions.how ?? '',
  },
  text(
    'inputs',
    ['input'],
    'inputs',
    (f) => f.inputs,
    (_, inputs) => ({ inputs }),
  ),
  {
    name: 'data_sources',
    aliases: ['data', 'data sources', 'sources'],
    path: 'dataSources',
    read: (draft, cell) => ({ ...draft, dataSources: split(cell).map(dataSource) }),
    write: ({ fields }) =>
      joined(fields.dataSources.map(({ name, kind, personalData }) => `${name} [${kind}, ${personalData}]`)),
  },
  list(
    'people_groups',
    ['people affected', 'affected people', 'users affected'],
    'people.groups',
    (f) => f.people.groups,
    (d, groups) => ({
      people: { ...d.people, groups },
    }),
  ),
  {
    name: 'people_band',
    aliases: ['number of people', 'people affected number'],
    path: 'people.band',
    read: (draft, cell) => ({ ...draft, people: { ...draft.people, band: word(cell, PEOPLE_BANDS) } }),
    write: ({ fields }) => fields.people.band ?? '',
  },
  list(
    'vulnerable_groups',
    ['vulnerable people'],
    'people.vulnerable',
    (f) => f.people.vulnerable,
    (d, vulnerable) => ({
      people: { ...d.people, vulnerable },
    }),
  ),
  {
    name: 'origin',
    aliases: ['vendor or own', 'make or buy'],
    path: 'origin.kind',
    read: (draft, cell) => ({ ...draft, origin: { ...draft.origin, kind: word(cell, SYSTEM_ORIGINS) } }),
    write: ({ fields }) => fields.origin.kind ?? '',
  },
  text(
    'vendor',
    ['supplier', 'provider'],
    'origin.vendor',
    (f) => f.origin.vendor,
    (d, vendor) => ({
      origin: { ...d.origin, vendor },
    }),
  ),
  text(
    'contract_url',
    ['contract'],
    'origin.contractUrl',
    (f) => f.origin.contractUrl,
    (d, value) => ({
      origin: { ...d.origin, contractUrl: value.trim() },
    }),
  ),
  text(
    'dpa_url',
    ['dpa', 'data processing agreement'],
    'origin.dpaUrl',
    (f) => f.origin.dpaUrl,
    (d, value) => ({
      origin: { ...d.origin, dpaUrl: value.trim() },
    }),
  ),
  {
    name: 'models',
    aliases: ['model', 'registry models'],
    path: 'modelIds',
    read: (draft, cell, names) => ({
      ...draft,
      modelIds: idsFrom(
        cell,
        'model',
        names.modelId,
        'Use a name of the registry; models of vendors go into vendor_models.',
      ),
    }),
    write: ({ modelIds }, names) =>
      joined(
        modelIds.filter((id) => !names.isHidden('model', id)).map((id) => names.modelName(id) ?? `id:${id}`),
      ),
  },
  list(
    'vendor_models',
    ['vendor model', 'external models'],
    'vendorModels',
    (f) => f.vendorModels,
    (_, vendorModels) => ({ vendorModels }),
  ),
  {
    name: 'endpoints',
    aliases: ['endpoint'],
    path: 'endpointIds',
    read: (draft, cell, names) => ({
      ...draft,
      endpointIds: idsFrom(
        cell,
        'endpoint',
        names.endpointId,
        'Use the short names of endpoints, as "bartizan endpoint list" shows them.',
      ),
    }),
    write: ({ endpointIds }, names) =>
      joined(
        endpointIds
          .filter((id) => !names.isHidden('endpoint', id))
          .map((id) => names.endpointSlug(id) ?? `id:${id}`),
      ),
  },
  {
    name: 'users',
    aliases: ['access', 'who can use it'],
    path: 'access.users',
    read: (draft, cell) => ({
      ...draft,
      access: { ...draft.access, users: split(cell).flatMap((item) => word(item, SYSTEM_USERS) ?? []) },
    }),
    write: ({ fields }) => joined(fields.access.users),
  },
  text(
    'authentication',
    ['sign-in', 'login'],
    'access.authentication',
    (f) => f.access.authentication,
    (d, authentication) => ({
      access: { ...d.access, authentication },
    }),
  ),
  text(
    'monitoring_contact',
    ['contact', 'on call'],
    'monitoringContact',
    (f) => f.monitoringContact,
    (_, monitoringContact) => ({
      monitoringContact,
    }),
  ),
  {
    name: 'review_every_days',
    aliases: ['review interval', 'review interval (days)'],
    path: 'reviewEveryDays',
    read: (draft, cell) => ({ ...draft, reviewEveryDays: wholeNumber(cell, 180) }),
    write: ({ fields }) => String(fields.reviewEveryDays),
  },
  {
    name: 'next_review_on',
    aliases: ['next review', 'review date', 'next review date'],
    path: 'nextReviewOn',
    read: (draft, cell) => ({ ...draft, nextReviewOn: day(cell) }),
    write: ({ fields }) => fields.nextReviewOn ?? '',
  },
  list(
    'tags',
    ['labels'],
    'tags',
    (f) => f.tags,
    (_, tags) => ({ tags }),
  ),
  {
    name: 'links',
    aliases: ['urls'],
    path: 'links',
    read: (draft, cell) => ({ ...draft, links: split(cell).map(link) }),
    write: ({ fields }) => joined(fields.links.map(({ title, url }) => `${title} <${url}>`)),
  },
  {
    name: 'tier',
    aliases: ['risk tier', 'risk'],
    path: 'tier',
    write: ({ risk }) => risk?.override?.tier ?? risk?.suggested.tier ?? '',
  },
  {
    name: 'ai_act_class',
    aliases: ['ai act', 'eu ai act class'],
    path: 'actClass',
    write: ({ risk }) => risk?.override?.actClass ?? risk?.suggested.actClass ?? '',
  },
]);

const plain = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, ' ');

/** The column that a heading names, by its name or an alias, whatever its case. */
export function columnOf(heading: string): Column | undefined {
  const given = plain(heading);
  return COLUMNS.find((column) => [column.name, ...column.aliases].some((name) => plain(name) === given));
}
