import type { BaseInput, UploadedVersion } from '@bartizan/contracts';
import { registryRoutes, teamRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { clientFor, readSession, type Stored } from '../../session.ts';
import { verdict } from '../registry/words.ts';
import { exitOf, human, waitForScan } from '../scans/index.ts';
import { localFiles } from './files.ts';
import { hashFiles } from './hashing.ts';
import { bytesText, createByteProgress } from './progress.ts';
import { parseVersion, pullVersion } from './pull.ts';
import { pushVersion } from './push.ts';

interface PushFlags {
  name: string;
  alias?: string;
  description?: string;
  base?: string;
  team?: string;
  tag?: string[];
  resume?: boolean;
  wait?: boolean;
  timeout: number;
  json?: boolean;
}

/** `name@version` names a version here; anything else a model from elsewhere. */
function baseOf(text: string): BaseInput {
  if (!text.includes('@')) return { kind: 'external', name: text };
  const { model, ref } = parseVersion(text);
  return { kind: 'version', model, version: ref };
}

function tagsOf(given: readonly string[]): Record<string, string> {
  const tags: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const one of given) {
    const equals = one.indexOf('=');
    if (equals < 1) throw new CliError(`write a tag like stage=pilot, not "${printable(one)}"`, EXIT.usage);
    tags[one.slice(0, equals)] = one.slice(equals + 1);
  }
  return { ...tags };
}

async function teamOf(session: Stored, name: string): Promise<string> {
  const { items } = await clientFor(session).call(teamRoutes.list, {});
  const found = items.find((one) => one.id === name || one.name.toLowerCase() === name.toLowerCase());
  if (!found) throw new CliError(`there is no team "${printable(name)}"`);
  return found.id;
}

async function push(place: string, flags: PushFlags): Promise<void> {
  const session = readSession();
  const output = createOutput(flags.json ?? false);
  const { files, bytes, leftOut } = await localFiles(place);
  if (leftOut.length > 0) output.note(`Left out: ${leftOut.join(', ')}`);
  const hashing = createByteProgress('Hashing  ', bytes);
  const hashed = await hashFiles(files, hashing.add).finally(hashing.end);
  const progress = createByteProgress('Uploading', bytes);
  const version = await pushVersion({
    session,
    input: {
      model: flags.name,
      ...(flags.description === undefined ? {} : { description: flags.description }),
      ...(flags.alias === undefined ? {} : { alias: flags.alias }),
      ...(flags.base === undefined ? {} : { base: baseOf(flags.base) }),
      ...(flags.team === undefined ? {} : { teamId: await teamOf(session, flags.team) }),
      tags: tagsOf(flags.tag ?? []),
    },
    files: hashed,
    progress,
    note(line) {
      progress.end();
      output.note(line);
    },
    resume: flags.resume ?? false,
  }).finally(progress.end);
  const api = clientFor(session);
  const scan = flags.wait ? await waitForScan(api, version.versionId, flags.timeout, output.note) : null;
  const state = scan === null ? await scanNow(api, version) : human(scan);
  output.result(scan === null ? version : { ...version, scan }, (made) =>
    [
      `${printable(made.model)} version ${made.version}: ${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytesText(bytes)}`,
      `digest ${made.digest}`,
      state,
    ].join('\n'),
  );
  if (scan !== null) process.exitCode = exitOf(scan);
}

/** How far its scan is, and the command that goes on. A key that may only write is told the command alone. */
async function scanNow(api: Client, { model, version }: UploadedVersion): Promise<string> {
  const name = `${printable(model)}@${version}`;
  const next = `see what was found: bartizan model findings ${name}`;
  try {
    const params = { model, version: String(version) };
    return `scan   ${verdict(await api.call(registryRoutes.version, { params }))}; ${next}`;
  } catch (error) {
    if (error instanceof ApiFailure) return next;
    throw error;
  }
}

/** `bartizan model push`. */
export function addPush(model: Command): void {
  model
    .command('push <path>')
    .description(
      'upload a file or folder as a new version; run again after a break, it goes on where it stopped',
    )
    .requiredOption('--name <name>', 'the model; it is registered when there is none of this name')
    .option('--alias <alias>', 'let this alias name the new version')
    .option('--description <text>', 'what this version is')
    .option('--base <base>', 'what it was made from: model@version, or the name of a model from elsewhere')
    .option('--team <name>', 'the team of a model that is registered by this')
    .option('--tag <key=value...>', 'tags of the version')
    .option('--resume', 'only go on with an upload that was begun; fail when there is none')
    .option(
      '--wait',
      'wait for the scan; exits with 1 for malicious or suspicious, 2 when it cannot be judged',
    )
    .option('--timeout <seconds>', 'most time to wait for the scan', wholeNumber(1, 604_800), 3_600)
    .option('--json', 'print JSON')
    .action(push);
}

/** `bartizan model pull`. */
export function addPull(model: Command): void {
  model
    .command('pull <version> <folder>')
    .description('download the files of a version (fraud@3, fraud@production), each verified by its digest')
    .option('--force', 'replace files that are there with other content')
    .option('--json', 'print JSON')
    .action(async (version: string, target: string, flags: { force?: boolean; json?: boolean }) => {
      const pulled = await pullVersion({
        session: readSession(),
        ...parseVersion(version),
        target,
        force: flags.force ?? false,
        progress: (bytes) => createByteProgress('Downloading', bytes),
      });
      createOutput(flags.json ?? false).result(pulled, (done) =>
        [
          `${printable(done.model)} version ${done.version}: ${done.files} ${done.files === 1 ? 'file' : 'files'}, ${bytesText(done.bytes)}, every digest verified`,
          `digest ${done.digest}`,
        ].join('\n'),
      );
    });
}
