/** Who may do what: the one table. Every route contract names one of these permissions. */

export const ROLES = ['administrator', 'security', 'ml-engineer', 'reviewer', 'auditor', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Permission → what it lets a person do, in the words the console shows. */
export const PERMISSIONS = {
  'overview.read': 'See the overview and live figures',
  'people.read': 'See who has an account',
  'people.manage': 'Invite, change and remove people, and say who is in which team',
  'sign-in.read': 'See how people sign in: second factors, single sign-on, provisioning',
  'sign-in.manage': 'Change how people sign in: second factors, single sign-on, provisioning',
  'keys.read': 'See API keys (never their secret)',
  'keys.manage': 'Create and revoke API keys',
  'endpoints.read': 'See endpoints and their upstreams',
  'endpoints.manage': 'Change endpoints, upstreams and provider keys',
  'policies.read': 'See policies and their versions',
  'policies.manage': 'Change policies and put versions live',
  'policies.approve': 'Approve or reject what somebody else proposed to change in policies',
  'policies.try': 'Try texts against a policy in the playground',
  'checks.read': 'See the catalogue of checks',
  'detector.read':
    'See the models of the injection detector, how they compare, and what datasets of corrections there are',
  'detector.correct': 'Say where the injection check was wrong, of content that one may read',
  'detector.manage':
    'Settle disagreements, make datasets of corrections, add models, compare them and put them live',
  'interactions.read': 'See interactions, with content as redacted',
  'interactions.content': 'Read the raw content of interactions',
  'interactions.export': 'Export interactions',
  'audit.read': 'Read, verify and export the audit log',
  'audit.manage': 'Rotate the key that signs the audit log, and say which witnesses count',
  'sinks.read': 'See where events are sent',
  'sinks.manage': 'Change where events are sent',
  'fleet.read': 'See gateways and servers and what they run',
  'metrics.read': 'Read metrics in the format of Prometheus',
  'systems.read': 'See AI systems, what they are for and what they use',
  'systems.manage': 'Describe, change and retire AI systems',
  'models.read': 'See models, versions and runs, and what was found in them',
  'models.download': 'Download the files of models and runs',
  'models.write': 'Register models and versions, log runs, upload files, move aliases and stages',
  'models.manage': 'Remove models, accept findings, release from quarantine, say whose signatures count',
  'data.read': 'See datasets, versions, profiles, findings and lineage, but never records',
  'data.content': 'Read the records of datasets, with a reason that is recorded',
  'data.write': 'Register datasets, push versions, log lineage',
  'data.label': 'Label records that annotators disagree about',
  'data.manage': 'Manage sources and policies of data, quarantine and removal, privacy budgets',
  'data.approve': 'Approve or reject what somebody else proposed to change in data',
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[];

const READ: readonly Permission[] = [
  'overview.read',
  'endpoints.read',
  'policies.read',
  'checks.read',
  'detector.read',
  'interactions.read',
  'systems.read',
  'models.read',
  'data.read',
];

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = Object.freeze({
  administrator: ALL_PERMISSIONS,
  security: [
    ...READ,
    'people.read',
    'sign-in.read',
    'keys.read',
    'keys.manage',
    'endpoints.manage',
    'policies.manage',
    'policies.approve',
    'policies.try',
    'detector.correct',
    'detector.manage',
    'interactions.content',
    'interactions.export',
    'audit.read',
    'sinks.read',
    'sinks.manage',
    'fleet.read',
    'metrics.read',
    'systems.manage',
    'models.download',
    'models.write',
    'models.manage',
    'data.content',
    'data.write',
    'data.label',
    'data.manage',
    'data.approve',
  ],
  'ml-engineer': [
    ...READ,
    'keys.read',
    'endpoints.manage',
    'policies.try',
    'fleet.read',
    'systems.manage',
    'models.download',
    'models.write',
    'data.content',
    'data.write',
    'data.label',
  ],
  reviewer: [
    ...READ,
    'policies.try',
    'detector.correct',
    'interactions.content',
    'data.content',
    'data.label',
    'data.approve',
  ],
  auditor: [
    ...READ,
    'people.read',
    'sign-in.read',
    'keys.read',
    'interactions.content',
    'interactions.export',
    'audit.read',
    'sinks.read',
    'fleet.read',
  ],
  viewer: READ,
});

/** Roles that look after the whole instance; the others see what is everybody's and what is their teams'. */
export const ROLES_OVER_ALL_TEAMS: readonly Role[] = Object.freeze(['administrator', 'security', 'auditor']);

/** True when any of `roles` grants `permission`. */
export function allows(roles: readonly Role[], permission: Permission): boolean {
  return roles.some((role) => ROLE_PERMISSIONS[role].includes(permission));
}
