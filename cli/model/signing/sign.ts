import { existsSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  keyFingerprint,
  modelStatement,
  rootDigest,
  SignatureError,
  type SigningKey,
  signStatement,
} from '@bartizan/checks/signing/index.ts';
import { type Attestation, type ModelSignature, signingRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { collect } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { digestModel, GIT_PATHS, listModel, pathInside } from './model-files.ts';
import { type KeyFlags, readSigningKey } from './signing-key.ts';

interface SignFlags extends KeyFlags {
  out?: string;
  ignore: string[];
  ignoreGit: boolean;
  allowSymlinks?: boolean;
  json?: boolean;
}

const withKey = (command: Command): Command =>
  command
    .requiredOption('--key <pem>', 'private key: P-256, P-384 or P-521, encrypted or not')
    .option('--cert <pem>', 'certificate of the key')
    .option('--chain <pem>', 'certificates between that one and its root')
    .option('--json', 'print JSON');

/** `bartizan model sign`. */
export function addSign(model: Command): void {
  withKey(
    model
      .command('sign <model>')
      .description('sign a folder, a file, or a registered version (MODEL@VERSION, without downloading it)'),
  )
    .option('--out <file>', 'where the signature goes (model.sig in the folder, or beside the file)')
    .option('--ignore <path>', 'leave a path of the folder unsigned; again for more', collect, [])
    .option('--no-ignore-git', 'sign what git keeps there as well')
    .option('--allow-symlinks', 'sign the files that links lead to')
    .action(async (target: string, flags: SignFlags) => {
      const key = await readSigningKey(flags);
      if (existsSync(target)) return await signLocal(target, key, flags);
      const named = registered(target);
      if (!named) throw new CliError(`${printable(target)}: no such file or folder.`, EXIT.usage);
      if (flags.out || flags.allowSymlinks || flags.ignore.length > 0)
        throw new CliError(
          'A registered version is signed whole, and its signature goes to the server.',
          EXIT.usage,
        );
      await signRegistered(named, key, flags);
    });
}

/** `bartizan model provenance`. */
export function addProvenance(model: Command): void {
  withKey(
    model
      .command('provenance <model@version>')
      .description('sign what the server knows of how a version was made (SLSA provenance) and attach it'),
  ).action(async (target: string, flags: KeyFlags & { json?: boolean }) => {
    const key = await readSigningKey(flags);
    const params = registered(target);
    if (!params) throw new CliError('Name a version: MODEL@VERSION.', EXIT.usage);
    const output = createOutput(flags.json ?? false);
    const draft = await client().call(signingRoutes.provenanceDraft, { params });
    for (const one of draft.missing) output.note(`Not known: ${printable(one)}`);
    const bundle = signed(draft.statement, key);
    const attached = await client().call(signingRoutes.addAttestation, { params, body: { bundle } });
    output.result(attached, (one) => `Provenance of ${printable(target)} attached: ${judged(one)}.`);
  });
}

/** `credit-risk@3` or `credit-risk@champion`; null for anything else. */
export function registered(text: string): { readonly model: string; readonly version: string } | null {
  const cut = text.lastIndexOf('@');
  return cut > 0 && cut < text.length - 1
    ? { model: text.slice(0, cut), version: text.slice(cut + 1) }
    : null;
}

function signed(statement: string, key: SigningKey): string {
  try {
    return signStatement(statement, key);
  } catch (error) {
    if (error instanceof SignatureError) throw new CliError(`${error.message}.`, EXIT.usage);
    throw error;
  }
}

async function signLocal(place: string, key: SigningKey, flags: SignFlags): Promise<void> {
  const isFile = statSync(place).isFile();
  const out = flags.out ?? (isFile ? `${place}.sig` : join(place, 'model.sig'));
  const own = isFile ? null : pathInside(place, out);
  const git = flags.ignoreGit ? GIT_PATHS : [];
  const ignore = isFile ? [] : [...new Set([...git, ...flags.ignore, ...(own ? [own] : [])])].toSorted();
  const allowSymlinks = flags.allowSymlinks ?? false;
  const model = await listModel(place, { ignore, allowSymlinks });
  const resources = await digestModel(model, { hash: 'sha256', shardBytes: null });
  if (resources.length === 0) throw new CliError(`${printable(place)} has no file to sign.`, EXIT.usage);
  const statement = modelStatement({
    modelName: model.name,
    ignoredPaths: ignore,
    allowsSymlinks: allowSymlinks,
    resources,
  });
  await writeWhole(out, signed(statement, key));
  const digest = rootDigest(resources.map((one) => one.digest));
  const left = model.ignored.filter((path) => path !== own);
  createOutput(flags.json ?? false).result(
    {
      model: model.name,
      digest,
      files: resources.length,
      unsigned: left,
      signature: resolve(out),
      key: keyFingerprint(key.key),
    },
    (done) =>
      [
        `Signed ${printable(place)}: ${done.files} ${done.files === 1 ? 'file' : 'files'}, digest ${digest}.`,
        `Signature in ${printable(out)}, by the key ${done.key}.`,
        ...(left.length > 0 ? [`Not signed: ${left.map(printable).join(', ')}`] : []),
      ].join('\n'),
  );
}

/** Never leaves half a signature behind. */
async function writeWhole(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.part`;
  try {
    await writeFile(draft, text, { flag: 'wx', mode: 0o644 });
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw new CliError(
      `${printable(file)} cannot be written: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

type Version = NonNullable<ReturnType<typeof registered>>;

async function signRegistered(params: Version, key: SigningKey, flags: SignFlags): Promise<void> {
  const api = client();
  const manifest = await api.call(signingRoutes.manifest, { params });
  const statement = modelStatement({
    modelName: manifest.model,
    ignoredPaths: [],
    allowsSymlinks: false,
    resources: manifest.files.map(({ path, sha256 }) => ({ name: path, digest: sha256 })),
  });
  const exact = { model: params.model, version: String(manifest.version) };
  const bundle = signed(statement, key);
  const attached = await api.call(signingRoutes.addSignature, { params: exact, body: { bundle } });
  createOutput(flags.json ?? false).result(
    { ...attached, model: manifest.model, version: manifest.version, digest: manifest.digest },
    (done) =>
      `Signed ${printable(done.model)}@${done.version}: ${manifest.files.length} files, digest ${done.digest}.\n` +
      `The server says: ${judged(attached)}.`,
  );
}

/** In words, what the server made of it. */
function judged({ state, signer, message }: ModelSignature | Attestation): string {
  if (state === 'trusted') return `trusted, by ${printable(signer?.name ?? 'a signer')}`;
  return `${state}${message ? `, ${printable(message)}` : ''}`;
}
