import { parentPort } from 'node:worker_threads';
import { type CompiledPolicy, compilePolicy } from '@bartizan/checks';
import { checksWithModels } from '@bartizan/checks/with-models.ts';
import { judgeRecording } from './judge.ts';
import type { JudgingJob, JudgingReply, JudgingRequest } from './judging.ts';
import { readingsOf } from './readings.ts';
import { tryOut } from './try-out.ts';

/** As a gateway has them. What there is to say of the model, the server says when it starts. */
const { checks, injection } = checksWithModels(process.env.BARTIZAN_INJECTION_MODEL, { warn: () => {} });

/** The policy of the run that this thread works for, compiled once. */
let latest: { readonly key: string; readonly compiled: CompiledPolicy } | null = null;

async function work(job: JudgingJob): Promise<unknown> {
  if (job.kind === 'try') {
    const result = await tryOut(job.request, job.document, checks, job.endpoint);
    return { ...result, readings: await readingsOf(job, injection) };
  }
  if (latest?.key !== job.run) latest = { key: job.run, compiled: compilePolicy(job.document, checks) };
  const { compiled } = latest;
  const judgements = [];
  for (const { recording, endpoint } of job.recordings) {
    judgements.push(await judgeRecording(recording, { document: job.document, compiled }, endpoint));
  }
  return judgements;
}

parentPort?.on('message', async ({ id, job }: JudgingRequest) => {
  let reply: JudgingReply;
  try {
    reply = { id, ok: true, value: await work(job) };
  } catch (error) {
    // The message could quote the text that was judged; the name cannot.
    reply = { id, ok: false, error: error instanceof Error ? error.name : 'unknown' };
  }
  parentPort?.postMessage(reply);
});
