import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError } from '@bartizan/checks/text/injection/model/manifest.ts';
import { modelFolderOf } from '@bartizan/checks/text/injection/model/open.ts';
import { RULES_ALONE } from '@bartizan/contracts';
import { loggable } from '../../../platform/http/index.ts';
import type { Logger } from '../../ports.ts';

export interface BuiltIn {
  /** `id@version`, or `rules` where no model is installed. */
  readonly name: string;
  /** Where its files lie; null for the rules alone. */
  readonly folder: string | null;
  readonly model: ReturnType<typeof loadModel>;
}

const NONE: BuiltIn = Object.freeze({ name: RULES_ALONE, folder: null, model: null });

/** The model that comes with this server's version of the product, or that its setting names. Read when first asked for. */
export function createBuiltIn(setting: string | undefined, logger: Pick<Logger, 'warn'>): () => BuiltIn {
  let known: BuiltIn | undefined;
  return () => {
    if (known) return known;
    const folder = modelFolderOf(setting);
    try {
      const model = folder === null ? null : loadModel(folder);
      known = folder === null || model === null ? NONE : Object.freeze({ name: model.name, folder, model });
    } catch (error) {
      if (!(error instanceof InjectionModelError)) throw error;
      logger.warn({ error: loggable(error) }, 'the injection model of this server is damaged');
      known = NONE;
    }
    return known;
  };
}
