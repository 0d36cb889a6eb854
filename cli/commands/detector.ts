import type { Command } from 'commander';
import { addCompare } from '../detector/compare.ts';
import { addCorrections } from '../detector/corrections.ts';
import { addModels } from '../detector/models.ts';
import { addUse } from '../detector/use.ts';

/** `bartizan detector`: the injection check's trained model and what people say of its verdicts. */
export function addDetector(program: Command): void {
  const detector = program
    .command('detector')
    .description('the model of the injection check, and what people say of its verdicts');
  for (const add of PARTS) add(detector);
}

/** In the order in which help lists them. */
const PARTS: readonly ((detector: Command) => void)[] = [addModels, addCompare, addUse, addCorrections];
