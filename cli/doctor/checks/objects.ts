import { ConfigError, loadConfig } from '@bartizan/server/index.ts';
import { openObjects } from '@bartizan/server/platform/objects/index.ts';
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
    const objects = openObjects(config);
    try {
      await objects.check();
      return ok(`${objects.place} takes content`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      return fail(
        `${objects.place}: ${reason}`,
        'See docs/guide/objects.md; artifacts cannot be stored until it works.',
      );
    }
  },
};

export const objectChecks: readonly Check[] = Object.freeze([writable]);
