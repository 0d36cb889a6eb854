import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** Makes a queue of labels, or a version of what was decided in it. The key names both. */
export const labellingQueue = defineQueue({
  name: 'data-labelling',
  payload: z.object({ queueId: z.uuid() }),
  retries: { limit: 3, delaySeconds: 2, maxDelaySeconds: 60 },
  deadlineSeconds: 2 * 3_600,
  concurrency: 1,
  lookEverySeconds: 1,
});

export const labellingQueues = Object.freeze([labellingQueue]);
