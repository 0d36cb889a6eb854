import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import { createFolderObjects } from './folder/store.ts';
import { createBucketObjects } from './s3/store.ts';
import type { Objects } from './types.ts';

/** The folder of a data directory that holds objects. */
export const objectsFolder = (dataDir: string): string => join(dataDir, 'objects');

/** The place that the configuration names; nothing is read or written yet. */
export function openObjects(config: Pick<Config, 'dataDir' | 'objects'>): Objects {
  return config.objects.kind === 's3'
    ? createBucketObjects(config.objects)
    : createFolderObjects(objectsFolder(config.dataDir));
}
