import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { RoleName } from './identity.ts';
import { defineRoute } from './route.ts';

/** Why single sign-on did not end signed in: code (`/sign-in?sso=<code>`) → what the sign-in page says. */
export const SSO_FAILURES = {
  'not-found': 'This way of signing in is not there, or is switched off.',
  unreachable: 'The identity provider could not be reached. Try again, or ask an administrator.',
  'start-again': 'Signing in took too long, or was begun in another browser. Try again.',
  cancelled: 'The identity provider did not sign you in.',
  refused: 'The answer of the identity provider could not be trusted. Tell an administrator.',
  'no-account': 'You have no account here. Ask an administrator to add you.',
  'email-not-verified': 'The identity provider does not say that your e-mail address is verified.',
  'email-taken':
    'An account with your e-mail address exists already and is not linked. Ask an administrator.',
  'no-access': 'None of your groups gives you access. Ask an administrator.',
  disabled: 'Your account is disabled.',
  busy: 'Too many attempts. Wait a few minutes.',
} as const;
export type SsoFailure = keyof typeof SSO_FAILURES;

/** A group of the directory, and what its members get. */
export const GroupMapping = z.object({
  /** As the directory names it: a name, or an id (Entra ID sends object ids). Compared exactly. */
  group: z.string().min(1).max(300),
  roles: z.array(RoleName).max(10).default([]),
  teams: z.array(Id).max(100).default([]),
});
export type GroupMapping = z.infer<typeof GroupMapping>;

const Claim = z.string().min(1).max(200);
const Domain = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/i,
    'give a domain, e.g. example.com',
  )
  .transform((value) => value.toLowerCase());

const ClaimNames = z.object({
  email: Claim.default('email'),
  /** Must be true, "true", 1 or "1". Entra ID: `xms_edov`. */
  emailVerified: Claim.default('email_verified'),
  name: Claim.default('name'),
  /** A claim's name, or a path with dots, e.g. `realm_access.roles`. */
  groups: Claim.default('groups'),
});

export const SsoProviderFields = z.object({
  /** On the button: "Sign in with …". */
  label: z.string().min(1).max(60),
  enabled: z.boolean().default(true),
  /** Exactly as the provider writes it in its discovery document. */
  issuer: z.url({ protocol: /^https?$/ }).max(500),
  clientId: z.string().min(1).max(300),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/))
    .max(20)
    .default(['openid', 'email', 'profile']),
  claims: ClaimNames.prefault({}),
  /** Also read the claims of the UserInfo endpoint (some providers put groups only there). */
  userInfo: z.boolean().default(false),
  /** Reach an issuer in a private network or on this machine. */
  allowPrivateNetwork: z.boolean().default(false),
  /** Make an account for somebody who signs in for the first time. */
  createPeople: z.boolean().default(false),
  /** Only addresses of these domains get an account made or linked. Needed for either. */
  emailDomains: z.array(Domain).max(50).default([]),
  /**
   * The provider vouches for every address in these domains, so that its claim "verified" is not needed. For
   * a directory of your own that gives out the addresses itself.
   */
  vouchesForEmail: z.boolean().default(false),
  /** Roles of an account made at first sign-in, when no group gives any. */
  defaultRoles: z.array(RoleName).max(10).default(['viewer']),
  /** Link an account that was invited or provisioned, and has never been signed in to, by its verified e-mail. */
  linkByEmail: z.boolean().default(false),
  groups: z.array(GroupMapping).max(500).default([]),
  /** Who is in none of the mapped groups gets no access, and loses the access they had. */
  groupsRequired: z.boolean().default(false),
  /** A sign-in in which the provider says that it used several factors needs no second factor here. */
  trustedForMfa: z.boolean().default(false),
  /** Values of `amr` (RFC 8176) that count as several factors. */
  mfaAmr: z.array(z.string().min(1).max(100)).max(20).default(['mfa']),
  /** Values of `acr` that count as several factors; also asked for. */
  mfaAcr: z
    .array(z.string().regex(/^[\x21-\x7e]{1,200}$/))
    .max(20)
    .default([]),
});

