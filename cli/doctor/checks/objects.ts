import { ConfigError, loadConfig } from '@bartizan/server/index.ts';
import { tryObjects } from '@bartizan/server/operations/index.ts';
import { type Check, fail, ok, type Subject, skipped } from '../types.ts';
import { environment } from './settings.ts';

/** The configuration of a server on this machine; null where none would start with it. */
function configOf(subject: Subject) {
  try {
    return loadConfig({ ...environment(subject), BARTIZAN_DATA_DIR: subject.dataDir });
  } catch (error) {
    if (error instanceof ConfigError) return null;
    throw error;
  }
}

const writable: Check = {
  id: 'objects.writable',
  title: 'Object store',
  async run(subject) {
    const config = configOf(subject);
    if (config === null) return skipped('no server would start with these settings');
    const { place, problem } = await tryObjects(config);
    if (problem === null) return ok(`${place} takes content`);
    return fail(
      `${place}: ${problem}`,
      'See docs/guide/objects.md; artifacts cannot be stored until it works.',
    );
  },
};

export const objectChecks: readonly Check[] = Object.freeze([writable]);
