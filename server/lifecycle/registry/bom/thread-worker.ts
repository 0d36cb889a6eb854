import { parentPort } from 'node:worker_threads';
import { readDescriptions, validateBom } from '@bartizan/checks/bom/index.ts';
import type { BomJob, BomReply } from './thread.ts';

parentPort?.on('message', async (job: BomJob) => {
  let reply: BomReply;
  try {
    const value =
      job.kind === 'read' ? readDescriptions(new Map(job.texts)) : await validateBom(job.document);
    reply = { ok: true, value };
  } catch {
    reply = { ok: false };
  }
  parentPort?.postMessage(reply);
});
