import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  modelStatement,
  outcomeOf,
  readCertificates,
  readRoots,
  signStatement,
  type Trust,
  verifyModel,
} from './index.ts';
import { authorities, DAY_MS, type Issued, issue, NOW_MS, newKey, type Wish } from './testing/pki.ts';

const STATEMENT = modelStatement({
  modelName: 'm',
  ignoredPaths: [],
  allowsSymlinks: false,
  resources: [{ name: 'a', digest: '0'.repeat(64) }],
});
let root: Issued;
let intermediate: Issued;
beforeAll(async () => {
  ({ root, intermediate } = await authorities());
});

interface Judging {
  readonly chain?: readonly Issued[];
  readonly roots?: readonly Issued[];
  readonly identities?: readonly string[];
  readonly atMs?: number;
}

/** Signs with whatever certificate, also one that signStatement would refuse, and says what verifying comes to. */
function judge(
  leaf: Issued,
  { chain = [intermediate], roots = [root], identities = [], atMs = NOW_MS }: Judging = {},
): string {
  const bundle = JSON.parse(signStatement(STATEMENT, { key: leaf.key, certificates: [] })) as Record<
    string,
    unknown
  >;
  const certificates = [leaf, ...chain].map(({ certificate }) => ({
    rawBytes: certificate.x509.raw.toString('base64'),
  }));
  bundle.verificationMaterial = { x509CertificateChain: { certificates }, tlogEntries: [] };
  const trust: Trust = {
    type: 'certificate',
    roots: roots.map(({ certificate }) => certificate),
    identities,
    atMs,
  };
  const outcome = outcomeOf(() => verifyModel(Buffer.from(JSON.stringify(bundle)), trust));
  return outcome.ok ? 'ok' : outcome.code;
}
const leafWith = (wish: Wish): Promise<Issued> => issue({ issuer: intermediate, ...wish });

