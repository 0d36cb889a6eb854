import type { Command } from 'commander';
import { CliError, EXIT } from '../exit.ts';
import { collect } from '../options.ts';
import { replayRun } from '../training/replay.ts';
import { type RunFlags, runRecorded } from '../training/run.ts';

/** `bartizan run -- python train.py`. */
export function addRun(program: Command): void {
  program
    .command('run [command...]')
    .description(
      'run training or processing as a run that is kept: inputs, outputs, code revision, environment and the recipe to run it again; bartizan run --input loans@3 --model loans=model.pkl -- python train.py',
    )
    .option('--name <name>', 'of the run')
    .option('--experiment <name>', 'it belongs to; made when there is none of this name')
    .option(
      '--input <input>',
      'loans@3 (fetched; BARTIZAN_INPUT_LOANS says where it lies), loans@3=loans.csv (verified) or a path; may be given again',
      collect,
    )
    .option('--output <path>', 'file or folder that is kept with the run; may be given again', collect)
    .option('--model <name=path>', 'register what lies at the path as a version of a model')
    .option('--replay <run>', 'run the command of this run again, with the same inputs')
    .option('--yes', 'with --replay: run the recorded command without asking')
    .option('--json', 'print JSON once it is over')
    .passThroughOptions()
    .action(async (command: string[], flags: RunFlags & { replay?: string; yes?: boolean }) => {
      if (flags.model !== undefined && !/^[^=]+=.+$/.test(flags.model))
        throw new CliError('write --model like loans=model.pkl', EXIT.usage);
      if (flags.replay !== undefined) {
        if (command.length > 0)
          throw new CliError('--replay runs the command that was recorded; give no other', EXIT.usage);
        await replayRun(flags.replay, flags);
        return;
      }
      if (command.length === 0)
        throw new CliError('say what to run: bartizan run -- python train.py', EXIT.usage);
      await runRecorded(command, flags);
    });
}
