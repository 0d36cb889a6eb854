import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { PasskeyAssertion, PasskeyRegistration } from '@bartizan/contracts';

/**
 * An authenticator in software, as tests need one: it makes ES256 passkeys with attestation `none` and signs
 * with them (WebAuthn Level 3 §6). It does what it is told, wrong things too.
 */

type Cbor = number | string | Buffer | Map<Cbor, Cbor>;

/** Definite-length CBOR (RFC 8949 §3) of what authenticators send. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const parts = [...value].flatMap(([key, item]) => [cbor(key), cbor(item)]);
  return Buffer.concat([head(5, value.size), ...parts]);
}

function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument]);
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument]);
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 0xff]);
}

const sha256 = (data: string | Buffer): Buffer => createHash('sha256').update(data).digest();
const FLAG = { userPresent: 0x01, userVerified: 0x04, attestedData: 0x40 };

/** How to deviate from what a browser would do. */
export interface Deviation {
  readonly origin?: string;
  readonly rpId?: string;
  readonly userVerified?: boolean;
  readonly crossOrigin?: boolean;
  readonly challenge?: string;
  /** Sent instead of the next one. */
  readonly counter?: number;
  readonly userHandle?: string | null;
  /** Signs with a key that nobody knows. */
  readonly foreignKey?: boolean;
  readonly attestation?: { readonly fmt: string; readonly statement: Map<Cbor, Cbor> };
}

interface Credential {
  readonly id: string;
  readonly key: KeyObject;
  readonly cose: Buffer;
  readonly userHandle: string;
  counter: number;
}

function newCredential(userHandle: string): Credential {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  // COSE_Key (RFC 9053 §7.1): kty EC2, alg ES256, crv P-256.
  const cose = new Map<Cbor, Cbor>([
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ]);
  return {
    id: randomBytes(32).toString('base64url'),
    key: privateKey,
    cose: cbor(cose),
    userHandle,
    counter: 0,
  };
}

const clientData = (type: string, challenge: string, origin: string, crossOrigin: boolean): Buffer =>
  Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin }));

function authenticatorData(rpId: string, flags: number, counter: number, attested?: Buffer): Buffer {
  const fixed = Buffer.alloc(37);
  sha256(rpId).copy(fixed);
  fixed.writeUInt8(flags | (attested ? FLAG.attestedData : 0), 32);
  fixed.writeUInt32BE(counter, 33);
  return attested ? Buffer.concat([fixed, attested]) : fixed;
}

const flagsOf = ({ userVerified = true }: Deviation): number =>
  FLAG.userPresent | (userVerified ? FLAG.userVerified : 0);

/** `origin` is the page's; `counts` false is an authenticator without a signature counter, as synced ones are. */
export function createAuthenticator(origin: string, { counts = true }: { counts?: boolean } = {}) {
  const credentials: Credential[] = [];

  return {
    credentials,

    /** navigator.credentials.create */
    create(
      options: { challenge: string; rp: { id: string }; user: { id: string } },
      deviation: Deviation = {},
    ): PasskeyRegistration {
      const credential = newCredential(options.user.id);
      credentials.push(credential);
      const id = Buffer.from(credential.id, 'base64url');
      const length = Buffer.from([id.length >> 8, id.length & 0xff]);
      const attested = Buffer.concat([Buffer.alloc(16), length, id, credential.cose]);
      const data = authenticatorData(deviation.rpId ?? options.rp.id, flagsOf(deviation), 0, attested);
      const { fmt, statement } = deviation.attestation ?? { fmt: 'none', statement: new Map<Cbor, Cbor>() };
      const attestation = new Map<Cbor, Cbor>([
        ['fmt', fmt],
        ['attStmt', statement],
        ['authData', data],
      ]);
      const client = clientData(
        'webauthn.create',
        deviation.challenge ?? options.challenge,
        deviation.origin ?? origin,
        deviation.crossOrigin ?? false,
      );
      return {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          attestationObject: cbor(attestation).toString('base64url'),
          transports: ['internal'],
        },
      };
    },

    /** navigator.credentials.get, with the newest credential or the one at `index`. */
    get(
      options: { challenge: string; rpId: string },
      deviation: Deviation = {},
      index = credentials.length - 1,
    ): PasskeyAssertion {
      const credential = credentials[index];
      if (!credential) throw new Error('the authenticator has no credential');
      if (counts) credential.counter++;
      const counter = deviation.counter ?? credential.counter;
      const data = authenticatorData(deviation.rpId ?? options.rpId, flagsOf(deviation), counter);
      const client = clientData(
        'webauthn.get',
        deviation.challenge ?? options.challenge,
        deviation.origin ?? origin,
        deviation.crossOrigin ?? false,
      );
      const key = deviation.foreignKey ? newCredential('').key : credential.key;
      const { userHandle = credential.userHandle } = deviation;
      return {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', Buffer.concat([data, sha256(client)]), key).toString('base64url'),
          ...(userHandle === null ? {} : { userHandle }),
        },
      };
    },
  };
}
export type Authenticator = ReturnType<typeof createAuthenticator>;
