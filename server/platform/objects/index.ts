export { damaged, isDamage } from './digest.ts';
export { createFolderObjects } from './folder/store.ts';
export { objectMigrations } from './migrations.ts';
export { objectsFolder, openObjects } from './open.ts';
export { type RecordedObjects, recordObjects } from './recorded.ts';
export type {
  ByteRange,
  ObjectStore,
  Objects,
  PutOptions,
  Staging,
  StagingId,
  StoredObject,
} from './types.ts';
