import { isDeepStrictEqual } from 'node:util';
import {
  type ProviderTest,
  type SsoProvider,
  SsoProviderFields,
  type SsoProviderInput,
  type SsoSettings,
} from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { z } from 'zod';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import { type Principal, refuseLasting } from '../../../platform/http/index.ts';
import { hostProblem } from '../../../platform/outbound/index.ts';
import type { IdentityDeps } from '../../deps.ts';
import { demandMayGrant } from '../../people.ts';
import type { IdentityDatabase } from '../../tables.ts';
import { createSettingsStore } from '../settings.ts';
import { ALGORITHMS, discover, guardedFetch, ProviderFailure } from './oidc.ts';
import { createProviderStore, type StoredProvider, sealSecret } from './provider-store.ts';

type Input = z.output<typeof SsoProviderInput>;
type Caller = Pick<Principal, 'kind' | 'id' | 'name' | 'permissions' | 'breakGlass'>;

export interface ProvidersDeps extends IdentityDeps {
  readonly masterKey: MasterKey;
}

const MAX_PROVIDERS = 20;
const notFound = () => new AppError('not_found', 'there is no such identity provider');

const refuse = (path: string, message: string) =>
  new AppError('invalid_input', message, { issues: [{ path, message }] });

/** Nobody makes a provider give what they do not have themselves. */
function demandMayConfigure(input: Input, before: StoredProvider | null, by: Caller): void {
  const known = new Set(
    before?.settings.groups.flatMap(({ roles }) => roles).concat(before.settings.defaultRoles),
  );
  const given = [...input.defaultRoles, ...input.groups.flatMap(({ roles }) => roles)];
  const sameSource = before?.settings.issuer === input.issuer && before.settings.clientId === input.clientId;
  demandMayGrant(
    by,
    given.filter((role) => !sameSource || !known.has(role)),
  );
  // Whoever says which accounts a provider may take over could take over any that has no password.
  if (input.linkByEmail) demandMayGrant(by, ['administrator']);
}

/** Whether a change switches a provider off and leaves all else as it is. */
function onlySwitchesOff(input: Input, before: StoredProvider): boolean {
  const off = { ...before.settings, enabled: false };
  return input.clientSecret === undefined && isDeepStrictEqual(SsoProviderFields.parse(input), off);
}

function demandReachable({ issuer, allowPrivateNetwork }: Input): void {
  const url = new URL(issuer);
  if (url.search !== '' || url.hash !== '') throw refuse('issuer', 'an issuer has no query and no fragment');
  const problem = hostProblem(url, allowPrivateNetwork);
  if (problem !== null) throw refuse('issuer', `the issuer is refused: ${problem}`);
  if (url.protocol === 'http:' && !allowPrivateNetwork)
    throw refuse('issuer', 'an issuer must be https, unless it lies in your own network');
}

export const redirectUriOf = (publicUrl: string, id: string): string =>
  `${publicUrl}/api/v1/auth/sso/${id}/callback`;

