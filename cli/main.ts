import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAudit } from './commands/audit.ts';
import { addBackup } from './commands/backup.ts';
import { addData } from './commands/data.ts';
import { addDetector } from './commands/detector.ts';
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
import { addRun } from './commands/run-command.ts';
import { addScan } from './commands/scan.ts';
import { addServiceAccount } from './commands/service-account.ts';
import { addSink } from './commands/sink.ts';
import { addSystem } from './commands/system.ts';
import { addUp } from './commands/up.ts';
import { addCompletion } from './completion.ts';
import { runProgram, throwing } from './run.ts';

/** The whole command line; a fresh one each time, so that tests can ask it for its commands. */
export function createProgram(): Command {
  const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const program = new Command('bartizan')
    .description('Bartizan guards language-model traffic: gateway, policies, interactions')
    .version(version)
    // `--version` of a command is the command's own.
    .enablePositionalOptions()
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
    addData,
    addRun,
    addDetector,
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
  return throwing(program);
}

if (process.argv[1]?.endsWith('bartizan.mjs') || process.argv[1]?.endsWith('bartizan') || import.meta.main) {
  await runProgram(createProgram(), process.argv);
}
