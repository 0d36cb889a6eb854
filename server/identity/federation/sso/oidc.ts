import * as openid from 'openid-client';
import { hostProblem, OutboundRefused, outboundRequest } from '../../../platform/outbound/index.ts';
import type { Claims, ProviderSettings } from './claims.ts';

/** Asymmetric only: with HS256 whoever knows the client secret could write tokens; `none` is no signature. */
export const ALGORITHMS: readonly string[] = Object.freeze([
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]);
const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 512 * 1024;
/** Clocks may differ by this much. */
const SKEW_SECONDS = 60;
/** An ID token of the code flow is fresh: older ones were kept by somebody. */
const MAX_TOKEN_AGE_SECONDS = 10 * 60;
/** How long a discovery document and keys are kept. */
const KEEP_MS = 10 * 60_000;

/** The provider cannot be used. `kind` says whether it is away, or what it says is wrong. */
export class ProviderFailure extends Error {
  readonly kind: 'unreachable' | 'refused' | 'cancelled';
  constructor(kind: ProviderFailure['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderFailure';
    this.kind = kind;
  }
}

export interface OidcProvider {
  readonly id: string;
  readonly updatedAt: number;
  readonly settings: ProviderSettings;
  /** Null for a public client, which has PKCE alone. */
  readonly clientSecret: string | null;
}

/** Header fields that the library reads; the rest of a foreign answer is left outside. */
const KEPT_HEADERS = ['content-type', 'cache-control', 'age', 'www-authenticate', 'date'];

/** `fetch` for the library: no redirects, no private addresses unless allowed, bounded in time and size. */
export function guardedFetch(allowPrivateNetwork: boolean): openid.CustomFetch {
  return async (url, { body, headers, method, signal }) => {
    if (method !== 'GET' && method !== 'POST') throw new OutboundRefused('only GET and POST are sent');
    const answer = await outboundRequest({
      url: new URL(url),
      method,
      headers,
      ...(body === undefined || body === null ? {} : { body: await new Response(body).text() }),
      allowPrivateNetwork,
      connectTimeoutMs: 5_000,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
      signal: signal ?? new AbortController().signal,
    });
    const kept = new Headers();
    for (const name of KEPT_HEADERS) {
      const value = answer.headers[name];
      if (value !== undefined) kept.set(name, Array.isArray(value) ? value.join(', ') : value);
    }
    const bare = answer.status === 204 || answer.status === 304 || answer.status < 200;
    return new Response(bare ? null : answer.body, { status: Math.max(200, answer.status), headers: kept });
  };
}

/** True for errors that mean "no answer", as opposed to an answer that is wrong. */
function isAway(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof OutboundRefused || at.name === 'TimeoutError' || at.name === 'AbortError') return true;
    if ('code' in at && typeof at.code === 'string' && /^(?:E(?!RR_)[A-Z]+$|UND_ERR_)/.test(at.code))
      return true;
  }
  return false;
}

/** Words for a failure; the library's messages name fields, never secrets or tokens. */
function failureOf(error: unknown): ProviderFailure {
  if (error instanceof ProviderFailure) return error;
  if (error instanceof openid.AuthorizationResponseError)
    return new ProviderFailure('cancelled', 'the provider did not sign the person in', { cause: error });
  const reason = error instanceof Error ? reasonOf(error) : 'unknown';
  return new ProviderFailure(isAway(error) ? 'unreachable' : 'refused', reason, { cause: error });
}

function reasonOf(error: Error): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    if (at instanceof OutboundRefused) return at.message;
  }
  const inner = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return `${error.message}${inner}`.slice(0, 300);
}

const sameIssuer = (one: string, other: string): boolean =>
  one === other || URL.parse(one)?.href === URL.parse(other)?.href;

function demandEndpoints(
  metadata: openid.ServerMetadata,
  allowPrivateNetwork: boolean,
  insecure: boolean,
): void {
  const named = {
    authorization: metadata.authorization_endpoint,
    token: metadata.token_endpoint,
    keys: metadata.jwks_uri,
  };
  for (const [name, address] of Object.entries(named)) {
    const url = address === undefined ? null : URL.parse(address);
    if (url === null)
      throw new ProviderFailure('refused', `the discovery document names no address for ${name}`);
    if (url.protocol !== 'https:' && !insecure)
      throw new ProviderFailure('refused', `the address for ${name} is not https`);
    // The browser goes to the first one, we to the others; a provider in another network is no provider of ours.
    const problem = hostProblem(url, allowPrivateNetwork);
    if (problem !== null)
      throw new ProviderFailure('refused', `the address for ${name} is refused: ${problem}`);
  }
}

/** Plain http is for a provider on one's own machine or network alone. */
const isInsecure = ({
  issuer,
  allowPrivateNetwork,
}: Pick<ProviderSettings, 'issuer' | 'allowPrivateNetwork'>) =>
  allowPrivateNetwork && issuer.startsWith('http:');

