import 'reflect-metadata';
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  webcrypto,
} from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type Certificate, readCertificate, withoutTimestamps } from '../certificate.ts';
import { writeDer } from '../der.ts';
import { IN_TOTO, preAuthEncoding } from '../dsse.ts';
import { signBytes } from '../keys.ts';

x509.cryptoProvider.set(webcrypto as never);

export const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
export const DAY_MS = 86_400_000;
/** The instant that tests take for now: 2026-01-01. */
export const NOW_MS = Date.UTC(2026, 0, 1);

const CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const;
export type Curve = keyof typeof CURVES;

export const newKey = (curve: Curve = 'P-256'): KeyObject =>
  generateKeyPairSync('ec', { namedCurve: CURVES[curve] }).privateKey;

export interface Issued {
  readonly certificate: Certificate;
  readonly key: KeyObject;
}

export interface Wish {
  readonly subject?: string;
  readonly key?: KeyObject;
  readonly issuer?: Issued;
  readonly authority?: boolean;
  readonly pathLength?: number;
  readonly eku?: readonly string[] | null;
  readonly usage?: number | null;
  readonly names?: readonly { readonly type: 'email' | 'url' | 'dns'; readonly value: string }[];
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly hash?: 'SHA-256' | 'SHA-1';
  readonly extensions?: readonly {
    readonly oid: string;
    readonly critical: boolean;
    readonly value: Buffer;
  }[];
}

async function cryptoKeys(key: KeyObject, hashName: string): Promise<webcrypto.CryptoKeyPair> {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const name = Object.entries(CURVES).find(([, node]) => node === curve)?.[0];
  const algorithm =
    key.asymmetricKeyType === 'rsa'
      ? { name: 'RSASSA-PKCS1-v1_5', hash: hashName }
      : key.asymmetricKeyType === 'ed25519'
        ? { name: 'Ed25519' }
        : { name: 'ECDSA', namedCurve: name ?? '' };
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
  };
}

let serial = 1;

/** Issues a certificate; a signer's, unless it is wished otherwise. */
export async function issue(wish: Wish = {}): Promise<Issued> {
  const key = wish.key ?? newKey();
  const subject = wish.subject ?? 'CN=signer';
  const authority = wish.authority ?? false;
  const digest = wish.hash ?? 'SHA-256';
  const own = await cryptoKeys(key, digest);
  const theirs = wish.issuer ? await cryptoKeys(wish.issuer.key, digest) : own;
  const eku = wish.eku === undefined ? (authority ? null : [CODE_SIGNING]) : wish.eku;
  const usage =
    wish.usage === undefined
      ? authority
        ? x509.KeyUsageFlags.keyCertSign
        : x509.KeyUsageFlags.digitalSignature
      : wish.usage;
  const extensions: x509.Extension[] = [
    ...(authority ? [new x509.BasicConstraintsExtension(true, wish.pathLength, true)] : []),
    ...(usage === null ? [] : [new x509.KeyUsagesExtension(usage, true)]),
    ...(eku === null ? [] : [new x509.ExtendedKeyUsageExtension([...eku], false)]),
    ...(wish.names ? [new x509.SubjectAlternativeNameExtension([...wish.names], true)] : []),
    ...(wish.extensions ?? []).map(
      ({ oid, critical, value }) => new x509.Extension(oid, critical, new Uint8Array(value)),
    ),
  ];
  serial += 1;
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: serial.toString(16).padStart(4, '0'),
    subject,
    issuer: wish.issuer ? wish.issuer.certificate.x509.subject.split('\n').join(', ') : subject,
    notBefore: new Date(wish.fromMs ?? NOW_MS - DAY_MS),
    notAfter: new Date(wish.toMs ?? NOW_MS + 365 * DAY_MS),
    signingAlgorithm: { name: theirs.privateKey.algorithm.name, hash: digest },
    publicKey: own.publicKey,
    signingKey: theirs.privateKey,
    extensions,
  });
  return { key, certificate: readCertificate(Buffer.from(made.rawData)) };
}

/** A root and an authority below it. */
export async function authorities(): Promise<{ root: Issued; intermediate: Issued }> {
  const root = await issue({ subject: 'CN=root', authority: true });
  return { root, intermediate: await issue({ subject: 'CN=issuing', authority: true, issuer: root }) };
}

/** Unusual envelopes, which {@link signStatement} would not make. */
export function envelope(key: KeyObject, payload: string, payloadType = IN_TOTO): object {
  const bytes = Buffer.from(payload);
  const sig = signBytes(key, preAuthEncoding(payloadType, bytes)).toString('base64');
  return { payload: bytes.toString('base64'), payloadType, signatures: [{ sig, keyid: '' }] };
}

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255);
const leaf = (data: Buffer): Buffer => hash('sha256', Buffer.concat([Buffer.of(0), data]), 'buffer');
const node = (left: Buffer, right: Buffer): Buffer =>
  hash('sha256', Buffer.concat([Buffer.of(1), left, right]), 'buffer');
const der = (key: KeyObject): Buffer => createPublicKey(key).export({ type: 'spki', format: 'der' });

export const TEST_ISSUER = 'https://accounts.example.com';

