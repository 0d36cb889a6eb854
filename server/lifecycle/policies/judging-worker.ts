import { parentPort } from 'node:worker_threads';
import { type CompiledPolicy, compilePolicy, textChecks } from '@bartizan/checks';
import { judgeRecording } from './judge.ts';
import type { JudgingJob, JudgingReply, JudgingRequest } from './judging.ts';
import { tryOut } from './try-out.ts';

/** The policy of the run that this thread works for, compiled once. */
let latest: { readonly key: string; readonly compiled: CompiledPolicy } | null = null;

async function work(job: JudgingJob): Promise<unknown> {
  if (job.kind === 'try') return await tryOut(job.request, job.document, textChecks, job.endpoint);
  if (latest?.key !== job.run) latest = { key: job.run, compiled: compilePolicy(job.document, textChecks) };
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
