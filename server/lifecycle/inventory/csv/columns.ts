import {
  DECISION_ROLES,
  PEOPLE_BANDS,
  SYSTEM_ORIGINS,
  SYSTEM_STATES,
  SYSTEM_USERS,
  type SystemFields,
} from '@bartizan/contracts';
import type { NewSystem, StoredSystem } from '../model.ts';
import { CellProblem, day, joined, split, wholeNumber, word } from './cells.ts';
import { dataSource, idsFrom, link, type Names, partyFrom, partyText, UUID } from './values.ts';

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
  heading: Pick<Column, 'name' | 'aliases' | 'path'>,
  get: (fields: SystemFields) => string,
  set: (draft: NewSystem, value: string) => Partial<NewSystem>,
): Column => ({
  ...heading,
  read: (draft, cell) => ({ ...draft, ...set(draft, cell) }),
  write: ({ fields }) => get(fields),
});

const list = (
  heading: Pick<Column, 'name' | 'aliases' | 'path'>,
  get: (fields: SystemFields) => readonly string[],
  set: (draft: NewSystem, value: string[]) => Partial<NewSystem>,
): Column => ({
  ...heading,
  read: (draft, cell) => ({ ...draft, ...set(draft, split(cell)) }),
  write: ({ fields }) => joined(get(fields)),
});

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

/** Every column, in the order in which an export writes them. */
export const COLUMNS: readonly Column[] = Object.freeze([
  text(
    { name: 'key', aliases: ['id', 'slug', 'short name'], path: 'key' },
    (f) => f.key,
    (_, key) => ({ key: key.trim() }),
  ),
  text(
    { name: 'name', aliases: ['system', 'system name', 'title'], path: 'name' },
    (f) => f.name,
    (_, name) => ({ name }),
  ),
  text(
    { name: 'description', aliases: ['summary'], path: 'description' },
    (f) => f.description,
    (_, description) => ({ description }),
  ),
  text(
    { name: 'purpose', aliases: ['business purpose', 'use case'], path: 'purpose' },
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
    { name: 'decisions', aliases: ['decisions influenced'], path: 'decisions.text' },
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
    { name: 'inputs', aliases: ['input'], path: 'inputs' },
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
    {
      name: 'people_groups',
      aliases: ['people affected', 'affected people', 'users affected'],
      path: 'people.groups',
    },
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
    { name: 'vulnerable_groups', aliases: ['vulnerable people'], path: 'people.vulnerable' },
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
    { name: 'vendor', aliases: ['supplier', 'provider'], path: 'origin.vendor' },
    (f) => f.origin.vendor,
    (d, vendor) => ({
      origin: { ...d.origin, vendor },
    }),
  ),
  text(
    { name: 'contract_url', aliases: ['contract'], path: 'origin.contractUrl' },
    (f) => f.origin.contractUrl,
    (d, value) => ({
      origin: { ...d.origin, contractUrl: value.trim() },
    }),
  ),
  text(
    { name: 'dpa_url', aliases: ['dpa', 'data processing agreement'], path: 'origin.dpaUrl' },
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
    { name: 'vendor_models', aliases: ['vendor model', 'external models'], path: 'vendorModels' },
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
    { name: 'authentication', aliases: ['sign-in', 'login'], path: 'access.authentication' },
    (f) => f.access.authentication,
    (d, authentication) => ({
      access: { ...d.access, authentication },
    }),
  ),
  text(
    { name: 'monitoring_contact', aliases: ['contact', 'on call'], path: 'monitoringContact' },
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
    { name: 'tags', aliases: ['labels'], path: 'tags' },
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
