import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** Looks through a version. The key is the id of the scan. */
export const dataScanQueue = defineQueue({
  name: 'data-scans',
  payload: z.object({ scanId: z.uuid() }),
  retries: { limit: 3, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 2 * 3_600,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const dataScanQueues = Object.freeze([dataScanQueue]);