/** A Sigstore instance of our own: an authority, a log of certificates and a log of signatures, all in memory. */
export async function sigstore() {
  const { root, intermediate } = await authorities();
  const rekor = newKey();
  const ct = newKey();
  const issuerExtension = { oid: '1.3.6.1.4.1.57264.1.8', critical: false };
  const issuerValue = Buffer.concat([Buffer.of(0x0c, TEST_ISSUER.length), Buffer.from(TEST_ISSUER)]);
  const key = newKey();
  const names = [{ type: 'email', value: 'ada@example.com' } as const];
  const base: Wish = { key, issuer: intermediate, names, fromMs: NOW_MS - 60_000, toMs: NOW_MS + 540_000 };
  const bare = await issue({ ...base, extensions: [{ ...issuerExtension, value: issuerValue }] });

  /** A timestamp of a certificate log over the certificate as it is without one. */
  function timestamp(certificate: Certificate, signer: KeyObject = ct): Buffer {
    const tbs = withoutTimestamps(certificate);
    const at = Buffer.alloc(8);
    at.writeBigUInt64BE(BigInt(NOW_MS));
    const length = Buffer.alloc(3);
    length.writeUIntBE(tbs.length, 0, 3);
    const issuerKey = hash('sha256', der(intermediate.key), 'buffer');
    const signed = Buffer.concat([Buffer.of(0, 0), at, u16(1), issuerKey, length, tbs, u16(0)]);
    const signature = sign('sha256', signed, signer);
    const one = Buffer.concat([
      Buffer.of(0),
      hash('sha256', der(ct), 'buffer'),
      at,
      u16(0),
      u16(0x0403),
      u16(signature.length),
      signature,
    ]);
    const list = Buffer.concat([u16(one.length + 2), u16(one.length), one]);
    return writeDer(0x04, list);
  }

  /** The signer's certificate with a timestamp in it; everything else is the same, its serial number included. */
  async function certified(signer: KeyObject = ct): Promise<Issued> {
    const before = serial;
    serial = Number.parseInt(bare.certificate.x509.serialNumber, 16) - 1;
    const value = timestamp(bare.certificate, signer);
    const made = await issue({
      ...base,
      extensions: [
        { ...issuerExtension, value: issuerValue },
        { oid: '1.3.6.1.4.1.11129.2.4.2', critical: false, value },
      ],
    });
    serial = before;
    return made;
  }

  /** What the log writes of an entry, as bundles carry it. */
  function logged(body: Buffer, integratedTime = NOW_MS / 1000) {
    const sibling = leaf(Buffer.from('somebody else’s entry'));
    const rootHash = node(sibling, leaf(body));
    const logId = hash('sha256', der(rekor), 'buffer');
    const text = `log.example.com - 1\n2\n${rootHash.toString('base64')}\n`;
    const note = Buffer.concat([logId.subarray(0, 4), sign('sha256', Buffer.from(text), rekor)]);
    const promise = JSON.stringify({
      body: body.toString('base64'),
      integratedTime,
      logID: logId.toString('hex'),
      logIndex: 7,
    });
    return {
      logIndex: '7',
      logId: { keyId: logId.toString('base64') },
      kindVersion: { kind: 'dsse', version: '0.0.1' },
      integratedTime: String(integratedTime),
      inclusionPromise: {
        signedEntryTimestamp: sign('sha256', Buffer.from(promise), rekor).toString('base64'),
      },
      inclusionProof: {
        logIndex: '1',
        rootHash: rootHash.toString('base64'),
        treeSize: '2',
        hashes: [sibling.toString('base64')],
        checkpoint: { envelope: `${text}\n— log.example.com ${note.toString('base64')}\n` },
      },
      canonicalizedBody: body.toString('base64'),
    };
  }

  /** The log's entry for an envelope. */
  function bodyOf(
    signed: { payload: string; signatures: { sig: string }[] },
    certificate: Certificate,
  ): Buffer {
    return Buffer.from(
      JSON.stringify({
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          envelopeHash: { algorithm: 'sha256', value: '00' },
          payloadHash: {
            algorithm: 'sha256',
            value: hash('sha256', Buffer.from(signed.payload, 'base64'), 'hex'),
          },
          signatures: [
            {
              signature: signed.signatures[0]?.sig,
              verifier: Buffer.from(certificate.x509.toString()).toString('base64'),
            },
          ],
        },
      }),
    );
  }

  const raw = (certificate: Certificate) => ({ rawBytes: certificate.x509.raw.toString('base64') });
  const log = (signer: KeyObject) => ({
    publicKey: {
      rawBytes: der(signer).toString('base64'),
      validFor: { start: new Date(NOW_MS - 300 * DAY_MS).toISOString() },
    },
    logId: { keyId: hash('sha256', der(signer), 'buffer').toString('base64') },
  });
  const trustedRoot = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: [log(rekor)],
    ctlogs: [log(ct)],
    certificateAuthorities: [
      {
        certChain: { certificates: [raw(intermediate.certificate), raw(root.certificate)] },
        validFor: { start: new Date(NOW_MS - 300 * DAY_MS).toISOString() },
      },
    ],
  };
  return { root, intermediate, rekor, ct, bare, certified, logged, bodyOf, raw, trustedRoot };
}

/** Encrypted PKCS #8, as `openssl genpkey -aes256` writes it. */
export const encryptedPem = (key: KeyObject, passphrase: string): string =>
  createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }))
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString();
