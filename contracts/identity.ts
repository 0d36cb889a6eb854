import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { Limits } from './endpoints.ts';
import { whyGuessable } from './password-rules.ts';
import { ALL_PERMISSIONS, type Permission, ROLES } from './permissions.ts';
import { defineRoute } from './route.ts';
import { TeamRef } from './teams.ts';

export const RoleName = z.enum(ROLES);
const PermissionName = z.enum(ALL_PERMISSIONS as [Permission, ...Permission[]]);

/** What an API key may do: call endpoints, or a permission of the control plane's API. */
export const KeyScope = z.union([z.literal('gateway.invoke'), PermissionName]);
export type KeyScope = z.infer<typeof KeyScope>;

export const Email = z
  .email()
  .max(254)
  .transform((value) => value.toLowerCase());
/** A password that is chosen anew: long enough, and not among those that are guessed first. */
export const Password = z
  .string()
  .min(12, 'use at least 12 characters')
  .max(256)
  .superRefine((value, context) => {
    const why = value.length < 12 ? null : whyGuessable(value);
    if (why !== null) context.addIssue({ code: 'custom', message: why });
  });

export const Person = z.object({
  id: Id,
  name: z.string(),
  email: z.string(),
  roles: z.array(RoleName),
  teams: z.array(TeamRef),
  disabled: z.boolean(),
  /** An account for emergencies. */
  breakGlass: z.boolean(),
  /** Has a second factor. */
  secondFactor: z.boolean(),
  createdAt: Instant,
  lastSeenAt: Instant.nullable(),
});
export type Person = z.infer<typeof Person>;

/** Ways to give a second factor. */
export const FactorKind = z.enum(['totp', 'passkey', 'recovery']);
export type FactorKind = z.infer<typeof FactorKind>;

/** The caller, whoever it is. */
export const Me = z.object({
  kind: z.enum(['person', 'key']),
  id: Id,
  name: z.string(),
  email: z.string().nullable(),
  roles: z.array(RoleName),
  permissions: z.array(PermissionName),
  /** Teams that the caller is in; of a key, those of its owner. */
  teams: z.array(TeamRef),
  /** Looks after the whole instance: sees what belongs to any team. */
  everyTeam: z.boolean(),
  /** Second factors that a person has. */
  factors: z.array(FactorKind),
  /** How the person can confirm that it is them; `sign-in` means by signing in anew. */
  confirmWith: z.array(z.enum(['password', ...FactorKind.options, 'sign-in'])),
  /** Dangerous acts are open until then; null for keys, whose scopes were confirmed. */
  confirmedUntil: Instant.nullable(),
  /** A second factor is demanded and there is none yet: only setting one up is open. */
  mustEnrol: z.boolean(),
  /** An account for emergencies, whose use raised an alarm. */
  breakGlass: z.boolean(),
});
export type Me = z.infer<typeof Me>;

/**
 * Signed in, with the session cookie set; or the password was right and a second factor is asked for, with a
 * short-lived cookie set that only the second step takes. No session exists in that case.
 */
export const SignInAnswer = z.discriminatedUnion('status', [
  z.object({ status: z.literal('signed-in'), me: Me }),
  z.object({
    status: z.literal('second-factor'),
    /** What this person can give. */
    methods: z.array(FactorKind),
    /** Until then the second step can be taken. */
    expiresAt: Instant,
  }),
]);
export type SignInAnswer = z.infer<typeof SignInAnswer>;

/** One permission, and why the caller has it or not. */
export const PermissionAnswer = z.object({
  permission: PermissionName,
  /** What it lets a person do. */
  title: z.string(),
  granted: z.boolean(),
  /** The caller's roles that grant it; empty for keys. */
  through: z.array(RoleName),
  /** Every role that grants it. */
  grantedBy: z.array(RoleName),
  /** In words, for whoever asks. */
  reason: z.string(),
});
export type PermissionAnswer = z.infer<typeof PermissionAnswer>;

export const KeyOwnerKind = z.enum(['person', 'service-account', 'bartizan']);
export type KeyOwnerKind = z.infer<typeof KeyOwnerKind>;

/** What somebody should look at: code → words. */
export const KEY_WARNINGS = {
  'expires-soon': 'Ends within 14 days: rotate it or give it more time',
  'never-expires': 'Never expires',
  unused: 'Not used for 90 days',
  orphaned: 'Nobody answers for the service account that owns it',
} as const;
export const KeyWarning = z.enum(Object.keys(KEY_WARNINGS) as (keyof typeof KEY_WARNINGS)[]);
export type KeyWarning = z.infer<typeof KeyWarning>;

