/** Who may do what: the one table. Every route contract names one of these permissions. */

export const ROLES = ['administrator', 'security', 'ml-engineer', 'reviewer', 'auditor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Permission → what it lets a person do, in the words the console shows. */
export const PERMISSIONS = {
  'overview.read': 'See the overview and live figures',
  'people.read': 'See who has an account',
  'people.manage': 'Invite, change and remove people',
  'keys.read': 'See API keys (never their secret)',
  'keys.manage': 'Create and revoke API keys',
  'endpoints.read': 'See endpoints and their upstreams',
  'endpoints.manage': 'Change endpoints, upstreams and provider keys',
  'policies.read': 'See policies and their versions',
  'policies.manage': 'Change policies and put versions live',
  'policies.try': 'Try texts against a policy in the playground',
  'checks.read': 'See the catalogue of checks',
  'interactions.read': 'See interactions, with content as redacted',
  'interactions.content': 'Read the raw content of interactions',
  'interactions.export': 'Export interactions',
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

const READ: readonly Permission[] = [
  'overview.read',
  'endpoints.read',
  'policies.read',
  'checks.read',
  'interactions.read',
];

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = Object.freeze({
  administrator: ALL_PERMISSIONS,
  security: [
    ...READ,
    'people.read',
    'keys.read',
    'keys.manage',
    'endpoints.manage',
    'policies.manage',
    'policies.try',
    'interactions.content',
    'interactions.export',
  ],
  'ml-engineer': [...READ, 'keys.read', 'endpoints.manage', 'policies.try'],
  reviewer: [...READ, 'policies.try', 'interactions.content'],
  auditor: [...READ, 'people.read', 'keys.read', 'interactions.content', 'interactions.export'],
  viewer: READ,
});

/** True when any of `roles` grants `permission`. */
export function allows(roles: readonly Role[], permission: Permission): boolean {
  return roles.some((role) => ROLE_PERMISSIONS[role].includes(permission));
}
