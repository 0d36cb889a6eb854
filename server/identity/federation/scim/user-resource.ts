import { Email } from '@bartizan/contracts';
import { isRecord, type Resource, read } from './patch.ts';
import { invalid } from './problem.ts';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** What is kept of a user beside the account: as little as directories need to recognise it. */
export interface UserAttributes {
  readonly displayName?: string;
  readonly name?: { readonly formatted?: string; readonly givenName?: string; readonly familyName?: string };
  readonly title?: string;
  readonly emails?: readonly { readonly value: string; readonly type?: string; readonly primary?: boolean }[];
  /** What the directory said last; people here may have disabled the account all the same. */
  readonly active: boolean;
}

/** A person as provisioning sees them. */
export interface UserRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly disabled: boolean;
  readonly user_name: string;
  readonly external_id: string | null;
  readonly attributes: UserAttributes;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly groups: readonly { readonly value: string; readonly display: string }[];
}

/** A body that was understood. */
export interface UserInput {
  readonly userName: string;
  readonly externalId: string | null;
  readonly email: string;
  readonly displayName: string;
  readonly attributes: UserAttributes;
}

const MAX_EMAILS = 20;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in a name
const CONTROLS = /[\u0000-\u001f\u007f]/;

/** A text of a body; undefined where there is none, or it is empty. */
export function textOf(holder: Resource, name: string, max = 200): string | undefined {
  const value = read(holder, name);
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string' || value.length > max || CONTROLS.test(value) || value.trim() === '')
    throw invalid('invalidValue', `${name} must be a text of at most ${max} characters`);
  return value.trim();
}

/** Entra ID writes booleans as "True" and "False". */
export function booleanOf(value: unknown, fallback: boolean): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  if (lower === 'true' || lower === 'false') return lower === 'true';
  throw invalid('invalidValue', 'a truth value is true or false');
}

function emailsOf(body: Resource): NonNullable<UserAttributes['emails']> {
  const value = read(body, 'emails');
  const list = Array.isArray(value) ? value : isRecord(value) ? [value] : [];
  if (list.length > MAX_EMAILS) throw invalid('tooMany', `a person has ${MAX_EMAILS} addresses at most`);
  return list.flatMap((element) => {
    const item = isRecord(element) ? element : { value: element };
    const address = textOf(item, 'value', 254);
    if (address === undefined) return [];
    const type = textOf(item, 'type', 40);
    const primary = booleanOf(read(item, 'primary'), false);
    return [{ value: address, ...(type === undefined ? {} : { type }), ...(primary ? { primary } : {}) }];
  });
}

/** The address to sign in with: the primary one, that of work, the first, or the user name. */
function addressOf(userName: string, emails: NonNullable<UserAttributes['emails']>): string {
  const chosen =
    emails.find(({ primary }) => primary) ??
    emails.find(({ type }) => type?.toLowerCase() === 'work') ??
    emails[0];
  const email = Email.safeParse(chosen?.value ?? userName);
  if (!email.success) throw invalid('invalidValue', 'emails, or else userName, must hold an e-mail address');
  return email.data;
}

function nameOf(body: Resource): UserAttributes['name'] {
  const name = read(body, 'name');
  if (!isRecord(name)) return undefined;
  const parts = {
    formatted: textOf(name, 'formatted'),
    givenName: textOf(name, 'givenName'),
    familyName: textOf(name, 'familyName'),
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined));
}

/** Reads a user's body. What is not listed in the schema is left aside. Throws `invalidValue`. */
export function readUser(body: Resource): UserInput {
  const userName = textOf(body, 'userName', 254);
  if (userName === undefined) throw invalid('invalidValue', 'userName is missing');
  const emails = emailsOf(body);
  const name = nameOf(body);
  const displayName = textOf(body, 'displayName');
  const title = textOf(body, 'title');
  const full = [name?.givenName, name?.familyName].filter((part) => part !== undefined).join(' ');
  const shown = displayName ?? name?.formatted ?? (full === '' ? userName : full);
  return {
    userName,
    externalId: textOf(body, 'externalId') ?? null,
    email: addressOf(userName, emails),
    displayName: shown.slice(0, 100),
    attributes: {
      ...(displayName === undefined ? {} : { displayName }),
      ...(name === undefined ? {} : { name }),
      ...(title === undefined ? {} : { title }),
      ...(emails.length === 0 ? {} : { emails }),
      active: booleanOf(read(body, 'active'), true),
    },
  };
}

/** The resource that a directory gets. */
export function toUser(row: UserRow, baseUrl: string): Resource {
  const { attributes } = row;
  return {
    schemas: [USER_SCHEMA],
    id: row.id,
    ...(row.external_id === null ? {} : { externalId: row.external_id }),
    userName: row.user_name,
    displayName: attributes.displayName ?? row.name,
    ...(attributes.name === undefined ? {} : { name: attributes.name }),
    ...(attributes.title === undefined ? {} : { title: attributes.title }),
    emails: attributes.emails ?? [{ value: row.email, type: 'work', primary: true }],
    active: !row.disabled,
    groups: row.groups.map((group) => ({ ...group, $ref: `${baseUrl}/Groups/${group.value}` })),
    meta: {
      resourceType: 'User',
      created: row.created_at.toISOString(),
      lastModified: row.updated_at.toISOString(),
      location: `${baseUrl}/Users/${row.id}`,
    },
  };
}

/**
 * What a patch starts from: what the directory said, so that a change of a title enables nobody, and what follows
 * from other attributes follows anew.
 */
export function patchable(row: UserRow, baseUrl: string): Resource {
  const { displayName: _, emails, ...rest } = toUser(row, baseUrl);
  const { attributes } = row;
  const displayName = attributes.displayName ?? (attributes.name === undefined ? row.name : undefined);
  return {
    ...rest,
    ...(displayName === undefined ? {} : { displayName }),
    ...(attributes.emails === undefined ? {} : { emails }),
    active: attributes.active,
  };
}
