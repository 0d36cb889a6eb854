import { createPublicKey, hash, type KeyObject, randomUUID } from 'node:crypto';
import {
  modelStatement,
  normalPem,
  provenanceStatement,
  signStatement,
} from '@bartizan/checks/signing/index.ts';
import { authorities, issue, newKey } from '@bartizan/checks/signing/testing/pki.ts';
import type {
  Attestation,
  ModelSignature,
  Signer,
  SignerInput,
  SigningPolicy,
  SigningPolicyInput,
  SigningStanding,
  VersionManifest,
} from '@bartizan/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { startTestServer, type TestServer } from '../../testing.ts';
import type { FileRef, StoredVersion } from '../model.ts';
import { makeTeam, person, registryOn, storeFiles } from '../models/testing.ts';
import { createSigningService } from './index.ts';

let server: TestServer;
let files: FileRef[];
let registry: ReturnType<typeof registryOn>;
const ada = person();
let made = 0;
const fresh = (what = 'model') => `${what}-${++made}-${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  server = await startTestServer({ background: false });
  registry = registryOn(server.open);
  files = await storeFiles(server.objects, { 'a.b': 'one', 'a/b': 'two', 'config.json': '{}' });
}, 300_000);
afterAll(() => server?.close());

const code = (expected: string) => expect.objectContaining({ code: expected });
const pem = (key: KeyObject): string => normalPem(createPublicKey(key));

async function versionOf(
  name = fresh(),
  given = files,
  teamId: string | null = null,
): Promise<StoredVersion> {
  const { model } = await registry.models.ensureModel(ada, { name, teamId });
  return await registry.models.createVersion(ada, model.id, { files: given });
}
const at = (version: StoredVersion) => ({ model: version.modelId, version: String(version.version) });

/** Signs what the server says the version consists of, as the command line does. */
async function signed(version: StoredVersion, key: KeyObject, ignoredPaths: string[] = []): Promise<string> {
  const manifest: VersionManifest = await server.call('signing.manifest', { params: at(version) });
  const resources = manifest.files.map(({ path, sha256 }) => ({ name: path, digest: sha256 }));
  return signStatement(
    modelStatement({ modelName: manifest.model, ignoredPaths, allowsSymlinks: false, resources }),
    { key, certificates: [] },
  );
}
const attach = async (
  version: StoredVersion,
  bundle: string,
  principal?: Principal,
): Promise<ModelSignature> =>
  await server.call('signing.addSignature', {
    params: at(version),
    body: { bundle },
    ...(principal ? { principal } : {}),
  });
const signatures = async (version: StoredVersion): Promise<ModelSignature[]> => {
  const { items }: { items: ModelSignature[] } = await server.call('signing.signatures', {
    params: at(version),
  });
  return items;
};
const trust = async (
  key: KeyObject,
  more: Partial<SignerInput> = {},
  principal?: Principal,
): Promise<Signer> =>
  await server.call('signing.addSigner', {
    body: { name: fresh('signer'), trust: { type: 'key', publicKey: pem(key) }, ...more },
    ...(principal ? { principal } : {}),
  });
const revoke = (signer: Signer): Promise<Signer> =>
  server.call('signing.revokeSigner', { params: { id: signer.id }, body: { reason: 'the key was lost' } });
const ask = (policy: Partial<SigningPolicyInput> & { models: string[] }): Promise<SigningPolicy> =>
  server.call('signing.addPolicy', {
    body: { name: fresh('policy'), requires: {}, mode: 'enforce', ...policy },
  });
const standing = (version: StoredVersion): Promise<SigningStanding> =>
  server.call('signing.standing', { params: at(version) });

describe('a signature on a version', () => {
  test('of a trusted signer counts, and shows with who and when', async () => {
    const key = newKey();
    const version = await versionOf();
    const signer = await trust(key);
    const attached = await attach(version, await signed(version, key));
    expect(attached).toMatchObject({
      state: 'trusted',
      signer: { id: signer.id, name: signer.name },
      signedWith: { type: 'key', keyFingerprint: signer.fingerprint },
      receivedBy: 'Ada',
      unsignedFiles: [],
    });
    expect(await standing(version)).toMatchObject({ summary: { state: 'trusted', signers: [signer.name] } });
    const shown: { signatures: object } = await server.call('models.version', { params: at(version) });
    expect(shown.signatures).toMatchObject({ state: 'trusted', signers: [signer.name] });
    const { bundle }: { bundle: string } = await server.call('signing.bundle', {
      params: { ...at(version), signatureId: attached.id },
    });
    expect(hash('sha256', bundle, 'hex')).toBe(attached.bundleSha256);
    const entries = (await server.audited()).filter(({ subject }) => subject === `version:${version.id}`);
    expect(entries.map(({ action }) => action)).toContain('signatures.added');
  });

  test('of somebody unknown waits, until they are trusted', async () => {
    const key = newKey();
    const version = await versionOf();
    expect(await attach(version, await signed(version, key))).toMatchObject({
      state: 'untrusted',
      code: 'unknown_signer',
    });
    expect(await standing(version)).toMatchObject({ summary: { state: 'untrusted', signers: [] } });
    const signer = await trust(key);
    expect(signer.versions).toBe(1);
    expect(await signatures(version)).toMatchObject([{ state: 'trusted', signer: { id: signer.id } }]);
  });

  test('stops to count at once when its signer is revoked, and shows which versions hang on them', async () => {
    const [key, other] = [newKey(), newKey()];
    const [version, twice] = [await versionOf(), await versionOf()];
    const signer = await trust(key);
    await trust(other);
    for (const one of [version, twice]) await attach(one, await signed(one, key));
    await attach(twice, await signed(twice, other));
    await revoke(signer);
    expect(await signatures(version)).toMatchObject([{ state: 'untrusted', code: 'signer_revoked' }]);
    expect(await standing(twice)).toMatchObject({ summary: { state: 'trusted' } });
    const { items }: { items: { versionId: string; otherwise: boolean }[] } = await server.call(
      'signing.signerVersions',
      { params: { id: signer.id } },
    );
    expect(new Map(items.map((one) => [one.versionId, one.otherwise]))).toEqual(
      new Map([
        [version.id, false],
        [twice.id, true],
      ]),
    );
    await expect(revoke(signer)).rejects.toThrow(code('conflict'));
    const actions = (await server.audited()).filter(({ subject }) => subject === `signer:${signer.id}`);
    expect(actions.map(({ action }) => action)).toEqual(['signers.trusted', 'signers.revoked']);
  });

  test('of the same key trusted again under another name counts again', async () => {
    const key = newKey();
    const version = await versionOf();
    const signer = await trust(key);
    await attach(version, await signed(version, key));
    await revoke(signer);
    const again = await trust(key);
    expect(await signatures(version)).toMatchObject([{ state: 'trusted', signer: { id: again.id } }]);
  });

  test('is refused when it is not over these files, broken, or there already', async () => {
    const key = newKey();
    await trust(key);
    const version = await versionOf();
    const other = await versionOf(fresh(), files.slice(1));
    const refused = (bundle: string) =>
      expect(attach(version, bundle)).rejects.toThrow(code('invalid_input'));
    await refused(await signed(other, key));
    await refused('{}');
    const good = await signed(version, key);
    const broken = JSON.parse(good) as { dsseEnvelope: { signatures: object[] } };
    broken.dsseEnvelope.signatures = (
      JSON.parse(await signed(other, key)) as typeof broken
    ).dsseEnvelope.signatures;
    await refused(JSON.stringify(broken));
    await refused(good.replace('"payloadType"', '"payloadType":"x","payloadType"'));
    await attach(version, good);
    await expect(attach(version, good)).rejects.toThrow(code('conflict'));
    expect(await signatures(version)).toHaveLength(1);
  });

  test('may leave out git’s lists and itself, and nothing that could be run', async () => {
    const key = newKey();
    const more = async (extra: Record<string, string>) =>
      await versionOf(fresh(), [...files, ...(await storeFiles(server.objects, extra))]);
    const plain = await versionOf();
    const partial = await signed(plain, key, ['.git', '.gitattributes', 'evil.py', 'model.sig']);
    const withLists = await more({ '.gitattributes': '*.bin lfs', 'model.sig': partial });
    expect((await attach(withLists, partial)).unsignedFiles.toSorted()).toEqual([
      '.gitattributes',
      'model.sig',
    ]);
    await expect(attach(await more({ 'evil.py': 'import os' }), partial)).rejects.toThrow(/not signed/);
    await expect(attach(await more({ 'model.sig': 'something else' }), partial)).rejects.toThrow(
      /not signed/,
    );
    await expect(attach(await more({ '.git/hooks/x': 'sh' }), partial)).rejects.toThrow(/not signed/);
  });

  test('of one file goes by the name that tools give it', async () => {
    const key = newKey();
    const [file] = files;
    const version = await versionOf(fresh(), files.slice(0, 1));
    const resources = [{ name: '.', digest: file?.sha256 ?? '' }];
    const text = modelStatement({ modelName: 'a.b', ignoredPaths: [], allowsSymlinks: false, resources });
    expect(await attach(version, signStatement(text, { key, certificates: [] }))).toMatchObject({
      state: 'untrusted',
    });
  });

  test('can be taken off again', async () => {
    const version = await versionOf();
    const { id } = await attach(version, await signed(version, newKey()));
    await server.call('signing.removeBundle', { params: { ...at(version), signatureId: id } });
    expect(await signatures(version)).toEqual([]);
    await expect(
      server.call('signing.removeBundle', { params: { ...at(version), signatureId: id } }),
    ).rejects.toThrow(code('not_found'));
  });
});

describe('a signer', () => {
  test('vouches for the models that are named, as they are called today', async () => {
    const key = newKey();
    const name = fresh('sandbox');
    const version = await versionOf(name);
    await trust(key, { models: ['sandbox-*'] });
    expect(await attach(version, await signed(version, key))).toMatchObject({ state: 'trusted' });
    const elsewhere = await versionOf(fresh('credit'));
    expect(await attach(elsewhere, await signed(elsewhere, key))).toMatchObject({ state: 'untrusted' });
    // A new name gives no new trust.
    await server.call('models.update', {
      params: { model: version.modelId },
      body: { name: fresh('credit') },
    });
    expect(await signatures(version)).toMatchObject([{ state: 'untrusted', code: 'out_of_scope' }]);
    expect(await standing(version)).toMatchObject({ summary: { state: 'untrusted' } });
  });

  test('vouches for what arrives while they are trusted', async () => {
    const key = newKey();
    const version = await versionOf();
    await trust(key, { validUntil: Date.now() - 1000 });
    await trust(key, { validFrom: Date.now() + 3_600_000 });
    expect(await attach(version, await signed(version, key))).toMatchObject({ state: 'untrusted' });
  });

  test('of a team vouches for its models, and is made by who is in it', async () => {
    const [ours, theirs] = [
      await makeTeam(server.open, fresh('team')),
      await makeTeam(server.open, fresh('team')),
    ];
    const key = newKey();
    const mine = person([ours]);
    const signer = await trust(key, { teamId: ours }, mine);
    const version = await versionOf(fresh(), files, ours);
    const everybodys = await versionOf();
    expect(await attach(version, await signed(version, key))).toMatchObject({ state: 'trusted' });
    expect(await attach(everybodys, await signed(everybodys, key))).toMatchObject({ state: 'untrusted' });
    for (const teamId of [theirs, null]) {
      await expect(trust(newKey(), { teamId }, mine)).rejects.toThrow(code('forbidden'));
    }
    const stranger = person([theirs]);
    const seen: { items: Signer[] } = await server.call('signing.signers', { principal: stranger });
    expect(seen.items.map(({ id }) => id)).not.toContain(signer.id);
    for (const routeId of ['signing.signerVersions', 'signing.revokeSigner']) {
      const call = { params: { id: signer.id }, body: { reason: 'not theirs' }, principal: stranger };
      await expect(server.call(routeId, call)).rejects.toThrow(code('not_found'));
    }
    await expect(
      server.call('signing.signatures', { params: at(version), principal: stranger }),
    ).rejects.toThrow(code('not_found'));
    const bound: Principal = { ...person(), endpoints: new Set(['x']) };
    expect(((await server.call('signing.signers', { principal: bound })) as { items: [] }).items).toEqual([]);
    await expect(trust(newKey(), {}, bound)).rejects.toThrow(code('forbidden'));
  });

  test('is known by a certificate that was valid when the signature arrived', async () => {
    const now = Date.now();
    const { root, intermediate } = await authorities();
    const names = [{ type: 'email', value: 'ada@example.com' } as const];
    const leaf = await issue({ issuer: intermediate, names, fromMs: now - 60_000, toMs: now + 3_600_000 });
    const expired = await issue({ issuer: intermediate, names, fromMs: now - 90_000, toMs: now - 60_000 });
    const roots = root.certificate.x509.toString();
    await trust(leaf.key, { trust: { type: 'certificate', roots, identities: ['*@example.com'] } });
    const version = await versionOf();
    const statement = modelStatement({
      modelName: 'm',
      ignoredPaths: [],
      allowsSymlinks: false,
      resources: files.map(({ path, sha256 }) => ({ name: path, digest: sha256 })),
    });
    const by = ({ key, certificate }: typeof leaf) =>
      signStatement(statement, { key, certificates: [certificate, intermediate.certificate] });
    expect(await attach(version, by(leaf))).toMatchObject({
      state: 'trusted',
      signedWith: { type: 'certificate', identities: ['ada@example.com'] },
    });
    expect(await attach(version, by(expired))).toMatchObject({
      state: 'untrusted',
      code: 'certificate_expired',
    });
  });

  test.each<[string, SignerInput['trust']]>([
    ['no key', { type: 'key', publicKey: 'hello' }],
    [
      'a private key',
      { type: 'key', publicKey: newKey().export({ type: 'pkcs8', format: 'pem' }).toString() },
    ],
    ['no certificate', { type: 'certificate', roots: pem(newKey()) }],
    [
      'no trusted root',
      { type: 'sigstore', trustedRoot: '{}', identities: ['a@b.c'], issuer: 'https://i.example' },
    ],
  ])('is refused with %s', async (_, given) => {
    await expect(trust(newKey(), { trust: given })).rejects.toThrow(code('invalid_input'));
  });
});

describe('a policy', () => {
  const promote = (version: StoredVersion, alias = 'production') =>
    server.call('models.setAlias', {
      params: { model: version.modelId, alias },
      body: { version: version.version },
    });
  const toStage = (version: StoredVersion, stage: string) =>
    server.call('models.stage', { params: at(version), body: { stage } });

  test('that is enforced keeps what is unsigned from its aliases and stages, and from no others', async () => {
    const name = fresh('guarded');
    const version = await versionOf(name);
    await ask({ models: [name], aliases: ['production'], stages: ['production'] });
    await expect(promote(version)).rejects.toThrow(code('conflict'));
    await expect(promote(version, 'Production')).rejects.toThrow(code('conflict'));
    await expect(toStage(version, 'production')).rejects.toThrow(/no signature that is trusted/);
    await toStage(version, 'staging');
    await promote(version, 'candidate');
    const key = newKey();
    const signer = await trust(key);
    await attach(version, await signed(version, key));
    await promote(version);
    await toStage(version, 'production');
    await revoke(signer);
    await expect(promote(version)).rejects.toThrow(code('conflict'));
    expect((await standing(version)).policies).toMatchObject([{ mode: 'enforce', fulfilled: false }]);
  });

  test('that names signers counts these only', async () => {
    const name = fresh('named');
    const [key, other] = [newKey(), newKey()];
    const signer = await trust(key);
    await trust(other);
    await ask({ models: [name], requires: { signedBy: [signer.id] } });
    const version = await versionOf(name);
    await attach(version, await signed(version, other));
    await expect(toStage(version, 'production')).rejects.toThrow(/none of the signers/);
    await attach(version, await signed(version, key));
    await toStage(version, 'production');
  });

  test('that warns refuses nothing and shows', async () => {
    const name = fresh('warned');
    const version = await versionOf(name);
    await ask({ models: [name], mode: 'warn', downloads: true });
    await toStage(version, 'production');
    expect((await standing(version)).policies).toMatchObject([{ mode: 'warn', fulfilled: false }]);
  });

  test('can hold back files, which a signature sets free', async () => {
    const name = fresh('held');
    const version = await versionOf(name);
    await ask({ models: [name], downloads: true });
    const { demandDownloadable } = createSigningService({
      database: server.open.database,
      audit: { record: async () => undefined },
      clock: { now: () => Date.now() },
      registry: registry.models,
      publicUrl: 'http://127.0.0.1',
    });
    await expect(demandDownloadable(version.id)).rejects.toThrow(code('forbidden'));
    await expect(demandDownloadable(randomUUID())).resolves.toBeUndefined();
    const key = newKey();
    await trust(key);
    await attach(version, await signed(version, key));
    await expect(demandDownloadable(version.id)).resolves.toBeUndefined();
  });

  const writer = person('*', ['models.read', 'models.write', 'models.download']);
  const manager = person();
  const move = (version: StoredVersion, body: object, principal: Principal = manager) =>
    server.call('models.update', { params: { model: version.modelId }, body, principal });

  test('is not left by who may only write models, by another name or another team', async () => {
    const name = fresh('guarded');
    const version = await versionOf(name);
    await ask({ models: ['guarded-*'] });
    await expect(move(version, { name: fresh('outside') }, writer)).rejects.toThrow(code('forbidden'));
    await move(version, { name: `${name}-2`, description: 'still inside' }, writer);
    const [ours, theirs] = [await makeTeam(server.open, fresh()), await makeTeam(server.open, fresh())];
    const owned = await versionOf(fresh('owned'), files, ours);
    await ask({ models: ['owned-*'], teamId: ours });
    for (const teamId of [null, theirs]) {
      await expect(move(owned, { teamId }, writer)).rejects.toThrow(code('forbidden'));
    }
    await ask({ models: ['warned-*'], mode: 'warn' });
    await move(await versionOf(fresh('warned')), { name: fresh('outside') }, writer);
    await move(version, { name: fresh('outside') });
    await move(owned, { teamId: theirs });
  });

  test('holds for versions in use that come under it by another name or another team', async () => {
    const ours = await makeTeam(server.open, fresh());
    await ask({ models: ['entered-*'], aliases: ['production'], stages: [] });
    await ask({ models: ['*'], teamId: ours, stages: ['staging'] });
    const [aliased, staged] = [await versionOf(fresh('outside')), await versionOf(fresh('outside'))];
    await promote(aliased);
    await toStage(staged, 'staging');
    const inside = fresh('entered');
    await expect(move(aliased, { name: inside })).rejects.toThrow(/version 1 \(alias production\)/);
    await expect(move(staged, { teamId: ours })).rejects.toThrow(code('conflict'));
    const { name, teamId } = await registry.models.model(ada, aliased.modelId);
    expect([name === inside, teamId]).toEqual([false, null]);
    const key = newKey();
    await trust(key);
    for (const version of [aliased, staged]) await attach(version, await signed(version, key));
    await move(aliased, { name: inside }, writer);
    await move(staged, { teamId: ours }, writer);
  });

  test('may name aliases by a pattern', async () => {
    const name = fresh('patterned');
    const version = await versionOf(name);
    await ask({ models: [name], aliases: ['Prod-*'], stages: [] });
    for (const alias of ['prod-eu', 'PROD-']) {
      await expect(promote(version, alias)).rejects.toThrow(code('conflict'));
    }
    await promote(version, 'pre-prod-eu');
  });

  test('that holds files back is not got around by a copy under another name', async () => {
    const name = fresh('kept');
    const version = await versionOf(name);
    await ask({ models: ['kept-*'], downloads: true });
    await server.call('scans.changeSettings', { body: { onUnscanned: 'allow' } });
    const copy = (target: string): Promise<object> =>
      server.call('mlflow.versions.create', {
        body: { name: target, source: `models:/${name}/1` },
        principal: writer,
      });
    const target = fresh('copy');
    await registry.models.createModel(ada, { name: target });
    await expect(copy(target)).rejects.toThrow(code('forbidden'));
    const upload = async (): Promise<{ files: { complete: boolean }[] }> =>
      await server.call('uploads.create', {
        body: { model: target, files: files.map(({ path, sha256, size }) => ({ path, sha256, size })) },
        principal: writer,
      });
    const held = await storeFiles(server.objects, { 'only.bin': randomUUID() });
    const alone = await versionOf(fresh('kept'), held);
    const begun: { files: { complete: boolean }[] } = await server.call('uploads.create', {
      body: { model: target, files: held },
      principal: writer,
    });
    expect(begun.files).toMatchObject([{ complete: false, received: 0 }]);
    const key = newKey();
    await trust(key);
    for (const one of [version, alone]) await attach(one, await signed(one, key));
    expect((await upload()).files.every(({ complete }) => complete)).toBe(true);
    await copy(target);
  });

  test('is changed and removed, and all of that is audited', async () => {
    const name = fresh('changed');
    const version = await versionOf(name);
    const policy = await ask({ models: [name] });
    const body = { name: policy.name, models: [name], requires: {}, mode: 'warn' };
    await server.call('signing.updatePolicy', { params: { id: policy.id }, body });
    await toStage(version, 'production');
    await server.call('signing.removePolicy', { params: { id: policy.id } });
    expect((await standing(version)).policies).toEqual([]);
    const actions = (await server.audited()).filter(
      ({ subject }) => subject === `signing-policy:${policy.id}`,
    );
    expect(actions.map(({ action }) => action)).toEqual([
      'signing-policies.created',
      'signing-policies.changed',
      'signing-policies.removed',
    ]);
    await expect(ask({ models: ['x'], requires: { signedBy: [randomUUID()] } })).rejects.toThrow(
      code('invalid_input'),
    );
    await expect(ask({ models: ['x'], requires: { signedBy: null } })).rejects.toThrow();
  });
});

describe('provenance', () => {
  const attest = (version: StoredVersion, bundle: string): Promise<Attestation> =>
    server.call('signing.addAttestation', { params: at(version), body: { bundle } });
  const slsa = (builder = 'https://ci.example.com/build', of: readonly FileRef[] = files) =>
    provenanceStatement({
      subject: { name: 'm', files: of },
      buildType: 'urn:t',
      builder,
      invocation: null,
      startedAt: 1,
      finishedAt: 2,
      parameters: {},
      dependencies: [{ uri: 'git+https://git.example.com/acme/m', digest: { gitCommit: 'c0ffee' } }],
    });
  /** As other builders write it: with these subjects, or with the digest over contents alone. */
  const about = (statement: string, subject?: readonly object[]): string => {
    const parsed = JSON.parse(statement);
    const [first] = parsed.subject;
    return JSON.stringify({
      ...parsed,
      subject: subject ?? [{ name: first.name, digest: { sha256: first.digest.sha256 } }],
    });
  };
  const by = (key: KeyObject, statement: string) => signStatement(statement, { key, certificates: [] });

  test('is judged by its signer and by what it is about, and shown', async () => {
    const key = newKey();
    const version = await versionOf();
    await trust(key);
    expect(await attest(version, by(key, slsa()))).toMatchObject({
      state: 'trusted',
      predicateType: 'https://slsa.dev/provenance/v1',
      provenance: {
        builder: 'https://ci.example.com/build',
        source: { repository: 'https://git.example.com/acme/m', revision: 'c0ffee' },
      },
    });
    await expect(attest(version, by(key, slsa(undefined, files.slice(1))))).rejects.toThrow(
      /not about this version/,
    );
    await expect(attest(version, await signed(version, key))).rejects.toThrow(/model signature/);
    const { items }: { items: Attestation[] } = await server.call('signing.attestations', {
      params: at(version),
    });
    expect(items).toHaveLength(1);
    expect(await signatures(version)).toEqual([]);
    expect((await standing(version)).summary).toMatchObject({
      state: 'unsigned',
      builders: ['https://ci.example.com/build'],
    });
  });

  test('of the right builder can be asked for', async () => {
    const key = newKey();
    await trust(key);
    const name = fresh('built');
    const version = await versionOf(name);
    await ask({ models: [name], requires: { signedBy: null, builtBy: ['https://ci.example.com/*'] } });
    const release = () => server.call('models.stage', { params: at(version), body: { stage: 'production' } });
    await expect(release()).rejects.toThrow(/no provenance/);
    await attest(version, by(newKey(), slsa()));
    await expect(release()).rejects.toThrow(/no provenance that is trusted/);
    await attest(version, by(key, slsa('https://laptop.example.com')));
    await expect(release()).rejects.toThrow(/another builder/);
    await attest(version, by(key, slsa()));
    await release();
  });

  test('of one version is not that of another with the same contents under other names', async () => {
    const key = newKey();
    await trust(key);
    const name = fresh('renamed');
    const inOrder = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
    const renamed = inOrder.map((file, at) => ({ ...file, path: `${at}-__init__.py` }));
    const version = await versionOf(name, renamed);
    await ask({ models: [name], requires: { signedBy: null, builtBy: ['https://ci.example.com/*'] } });
    const release = () => server.call('models.stage', { params: at(version), body: { stage: 'production' } });
    await expect(attest(version, by(key, slsa()))).rejects.toThrow(/not about this version/);
    const each = (all: readonly FileRef[]) =>
      all.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } }));
    for (const other of [each(files), [...each(renamed), ...each(files)], each(renamed).slice(1)]) {
      await expect(attest(version, by(key, about(slsa(), other)))).rejects.toThrow(/not about this version/);
    }
    // The digest over contents fits, by its definition; what the files are called a signature has to say.
    await attest(version, by(key, about(slsa())));
    await expect(release()).rejects.toThrow(/what its files are called/);
    await attach(version, await signed(version, newKey()));
    await expect(release()).rejects.toThrow(/what its files are called/);
    await attach(version, await signed(version, key));
    await release();
    const named = await versionOf(name, renamed);
    await attest(named, by(key, about(slsa(), each(renamed))));
    await server.call('models.stage', { params: at(named), body: { stage: 'production' } });
  });

  test('is drafted from the run behind a version, without credentials', async () => {
    const model = await registry.models.createModel(ada, { name: fresh('drafted') });
    const [experiment, run] = [randomUUID(), randomUUID()];
    await server.open.pool.query(
      `insert into experiments (id, name, created_by, created_at, updated_at) values ($1, $2, 'Ada', 1, 1)`,
      [experiment, fresh('experiment')],
    );
    await server.open.pool.query(
      `insert into runs (id, experiment_id, name, user_name, status, started_at, ended_at, created_by)
        values ($1, $2, 'first', 'ada', 'finished', 1000, 2000, 'Ada')`,
      [run, experiment],
    );
    for (const [key, value] of [
      ['mlflow.source.name', 'train.py'],
      ['mlflow.source.git.commit', 'c'.repeat(40)],
      ['mlflow.source.git.repoURL', 'https://ada:secret@git.example.com/acme/m'],
    ]) {
      await server.open.pool.query('insert into run_tags (run_id, key, value) values ($1, $2, $3)', [
        run,
        key,
        value,
      ]);
    }
    const version = await registry.models.createVersion(ada, model.id, {
      files,
      runId: run,
      datasets: [
        { name: 'loans', digest: 'abc', context: 'training', source: 'https://u:p@data.example.com/x' },
      ],
    });
    const draft: { statement: string; missing: string[] } = await server.call('signing.provenanceDraft', {
      params: at(version),
    });
    expect(draft.missing).toEqual([]);
    expect(draft.statement).not.toMatch(/secret|u:p/);
    const key = newKey();
    await trust(key);
    expect(await attest(version, by(key, draft.statement))).toMatchObject({
      state: 'trusted',
      provenance: {
        builder: 'urn:bartizan:builder:mlflow:ada:train.py',
        startedAt: 1000,
        finishedAt: 2000,
        source: { repository: 'https://git.example.com/acme/m', revision: 'c'.repeat(40) },
        materials: [{ name: 'source' }, { name: 'dataset:loans', digest: 'mlflow:abc' }],
      },
    });
    const uploaded = await versionOf();
    const bare: typeof draft = await server.call('signing.provenanceDraft', { params: at(uploaded) });
    expect(bare.missing).toContain('the run that made it');
  });
});
