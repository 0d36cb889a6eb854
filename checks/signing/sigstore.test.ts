import { hash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  describeSigner,
  modelStatement,
  outcomeOf,
  parseBundle,
  readTrustedRoot,
  type Trust,
  verifyModel,
} from './index.ts';
import {
  DAY_MS,
  envelope,
  type Issued,
  issue,
  NOW_MS,
  newKey,
  sigstore,
  TEST_ISSUER,
} from './testing/pki.ts';
import type { Merkle } from './transparency.ts';

const STATEMENT = modelStatement({
  modelName: 'm',
  ignoredPaths: [],
  allowsSymlinks: false,
  resources: [{ name: 'a', digest: '0'.repeat(64) }],
});
const sha = (...parts: Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
/** Trees of two leaves, the second asked for: all that this log has. The product hands in its own for any tree. */
const MERKLE: Merkle = {
  leafHash: (data) => sha(Buffer.of(0), data),
  verifyInclusion: ({ index, size, leafHash, root, proof }) =>
    index === 1 &&
    size === 2 &&
    proof.length === 1 &&
    sha(Buffer.of(1), proof[0] ?? Buffer.alloc(0), leafHash).equals(root),
};

let world: Awaited<ReturnType<typeof sigstore>>;
let signer: Issued;
beforeAll(async () => {
  world = await sigstore();
  signer = await world.certified();
});

type Signed = { payload: string; payloadType: string; signatures: { sig: string }[] };
type Entry = ReturnType<typeof world.logged>;
interface Making {
  readonly leaf?: Issued;
  readonly entry?: (entry: Entry) => unknown;
  readonly body?: (body: Buffer) => Buffer;
  readonly seconds?: number;
}
function bundle({
  leaf = signer,
  entry = (one) => one,
  body = (one) => one,
  seconds = NOW_MS / 1000,
}: Making = {}): string {
  const dsseEnvelope = envelope(leaf.key, STATEMENT) as Signed;
  const logged = entry(world.logged(body(world.bodyOf(dsseEnvelope, leaf.certificate)), seconds));
  return JSON.stringify({
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: world.raw(leaf.certificate),
      tlogEntries: logged === null ? [] : [logged],
    },
    dsseEnvelope,
  });
}
interface Asking {
  readonly identities?: readonly string[];
  readonly issuer?: string;
  readonly root?: object;
}
function judge(
  text: string,
  { identities = ['ada@example.com'], issuer = TEST_ISSUER, root = world.trustedRoot }: Asking = {},
): string {
  const trust: Trust = {
    type: 'sigstore',
    root: readTrustedRoot(Buffer.from(JSON.stringify(root))),
    identities,
    issuer,
    merkle: MERKLE,
  };
  const outcome = outcomeOf(() => verifyModel(Buffer.from(text), trust));
  return outcome.ok ? 'ok' : outcome.code;
}
const without =
  (...names: string[]) =>
  (entry: Entry) => ({ ...entry, ...Object.fromEntries(names.map((name) => [name, undefined])) });

