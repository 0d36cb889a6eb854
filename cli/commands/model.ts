import type { Command } from 'commander';
import { addBom } from '../model/bom/index.ts';
import { addImportMlflow } from '../model/import-mlflow/command.ts';
import { addAlias, addRemove, addStage, addTag } from '../model/registry/change.ts';
import { addList } from '../model/registry/list.ts';
import { addCompare, addLineage } from '../model/registry/relations.ts';
import { addShow } from '../model/registry/show.ts';
import { addScans } from '../model/scans/index.ts';
import { addProvenance, addSign, addVerify } from '../model/signing/index.ts';
import { addPull, addPush } from '../model/transfer/index.ts';

/** `bartizan model`: each part of the registry adds its own sub-commands. */
export function addModel(program: Command): void {
  const model = program.command('model').description('models, their versions and files');
  for (const add of PARTS) add(model);
}

/** In the order in which help lists them. */
const PARTS: readonly ((model: Command) => void)[] = [
  addList,
  addShow,
  addPush,
  addPull,
  addAlias,
  addStage,
  addTag,
  addLineage,
  addCompare,
  addScans,
  addRemove,
  addSign,
  addVerify,
  addProvenance,
  addBom,
  addImportMlflow,
];
