import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { Email, Me, Password, Person, Session, SignInAnswer } from './identity.ts';
import {
  Passkey,
  PasskeyAssertion,
  PasskeyCreationOptions,
  PasskeyRegistration,
  PasskeyRequestOptions,
} from './passkeys.ts';
import { ROLES } from './permissions.ts';
import { defineRoute } from './route.ts';

/** Six digits of an authenticator app (RFC 6238); people may type a space in the middle. */
export const TotpCode = z
  .string()
  .max(12)
  .transform((value) => value.replace(/\s/g, ''))
  .pipe(z.string().regex(/^\d{6}$/, 'an authenticator code has 6 digits'));
/** Three groups of four; hyphens, blanks and case do not matter. */
export const RecoveryCode = z
  .string()
  .max(40)
  .transform((value) => value.replace(/[\s-]/g, '').toLowerCase())
  .pipe(z.string().regex(/^[0-9a-z]{12}$/, 'a recovery code has 12 letters and digits'));

export const Factors = z.object({
  /** When the authenticator app was set up; null without one. */
  totpSince: Instant.nullable(),
  passkeys: z.array(Passkey),
  recoveryCodesLeft: z.number().int(),
  /** A second factor is demanded of this person: the last one cannot be removed. */
  demanded: z.boolean(),
});
export type Factors = z.infer<typeof Factors>;

/** One of the person's factors, given. */
export const FactorProof = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('totp'), code: TotpCode }),
  z.object({ kind: z.literal('recovery'), code: RecoveryCode }),
  z.object({ kind: z.literal('passkey'), assertion: PasskeyAssertion }),
]);
export type FactorProof = z.output<typeof FactorProof>;

/** To confirm that it is you; the password alone counts only for people without a second factor. */
export const StepUpProof = z.discriminatedUnion('kind', [
  ...FactorProof.options,
  z.object({ kind: z.literal('password'), password: z.string().min(1).max(256) }),
]);
export type StepUpProof = z.output<typeof StepUpProof>;

export const SignInSettingsInput = z.object({
  /** Of whom a second factor is demanded. */
  secondFactor: z.discriminatedUnion('of', [
    z.object({ of: z.literal('nobody') }),
    z.object({ of: z.literal('everyone') }),
    z.object({ of: z.literal('roles'), roles: z.array(z.enum(ROLES)).min(1) }),
  ]),
  /** A session that nobody uses ends after this many minutes. */
  idleMinutes: z
    .number()
    .int()
    .min(5)
    .max(24 * 60),
  /** A session ends after this many hours, whatever happens. */
  sessionHours: z
    .number()
    .int()
    .min(1)
    .max(24 * 30),
});
export const SignInSettings = SignInSettingsInput.extend({
  /** Goes up by one with every change; send the one that you changed. */
  version: z.number().int(),
  updatedAt: Instant.nullable(),
});
export type SignInSettings = z.infer<typeof SignInSettings>;

/**
 * `audit-broken`: something of the audit log was altered. `sink-behind`: a receiver does not take its events.
 * `model-quarantined`: a version that is in use was found to be dangerous. `data-drip`: what a source brings changes
 * slowly. `data-reached-endpoint`: an endpoint serves what was made from records that are no longer trusted.
 * `data-altered`: the newest verification of a version found that what is stored was changed.
 */
export const ALARM_KINDS = [
  'break-glass-used',
  'second-factor-guessing',
  'passkey-cloned',
  'review-bypassed',
  'audit-broken',
  'sink-behind',
  'model-quarantined',
  'data-drip',
  'data-reached-endpoint',
  'data-altered',
] as const;

export const Alarm = z.object({
  id: Id,
  kind: z.enum(ALARM_KINDS),
  severity: z.enum(['high', 'critical']),
  summary: z.string(),
  /** What it is about: `<kind>:<id>`. */
  subject: z.string(),
  at: Instant,
  acknowledgedAt: Instant.nullable(),
  acknowledgedBy: z.string().nullable(),
  /** What whoever acknowledged it found; null while nobody has, and of those acknowledged without one. */
  note: z.string().nullable(),
});
export type Alarm = z.infer<typeof Alarm>;

const Params = z.object({ id: Id });
const Codes = z.object({
  /** Shown once; kept as keyed hashes. Each is good once. */
  recoveryCodes: z.array(z.string()),
});
const PasskeyName = z.string().trim().min(1).max(100);

