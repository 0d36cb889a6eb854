import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { modelFolderOf } from '@bartizan/checks/text/injection/model/open.ts';
import type { LifecycleDeps } from '../ports.ts';

/**
 * Says once what the playground and dry runs judge by: the trained model, the rules alone, or nothing, where the model is
 * damaged: these then fail rather than answer as if all were well.
 */
export function tellInjectionModel(setting: string | undefined, log: LifecycleDeps['logger']): void {
  const folder = modelFolderOf(setting);
  if (folder === null) return log.info({}, 'text/injection works by its rules alone, as configured');
  try {
    const model = loadModel(folder);
    if (model === null) log.info({ folder }, 'no injection model: text/injection works by its rules alone');
    else log.info({ model: model.name }, 'text/injection works with its trained model');
  } catch (error) {
    log.error({ reason: (error as Error).message }, 'the injection model is damaged: texts cannot be tried');
  }
}