/** Settings of identity providers. */
export function createProviderService(deps: ProvidersDeps) {
  const { db, audit, clock, masterKey, publicUrl } = deps;

  const shown = (provider: StoredProvider): SsoProvider => ({
    ...provider.settings,
    id: provider.id,
    hasClientSecret: provider.sealedSecret !== null,
    redirectUri: redirectUriOf(publicUrl(), provider.id),
    people: provider.people,
    createdAt: provider.createdAt.getTime(),
    updatedAt: provider.updatedAt.getTime(),
  });

  async function record(
    within: IdentityDatabase,
    by: Caller,
    entry: { readonly action: string; readonly subject: string; readonly detail: object },
  ) {
    const actor = { kind: by.kind, id: by.id, name: by.name };
    await audit.record({ ...entry, actor, detail: { ...entry.detail } }, within);
  }

  /** Everything but the secret goes into the audit log. */
  async function save(
    id: string,
    input: Input,
    before: StoredProvider | null,
    by: Caller,
  ): Promise<SsoProvider> {
    const { clientSecret } = input;
    const settings = SsoProviderFields.parse(input);
    // Strictly later, so that what is kept by this time is never mistaken for what was there before.
    const nowMs = Math.max(clock.now(), (before?.updatedAt.getTime() ?? 0) + 1);
    const kept = before?.sealedSecret ?? null;
    if (kept !== null && clientSecret === undefined && before?.settings.issuer !== settings.issuer) {
      throw refuse('clientSecret', 'the issuer changed; enter the client secret again, or remove it');
    }
    const sealedSecret = clientSecret
      ? sealSecret(masterKey, { id, issuer: settings.issuer }, clientSecret)
      : clientSecret === null
        ? null
        : kept;
    return db.transaction().execute(async (transaction) => {
      const store = createProviderStore(transaction);
      const updatedAt = new Date(nowMs);
      await store.save({ id, settings, sealedSecret, createdAt: before?.createdAt ?? updatedAt, updatedAt });
      const action = before ? 'sso.provider-changed' : 'sso.provider-added';
      const detail = { settings, secretChanged: clientSecret !== undefined, before: before?.settings };
      await record(transaction, by, { action, subject: `sso-provider:${id}`, detail });
      const after = await store.byId(id);
      if (!after) throw notFound();
      return shown(after);
    });
  }

  return Object.freeze({
    async list(): Promise<SsoProvider[]> {
      return (await createProviderStore(db).list()).map(shown);
    },

    /** What the sign-in page shows. */
    async buttons() {
      const [providers, settings] = await Promise.all([
        createProviderStore(db).list(),
        createSettingsStore(db).read(),
      ]);
      const items = providers
        .filter((one) => one.settings.enabled)
        .map(({ id, settings: { label } }) => ({ id, label }));
      return { items, passwords: !settings.sso_only };
    },

    async settings(): Promise<SsoSettings> {
      return { only: (await createSettingsStore(db).read()).sso_only };
    },

    /** Redirect URI of a provider, with `{id}` for its id. */
    get redirectUri(): string {
      return redirectUriOf(publicUrl(), '{id}');
    },

    /** Throws `conflict` where nobody could sign in any more. */
    async change({ only }: SsoSettings, by: Caller): Promise<SsoSettings> {
      await db.transaction().execute(async (transaction) => {
        const usable = (await createProviderStore(transaction).list()).filter(
          ({ settings, people }) => settings.enabled && people > 0,
        );
        if (only && usable.length === 0) {
          throw new AppError('conflict', 'nobody has signed in with an identity provider yet', {
            hint: 'Sign in with one first, so that you know that it works, then switch passwords off.',
          });
        }
        await createSettingsStore(transaction).write({ sso_only: only });
        const entry = { action: 'sso.settings-changed', subject: 'settings:sso', detail: { only } };
        await record(transaction, by, entry);
      });
      return { only };
    },

    async add(input: Input, by: Caller): Promise<SsoProvider> {
      demandReachable(input);
      demandMayConfigure(input, null, by);
      if ((await createProviderStore(db).list()).length >= MAX_PROVIDERS)
        throw new AppError('conflict', `there can be ${MAX_PROVIDERS} identity providers at most`);
      const { id = uuidv7(clock.now()), ...settings } = input;
      if (await createProviderStore(db).byId(id))
        throw new AppError('conflict', 'a provider has this id already');
      return save(id, settings, null, by);
    },

    /**
     * Replaces the settings. With another issuer or client the secret must be given anew, so that it is never
     * sent to somebody else's server; links of another issuer count no longer.
     */
    async update(id: string, input: Input, by: Caller): Promise<SsoProvider> {
      const before = await createProviderStore(db).byId(id);
      if (!before) throw notFound();
      if (!onlySwitchesOff(input, before)) refuseLasting(by);
      demandReachable(input);
      demandMayConfigure(input, before, by);
      const moved = before.settings.issuer !== input.issuer || before.settings.clientId !== input.clientId;
      if (moved && before.sealedSecret !== null && input.clientSecret === undefined)
        throw refuse('clientSecret', 'give the client secret again, since the issuer or client changed');
      const { id: _, ...settings } = input;
      return save(id, settings, before, by);
    },

    /** Links go, accounts stay, with the roles that they have. */
    async remove(id: string, by: Caller): Promise<void> {
      await db.transaction().execute(async (transaction) => {
        const store = createProviderStore(transaction);
        const before = await store.byId(id);
        if (!before) throw notFound();
        await store.remove(id);
        const detail = {
          label: before.settings.label,
          issuer: before.settings.issuer,
          people: before.people,
        };
        const subject = `sso-provider:${id}`;
        await record(transaction, by, { action: 'sso.provider-removed', subject, detail });
      });
    },

    /** Reads an issuer's discovery document and keys, and says of each whether it will do. Never throws. */
    test: testProvider,
  });
}
export type ProviderService = ReturnType<typeof createProviderService>;

async function testProvider(input: { issuer: string; allowPrivateNetwork: boolean }): Promise<ProviderTest> {
  const steps: ProviderTest['steps'] = [];
  const step = (title: string, ok: boolean, message: string) => void steps.push({ title, ok, message });
  try {
    const metadata = await discover(input);
    step('Discovery document', true, `The issuer is ${metadata.issuer}`);
    const codes = metadata.response_types_supported?.includes('code') ?? true;
    step('Authorization code flow', codes, codes ? 'Offered' : 'The provider does not offer it');
    const pkce = metadata.code_challenge_methods_supported;
    step(
      'PKCE',
      pkce === undefined || pkce.includes('S256'),
      pkce === undefined
        ? 'Not mentioned; it is used all the same'
        : pkce.includes('S256')
          ? 'S256'
          : 'No S256',
    );
    const algorithms = (metadata.id_token_signing_alg_values_supported ?? ['RS256']).filter((name) =>
      ALGORITHMS.includes(name),
    );
    step('Signatures', algorithms.length > 0, algorithms.join(', ') || 'No algorithm that is accepted');
    const answer = await guardedFetch(input.allowPrivateNetwork)(metadata.jwks_uri ?? '', {
      method: 'GET',
      headers: { accept: 'application/json' },
      body: undefined,
      redirect: 'manual',
    });
    const body: unknown = answer.ok ? await answer.json() : null;
    const keys =
      typeof body === 'object' && body !== null && 'keys' in body && Array.isArray(body.keys)
        ? body.keys
        : [];
    step(
      'Keys',
      keys.length > 0,
      keys.length > 0 ? `${keys.length} found` : `Answer ${answer.status} without keys`,
    );
  } catch (error) {
    const message =
      error instanceof ProviderFailure ? error.message : 'the address could not be read as it should';
    step(steps.length === 0 ? 'Discovery document' : 'Keys', false, message);
  }
  return { ok: steps.every(({ ok }) => ok), steps };
}