/** Signing in beyond the password, and confirming. */
const signInRoutes = {
  secondFactor: defineRoute({
    id: 'auth.secondFactor',
    method: 'POST',
    path: '/api/v1/auth/second-factor',
    summary: 'Give the second factor that signing in asked for; sets the session cookie',
    access: 'public',
    body: FactorProof,
    response: z.object({ status: z.literal('signed-in'), me: Me }),
  }),
  secondFactorPasskey: defineRoute({
    id: 'auth.secondFactor.passkeyOptions',
    method: 'POST',
    path: '/api/v1/auth/second-factor/passkey-options',
    summary: 'What the browser needs to ask for a passkey as the second factor',
    access: 'public',
    response: PasskeyRequestOptions,
  }),
  passkeyOptions: defineRoute({
    id: 'auth.passkey.options',
    method: 'POST',
    path: '/api/v1/auth/passkey/options',
    summary: 'What the browser needs to sign in with a passkey alone',
    access: 'public',
    response: PasskeyRequestOptions,
  }),
  passkey: defineRoute({
    id: 'auth.passkey',
    method: 'POST',
    path: '/api/v1/auth/passkey',
    summary: 'Sign in with a passkey alone; sets the session cookie',
    access: 'public',
    body: z.object({ assertion: PasskeyAssertion }),
    response: z.object({ status: z.literal('signed-in'), me: Me }),
  }),
  reset: defineRoute({
    id: 'auth.reset',
    method: 'POST',
    path: '/api/v1/auth/reset',
    summary: 'Choose a new password with a one-time reset link; a second factor is still asked for',
    access: 'public',
    body: z.object({ token: z.string().min(1).max(200), password: Password }),
    response: SignInAnswer,
  }),
  stepUp: defineRoute({
    id: 'auth.stepUp',
    method: 'POST',
    path: '/api/v1/auth/step-up',
    summary: 'Confirm that it is you; opens dangerous acts for ten minutes',
    access: 'signed-in',
    body: StepUpProof,
    response: z.object({ confirmedUntil: Instant }),
  }),
  stepUpPasskey: defineRoute({
    id: 'auth.stepUp.passkeyOptions',
    method: 'POST',
    path: '/api/v1/auth/step-up/passkey-options',
    summary: 'What the browser needs to confirm with a passkey',
    access: 'signed-in',
    response: PasskeyRequestOptions,
  }),
} as const;

