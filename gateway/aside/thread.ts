import { parentPort } from 'node:worker_threads';
import { textChecks } from '@bartizan/checks/catalogue.ts';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type { JudgingReply, JudgingRequest } from './judges.ts';
import { packDecision } from './packing.ts';

/** Policies that this thread was told of, by the number that stands for each. */
const policies = new Map<number, CompiledPolicy>();

async function work({ policy, document, input }: JudgingRequest): Promise<JudgingReply> {
  if (document !== null) {
    policies.set(policy, compilePolicy(document, textChecks, { now: () => performance.now() }));
  }
  const compiled = policies.get(policy);
  if (compiled === undefined) return { ok: false };
  return { ok: true, decision: packDecision(await compiled.inspect(input)) };
}

parentPort?.on('message', async (request: JudgingRequest) => {
  let reply: JudgingReply;
  try {
    reply = await work(request);
  } catch {
    // What was thrown could quote the text that was judged.
    reply = { ok: false };
  }
  parentPort?.postMessage(reply, reply.ok ? [reply.decision.places.buffer] : []);
});
