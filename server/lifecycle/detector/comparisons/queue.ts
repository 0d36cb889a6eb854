import { z } from 'zod';
import { defineQueue } from '../../../platform/jobs/index.ts';

/** A comparison of two models. The key is its id. */
export const comparisonQueue = defineQueue({
  name: 'detector-compare',
  payload: z.object({ comparisonId: z.uuid() }),
  retries: { limit: 2, delaySeconds: 5, maxDelaySeconds: 60 },
  deadlineSeconds: 4 * 3_600,
  concurrency: 1,
  lookEverySeconds: 2,
});
