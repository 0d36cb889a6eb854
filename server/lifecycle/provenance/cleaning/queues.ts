import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** Makes a version without some records, or with them again. The key is the id of the quarantine. */
export const cleaningQueue = defineQueue({
  name: 'data-cleaning',
  payload: z.object({ quarantineId: z.uuid() }),
  retries: { limit: 3, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 6 * 3_600,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const cleaningQueues = Object.freeze([cleaningQueue]);
