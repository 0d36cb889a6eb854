import { type Command, CommanderError } from 'commander';
import { EXIT, explain } from './exit.ts';
import { printableLines } from './output.ts';

/** Runs a command line and sets the exit code; says in one line what went wrong. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<void> {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as `head` went away: that is its right.
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed);
  });
  try {
    await program.parseAsync(argv as string[]);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
      return;
    }
    const { message, exitCode } = explain(error);
    // Names of others stand in messages: line by line, so that hints keep theirs.
    process.stderr.write(`bartizan: ${printableLines(message)}\n`);
    process.exitCode = exitCode;
  }
}

/** Commander answers wrong use by throwing, in every command. */
export function throwing(program: Command): Command {
  for (const command of everyCommand(program)) command.exitOverride();
  return program;
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)];
}
