import { parentPort, workerData } from 'node:worker_threads';
import { textChecks, textChecksWith } from '@bartizan/checks/catalogue.ts';
import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import { encoderOver } from '@bartizan/checks/text/injection/model/encoder/port.ts';
import { openInjectionDetector } from '@bartizan/checks/text/injection/model/open.ts';
import type { AnyTextCheck } from '@bartizan/checks/text/types.ts';
import type { JudgingReply, JudgingRequest, ThreadData } from './judges.ts';
import { packDecision } from './packing.ts';

/** Policies that this thread was told of, by the number that stands for each. */
const policies = new Map<number, CompiledPolicy>();

/** As the gateway has them: its own encoder answers here too. */
function checksOf({ injection }: ThreadData): readonly AnyTextCheck[] {
  if (injection === null) return textChecks;
  const { folder, port } = injection;
  const open = openInjectionDetector({ folder, log: { warn: () => {} }, encoder: encoderOver(port) });
  if (open === null) throw new Error('the injection model is gone');
  return textChecksWith({ injection: open.detector });
}

const checks = checksOf(workerData as ThreadData);

async function work({ policy, document, input }: JudgingRequest): Promise<JudgingReply> {
  if (document !== null) {
    policies.set(policy, compilePolicy(document, checks, { now: () => performance.now() }));
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
