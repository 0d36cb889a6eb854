import type { Command } from 'commander';

/** `bartizan model`: each part of the registry adds its own sub-commands. */
export function addModel(program: Command): void {
  const model = program.command('model').description('models, their versions and files');
  for (const add of PARTS) add(model);
}

/** In the order in which help lists them. */
const PARTS: readonly ((model: Command) => void)[] = [];