/** As written. `clientSecret` absent keeps the stored one, null removes it (a public client with PKCE alone). */
export const SsoProviderInput = SsoProviderFields.extend({
  /** Of a new provider, where its redirect URI had to be known before; drawn where absent. */
  id: Id.optional(),
  clientSecret: z.string().min(1).max(2000).nullable().optional(),
}).superRefine((value, context) => {
  if ((value.createPeople || value.linkByEmail || value.vouchesForEmail) && value.emailDomains.length === 0) {
    context.addIssue({
      code: 'custom',
      path: ['emailDomains'],
      message: 'name the domains whose addresses this provider may bring',
    });
  }
  if (value.groupsRequired && value.groups.length === 0) {
    context.addIssue({
      code: 'custom',
      path: ['groups'],
      message: 'map at least one group, or nobody gets in',
    });
  }
  if (!value.scopes.includes('openid')) {
    context.addIssue({ code: 'custom', path: ['scopes'], message: 'the scope openid is needed' });
  }
});
export type SsoProviderInput = z.input<typeof SsoProviderInput>;

export const SsoProvider = SsoProviderFields.extend({
  id: Id,
  hasClientSecret: z.boolean(),
  /** To be entered at the provider, exactly. */
  redirectUri: z.string(),
  /** People who have signed in through it. */
  people: z.number().int(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type SsoProvider = z.infer<typeof SsoProvider>;

export const SsoSettings = z.object({
  /** Passwords and passkeys no longer sign anybody in, but for emergency accounts. */
  only: z.boolean(),
});
export type SsoSettings = z.infer<typeof SsoSettings>;

export const ProviderTest = z.object({
  ok: z.boolean(),
  steps: z.array(z.object({ title: z.string(), ok: z.boolean(), message: z.string() })),
});
export type ProviderTest = z.infer<typeof ProviderTest>;

export const ScimToken = z.object({
  id: Id,
  name: z.string(),
  /** First characters, to recognise it. */
  prefix: z.string(),
  createdAt: Instant,
  createdBy: z.string(),
  expiresAt: Instant.nullable(),
  lastUsedAt: Instant.nullable(),
  revokedAt: Instant.nullable(),
});
export type ScimToken = z.infer<typeof ScimToken>;

/** A group that the directory pushed, and what its members get here. */
export const ScimGroup = z.object({
  id: Id,
  name: z.string(),
  externalId: z.string().nullable(),
  members: z.number().int(),
  roles: z.array(RoleName),
  teams: z.array(Id),
});
export type ScimGroup = z.infer<typeof ScimGroup>;

export const ScimSettings = z.object({
  /** Address to enter at the directory. */
  baseUrl: z.string(),
  /** Roles of provisioned people who are in no group that gives any. */
  defaultRoles: z.array(RoleName),
  /** Provisioned people. */
  people: z.number().int(),
  groups: z.array(ScimGroup),
});
export type ScimSettings = z.infer<typeof ScimSettings>;

const Params = z.object({ id: Id });
/** Anything may come back from a provider; what does not fit leads to the sign-in page, not to an error. */
const LooseQuery = z.record(z.string(), z.unknown());

export const federationRoutes = {
  ssoButtons: defineRoute({
    id: 'auth.sso',
    method: 'GET',
    path: '/api/v1/auth/sso',
    summary: 'Ways to sign in: providers, and whether passwords are among them',
    access: 'public',
    response: z.object({
      items: z.array(z.object({ id: Id, label: z.string() })),
      /** False where only single sign-on is left (emergency accounts still may). */
      passwords: z.boolean(),
    }),
  }),
  ssoStart: defineRoute({
    id: 'auth.ssoStart',
    method: 'GET',
    path: '/api/v1/auth/sso/:id/start',
    summary: 'Leads the browser to the provider (`returnTo` is a path of the console)',
    access: 'public',
    params: z.object({ id: z.string().max(200) }),
    query: LooseQuery,
    redirects: true,
  }),
  ssoCallback: defineRoute({
    id: 'auth.ssoCallback',
    method: 'GET',
    path: '/api/v1/auth/sso/:id/callback',
    summary: 'Where the provider leads the browser back to; signs in',
    access: 'public',
    params: z.object({ id: z.string().max(200) }),
    query: LooseQuery,
    redirects: true,
  }),
  providers: defineRoute({
    id: 'sso.list',
    method: 'GET',
    path: '/api/v1/sso/providers',
    summary: 'Identity providers, without their secrets',
    access: 'sign-in.read',
    response: z.object({
      items: z.array(SsoProvider),
      settings: SsoSettings,
      /** Redirect URI of a provider, with `{id}` for its id. */
      redirectUri: z.string(),
    }),
  }),
  addProvider: defineRoute({
    id: 'sso.add',
    method: 'POST',
    path: '/api/v1/sso/providers',
    summary: 'Add an identity provider',
    access: 'sign-in.manage',
    lasting: true,
    stepUp: true,
    body: SsoProviderInput,
    response: SsoProvider,
  }),
  updateProvider: defineRoute({
    id: 'sso.update',
    method: 'PUT',
    path: '/api/v1/sso/providers/:id',
    summary: 'Replace the settings of an identity provider',
    access: 'sign-in.manage',
    stepUp: true,
    params: Params,
    body: SsoProviderInput,
    response: SsoProvider,
  }),
  removeProvider: defineRoute({
    id: 'sso.remove',
    method: 'DELETE',
    path: '/api/v1/sso/providers/:id',
    summary: 'Remove an identity provider and its links to people; accounts stay',
    access: 'sign-in.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
  testProvider: defineRoute({
    id: 'sso.test',
    method: 'POST',
    path: '/api/v1/sso/test',
    summary: 'Read the discovery document and keys of an issuer and say what is wrong with them',
    access: 'sign-in.manage',
    body: z.object({
      issuer: z.url({ protocol: /^https?$/ }).max(500),
      allowPrivateNetwork: z.boolean().default(false),
    }),
    response: ProviderTest,
  }),
  updateSsoSettings: defineRoute({
    id: 'sso.settings',
    method: 'PUT',
    path: '/api/v1/sso/settings',
    summary: 'Single sign-on only, or passwords and passkeys too',
    access: 'sign-in.manage',
    stepUp: true,
    body: SsoSettings,
    response: SsoSettings,
  }),
  scimSettings: defineRoute({
    id: 'scim.settings',
    method: 'GET',
    path: '/api/v1/scim/settings',
    summary: 'Provisioning: address, default roles, groups that were pushed',
    access: 'sign-in.read',
    response: ScimSettings,
  }),
  updateScimSettings: defineRoute({
    id: 'scim.updateSettings',
    method: 'PUT',
    path: '/api/v1/scim/settings',
    summary: 'Change the roles of provisioned people who are in no mapped group',
    access: 'sign-in.manage',
    lasting: true,
    stepUp: true,
    body: z.object({ defaultRoles: z.array(RoleName).max(10) }),
    response: ScimSettings,
  }),
  mapScimGroup: defineRoute({
    id: 'scim.mapGroup',
    method: 'PUT',
    path: '/api/v1/scim/groups/:id',
    summary: 'Say which roles and teams the members of a pushed group get; holds at once',
    access: 'sign-in.manage',
    lasting: true,
    stepUp: true,
    params: Params,
    body: z.object({ roles: z.array(RoleName).max(10), teams: z.array(Id).max(100) }),
    response: ScimGroup,
  }),
  scimTokens: defineRoute({
    id: 'scim.tokens',
    method: 'GET',
    path: '/api/v1/scim/tokens',
    summary: 'Provisioning tokens, without their secret',
    access: 'sign-in.read',
    response: z.object({ items: z.array(ScimToken) }),
  }),
  addScimToken: defineRoute({
    id: 'scim.addToken',
    method: 'POST',
    path: '/api/v1/scim/tokens',
    summary: 'Make a provisioning token; the secret is in this answer and nowhere else',
    access: 'sign-in.manage',
    lasting: true,
    stepUp: true,
    body: z.object({
      name: z.string().min(1).max(100),
      /** Milliseconds since the epoch, or null for no expiry. */
      expiresAt: Instant.nullable(),
    }),
    response: z.object({ token: ScimToken, secret: z.string() }),
  }),
  revokeScimToken: defineRoute({
    id: 'scim.revokeToken',
    method: 'DELETE',
    path: '/api/v1/scim/tokens/:id',
    summary: 'Revoke a provisioning token at once',
    access: 'sign-in.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
} as const;
