import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { Limits } from './endpoints.ts';
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
export const Password = z.string().min(12, 'use at least 12 characters').max(256);

export const Person = z.object({
  id: Id,
  name: z.string(),
  email: z.string(),
  roles: z.array(RoleName),
  teams: z.array(TeamRef),
  disabled: z.boolean(),
  createdAt: Instant,
  lastSeenAt: Instant.nullable(),
});
export type Person = z.infer<typeof Person>;

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
});
export type Me = z.infer<typeof Me>;

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

export const ApiKey = z.object({
  id: Id,
  name: z.string(),
  /** First characters of the key, to recognise it. */
  prefix: z.string(),
  scopes: z.array(KeyScope),
  /** Endpoints that it may call; `*` is all. */
  endpoints: z.union([z.literal('*'), z.array(Id)]),
  limits: Limits,
  ownerId: Id,
  ownerName: z.string(),
  createdAt: Instant,
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const ApiKeyInput = z.object({
  name: z.string().min(1).max(100),
  scopes: z.array(KeyScope).min(1),
  endpoints: z.union([z.literal('*'), z.array(Id)]).default([]),
  limits: Limits.prefault({}),
  /** Milliseconds since the epoch, or null for no expiry. */
  expiresAt: Instant.nullable(),
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
    summary: 'Sign in; sets the session cookie',
    access: 'public',
    body: z.object({ email: Email, password: z.string().min(1).max(256) }),
    response: Me,
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
    response: Me,
  }),
  updatePerson: defineRoute({
    id: 'people.update',
    method: 'PATCH',
    path: '/api/v1/people/:id',
    summary: 'Change roles or disable a person; disabling ends their sessions and keys',
    access: 'people.manage',
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
