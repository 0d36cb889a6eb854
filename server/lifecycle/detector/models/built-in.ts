import { manifestDigest } from '@bartizan/checks/text/injection/model/folders.ts';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { demandModelFolder } from '@bartizan/checks/text/injection/model/named.ts';
import { RULES_ALONE } from '@bartizan/contracts';

export interface BuiltIn {
  /** `id@version`, or `rules` where no model is installed. */
  readonly name: string;
  /** Of its manifest in canonical form; null of the rules alone. */
  readonly sha256: string | null;
  /** Where its files lie; null for the rules alone. */
  readonly folder: string | null;
  readonly model: ReturnType<typeof loadModel>;
}

const NONE: BuiltIn = Object.freeze({ name: RULES_ALONE, sha256: null, folder: null, model: null });

/**
 * The model that comes with this server's version of the product, or that its setting names. Throws
 * `InjectionModelError` where it is damaged, or where the folder that was named holds none: the server does not start
 * then. Only the product's own folder may be without a model.
 */
export function openBuiltIn(setting: string | undefined): BuiltIn {
  const folder = demandModelFolder(setting);
  const model = folder === null ? null : loadModel(folder);
  if (folder === null || model === null) return NONE;
  return Object.freeze({ name: model.name, sha256: manifestDigest(model.manifest), folder, model });
}
