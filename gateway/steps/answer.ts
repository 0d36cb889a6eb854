import { createVault } from '@bartizan/checks/policy/vault.ts';
import { type Gathered, newGathered } from '../formats/gather.ts';
import { type JsonObject, parseBody } from '../http/json.ts';
import type { Problem } from '../http/problem.ts';
import { type UpstreamAnswer, UpstreamFailure } from '../ports.ts';
import type { Exchange } from './exchange.ts';
import { judge, refusalOf, writeRedactions } from './inspect.ts';
import { type Held, overloaded } from './room.ts';
import { failureProblem, garbage, upstreamRefusal } from './translate.ts';

/** Answers may nest deeper than requests: they echo them. */
const ANSWER_DEPTH = 96;
/** An error body longer than this is no error message. */
const LONGEST_ERROR_BYTES = 256 * 1024;

export type AnswerResult =
  | { readonly ok: true; readonly body: Buffer }
  | { readonly ok: false; readonly problem: Problem };

const no = (fault: Problem): AnswerResult => ({ ok: false, problem: fault });

/** The whole body of an answer; null when there is no room for it. Throws what the upstream's reader throws. */
async function collect(
  exchange: Exchange,
  answer: UpstreamAnswer,
  held: Pick<Held, 'take'>,
): Promise<Buffer | null> {
  const { signal } = exchange.abort;
  let first: Buffer | null = null;
  let all: Buffer[] | null = null;
  for await (const chunk of answer.body) {
    const room = held.take(chunk.length, signal);
    if (room !== null && !(await room)) return null;
    if (first === null) first = chunk;
    else if (all === null) all = [first, chunk];
    else all.push(chunk);
  }
  return all === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(all);
}

/** Lets go of an answer that is not wanted. */
export async function discard(answer: UpstreamAnswer): Promise<void> {
  try {
    for await (const _chunk of answer.body) break;
  } catch {
    // How it ends does not matter.
  }
}

/** Reads the refusal of an upstream and says it in our words. */
export async function readRefusal(exchange: Exchange, answer: UpstreamAnswer): Promise<Problem> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer.body) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > LONGEST_ERROR_BYTES) break;
    }
  } catch {
    // What has arrived is enough: the status alone makes an answer.
  }
  let body: unknown = null;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    body = null;
  }
  const { status, headers, upstream } = answer;
  return upstreamRefusal({ status, headers, body, upstream }, exchange.live, exchange.at);
}

/** Reads a whole answer, judges it, and gives the bytes that the client may have. */
export async function readAnswer(
  exchange: Exchange,
  answer: UpstreamAnswer,
  held: Pick<Held, 'take' | 'told'>,
): Promise<AnswerResult> {
  let bytes: Buffer | null;
  try {
    bytes = await collect(exchange, answer, held);
  } catch (error) {
    return no(held.told() ? overloaded() : failureProblem(error));
  }
  if (bytes === null) {
    return no(held.told() ? overloaded() : failureProblem(new UpstreamFailure('cancelled')));
  }
  const parsed = parseBody(bytes, ANSWER_DEPTH);
  if (!parsed.ok) return no(garbage());
  const value = parsed.body.value;
  const { format } = exchange;
  if (!format.isAnswer(value)) return no(garbage('an answer of an unexpected shape'));
  exchange.usage = format.usageOf(value);
  if (typeof value.model === 'string') exchange.responseModel = value.model;
  const gathered = newGathered('assistant');
  format.readAnswer(value, gathered);
  if (gathered.problem !== null) return no(garbage('an answer of too many parts'));
  exchange.answer = gathered.pieces;
  if (exchange.endpoint?.retention.content === 'full') exchange.rawResponse = bytes.toString('utf8');
  const decision = await judge(exchange, 'output', gathered.pieces);
  if (decision !== null) {
    const refusal = refusalOf(exchange, 'output', decision);
    if (refusal !== null) return no(refusal);
  }
  const redacted =
    decision?.verdict === 'redact' &&
    writeRedactions(gathered.pieces, decision.findings, exchange.vault ?? createVault());
  return { ok: true, body: release(exchange, value, bytes, { gathered, redacted }) };
}

/** Puts the request's own values back and serialises only when something changed. */
function release(
  exchange: Exchange,
  value: JsonObject,
  bytes: Buffer,
  judged: { readonly gathered: Gathered; readonly redacted: boolean },
): Buffer {
  const restored = exchange.vault !== null && restoreAll(exchange, value);
  const renamed = exchange.upstreamModel !== exchange.model && value.model === exchange.upstreamModel;
  if (renamed) value.model = exchange.model;
  if (!restored && !judged.redacted && !renamed) return bytes;
  if (restored || judged.redacted) exchange.format.dropEchoes(value);
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** Restores placeholders in what will be sent: the texts as they now stand. */
function restoreAll(exchange: Exchange, value: JsonObject): boolean {
  const { vault, format } = exchange;
  if (vault === null || vault.size() === 0) return false;
  const current = newGathered('assistant');
  format.readAnswer(value, current);
  let changed = false;
  for (const piece of current.pieces) {
    // Signed reasoning must come back to the provider as it was, so it keeps its placeholders.
    if (piece.kind === 'reasoning') continue;
    const text = piece.json ? vault.restoreJson(piece.text) : vault.restore(piece.text);
    if (text === piece.text) continue;
    piece.write(text);
    changed = true;
  }
  return changed;
}