describe('a keyless signature', () => {
  test('verifies with the trusted root, and tells who and when', () => {
    expect(judge(bundle())).toBe('ok');
    expect(describeSigner(parseBundle(Buffer.from(bundle())))).toMatchObject({
      type: 'sigstore',
      identities: ['ada@example.com'],
      issuer: TEST_ISSUER,
      loggedAtMs: NOW_MS,
    });
  });

  test('says that a trusted root is needed where there is none', () => {
    for (const trust of [
      { type: 'key', key: newKey() },
      { type: 'certificate', roots: [world.root.certificate], identities: [], atMs: NOW_MS },
    ] as Trust[]) {
      expect(outcomeOf(() => verifyModel(Buffer.from(bundle()), trust))).toMatchObject({
        ok: false,
        code: 'trust_root_needed',
      });
    }
  });

  test('is of the identity and the issuer that one expects, and never of anybody', () => {
    expect(judge(bundle(), { identities: ['eve@example.com'] })).toBe('identity_differs');
    expect(judge(bundle(), { issuer: 'https://accounts.example.org' })).toBe('identity_differs');
    expect(judge(bundle(), { identities: [] })).toBe('identity_differs');
  });

  test('was logged while the certificate was valid', () => {
    expect(judge(bundle({ seconds: NOW_MS / 1000 + 539 }))).toBe('ok');
    expect(judge(bundle({ seconds: NOW_MS / 1000 + 541 }))).toBe('certificate_expired');
    expect(judge(bundle({ seconds: NOW_MS / 1000 - 61 }))).toBe('certificate_expired');
  });

  test.each<[string, Making, string]>([
    ['no entry of a log', { entry: () => null }, 'log_unproven'],
    [
      'no promise, which alone proves the time',
      { entry: (one) => without('inclusionPromise')(one) },
      'unsupported',
    ],
    ['no proof of inclusion', { entry: (one) => without('inclusionProof')(one) }, 'log_unproven'],
    [
      'another time than the log promised',
      { entry: (one) => ({ ...one, integratedTime: String(NOW_MS / 1000 + 1) }) },
      'log_unproven',
    ],
    ['another index than the log promised', { entry: (one) => ({ ...one, logIndex: '8' }) }, 'log_unproven'],
    [
      'a log that is not known',
      { entry: (one) => ({ ...one, logId: { keyId: Buffer.alloc(32).toString('base64') } }) },
      'log_unproven',
    ],
    [
      'another place in the tree',
      { entry: (one) => ({ ...one, inclusionProof: { ...one.inclusionProof, logIndex: '0' } }) },
      'log_unproven',
    ],
    [
      'another root than the checkpoint has',
      {
        entry: (one) => ({
          ...one,
          inclusionProof: { ...one.inclusionProof, rootHash: Buffer.alloc(32).toString('base64') },
        }),
      },
      'log_unproven',
    ],
    [
      'a checkpoint that somebody changed',
      {
        entry: (one) => ({
          ...one,
          inclusionProof: {
            ...one.inclusionProof,
            checkpoint: { envelope: one.inclusionProof.checkpoint.envelope.replace('- 1\n', '- 2\n') },
          },
        }),
      },
      'log_unproven',
    ],
    [
      'a checkpoint without a signature',
      {
        entry: (one) => ({
          ...one,
          inclusionProof: {
            ...one.inclusionProof,
            checkpoint: { envelope: one.inclusionProof.checkpoint.envelope.split('—')[0] },
          },
        }),
      },
      'log_unproven',
    ],
    [
      'an entry of another kind',
      { entry: (one) => ({ ...one, kindVersion: { kind: 'intoto', version: '0.0.2' } }) },
      'unsupported',
    ],
    [
      'an entry about another payload',
      {
        body: (one) =>
          Buffer.from(one.toString().replace(/"value":"[0-9a-f]{64}"/, `"value":"${'0'.repeat(64)}"`)),
      },
      'log_unproven',
    ],
    [
      'an entry about another signature',
      { body: (one) => Buffer.from(one.toString().replace(/"signature":"..../, '"signature":"AAAA')) },
      'log_unproven',
    ],
    ['an entry that is no JSON', { body: () => Buffer.from('{') }, 'malformed'],
    ['no time at all', { seconds: 0 }, 'unsupported'],
  ])('is refused with %s', (_, making, code) => {
    expect(judge(bundle(making))).toBe(code);
  });

  test('is refused where the entry names another certificate', async () => {
    const other = await world.certified();
    const stolen = bundle({
      leaf: signer,
      body: () => world.bodyOf(envelope(signer.key, STATEMENT) as Signed, other.certificate),
    });
    expect(judge(stolen)).toBe('log_unproven');
  });

  test('needs a log of certificates where the trusted root names one', async () => {
    expect(judge(bundle({ leaf: world.bare }))).toBe('certificate_untrusted');
    expect(judge(bundle({ leaf: world.bare }), { root: { ...world.trustedRoot, ctlogs: [] } })).toBe('ok');
    expect(judge(bundle({ leaf: await world.certified(newKey()) }))).toBe('certificate_untrusted');
  });

  test('is refused when authority or log are not those of the trusted root, or not any more', async () => {
    const other = await sigstore();
    const { certificateAuthorities, tlogs } = world.trustedRoot;
    const ended = { start: new Date(0).toISOString(), end: new Date(NOW_MS - DAY_MS).toISOString() };
    const root = (change: object) => ({ ...world.trustedRoot, ...change });
    expect(
      judge(bundle(), { root: root({ certificateAuthorities: other.trustedRoot.certificateAuthorities }) }),
    ).toBe('certificate_untrusted');
    expect(judge(bundle(), { root: root({ tlogs: other.trustedRoot.tlogs }) })).toBe('log_unproven');
    expect(
      judge(bundle(), {
        root: root({
          certificateAuthorities: certificateAuthorities.map((one) => ({ ...one, validFor: ended })),
        }),
      }),
    ).toBe('certificate_untrusted');
    const over = tlogs.map((one) => ({ ...one, publicKey: { ...one.publicKey, validFor: ended } }));
    expect(judge(bundle(), { root: root({ tlogs: over }) })).toBe('log_unproven');
    const self = await issue({ key: signer.key, names: [{ type: 'email', value: 'ada@example.com' }] });
    expect(judge(bundle({ leaf: self }))).toBe('certificate_untrusted');
  });
});

describe('a trusted root', () => {
  test('is refused when it is none, or an id is not that of its key', () => {
    const read = (value: object): string => {
      const outcome = outcomeOf(() => readTrustedRoot(Buffer.from(JSON.stringify(value))));
      return outcome.ok ? 'ok' : outcome.code;
    };
    expect(read(world.trustedRoot)).toBe('ok');
    expect(read({})).toBe('malformed');
    expect(read({ ...world.trustedRoot, tlogs: [] })).toBe('malformed');
    const [log] = world.trustedRoot.tlogs;
    expect(
      read({
        ...world.trustedRoot,
        tlogs: [{ ...log, logId: { keyId: Buffer.alloc(32).toString('base64') } }],
      }),
    ).toBe('malformed');
  });
});
