import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { type InstanceFlags, openToRead, readMasterKey, withInstance } from '../backup/instance.ts';
import { readPassphrase } from '../backup/passphrase.ts';
import { createSteps } from '../backup/steps.ts';
import { CliError, EXIT } from '../exit.ts';
import { createOutput } from '../output.ts';

interface Flags extends InstanceFlags {
  readonly out: string;
  readonly json?: boolean;
}

interface KeyFlags extends Flags {
  readonly passphraseFile?: string;
}

/** Files of the data directory that are secrets, beside what lies in `keys`. */
const SECRETS_OUTSIDE = ['demo-key'];

export function addBackup(program: Command): void {
  const backup = program
    .command('backup')
    .description('write a backup: database and objects, sealed under the master key, which is not in it');
  withInstance(backup.command('create', { isDefault: true }))
    .description('database and objects (the default)')
    .requiredOption('--out <file>', 'where to write it; - for standard output')
    .option('--json', 'print JSON')
    .action(create);
  withInstance(backup.command('keys'))
    .description('the secret files, sealed under a passphrase; keep them apart from the backups')
    .requiredOption('--out <file>', 'where to write it')
    .option('--passphrase-file <file>', 'its first line is the passphrase (at least 12 characters)')
    .option('--json', 'print JSON')
    .action(keys);
  withInstance(backup.command('verify'))
    .argument('<file>')
    .description('read a backup to its end and check it; needs the master key, but no database')
    .option('--json', 'print JSON')
    .action(verify);
}

async function create(flags: Flags): Promise<void> {
  const toStream = flags.out === '-';
  if (toStream && flags.json)
    throw new CliError('With --out - the backup itself goes to standard output.', EXIT.usage);
  const output = createOutput(flags.json ?? false);
  const master = readMasterKey(flags);
  const { writeBackup, allMigrations, noteBackup } = await import('@bartizan/server/operations/index.ts');
  const instance = await openToRead(flags, output.note);
  const steps = createSteps();
  try {
    const made = await writeBackup({
      databaseUrl: instance.databaseUrl,
      master,
      migrations: allMigrations,
      objects: join(resolve(flags.dataDir), 'objects'),
      out: toStream ? process.stdout : resolve(flags.out),
      nowMs: Date.now(),
      progress: steps.show,
    }).finally(steps.done);
    await noteBackup({ databaseUrl: instance.databaseUrl, master, warn: output.note }, made);
    const said = `Backup ${made.id} of ${made.createdAt}: ${made.bytes} bytes. It opens with master key ${master.id} only; keep that apart ("bartizan backup keys").`;
    if (toStream) output.note(said);
    else output.result({ ...made, file: resolve(flags.out), masterKey: master.id }, () => said);
  } finally {
    await instance.close();
  }
}

async function keys(flags: KeyFlags): Promise<void> {
  const output = createOutput(flags.json ?? false);
  const files = secretFiles(flags);
  const { sealKeyFile } = await import('@bartizan/server/operations/index.ts');
  const text = await sealKeyFile(files, await readPassphrase(flags.passphraseFile, true), Date.now());
  try {
    writeFileSync(resolve(flags.out), text, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw new CliError(`${flags.out} cannot be written: ${(cause as Error).message}`);
  }
  output.result(
    { file: resolve(flags.out), keys: Object.keys(files) },
    (value) =>
      `${value.file} holds ${value.keys.join(', ')}. Keep it and its passphrase in two places, neither beside the backups.`,
  );
}

/** `keys/*` and what else is secret; in a container the files that the environment names. */
function secretFiles(flags: InstanceFlags): Record<string, string> {
  const found: Record<string, string> = {};
  const folder = join(resolve(flags.dataDir), 'keys');
  if (existsSync(folder)) {
    for (const name of readdirSync(folder).toSorted()) {
      if (lstatSync(join(folder, name)).isFile()) found[name] = readFileSync(join(folder, name), 'utf8');
    }
  }
  for (const name of SECRETS_OUTSIDE) {
    const path = join(resolve(flags.dataDir), name);
    if (existsSync(path)) found[name] = readFileSync(path, 'utf8');
  }
  const { BARTIZAN_INTERNAL_TOKEN: token, BARTIZAN_INTERNAL_TOKEN_FILE: tokenFile } = process.env;
  found['master.key'] = `${readMasterKey(flags).bytes.toString('hex')}\n`;
  if (token) found['internal.token'] = `${token}\n`;
  else if (tokenFile) found['internal.token'] = readFileSync(tokenFile, 'utf8');
  return found;
}

async function verify(file: string, flags: InstanceFlags & { json?: boolean }): Promise<void> {
  const output = createOutput(flags.json ?? false);
  const { readBackup } = await import('@bartizan/server/operations/index.ts');
  const { header, start, end } = await readBackup(file, readMasterKey(flags));
  const tables = Object.fromEntries(Object.entries(end.tables).map(([name, { rows }]) => [name, rows]));
  const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
  output.result(
    {
      id: header.id,
      createdAt: header.createdAt,
      version: start.version,
      tables,
      files: Object.keys(end.files).length,
      audit: start.audit,
      left: start.left,
    },
    (value) =>
      [
        `Sound: backup ${value.id} of ${value.createdAt}, made by Bartizan ${value.version}.`,
        `${rows} rows in ${Object.keys(tables).length} tables, ${value.files} objects.`,
        ...(value.audit ? [`Audit log: ${value.audit.size} entries, root ${value.audit.root}`] : []),
        ...value.left.map(({ name, why }) => `Without the rows of ${name} (${why}).`),
      ].join('\n'),
  );
}