export const ApiKey = z.object({
  id: Id,
  name: z.string(),
  /** First characters of the key, to recognise it. */
  prefix: z.string(),
  scopes: z.array(KeyScope),
  /** Endpoints that it may call; `*` is all. */
  endpoints: z.union([z.literal('*'), z.array(Id)]),
  limits: Limits,
  /** A person, a service account, or Bartizan itself (the nil UUID). */
  ownerId: Id,
  ownerName: z.string(),
  ownerKind: KeyOwnerKind,
  createdAt: Instant,
  /** When the secret was made: at creation, or when it was rotated last. */
  rotatedAt: Instant,
  /** The secret before the last rotation, while it still works. */
  previous: z.object({ prefix: z.string(), endsAt: Instant }).nullable(),
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
  warnings: z.array(KeyWarning),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const ApiKeyInput = z.object({
  name: z.string().min(1).max(100),
  scopes: z.array(KeyScope).min(1),
  endpoints: z.union([z.literal('*'), z.array(Id)]).default([]),
  limits: Limits.prefault({}),
  /** Milliseconds since the epoch, or null for no expiry. */
  expiresAt: Instant.nullable(),
  /** Makes it a service account's key; otherwise it is the caller's own. */
  serviceAccountId: Id.optional(),
});

export const Session = z.object({
  id: z.string(),
  createdAt: Instant,
  lastSeenAt: Instant,
  expiresAt: Instant,
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  current: z.boolean(),
});

const Params = z.object({ id: Id });

export const identityRoutes = {
  state: defineRoute({
    id: 'auth.state',
    method: 'GET',
    path: '/api/v1/auth/state',
    summary: 'Whether the instance is set up',
    access: 'public',
    response: z.object({ setUp: z.boolean(), version: z.string() }),
  }),
  setup: defineRoute({
    id: 'auth.setup',
    method: 'POST',
    path: '/api/v1/auth/setup',
    summary: 'Make the first administrator with the one-time setup token, and sign in',
    access: 'public',
    body: z.object({
      token: z.string().min(1).max(200),
      name: z.string().min(1).max(100),
      email: Email,
      password: Password,
    }),
    response: Me,
  }),
  login: defineRoute({
    id: 'auth.login',
    method: 'POST',
    path: '/api/v1/auth/login',
    summary: 'Sign in; sets the session cookie, or asks for the second factor',
    access: 'public',
    body: z.object({ email: Email, password: z.string().min(1).max(256) }),
    response: SignInAnswer,
  }),
  logout: defineRoute({
    id: 'auth.logout',
    method: 'POST',
    path: '/api/v1/auth/logout',
    summary: 'Sign out and end the session',
    access: 'signed-in',
    response: Empty,
  }),
  me: defineRoute({
    id: 'auth.me',
    method: 'GET',
    path: '/api/v1/auth/me',
    summary: 'Who the caller is and what they may do',
    access: 'signed-in',
    response: Me,
  }),
  permissions: defineRoute({
    id: 'auth.permissions',
    method: 'GET',
    path: '/api/v1/auth/permissions',
    summary: 'What the caller may do and what not, and why',
    access: 'signed-in',
    response: z.object({ items: z.array(PermissionAnswer) }),
  }),
  changePassword: defineRoute({
    id: 'auth.changePassword',
    method: 'POST',
    path: '/api/v1/auth/password',
    summary: 'Change your own password; ends your other sessions',
    access: 'signed-in',
    body: z.object({ current: z.string().min(1).max(256), next: Password }),
    response: Empty,
  }),
  sessions: defineRoute({
    id: 'auth.sessions',
    method: 'GET',
    path: '/api/v1/auth/sessions',
    summary: 'Your own sessions',
    access: 'signed-in',
    response: z.object({ items: z.array(Session) }),
  }),
  revokeSession: defineRoute({
    id: 'auth.revokeSession',
    method: 'DELETE',
    path: '/api/v1/auth/sessions/:id',
    summary: 'End one of your own sessions',
    access: 'signed-in',
    params: z.object({ id: z.string().min(1).max(200) }),
    response: Empty,
  }),
  people: defineRoute({
    id: 'people.list',
    method: 'GET',
    path: '/api/v1/people',
    summary: 'Everyone with an account',
    access: 'people.read',
    response: z.object({ items: z.array(Person) }),
  }),
  addPerson: defineRoute({
    id: 'people.add',
    method: 'POST',
    path: '/api/v1/people',
    summary: 'Add a person; answers with a one-time link on which they choose their password',
    access: 'people.manage',
    stepUp: true,
    body: z.object({ name: z.string().min(1).max(100), email: Email, roles: z.array(RoleName).min(1) }),
    response: z.object({ person: Person, inviteUrl: z.string() }),
  }),
  acceptInvite: defineRoute({
    id: 'auth.acceptInvite',
    method: 'POST',
    path: '/api/v1/auth/invite',
    summary: 'Choose a password with an invitation token, and sign in',
    access: 'public',
    body: z.object({ token: z.string().min(1).max(200), password: Password }),
    response: SignInAnswer,
  }),
  updatePerson: defineRoute({
    id: 'people.update',
    method: 'PATCH',
    path: '/api/v1/people/:id',
    summary: 'Change roles or disable a person; disabling ends their sessions and keys',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    body: z.object({
      name: z.string().min(1).max(100).optional(),
      roles: z.array(RoleName).min(1).optional(),
      disabled: z.boolean().optional(),
    }),
    response: Person,
  }),
  keys: defineRoute({
    id: 'keys.list',
    method: 'GET',
    path: '/api/v1/keys',
    summary: 'API keys, without their secret',
    access: 'keys.read',
    response: z.object({ items: z.array(ApiKey) }),
  }),
  createKey: defineRoute({
    id: 'keys.create',
    method: 'POST',
    path: '/api/v1/keys',
    summary: 'Create an API key; the secret is in this answer and nowhere else',
    access: 'keys.manage',
    stepUp: true,
    body: ApiKeyInput,
    response: z.object({ key: ApiKey, secret: z.string() }),
  }),
  revokeKey: defineRoute({
    id: 'keys.revoke',
    method: 'DELETE',
    path: '/api/v1/keys/:id',
    summary: 'Revoke an API key at once',
    access: 'keys.manage',
    params: Params,
    response: Empty,
  }),
} as const;