describe('a certificate that signed', () => {
  test('verifies up to the root, with the intermediate sent along and not without', async () => {
    const leaf = await leafWith({});
    expect(judge(leaf)).toBe('ok');
    expect(judge(leaf, { chain: [intermediate, root] })).toBe('ok');
    expect(judge(leaf, { chain: [] })).toBe('certificate_untrusted');
    expect(judge(leaf, { chain: [], roots: [root, intermediate] })).toBe('ok');
  });

  test('does not under another root, one of the same name among them', async () => {
    const other = await authorities();
    const leaf = await leafWith({});
    expect(judge(leaf, { roots: [other.root] })).toBe('certificate_untrusted');
    expect(judge(leaf, { roots: [other.root], chain: [intermediate, root] })).toBe('certificate_untrusted');
    expect(judge(await issue({ issuer: other.intermediate }), { chain: [intermediate] })).toBe(
      'certificate_untrusted',
    );
  });

  test('counts from its first to its last instant', async () => {
    const leaf = await leafWith({ fromMs: NOW_MS, toMs: NOW_MS + DAY_MS });
    expect(judge(leaf, { atMs: NOW_MS })).toBe('ok');
    expect(judge(leaf, { atMs: NOW_MS + DAY_MS })).toBe('ok');
    expect(judge(leaf, { atMs: NOW_MS - 1000 })).toBe('certificate_expired');
    expect(judge(leaf, { atMs: NOW_MS + DAY_MS + 1000 })).toBe('certificate_expired');
  });

  test('does not when an authority above it had expired', async () => {
    const old = await issue({ subject: 'CN=old', authority: true, issuer: root, toMs: NOW_MS - 1000 });
    expect(judge(await issue({ issuer: old }), { chain: [old] })).toBe('certificate_expired');
  });

  test.each<[string, Wish]>([
    ['for servers', { eku: ['1.3.6.1.5.5.7.3.1'] }],
    ['for anything', { eku: ['2.5.29.37.0'] }],
    ['for nothing in particular', { eku: null }],
    ['not for signatures', { usage: 32 }],
  ])('is refused when it is %s', async (_, wish) => {
    expect(judge(await leafWith(wish))).toBe('certificate_unfit');
  });

  test('is refused when a signer issued it', async () => {
    const signer = await leafWith({ subject: 'CN=in-between' });
    expect(judge(await issue({ issuer: signer }), { chain: [signer, intermediate] })).toBe(
      'certificate_untrusted',
    );
  });

  test('is refused below an authority that may have none below it, or none for code', async () => {
    const bounded = await issue({ subject: 'CN=bounded', authority: true, pathLength: 0, issuer: root });
    const below = await issue({ subject: 'CN=below', authority: true, issuer: bounded });
    expect(judge(await issue({ issuer: bounded }), { chain: [bounded] })).toBe('ok');
    expect(judge(await issue({ issuer: below }), { chain: [below, bounded] })).toBe('certificate_untrusted');
    const web = await issue({ subject: 'CN=web', authority: true, eku: ['1.3.6.1.5.5.7.3.1'], issuer: root });
    expect(judge(await issue({ issuer: web }), { chain: [web] })).toBe('certificate_untrusted');
  });

  test('is refused with a critical extension that is not understood', async () => {
    const value = Buffer.of(0x30, 0);
    expect(judge(await leafWith({ extensions: [{ oid: '1.2.3.4', critical: true, value }] }))).toBe(
      'certificate_untrusted',
    );
    expect(judge(await leafWith({ extensions: [{ oid: '1.2.3.4', critical: false, value }] }))).toBe('ok');
    const bound = await issue({
      subject: 'CN=names',
      authority: true,
      issuer: root,
      extensions: [{ oid: '2.5.29.30', critical: true, value }],
    });
    expect(judge(await issue({ issuer: bound }), { chain: [bound] })).toBe('certificate_untrusted');
  });

  test('is refused when it is signed by SHA-1, or by a short RSA key', async () => {
    const rsa = (modulusLength: number) => generateKeyPairSync('rsa', { modulusLength }).privateKey;
    const long = await issue({ subject: 'CN=rsa', authority: true, key: rsa(2048) });
    expect(judge(await issue({ issuer: long }), { chain: [], roots: [long] })).toBe('ok');
    expect(judge(await issue({ issuer: long, hash: 'SHA-1' }), { chain: [], roots: [long] })).toBe(
      'certificate_untrusted',
    );
    const short = await issue({ subject: 'CN=short', authority: true, key: rsa(1024) });
    expect(judge(await issue({ issuer: short }), { chain: [], roots: [short] })).toBe(
      'certificate_untrusted',
    );
  });

  test.each([['rsa'], ['ed25519']] as const)('is refused when its own key is %s', async (kind) => {
    const { privateKey } =
      kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    const leaf = await leafWith({ key: privateKey });
    expect(judge({ ...leaf, key: newKey() })).toBe('weak_key');
    expect(() => signStatement(STATEMENT, { key: privateKey, certificates: [leaf.certificate] })).toThrow(
      /do not sign models/,
    );
  });

  test('must name whom one expects', async () => {
    const leaf = await leafWith({
      names: [
        { type: 'email', value: 'ada@example.com' },
        { type: 'url', value: 'https://ci.example.com/acme/model' },
      ],
    });
    expect(judge(leaf, { identities: ['ada@example.com'] })).toBe('ok');
    expect(judge(leaf, { identities: ['eve@example.com', 'https://ci.example.com/acme/*'] })).toBe('ok');
    for (const wrong of ['ada@example.co', 'da@example.com', '*@example.org', 'ADA@example.com', '']) {
      expect([wrong, judge(leaf, { identities: [wrong] })]).toEqual([wrong, 'identity_differs']);
    }
    expect(judge(await leafWith({}), { identities: ['*'] })).toBe('identity_differs');
  });

  test('does not verify what another key signed', async () => {
    const leaf = await leafWith({});
    expect(judge({ ...leaf, key: newKey() })).toBe('bad_signature');
    expect(() => signStatement(STATEMENT, { key: newKey(), certificates: [leaf.certificate] })).toThrow(
      /not that of the key/,
    );
  });

  test('cannot keep one busy with authorities that issued each other', async () => {
    const key = newKey();
    const all: Issued[] = [];
    for (let i = 0; i < 9; i += 1) all.push(await issue({ subject: 'CN=same', authority: true, key }));
    const [first] = all;
    if (!first) throw new Error('none');
    expect(judge(await issue({ issuer: first }), { chain: all })).toBe('certificate_untrusted');
  });
});

describe('roots', () => {
  test('are read from a PEM with several', () => {
    const pem = [root, intermediate]
      .map(({ certificate }) => certificate.x509.toString())
      .join('\nsome words\n');
    expect(readCertificates(pem)).toHaveLength(2);
    expect(readRoots(pem)).toHaveLength(2);
  });
  test('are authorities', async () => {
    const { certificate } = await leafWith({});
    expect(() => readRoots(certificate.x509.toString())).toThrow(/not that of an authority/);
    expect(() =>
      readRoots(createPublicKey(root.key).export({ type: 'spki', format: 'pem' }).toString()),
    ).toThrow(/no PEM/);
    expect(() => readRoots('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----')).toThrow(/DER/);
  });
});
