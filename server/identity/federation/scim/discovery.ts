import { GROUP_SCHEMA } from './groups.ts';
import type { Resource } from './patch.ts';
import { missing } from './problem.ts';
import { USER_SCHEMA } from './user-resource.ts';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

/** RFC 7643 §5: what is there, and nothing that is not. */
export const serviceProviderConfig = (baseUrl: string): Resource => ({
  schemas: [`${CORE}:ServiceProviderConfig`],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 500 },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A provisioning token of Bartizan',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
});

const attribute = (name: string, more: Resource = {}): Resource => ({
  name,
  type: 'string',
  multiValued: false,
  description: name,
  required: false,
  caseExact: false,
  mutability: 'readWrite',
  returned: 'default',
  uniqueness: 'none',
  ...more,
});

const TYPES = { User: USER_SCHEMA, Group: GROUP_SCHEMA } as const;

const ATTRIBUTES: Readonly<Record<keyof typeof TYPES, Resource[]>> = {
  User: [
    attribute('userName', { required: true, uniqueness: 'server' }),
    attribute('displayName'),
    attribute('name', {
      type: 'complex',
      subAttributes: ['formatted', 'givenName', 'familyName'].map((name) => attribute(name)),
    }),
    attribute('title'),
    attribute('active', { type: 'boolean' }),
    attribute('emails', {
      type: 'complex',
      multiValued: true,
      subAttributes: [attribute('value'), attribute('type'), attribute('primary', { type: 'boolean' })],
    }),
    attribute('groups', {
      type: 'complex',
      multiValued: true,
      mutability: 'readOnly',
      subAttributes: ['value', 'display', '$ref'].map((name) => attribute(name, { mutability: 'readOnly' })),
    }),
  ],
  Group: [
    attribute('displayName', { required: true, uniqueness: 'server' }),
    attribute('members', {
      type: 'complex',
      multiValued: true,
      subAttributes: ['value', 'display', 'type', '$ref'].map((name) =>
        attribute(name, { mutability: 'immutable' }),
      ),
    }),
  ],
};

const list = (resources: Resource[]): Resource => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
  totalResults: resources.length,
  startIndex: 1,
  itemsPerPage: resources.length,
  Resources: resources,
});

/** RFC 7643 §6. */
const resourceTypesOf = (baseUrl: string): Resource[] =>
  Object.entries(TYPES).map(([name, schema]) => ({
    schemas: [`${CORE}:ResourceType`],
    id: name,
    name,
    endpoint: `/${name}s`,
    description: name,
    schema,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  }));

/** RFC 7643 §7. */
const schemasOf = (baseUrl: string): Resource[] =>
  (Object.keys(TYPES) as (keyof typeof TYPES)[]).map((name) => ({
    schemas: [`${CORE}:Schema`],
    id: TYPES[name],
    name,
    description: name,
    attributes: ATTRIBUTES[name],
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${TYPES[name]}` },
  }));

const pick = (all: Resource[], id: string, what: string): Resource => {
  const found = all.find((one) => one.id === id);
  if (!found) throw missing(what);
  return found;
};

export const resourceTypes = (baseUrl: string): Resource => list(resourceTypesOf(baseUrl));
export const resourceType = (baseUrl: string, id: string): Resource =>
  pick(resourceTypesOf(baseUrl), id, 'resource type');
export const schemas = (baseUrl: string): Resource => list(schemasOf(baseUrl));
export const schema = (baseUrl: string, id: string): Resource => pick(schemasOf(baseUrl), id, 'schema');
