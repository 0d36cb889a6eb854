import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** Reads and hashes a version. The key is its id. */
export const readQueue = defineQueue({
  name: 'data-read',
  payload: z.object({ versionId: z.uuid() }),
  retries: { limit: 4, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 12 * 3_600,
  concurrency: 2,
  lookEverySeconds: 1,
});

/** Holds a version against what was kept of it. The key is the id of the verification. */
export const verifyQueue = defineQueue({
  name: 'data-verify',
  payload: z.object({ verificationId: z.uuid() }),
  retries: { limit: 3, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 12 * 3_600,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const datasetQueues = Object.freeze([readQueue, verifyQueue]);
