import type { SsoFailure } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Attempts } from '../../attempts.ts';
import type { Caller } from '../../auth.ts';
import type { IdentityDeps } from '../../deps.ts';
import type { EntryService } from '../../factors/entry.ts';
import { hashToken } from '../../tokens.ts';
import { createAdmissions } from './admission.ts';
import { ATTEMPT_MS, type Attempt, createAttemptCookies, localPath } from './attempt.ts';
import { readIdentity } from './claims.ts';
import { createOidc, ProviderFailure } from './oidc.ts';
import { createProviderStore, type StoredProvider, toOidcProvider } from './provider-store.ts';
import { redirectUriOf } from './providers.ts';

export interface SsoFlowDeps extends IdentityDeps {
  readonly masterKey: MasterKey;
  readonly https: boolean;
  readonly cookieName: string;
  readonly attempts: Attempts;
  readonly entry: Pick<EntryService, 'begin'>;
}

/** Where the browser goes next, and the Set-Cookie headers that go with it. */
export interface Step {
  readonly location: string;
  readonly cookies: string[];
}

type Query = Readonly<Record<string, unknown>>;

/** What a provider may send back: everything else is left aside. Null when a parameter came twice. */
const ANSWER = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri', 'session_state'] as const;
const MAX_PARAMETER = 8_000;

function answerOf(query: Query): URLSearchParams | null {
  const answer = new URLSearchParams();
  for (const name of ANSWER) {
    const value = query[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value.length > MAX_PARAMETER) return null;
    answer.set(name, value);
  }
  return answer;
}

function signInPage(parameters: Record<string, string>, returnTo = '/'): string {
  const query = new URLSearchParams({ ...parameters, ...(returnTo === '/' ? {} : { next: returnTo }) });
  return `/sign-in?${query}`;
}

/** Signing in with an identity provider: to it, and back. Neither ever rejects for what a browser sends. */
export function createSsoFlow(deps: SsoFlowDeps) {
  const { db, clock, attempts, entry, masterKey, publicUrl } = deps;
  const cookies = createAttemptCookies(deps);
  const oidc = createOidc(clock.now);
  const admissions = createAdmissions(deps);

  const failed = (reason: SsoFailure, returnTo?: string): Step => ({
    location: signInPage({ sso: reason }, returnTo),
    cookies: [cookies.clear],
  });

  async function enabled(id: string): Promise<StoredProvider | null> {
    const provider = await createProviderStore(db).byId(id);
    return provider?.settings.enabled ? provider : null;
  }

  /** Turns what is expected to go wrong into a step to the sign-in page. */
  async function guarded(returnTo: string, run: () => Promise<Step>): Promise<Step> {
    try {
      return await run();
    } catch (error) {
      if (error instanceof ProviderFailure) return failed(error.kind, returnTo);
      if (error instanceof AppError && error.code === 'too_many_requests') return failed('busy', returnTo);
      if (error instanceof AppError && error.code === 'unauthenticated') return failed('disabled', returnTo);
      throw error;
    }
  }

  /** The person whom the provider's answer stands for, signed in here or asked for a second factor. */
  async function enter(provider: StoredProvider, attempt: Attempt, answer: URLSearchParams, caller: Caller) {
    const redirectUri = redirectUriOf(publicUrl(), provider.id);
    const claims = await oidc.finish(toOidcProvider(masterKey, provider), redirectUri, answer, attempt);
    const now = new Date(clock.now());
    const until = new Date(clock.now() + 2 * ATTEMPT_MS);
    const first = await createProviderStore(db).spend(hashToken(attempt.state), now, until);
    if (!first) return failed('start-again', attempt.returnTo);
    const identity = readIdentity(claims, provider.settings);
    const admission = await admissions.admit(provider, identity, caller.address);
    if (!admission.ok) return failed(admission.reason, attempt.returnTo);
    const { secondFactor } = identity;
    const detail = { provider: provider.id, label: provider.settings.label };
    const entered = await entry.begin(admission.personId, { method: 'sso', secondFactor, detail }, caller);
    const set = [cookies.clear, ...entered.cookies];
    if (entered.status === 'signed-in') return { location: attempt.returnTo, cookies: set };
    const expires = String(entered.expiresAt);
    const location = signInPage({ factors: entered.methods.join(' '), expires }, attempt.returnTo);
    return { location, cookies: set };
  }

  return Object.freeze({
    /** Ties an attempt to this browser and leads it to the provider. `host` is the one that the browser asked. */
    start(id: string, query: Query, caller: Caller, host: string): Promise<Step> {
      const returnTo = localPath(query.returnTo);
      return guarded(returnTo, async () => {
        await attempts.take({ kind: 'challenge', address: caller.address });
        const provider = await enabled(id);
        if (!provider) return failed('not-found', returnTo);
        // The way back leads to the public address: the cookie must be set there. Once, so that no loop can form.
        if (host !== new URL(publicUrl()).host && query.here !== '1') {
          const path = `/api/v1/auth/sso/${provider.id}/start`;
          const location = `${publicUrl()}${path}?${new URLSearchParams({ returnTo, here: '1' })}`;
          return { location, cookies: [] };
        }
        const redirectUri = redirectUriOf(publicUrl(), provider.id);
        const { url, ...secrets } = await oidc.begin(toOidcProvider(masterKey, provider), redirectUri);
        const attempt: Attempt = {
          ...secrets,
          providerId: provider.id,
          settingsAt: provider.updatedAt.getTime(),
          returnTo,
          startedAt: clock.now(),
        };
        return { location: url, cookies: [cookies.set(attempt)] };
      });
    },

    /**
     * The provider's answer. It counts only in the browser that asked, once, within ten minutes, and at the
     * provider that was asked.
     */
    async callback(id: string, query: Query, caller: Caller): Promise<Step> {
      const answer = answerOf(query);
      const attempt = answer && cookies.read(caller.cookie, answer.get('state') ?? '');
      if (!answer || !attempt || attempt.providerId !== id) return failed('start-again');
      return guarded(attempt.returnTo, async () => {
        const taken = await attempts.take({ kind: 'token', address: caller.address });
        const provider = await enabled(id);
        if (!provider) return failed('not-found', attempt.returnTo);
        if (provider.updatedAt.getTime() !== attempt.settingsAt)
          return failed('start-again', attempt.returnTo);
        const step = await enter(provider, attempt, answer, caller);
        await taken.forgive();
        return step;
      });
    },
  });
}
export type SsoFlow = ReturnType<typeof createSsoFlow>;
