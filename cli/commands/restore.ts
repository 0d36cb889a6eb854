import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Restored } from '@bartizan/server/operations/index.ts';
import type { Command } from 'commander';
import {
  databaseUrlOf,
  type InstanceFlags,
  openToReplace,
  readMasterKey,
  withInstance,
} from '../backup/instance.ts';
import { confirmTyped, readPassphrase } from '../backup/passphrase.ts';
import { createSteps } from '../backup/steps.ts';
import { CliError } from '../exit.ts';
import { createOutput } from '../output.ts';

interface Flags extends InstanceFlags {
  readonly replace?: boolean;
  readonly confirm?: string;
  readonly keepSessions?: boolean;
  readonly json?: boolean;
}

interface KeyFlags {
  readonly dataDir: string;
  readonly passphraseFile?: string;
  readonly replace?: boolean;
  readonly confirm?: string;
  readonly json?: boolean;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/;

export function addRestore(program: Command): void {
  const restore = program.command('restore').description('bring back what a backup holds');
  withInstance(restore.command('database', { isDefault: true }))
    .argument('<file>')
    .description('database and objects, to an empty instance (the default)')
    .option('--replace', 'lose what the instance holds now')
    .option('--confirm <word>', 'the word that --replace asks for, where there is no terminal')
    .option('--keep-sessions', 'leave people signed in, and one-time links alive, as they were then')
    .option('--json', 'print JSON')
    .action(database);
  restore
    .command('keys')
    .argument('<file>')
    .description('the secret files, before the database')
    .option(
      '--data-dir <dir>',
      'where the instance keeps everything',
      process.env.BARTIZAN_DATA_DIR ?? '.bartizan',
    )
    .option('--passphrase-file <file>', 'its first line is the passphrase')
    .option('--replace', 'overwrite secrets that are there')
    .option('--confirm <word>', 'the word that --replace asks for, where there is no terminal')
    .option('--json', 'print JSON')
    .action(keys);
}

async function database(file: string, flags: Flags): Promise<void> {
  const output = createOutput(flags.json ?? false);
  const master = readMasterKey(flags);
  const operations = await import('@bartizan/server/operations/index.ts');
  const { masterKey, createdAt } = await operations.peek(file);
  if (masterKey !== master.id) {
    throw new CliError(
      `This backup opens with master key ${masterKey}, but the one here is ${master.id}. Bring that key back first: bartizan restore keys FILE`,
    );
  }
  if (flags.replace) {
    await confirmTyped(
      `What the instance holds now is lost, and it becomes as it was on ${createdAt}.`,
      'replace',
      flags.confirm,
    );
  }
  const instance = await openToReplace(flags, output.note);
  const steps = createSteps();
  try {
    const restored = await operations
      .restoreBackup({
        file,
        databaseUrl: instance.databaseUrl,
        master,
        migrations: operations.allMigrations,
        objects: join(resolve(flags.dataDir), 'objects'),
        replace: flags.replace ?? false,
        keepSessions: flags.keepSessions ?? false,
        progress: steps.show,
      })
      .finally(steps.done);
    await operations.noteRestore({ databaseUrl: instance.databaseUrl, master, warn: output.note }, restored);
    const aside = setCheckpointAside(flags.dataDir, restored);
    output.result({ ...restored, setAside: aside }, (value) => {
      const rows = Object.values(value.tables).reduce((sum, count) => sum + count, 0);
      return [
        `Restored backup ${value.id} of ${value.createdAt}: ${rows} rows, ${value.files} objects, every table compared.`,
        ...(value.audit
          ? [`Audit log: ${value.audit.size} entries, root ${value.audit.root}, as in the backup.`]
          : []),
        flags.keepSessions
          ? 'Sessions are alive as they were then.'
          : `${value.endedSessions} sessions ended: people sign in again.`,
        ...(value.setAside
          ? [
              `This server had seen more of the audit log than the backup holds; its checkpoint is kept as ${value.setAside}.`,
            ]
          : []),
        'API keys work as they did then: revoke again what was revoked since.',
        nextStep(flags),
      ].join('\n');
    });
  } finally {
    await instance.close();
  }
}

/**
 * A server remembers the newest checkpoint beside the database and raises an alarm when the log is shorter than
 * that. After a restore that a person asked for it is; the evidence is kept, under another name.
 */
function setCheckpointAside(dataDir: string, { id, audit }: Pick<Restored, 'id' | 'audit'>): string | null {
  const file = join(resolve(dataDir), 'audit', 'checkpoint');
  if (!existsSync(file)) return null;
  const known = Number(readFileSync(file, 'utf8').split('\n')[1]);
  if (known <= (audit?.size ?? 0)) return null;
  const aside = `${file}.before-${id}`;
  renameSync(file, aside);
  return aside;
}

const nextStep = (flags: Flags): string =>
  databaseUrlOf(flags)
    ? 'Now start the servers with the same master key and internal token. Gateways that use that token and address take up the restored configuration by themselves within seconds.'
    : `Now start it: bartizan up --data-dir ${flags.dataDir}. Gateways elsewhere that use the same internal token and address take up the restored configuration by themselves.`;

async function keys(file: string, flags: KeyFlags): Promise<void> {
  const output = createOutput(flags.json ?? false);
  const { openKeyFile } = await import('@bartizan/server/operations/index.ts');
  const secrets = await openKeyFile(readText(file), await readPassphrase(flags.passphraseFile, false));
  const root = resolve(flags.dataDir);
  const planned = Object.entries(secrets).map(([name, text]) => {
    if (!NAME.test(name)) throw new CliError('The key file holds a name that is not allowed.');
    return { path: name === 'demo-key' ? join(root, name) : join(root, 'keys', name), text };
  });
  const other = planned.filter(({ path, text }) => existsSync(path) && readFileSync(path, 'utf8') !== text);
  if (other.length > 0) {
    if (!flags.replace) {
      throw new CliError(
        `${other.map(({ path }) => path).join(', ')} hold other secrets. --replace overwrites them; what was sealed under them is then lost.`,
      );
    }
    await confirmTyped('What was sealed under the present secrets is lost.', 'replace', flags.confirm);
  }
  mkdirSync(join(root, 'keys'), { recursive: true, mode: 0o700 });
  for (const { path, text } of planned) writeFileSync(path, text, { mode: 0o600 });
  output.result(
    { files: planned.map(({ path }) => path) },
    (value) =>
      `Restored ${value.files.join(', ')}.\nNow the database: bartizan restore FILE --data-dir ${flags.dataDir}`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CliError(`${file} cannot be read: ${(cause as Error).message}`);
  }
}
