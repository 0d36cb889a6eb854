import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { Limits } from './endpoints.ts';
import { ApiKey, RoleName } from './identity.ts';
import { defineRoute } from './route.ts';

/** The longest that a rotated key's old secret goes on working. */
export const MAX_OVERLAP_DAYS = 30;

/** Absent fields stay as they are. Nothing is given that the caller does not have. */
export const ApiKeyChange = z.object({
  name: z.string().min(1).max(100).optional(),
  limits: Limits.optional(),
  expiresAt: Instant.nullable().optional(),
  /** Hands the key to a person or a service account. */
  owner: z.object({ kind: z.enum(['person', 'service-account']), id: Id }).optional(),
});
export type ApiKeyChange = z.input<typeof ApiKeyChange>;

export const KeySettings = z.object({
  /** New and changed keys must expire within this; null lets keys live for ever. */
  maxLifetimeDays: z.number().int().min(1).max(3650).nullable(),
});
export type KeySettings = z.infer<typeof KeySettings>;

/** Something that is not a person and owns keys: an application, a pipeline. */
export const ServiceAccount = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  /** The most that its keys may do on the API: a scope beyond these roles opens nothing. */
  roles: z.array(RoleName),
  /** Who answers for it; null when nobody does any more. */
  ownerId: Id.nullable(),
  ownerName: z.string().nullable(),
  teamId: Id.nullable(),
  /** While disabled, its keys open nothing. */
  disabled: z.boolean(),
  /** The person who answered for it has left: it goes on working, and somebody should take it over. */
  orphaned: z.boolean(),
  /** Keys that are good now. */
  keys: z.number().int(),
  createdAt: Instant,
  lastUsedAt: Instant.nullable(),
});
export type ServiceAccount = z.infer<typeof ServiceAccount>;

export const ServiceAccountInput = z.object({
  name: z.string().min(1).max(100),
  description: z.string().max(500).default(''),
  roles: z.array(RoleName).max(10).default([]),
  /** The caller where absent. */
  ownerId: Id.optional(),
  teamId: Id.nullable().default(null),
});
export type ServiceAccountInput = z.input<typeof ServiceAccountInput>;

const Params = z.object({ id: Id });

export const keyRoutes = {
  rotate: defineRoute({
    id: 'keys.rotate',
    method: 'POST',
    path: '/api/v1/keys/:id/rotate',
    summary: 'Give a key a new secret; the old one works on until `oldEndsAt`, 30 days at most',
    access: 'keys.manage',
    stepUp: true,
    params: Params,
    body: z.object({
      /** When the old secret dies, in ms since the epoch; in the past or now: at once. */
      oldEndsAt: Instant,
      /** A new expiry of the key; absent keeps it. */
      expiresAt: Instant.nullable().optional(),
    }),
    response: z.object({ key: ApiKey, secret: z.string() }),
  }),
  update: defineRoute({
    id: 'keys.update',
    method: 'PATCH',
    path: '/api/v1/keys/:id',
    summary: 'Change the name, limits, expiry or owner of a key',
    access: 'keys.manage',
    stepUp: true,
    params: Params,
    body: ApiKeyChange,
    response: ApiKey,
  }),
  settings: defineRoute({
    id: 'keys.settings',
    method: 'GET',
    path: '/api/v1/key-settings',
    summary: 'How long keys may live',
    access: 'keys.read',
    response: KeySettings,
  }),
  updateSettings: defineRoute({
    id: 'keys.updateSettings',
    method: 'PUT',
    path: '/api/v1/key-settings',
    summary: 'Change how long keys may live; existing keys stay as they are',
    access: 'sign-in.manage',
    stepUp: true,
    body: KeySettings,
    response: KeySettings,
  }),
  serviceAccounts: defineRoute({
    id: 'service-accounts.list',
    method: 'GET',
    path: '/api/v1/service-accounts',
    summary: 'Service accounts, and which of them nobody answers for',
    access: 'keys.read',
    response: z.object({ items: z.array(ServiceAccount) }),
  }),
  addServiceAccount: defineRoute({
    id: 'service-accounts.add',
    method: 'POST',
    path: '/api/v1/service-accounts',
    summary: 'Make a service account; its keys are made with its id as `serviceAccountId`',
    access: 'keys.manage',
    lasting: true,
    stepUp: true,
    body: ServiceAccountInput,
    response: ServiceAccount,
  }),
  updateServiceAccount: defineRoute({
    id: 'service-accounts.update',
    method: 'PATCH',
    path: '/api/v1/service-accounts/:id',
    summary: 'Change, disable or hand over a service account',
    access: 'keys.manage',
    stepUp: true,
    params: Params,
    body: z.object({
      name: z.string().min(1).max(100).optional(),
      description: z.string().max(500).optional(),
      roles: z.array(RoleName).max(10).optional(),
      ownerId: Id.optional(),
      teamId: Id.nullable().optional(),
      disabled: z.boolean().optional(),
    }),
    response: ServiceAccount,
  }),
  removeServiceAccount: defineRoute({
    id: 'service-accounts.remove',
    method: 'DELETE',
    path: '/api/v1/service-accounts/:id',
    summary: 'Remove a service account; its keys end at once and for good',
    access: 'keys.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
} as const;
