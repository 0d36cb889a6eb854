import { z } from 'zod';
import { openDatabase } from '../database/index.ts';
import { createJobs, defineQueue } from './index.ts';

/** A server that takes a job, says so and never ends it. For tests only. */
const open = openDatabase(process.argv[2] ?? '');
const queue = defineQueue({
  name: 'orphaned',
  payload: z.object({ n: z.number() }),
  retries: { limit: 2, delaySeconds: 1, maxDelaySeconds: 1 },
  deadlineSeconds: 60,
  concurrency: 1,
  lookEverySeconds: 0.5,
});
const jobs = createJobs({
  pool: open.pool,
  background: true,
  queues: [queue],
  now: () => Date.now(),
  onError: (error) => process.stderr.write(`${String(error)}\n`),
});
jobs.work(queue, async () => {
  process.stdout.write('working\n');
  await new Promise(() => undefined);
});
await jobs.start();
await jobs.send(queue, { n: 5 }, { key: 'k' });
