import type { Config } from '../platform/config/index.ts';
import { openObjects } from '../platform/objects/index.ts';

/** Where objects lie, and why nothing can be stored there; `problem` is null where it can. Tries it with a small one. */
export async function tryObjects(
  config: Pick<Config, 'dataDir' | 'objects'>,
): Promise<{ readonly place: string; readonly problem: string | null }> {
  const objects = openObjects(config);
  try {
    await objects.check();
    return { place: objects.place, problem: null };
  } catch (error) {
    return { place: objects.place, problem: error instanceof Error ? error.message : 'unknown' };
  }
}
