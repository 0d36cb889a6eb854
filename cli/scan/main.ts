import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { addScan } from '../commands/scan.ts';
import { runProgram, throwing } from '../run.ts';

// Values of a scan live shortly: a small nursery keeps memory low and costs no time (MiB).
setFlagsFromString('--max-semi-space-size=4');

/** `bartizan scan` without the other commands, whose code takes longer to load than many files to scan. */
const program = new Command('bartizan').showHelpAfterError('(add --help for the options)').exitOverride();
addScan(program);
await runProgram(throwing(program), process.argv);