/** The discovery document of an issuer, checked (OpenID Connect Discovery 1.0 §4.3). */
export async function discover(
  settings: Pick<ProviderSettings, 'issuer' | 'allowPrivateNetwork'>,
): Promise<openid.ServerMetadata> {
  const { issuer, allowPrivateNetwork } = settings;
  const insecure = isInsecure(settings);
  if (issuer.includes('/.well-known/'))
    throw new ProviderFailure('refused', 'give the issuer, without /.well-known/openid-configuration');
  const problem = hostProblem(new URL(issuer), allowPrivateNetwork);
  if (problem !== null) throw new ProviderFailure('refused', `the issuer is refused: ${problem}`);
  if (issuer.startsWith('http:') && !insecure) {
    const hint = 'an issuer must be https, unless it lies in your own network and that is allowed';
    throw new ProviderFailure('refused', hint);
  }
  try {
    const found = await openid.discovery(new URL(issuer), 'discovery', undefined, openid.None(), {
      [openid.customFetch]: guardedFetch(allowPrivateNetwork),
      timeout: TIMEOUT_MS / 1000,
      execute: insecure ? [openid.allowInsecureRequests] : [],
    });
    const metadata = found.serverMetadata();
    if (!sameIssuer(metadata.issuer, issuer))
      throw new ProviderFailure('refused', `the provider calls itself "${metadata.issuer.slice(0, 200)}"`);
    demandEndpoints(metadata, allowPrivateNetwork, insecure);
    return metadata;
  } catch (error) {
    throw failureOf(error);
  }
}

function configure(provider: OidcProvider, metadata: openid.ServerMetadata): openid.Configuration {
  const { settings, clientSecret } = provider;
  const offered = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
  const allowed = offered.filter((name) => ALGORITHMS.includes(name));
  if (allowed.length === 0)
    throw new ProviderFailure('refused', 'the provider signs ID tokens with no algorithm that is accepted');
  const methods = metadata.token_endpoint_auth_methods_supported;
  const secret = clientSecret ?? '';
  // RFC 8414 §2: Basic is meant where the document does not say.
  const basic = methods === undefined || methods.includes('client_secret_basic');
  const authenticate =
    clientSecret === null
      ? openid.None()
      : basic
        ? openid.ClientSecretBasic(secret)
        : openid.ClientSecretPost(secret);
  const configuration = new openid.Configuration(
    { ...metadata, id_token_signing_alg_values_supported: allowed },
    settings.clientId,
    { [openid.clockTolerance]: SKEW_SECONDS },
    authenticate,
  );
  configuration[openid.customFetch] = guardedFetch(settings.allowPrivateNetwork);
  configuration.timeout = TIMEOUT_MS / 1000;
  if (isInsecure(settings)) openid.allowInsecureRequests(configuration);
  // Verify the signature too, though the token came straight from the provider.
  openid.enableNonRepudiationChecks(configuration);
  return configuration;
}

export interface Secrets {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

export interface Oidc {
  /** Fresh state, nonce and PKCE verifier, and the address at the provider that the browser goes to. */
  readonly begin: (provider: OidcProvider, redirectUri: string) => Promise<Secrets & { url: string }>;
  /** Exchanges the code that `query` brings and checks the ID token. Rejects with {@link ProviderFailure}. */
  readonly finish: (
    provider: OidcProvider,
    redirectUri: string,
    query: URLSearchParams,
    secrets: Secrets,
  ) => Promise<Claims & { iss: string; sub: string }>;
}

function demandFresh(claims: { iat: number; azp?: unknown }, clientId: string): void {
  const ageSeconds = Date.now() / 1000 - claims.iat;
  if (ageSeconds < -SKEW_SECONDS || ageSeconds > MAX_TOKEN_AGE_SECONDS)
    throw new ProviderFailure('refused', 'the ID token is not fresh');
  if (claims.azp !== undefined && claims.azp !== clientId)
    throw new ProviderFailure('refused', 'the ID token was issued to another client');
}

/**
 * OpenID Connect as a relying party: authorization code flow with PKCE (RFC 7636, S256), state, nonce, the
 * check of `iss` (RFC 9207), and ID tokens verified by signature, algorithm, issuer, audience, time and nonce
 * (OpenID Connect Core 1.0 §3.1.3.7).
 */
export function createOidc(now: () => number): Oidc {
  const kept = new Map<string, { at: number; of: number; configuration: openid.Configuration }>();

  async function configurationOf(provider: OidcProvider): Promise<openid.Configuration> {
    const known = kept.get(provider.id);
    if (known && known.of === provider.updatedAt && now() - known.at < KEEP_MS) return known.configuration;
    const configuration = configure(provider, await discover(provider.settings));
    kept.set(provider.id, { at: now(), of: provider.updatedAt, configuration });
    return configuration;
  }

  return Object.freeze({
    async begin(provider: OidcProvider, redirectUri: string) {
      const { scopes, mfaAcr, trustedForMfa } = provider.settings;
      const configuration = await configurationOf(provider);
      const secrets = {
        state: openid.randomState(),
        nonce: openid.randomNonce(),
        codeVerifier: openid.randomPKCECodeVerifier(),
      };
      const url = openid.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: scopes.join(' '),
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await openid.calculatePKCECodeChallenge(secrets.codeVerifier),
        code_challenge_method: 'S256',
        ...(trustedForMfa && mfaAcr.length > 0 ? { acr_values: mfaAcr.join(' ') } : {}),
      });
      return { ...secrets, url: url.href };
    },

    async finish(provider: OidcProvider, redirectUri: string, query: URLSearchParams, secrets: Secrets) {
      try {
        const configuration = await configurationOf(provider);
        const current = new URL(redirectUri);
        current.search = query.toString();
        const tokens = await openid.authorizationCodeGrant(configuration, current, {
          expectedState: secrets.state,
          expectedNonce: secrets.nonce,
          pkceCodeVerifier: secrets.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new ProviderFailure('refused', 'the provider sent no ID token');
        demandFresh(claims, provider.settings.clientId);
        if (!provider.settings.userInfo) return claims;
        const more = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub);
        return { ...more, ...claims };
      } catch (error) {
        throw failureOf(error);
      }
    },
  });
}
