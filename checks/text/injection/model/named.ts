import { holdsModel } from './load.ts';
import { InjectionModelError } from './manifest.ts';
import { modelFolderOf } from './open.ts';

/**
 * The model folder that a setting names, as `modelFolderOf`. Throws {@link InjectionModelError} where a folder that was
 * named holds no model: whoever names one relies on it. Only the product's own may be absent.
 */
export function demandModelFolder(setting: string | undefined): string | null {
  const folder = modelFolderOf(setting);
  if (folder === null || !setting || holdsModel(folder)) return folder;
  throw new InjectionModelError(
    `BARTIZAN_INJECTION_MODEL names ${folder}, which holds no model: there is no model.json. ` +
      'Name a model folder, or "none" for the rules alone.',
  );
}
