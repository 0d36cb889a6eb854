import type { SsoFailure } from '@bartizan/contracts';
import type { Actor } from '../../../audit/index.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { IdentityDeps } from '../../deps.ts';
import type { PersonRow } from '../../model.ts';
import { createPeopleStore } from '../../people-store.ts';
import type { IdentityDatabase } from '../../tables.ts';
import { applyGrant, type DirectorySource, endAccess } from '../directory.ts';
import { type Grant, grantOf, type Identity } from './claims.ts';
import { createProviderStore, type StoredProvider } from './provider-store.ts';

type Deps = Pick<IdentityDeps, 'db' | 'audit' | 'events' | 'clock'>;

/** Whom a verified identity is here, or why it is nobody. */
export type Admission =
  | { readonly ok: true; readonly personId: string }
  | { readonly ok: false; readonly reason: SsoFailure; readonly personId: string | null };

const refused = (reason: SsoFailure, personId: string | null = null): Admission => ({
  ok: false,
  reason,
  personId,
});

/** A provider as the cause of changes, for the audit log. */
const sourceOf = ({ id, settings }: StoredProvider): DirectorySource => {
  const actor: Actor = { kind: 'system', id: `sso-provider:${id}`, name: settings.label };
  return { name: `sso:${id}`, teams: 'sso', actor };
};

/** Why an e-mail address makes or links no account, or null. */
function emailProblem({ settings }: StoredProvider, identity: Identity): SsoFailure | null {
  if (identity.email === null) return 'no-account';
  const domain = identity.email.slice(identity.email.lastIndexOf('@') + 1);
  if (!settings.emailDomains.includes(domain)) return 'no-account';
  return identity.emailVerified || settings.vouchesForEmail ? null : 'email-not-verified';
}

/**
 * Whether an account may be given to whoever has its e-mail address at a provider: only one that nobody has
 * entered yet. With a password, a factor or another link it is somebody's, and stays theirs.
 */
async function isUnclaimed(within: IdentityDatabase, person: PersonRow): Promise<boolean> {
  if (person.break_glass || person.factors.length > 0) return false;
  const people = createPeopleStore(within);
  return !(await people.hasPassword(person.id)) && !(await people.signsInElsewhere(person.id));
}

/** What the groups give; null where they give nothing and nothing else does. */
function grantFor({ settings }: StoredProvider, identity: Identity): Grant | null {
  const mapped = grantOf(settings, identity.groups);
  if (mapped === null && settings.groupsRequired) return null;
  const roles =
    mapped && mapped.roles.length > 0 ? mapped.roles : settings.groupsRequired ? [] : settings.defaultRoles;
  return { roles, teams: mapped?.teams ?? [] };
}

/** Takes people in whom a provider vouches for, with the roles and teams that their groups give. */
export function createAdmissions(deps: Deps) {
  const { db, audit, events, clock } = deps;

  /** The account by its address: linked where that is allowed, made where there is none. */
  async function enter(
    within: IdentityDatabase,
    provider: StoredProvider,
    identity: Identity,
  ): Promise<Admission> {
    const problem = emailProblem(provider, identity);
    if (problem || identity.email === null) return refused(problem ?? 'no-account');
    const people = createPeopleStore(within);
    const known = await people.byEmail(identity.email);
    const { actor } = sourceOf(provider);
    const { issuer, subject, email } = identity;
    if (known) {
      if (known.disabled) return refused('disabled', known.id);
      if (!provider.settings.linkByEmail || !(await isUnclaimed(within, known)))
        return refused('email-taken', known.id);
      // An invitation that is still open would set a password on an account that is somebody's now.
      await people.dropTokens(known.id);
      const entry = { actor, action: 'people.sso-linked', subject: `person:${known.id}` };
      await audit.record({ ...entry, detail: { issuer, subject, email } }, within);
      return { ok: true, personId: known.id };
    }
    const grant = grantFor(provider, identity);
    if (!provider.settings.createPeople) return refused('no-account');
    if (grant === null || grant.roles.length === 0) return refused('no-access');
    const id = uuidv7(clock.now());
    await people.add({ id, name: identity.name, email, roles: grant.roles, at: new Date(clock.now()) });
    const entry = { actor, action: 'people.sso-created', subject: `person:${id}` };
    await audit.record({ ...entry, detail: { issuer, subject, email, roles: grant.roles } }, within);
    return { ok: true, personId: id };
  }

  /** Roles and teams anew; somebody whom no group lets in loses sessions and keys at once. */
  async function evaluate(
    within: IdentityDatabase,
    provider: StoredProvider,
    identity: Identity,
    personId: string,
  ): Promise<Admission> {
    const source = sourceOf(provider);
    const { groups } = provider.settings;
    if (groups.length === 0) {
      await applyGrant(deps, within, { personId, grant: { roles: null, teams: [] }, source });
      return { ok: true, personId };
    }
    const grant = grantFor(provider, identity);
    await applyGrant(deps, within, { personId, grant: grant ?? { roles: [], teams: [] }, source });
    if (grant !== null && grant.roles.length > 0) return { ok: true, personId };
    const ended = await endAccess(within, personId, new Date(clock.now()));
    const entry = { actor: source.actor, action: 'people.sso-lost-access', subject: `person:${personId}` };
    await audit.record({ ...entry, detail: ended }, within);
    return refused('no-access', personId);
  }

  async function decide(
    within: IdentityDatabase,
    provider: StoredProvider,
    identity: Identity,
  ): Promise<Admission> {
    const store = createProviderStore(within);
    const linked = await store.personOf(provider.id, identity.issuer, identity.subject);
    const entered: Admission = linked
      ? { ok: true, personId: linked }
      : await enter(within, provider, identity);
    if (!entered.ok) return entered;
    const person = await createPeopleStore(within).byId(entered.personId);
    if (!person || person.disabled) return refused('disabled', entered.personId);
    if (person.break_glass) return refused('no-account', person.id);
    const { issuer, subject } = identity;
    const at = new Date(clock.now());
    await store.link({ providerId: provider.id, issuer, subject, personId: person.id, at });
    return evaluate(within, provider, identity, person.id);
  }

  return Object.freeze({
    /** Decides in one transaction; every decision about a verified identity is in the audit log. */
    async admit(provider: StoredProvider, identity: Identity, address: string): Promise<Admission> {
      const admission = await db.transaction().execute(async (transaction) => {
        await createPeopleStore(transaction).lockAdministrators();
        const decided = await decide(transaction, provider, identity);
        if (!decided.ok) {
          const { issuer, subject } = identity;
          const { reason, personId } = decided;
          const about = personId ? `person:${personId}` : `sso-provider:${provider.id}`;
          const entry = { actor: sourceOf(provider).actor, action: 'people.sso-refused', subject: about };
          await audit.record({ ...entry, detail: { reason, issuer, subject, address } }, transaction);
        }
        return decided;
      });
      const personId = admission.personId;
      if (personId !== null) {
        events.emit('people.changed', { personId });
        events.emit('keys.changed', { reason: 'the owner of keys signed in with other groups' });
      }
      return admission;
    },
  });
}
export type Admissions = ReturnType<typeof createAdmissions>;
