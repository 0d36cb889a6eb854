import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEndpoint } from './commands/endpoint.ts';
import { addFleet } from './commands/fleet.ts';
import { addInteractions } from './commands/interactions.ts';
import { addKey } from './commands/key.ts';
import { addLogin } from './commands/login.ts';
import { addModel } from './commands/model.ts';
import { addPolicy } from './commands/policy.ts';
import { addRestore } from './commands/restore.ts';
import { addReview } from './commands/review.ts';
import { addRoles } from './commands/roles.ts';
import { addScan } from './commands/scan.ts';
import { addServiceAccount } from './commands/service-account.ts';
import { addSink } from './commands/sink.ts';
import { addSystem } from './commands/system.ts';
import { addUp } from './commands/up.ts';
import { addCompletion } from './completion.ts';
import { EXIT, explain } from './exit.ts';

/** The whole command line; a fresh one each time, so that tests can ask it for its commands. */
export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('bartizan')
    .description('Bartizan guards language-model traffic: gateway, policies, interactions')
    .version(version)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride();
  for (const add of [
    addUp,
    addLogin,
    addEndpoint,
    addPolicy,
    addReview,
    addKey,
    addServiceAccount,
    addInteractions,
    addAudit,
    addFleet,
    addScan,
    addModel,
    addSink,
    addSystem,
    addBackup,
    addRestore,
    addDoctor,
    addRoles,
    addCompletion,
  ]) {
    add(program);
  }
  for (const command of everyCommand(program)) command.exitOverride();
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}

async function run(argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` went away: that is its right.
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  try {
    await createProgram().parseAsync(argv as string[]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    const { message, exitCode } = explain(error);
    process.stderr.write(`bartizan: ${message}\n`);
    process.exitCode = exitCode;
  }
}

if (process.argv[1]?.endsWith('bartizan.mjs') || process.argv[1]?.endsWith('bartizan') || import.meta.main) {
  await run(process.argv);
}
