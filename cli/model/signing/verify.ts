import { readFileSync } from 'node:fs';
import {
  type Differences,
  describeDifferences,
  differences,
  type Manifest,
  outcomeOf,
  readPublicKey,
  readRoots,
  readTrustedRoot,
  type SignatureCode,
  type SignerFacts,
  type Trust,
  verifyModel,
} from '@bartizan/checks/signing/index.ts';
import { leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { collect, instant } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { digestModel, GIT_PATHS, listModel, pathInside } from './model-files.ts';
import { readFrom } from './signing-key.ts';

interface VerifyFlags {
  signature: string;
  publicKey?: string;
  roots?: string;
  trustRoot?: string;
  identity: string[];
  issuer?: string;
  at?: number;
  ignore: string[];
  ignoreGit: boolean;
  allowSymlinks?: boolean;
  json?: boolean;
}

type Result =
  | {
      readonly ok: true;
      readonly model: string;
      readonly digest: string;
      readonly files: number;
      readonly signer: SignerFacts;
      /** Paths that are there without being signed. */
      readonly unsigned: readonly string[];
    }
  | {
      readonly ok: false;
      readonly code: SignatureCode;
      readonly message: string;
      readonly differences?: Differences;
    };

/** What was not judged, as opposed to judged and found wrong. */
const NOT_JUDGED: ReadonlySet<SignatureCode> = new Set(['unsupported', 'trust_root_needed']);

/** `bartizan model verify`: offline, whatever made the signature. */
export function addVerify(model: Command): void {
  model
    .command('verify <model>')
    .description('verify a folder or file against its signature, offline')
    .requiredOption('--signature <file>', 'the signature: a Sigstore bundle')
    .option('--public-key <pem>', 'the signer’s public key')
    .option('--roots <pem>', 'certificates of the authorities behind the signer’s')
    .option('--trust-root <json>', 'a Sigstore trusted root; needs --identity and --issuer')
    .option(
      '--identity <name>',
      'e-mail address or URI of the signer, * for any characters; again for more',
      collect,
      [],
    )
    .option('--issuer <url>', 'who vouches for the identity (OpenID Connect issuer)')
    .option(
      '--at <time>',
      'judge certificates as of then, not now: a date, or a time ago such as 2h',
      instant,
    )
    .option('--ignore <path>', 'a path of the folder that is not signed; again for more', collect, [])
    .option('--no-ignore-git', 'do not leave out what git keeps there')
    .option('--allow-symlinks', 'read the files that links lead to')
    .option('--json', 'print JSON')
    .action(async (place: string, flags: VerifyFlags) => {
      const trust = trustFrom(flags);
      const result = await verifyLocal(place, trust, flags);
      createOutput(flags.json ?? false).result(result, (one) => inWords(place, one));
      if (!result.ok) process.exitCode = NOT_JUDGED.has(result.code) ? EXIT.failed : EXIT.findings;
    });
}

function trustFrom({ publicKey, roots, trustRoot, identity, issuer, at }: VerifyFlags): Trust {
  if ([publicKey, roots, trustRoot].filter(Boolean).length !== 1)
    throw new CliError('Give one of --public-key, --roots and --trust-root.', EXIT.usage);
  if (publicKey) {
    if (identity.length > 0 || issuer) throw new CliError('A key names no identity.', EXIT.usage);
    return { type: 'key', key: readFrom(publicKey, readPublicKey) };
  }
  if (roots) {
    if (issuer) throw new CliError('--issuer goes with --trust-root.', EXIT.usage);
    return {
      type: 'certificate',
      roots: readFrom(roots, readRoots),
      identities: identity,
      atMs: at ?? Date.now(),
    };
  }
  if (identity.length === 0 || !issuer)
    throw new CliError(
      '--trust-root needs --identity and --issuer: anybody can sign with Sigstore.',
      EXIT.usage,
    );
  const root = readFrom(trustRoot ?? '', (text) => readTrustedRoot(Buffer.from(text)));
  return { type: 'sigstore', root, identities: identity, issuer, merkle: { leafHash, verifyInclusion } };
}

async function verifyLocal(place: string, trust: Trust, flags: VerifyFlags): Promise<Result> {
  const verified = outcomeOf(() => verifyModel(readBundle(flags.signature), trust));
  if (!verified.ok) return verified;
  const { manifest, signer } = verified.value;
  const own = pathInside(place, flags.signature);
  const ignore = [
    ...manifest.ignoredPaths,
    ...flags.ignore,
    ...(flags.ignoreGit ? GIT_PATHS : []),
    ...(own ? [own] : []),
  ];
  const allowSymlinks = flags.allowSymlinks ?? manifest.allowsSymlinks;
  const model = await listModel(place, { ignore, allowSymlinks });
  const differing = differences(manifest, await digestModel(model, manifest));
  if (differing)
    return {
      ok: false,
      code: 'files_differ',
      message: describeDifferences(differing),
      differences: differing,
    };
  return {
    ok: true,
    model: model.name,
    digest: manifest.digest,
    files: model.files.length,
    signer,
    unsigned: [...model.ignored.filter((path) => path !== own), ...emptyFiles(model.files, manifest)],
  };
}

/** An empty file has no parts: signatures over parts say nothing about it. */
const emptyFiles = (
  files: readonly { readonly path: string; readonly sizeBytes: number }[],
  { method }: Manifest,
): string[] =>
  method === 'shards' ? files.filter(({ sizeBytes }) => sizeBytes === 0).map(({ path }) => path) : [];

function readBundle(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new CliError(`${printable(file)}: cannot be read.`, EXIT.usage);
  }
}

function inWords(place: string, result: Result): string {
  if (!result.ok) return `${printable(place)}: NOT verified: ${printable(result.message)} (${result.code}).`;
  const { signer, files, digest, unsigned } = result;
  const who =
    signer.type === 'key'
      ? `the key ${signer.keyFingerprint}`
      : `${signer.identities.join(', ') || 'a certificate without a name'}${signer.issuer ? ` (${signer.issuer})` : ''}`;
  const when = signer.loggedAtMs === null ? '' : `, logged ${new Date(signer.loggedAtMs).toISOString()}`;
  return [
    `${printable(place)}: verified, signed by ${printable(who)}${when}.`,
    `${files} ${files === 1 ? 'file' : 'files'}, digest ${digest}.`,
    ...(unsigned.length > 0 ? [`There without being signed: ${unsigned.map(printable).join(', ')}`] : []),
  ].join('\n');
}
