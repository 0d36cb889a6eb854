import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** A scan of one version. The key is the id of the scan. */
export const versionQueue = defineQueue({
  name: 'scan-version',
  payload: z.object({ scanId: z.uuid() }),
  retries: { limit: 4, delaySeconds: 2, maxDelaySeconds: 60 },
  // The settings bound a scan by less; this ends one that even that does not end.
  deadlineSeconds: 604_800 / 7,
  concurrency: 1,
  lookEverySeconds: 1,
});

/** Content that arrived outside of versions, such as the files of a run. The key is the batch. */
export const contentQueue = defineQueue({
  name: 'scan-content',
  payload: z.object({ batch: z.string().max(200) }),
  retries: { limit: 4, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 86_400,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const scanQueues = Object.freeze([versionQueue, contentQueue]);