/** One's own factors. */
const ownRoutes = {
  list: defineRoute({
    id: 'factors.list',
    method: 'GET',
    path: '/api/v1/auth/factors',
    summary: 'Your own second factors',
    access: 'signed-in',
    response: Factors,
  }),
  totpBegin: defineRoute({
    id: 'factors.totp.begin',
    method: 'POST',
    path: '/api/v1/auth/factors/totp',
    summary: 'Begin to set up an authenticator app: the secret, which counts only once it is confirmed',
    access: 'signed-in',
    stepUp: true,
    response: z.object({
      /** Base32, for typing by hand. */
      secret: z.string(),
      /** `otpauth://` address; drawn as a QR code. */
      uri: z.string(),
      expiresAt: Instant,
    }),
  }),
  totpConfirm: defineRoute({
    id: 'factors.totp.confirm',
    method: 'POST',
    path: '/api/v1/auth/factors/totp/confirm',
    summary: 'Prove that the app has the secret; replaces an earlier app and ends your other sessions',
    access: 'signed-in',
    stepUp: true,
    body: z.object({ code: TotpCode }),
    /** Empty where the person has recovery codes already. */
    response: Codes,
  }),
  totpRemove: defineRoute({
    id: 'factors.totp.remove',
    method: 'DELETE',
    path: '/api/v1/auth/factors/totp',
    summary: 'Remove the authenticator app; ends your other sessions',
    access: 'signed-in',
    stepUp: true,
    response: Empty,
  }),
  recoveryCodes: defineRoute({
    id: 'factors.recoveryCodes',
    method: 'POST',
    path: '/api/v1/auth/factors/recovery-codes',
    summary: 'Ten fresh recovery codes; the old ones stop working',
    access: 'signed-in',
    stepUp: true,
    response: Codes,
  }),
  passkeyBegin: defineRoute({
    id: 'factors.passkeys.options',
    method: 'POST',
    path: '/api/v1/auth/factors/passkeys/options',
    summary: 'What the browser needs to make a passkey',
    access: 'signed-in',
    stepUp: true,
    response: PasskeyCreationOptions,
  }),
  passkeyAdd: defineRoute({
    id: 'factors.passkeys.add',
    method: 'POST',
    path: '/api/v1/auth/factors/passkeys',
    summary: 'Add the passkey that the browser made; ends your other sessions',
    access: 'signed-in',
    stepUp: true,
    body: z.object({ name: PasskeyName, registration: PasskeyRegistration }),
    response: Codes.extend({ passkey: Passkey }),
  }),
  passkeyRename: defineRoute({
    id: 'factors.passkeys.rename',
    method: 'PATCH',
    path: '/api/v1/auth/factors/passkeys/:id',
    summary: 'Rename a passkey',
    access: 'signed-in',
    params: Params,
    body: z.object({ name: PasskeyName }),
    response: Passkey,
  }),
  passkeyRemove: defineRoute({
    id: 'factors.passkeys.remove',
    method: 'DELETE',
    path: '/api/v1/auth/factors/passkeys/:id',
    summary: 'Remove a passkey; ends your other sessions',
    access: 'signed-in',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
  endSessions: defineRoute({
    id: 'auth.endSessions',
    method: 'DELETE',
    path: '/api/v1/auth/sessions',
    summary: 'Sign out everywhere else',
    access: 'signed-in',
    response: z.object({ ended: z.number().int() }),
  }),
} as const;

/** What administrators do for others, and rules for everyone. */
const administrationRoutes = {
  settings: defineRoute({
    id: 'signIn.settings',
    method: 'GET',
    path: '/api/v1/sign-in/settings',
    summary: 'Rules for signing in',
    access: 'sign-in.read',
    response: SignInSettings,
  }),
  changeSettings: defineRoute({
    id: 'signIn.changeSettings',
    method: 'PUT',
    path: '/api/v1/sign-in/settings',
    summary: 'Change the rules for signing in; they hold at once, for running sessions too',
    access: 'sign-in.manage',
    stepUp: true,
    body: SignInSettingsInput.extend({ version: z.number().int() }),
    response: SignInSettings,
  }),
  resetFactors: defineRoute({
    id: 'people.resetFactors',
    method: 'POST',
    path: '/api/v1/people/:id/reset-factors',
    summary: 'Remove all second factors of somebody else who lost them; ends their sessions',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    response: Empty,
  }),
  resetLink: defineRoute({
    id: 'people.resetLink',
    method: 'POST',
    path: '/api/v1/people/:id/reset-link',
    summary: 'A one-time link on which a person chooses a new password; ends their sessions',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    response: z.object({ url: z.string(), expiresAt: Instant }),
  }),
  sessionsOf: defineRoute({
    id: 'people.sessions',
    method: 'GET',
    path: '/api/v1/people/:id/sessions',
    summary: "A person's sessions",
    access: 'people.manage',
    params: Params,
    response: z.object({ items: z.array(Session) }),
  }),
  endSessionOf: defineRoute({
    id: 'people.endSession',
    method: 'DELETE',
    path: '/api/v1/people/:id/sessions/:sessionId',
    summary: "End one of a person's sessions",
    access: 'people.manage',
    params: Params.extend({ sessionId: Id }),
    response: Empty,
  }),
  endSessionsOf: defineRoute({
    id: 'people.endSessions',
    method: 'DELETE',
    path: '/api/v1/people/:id/sessions',
    summary: "End all of a person's sessions",
    access: 'people.manage',
    params: Params,
    response: z.object({ ended: z.number().int() }),
  }),
  addBreakGlass: defineRoute({
    id: 'people.addBreakGlass',
    method: 'POST',
    path: '/api/v1/people/break-glass',
    summary: 'Make an account for emergencies; its password is in this answer and nowhere else',
    access: 'people.manage',
    lasting: true,
    stepUp: true,
    body: z.object({ name: z.string().min(1).max(100), email: Email }),
    response: z.object({ person: Person, password: z.string() }),
  }),
  rotateBreakGlass: defineRoute({
    id: 'people.rotateBreakGlass',
    method: 'POST',
    path: '/api/v1/people/:id/break-glass-password',
    summary:
      'A new password for an emergency account: after it was used, or when the paper may have been seen',
    access: 'people.manage',
    stepUp: true,
    params: Params,
    response: z.object({ password: z.string() }),
  }),
  alarms: defineRoute({
    id: 'alarms.list',
    method: 'GET',
    path: '/api/v1/alarms',
    summary: 'Alarms: those that nobody acknowledged, and the newest of the others',
    access: 'people.read',
    response: z.object({ open: z.number().int(), items: z.array(Alarm) }),
  }),
  acknowledgeAlarm: defineRoute({
    id: 'alarms.acknowledge',
    method: 'POST',
    path: '/api/v1/alarms/:id/acknowledge',
    summary: 'Say that one looked into an alarm, and what was found; not with an emergency account',
    access: 'people.manage',
    params: Params,
    body: z.object({
      note: z.string().trim().min(10, 'say what you found, in at least 10 characters').max(500),
    }),
    response: Alarm,
  }),
} as const;

export const factorRoutes = { ...signInRoutes, ...ownRoutes, ...administrationRoutes } as const;
