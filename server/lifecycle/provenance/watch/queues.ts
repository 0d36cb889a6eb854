import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** Holds a version against the accepted history of its dataset. The key is the id of the version. */
export const dataWatchQueue = defineQueue({
  name: 'data-watch',
  payload: z.object({ versionId: z.uuid() }),
  retries: { limit: 5, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 2 * 3_600,
  concurrency: 1,
  lookEverySeconds: 1,
});

/** Looks for endpoints that a version reached, or no longer reaches. The key is the id of the version. */
export const dataReachQueue = defineQueue({
  name: 'data-reach',
  payload: z.object({ versionId: z.uuid() }),
  retries: { limit: 5, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 600,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const dataWatchQueues = Object.freeze([dataWatchQueue, dataReachQueue]);
