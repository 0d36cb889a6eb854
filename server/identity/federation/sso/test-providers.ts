import { randomBytes } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose';
import { Provider } from 'oidc-provider';
import { listenOnLoopback } from '../testing.ts';

export const CLIENT_ID = 'bartizan';
export const CLIENT_SECRET = 'a client secret of the test that is long enough';

export interface Account {
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: string[] | undefined;
  /** Given by the UserInfo endpoint alone. */
  readonly realm_access?: { readonly roles: string[] };
}

/** A real provider (oidc-provider, certified) that signs in whoever `who` says, without asking. */
export async function startRealProvider() {
  const listening = await listenOnLoopback();
  const issuer = `http://localhost:${listening.port}`;
  const accounts = new Map<string, Account>();
  const who = { accountId: 'grace', amr: ['pwd'] as string[] };

  function claimsOf(id: string, use: string) {
    const { realm_access, ...account } = accounts.get(id) ?? {};
    return { sub: id, ...account, ...(use === 'userinfo' ? { realm_access } : {}) };
  }

  /** Once the address to come back to is known. */
  async function serve(redirectUri: string): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const provider = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: [redirectUri],
          grant_types: ['authorization_code'],
          response_types: ['code'],
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      pkce: { required: () => true },
      conformIdTokenClaims: false,
      claims: {
        openid: ['sub', 'amr'],
        email: ['email', 'email_verified'],
        profile: ['name'],
        groups: ['groups', 'realm_access'],
      },
      scopes: ['openid', 'email', 'profile', 'groups'],
      findAccount: (_, id) => ({ accountId: id, claims: async (use: string) => claimsOf(id, use) }),
      ttl: {
        AccessToken: 600,
        AuthorizationCode: 60,
        IdToken: 600,
        Interaction: 600,
        Session: 600,
        Grant: 600,
      },
    });
    const serveProvider = provider.callback();
    listening.handle = (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return void serveProvider(request, response);
      interact(provider, request, response).catch(() => response.writeHead(500).end());
      return undefined;
    };
  }

  /** What a person does at the provider: gives a password, and agrees. */
  async function interact(
    provider: Provider,
    ...io: Parameters<Provider['interactionDetails']>
  ): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(...io);
    if (prompt.name === 'login') {
      const login = { accountId: who.accountId, amr: who.amr };
      await provider.interactionFinished(...io, { login }, { mergeWithLastSubmission: false });
      return;
    }
    const grant = new provider.Grant({
      accountId: session?.accountId ?? '',
      clientId: String(params.client_id),
    });
    grant.addOIDCScope(String(params.scope));
    await provider.interactionFinished(...io, { consent: { grantId: await grant.save() } });
  }

  return { issuer, accounts, who, serve, close: listening.close };
}
export type RealProvider = Awaited<ReturnType<typeof startRealProvider>>;

/** What a hostile provider may do otherwise than it should. */
export interface Mischief {
  /** Claims that replace or (undefined) remove those of a good ID token. */
  readonly claims?: Record<string, unknown>;
  readonly sign?: 'none' | 'HS256-secret' | 'HS256-public-key' | 'unknown-key' | 'no-signature';
  /** What the discovery document says instead. */
  readonly discovery?: Record<string, unknown>;
  /** Parameters of the way back that replace or (null) remove what belongs there. */
  readonly back?: Record<string, string | null>;
  readonly token?: 'redirect' | 'huge' | 'error' | 'no-id-token';
}

/** A provider of our own making that misbehaves as the test says. */
export async function startHostileProvider() {
  const listening = await listenOnLoopback();
  const issuer = `http://localhost:${listening.port}`;
  const good = await generateKeyPair('RS256', { extractable: true });
  const other = await generateKeyPair('RS256', { extractable: true });
  const state: { mischief: Mischief; tokenCalls: number; verifiers: string[] } = {
    mischief: {},
    tokenCalls: 0,
    verifiers: [],
  };
  const nonces = new Map<string, string>();

  async function idToken(nonce: string): Promise<string> {
    const { claims, sign } = state.mischief;
    const now = Math.floor(Date.now() / 1000);
    const payload: JWTPayload = {
      iss: issuer,
      sub: 'mallory',
      aud: CLIENT_ID,
      iat: now,
      exp: now + 300,
      nonce,
      email: 'mallory@corp.example',
      email_verified: true,
      name: 'Mallory',
      ...claims,
    };
    for (const [name, value] of Object.entries(payload)) if (value === undefined) delete payload[name];
    if (sign === 'none') return new UnsecuredJWT(payload).encode();
    if (sign === 'HS256-secret' || sign === 'HS256-public-key') {
      const secret = sign === 'HS256-secret' ? CLIENT_SECRET : await exportSPKI(good.publicKey);
      return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));
    }
    const key = sign === 'unknown-key' ? other.privateKey : good.privateKey;
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(key);
    return sign === 'no-signature' ? `${token.slice(0, token.lastIndexOf('.'))}.` : token;
  }

  async function answer(path: string, query: URLSearchParams, form: URLSearchParams) {
    const { mischief } = state;
    if (path === '/.well-known/openid-configuration') {
      return json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
        authorization_response_iss_parameter_supported: true,
        ...mischief.discovery,
      });
    }
    if (path === '/jwks') {
      return json({ keys: [{ ...(await exportJWK(good.publicKey)), alg: 'RS256', use: 'sig', kid: 'one' }] });
    }
    if (path === '/authorize') {
      const code = randomBytes(12).toString('hex');
      nonces.set(code, query.get('nonce') ?? '');
      const back = new URL(query.get('redirect_uri') ?? '');
      const wanted = { code, state: query.get('state') ?? '', iss: issuer, ...mischief.back };
      for (const [name, value] of Object.entries(wanted))
        if (value !== null) back.searchParams.set(name, value);
      return { status: 303, headers: { location: back.href }, body: '' };
    }
    state.tokenCalls++;
    state.verifiers.push(form.get('code_verifier') ?? '');
    if (mischief.token === 'redirect')
      return { status: 302, headers: { location: `${issuer}/jwks` }, body: '' };
    if (mischief.token === 'error') return { ...json({ error: 'invalid_grant' }), status: 400 };
    if (mischief.token === 'huge') return json({ padding: 'x'.repeat(2 * 1024 * 1024) });
    const token = { access_token: 'access', token_type: 'Bearer', expires_in: 60 };
    if (mischief.token === 'no-id-token') return json(token);
    // Codes are good for ever here: whether one is taken twice is left to the other side.
    return json({ ...token, id_token: await idToken(nonces.get(form.get('code') ?? '') ?? '') });
  }

  const json = (body: object) => ({
    status: 200,
    headers: { 'content-type': 'application/json' } as Record<string, string>,
    body: JSON.stringify(body),
  });

  listening.handle = (request, response) => {
    const url = new URL(request.url ?? '/', issuer);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      answer(url.pathname, url.searchParams, new URLSearchParams(Buffer.concat(chunks).toString()))
        .then(({ status, headers, body }) => response.writeHead(status, headers).end(body))
        .catch(() => response.writeHead(500).end());
    });
  };
  return { issuer, state, close: listening.close };
}
export type HostileProvider = Awaited<ReturnType<typeof startHostileProvider>>;
