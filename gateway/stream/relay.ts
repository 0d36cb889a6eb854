import type { ServerResponse } from 'node:http';
import { isObject, type JsonObject } from '../http/json.ts';
import { type Problem, problem } from '../http/problem.ts';
import type { Unread } from '../http/unread.ts';
import type { UpstreamAnswer } from '../ports.ts';
import type { Exchange } from '../steps/exchange.ts';
import { enterProblem } from '../steps/outcome.ts';
import { type Held, overloaded } from '../steps/room.ts';
import { failureProblem, garbage } from '../steps/translate.ts';
import { type Channels, createChannels } from './channels.ts';
import type { Reading, StreamDialect } from './dialect.ts';
import { createMessagesDialect } from './messages.ts';
import { createChunkDialect } from './openai.ts';
import { createResponsesDialect } from './responses.ts';
import { createSseParser, type SseEvent, type SseParser } from './sse.ts';
import type { Turns } from './turns.ts';

export interface RelayTarget {
  readonly res: ServerResponse;
  readonly headers: Record<string, string>;
  /** Bounds how long a client may leave what was written unread. */
  readonly unread: Pick<Unread, 'drained'>;
  /** Shares the process among all streams. */
  readonly turns: Turns;
  /** Bounds what all answers keep together. */
  readonly held: Pick<Held, 'take' | 'settle' | 'told' | 'unread'>;
  /** Journals the exchange; false when that failed. Called once, before the last event goes out. */
  readonly conclude: () => Promise<boolean>;
}

/** More of a stream than this is not kept as raw response. */
const MOST_RAW_CHARS = 8 * 1024 * 1024;
const HEARTBEAT = ':\n\n';
/** While everything is held back, a comment goes out this often, so that nothing in between gives up waiting. */
const HEARTBEAT_MS = 10_000;

function dialectFor(exchange: Exchange): StreamDialect {
  switch (exchange.format.api) {
    case 'responses':
      return createResponsesDialect();
    case 'messages':
      return createMessagesDialect();
    default:
      return createChunkDialect();
  }
}

const clientGone = (): Problem => problem('client_closed', 'The client closed the connection.');

/** A stream that has kept the process busy for this long lets others in: what has arrived is read without a pause. */
const BUSY_MS = 5;

/** What came of one event. */
type Step =
  | { readonly kind: 'go' }
  /** The answer is complete; `last` is its terminal event. */
  | { readonly kind: 'end'; readonly last: string | Buffer }
  | { readonly kind: 'stop'; readonly problem: Problem };

const GO: Step = Object.freeze({ kind: 'go' });

/** One stream on its way from upstream to client. */
interface Relay {
  readonly exchange: Exchange;
  readonly dialect: StreamDialect;
  readonly channels: Channels;
  /** What waits to be written. */
  readonly out: (string | Buffer)[];
  /** When something was last written. */
  wroteAt: number;
}

/**
 * Passes a stream on, event by event, with every text held back until it was judged. The answer's head goes
 * out with the first event, so a problem before that is returned, to be answered with a status of its own.
 * After that, problems end the stream with the API's error event, and null is returned.
 */
export async function relay(
  exchange: Exchange,
  answer: UpstreamAnswer,
  target: RelayTarget,
): Promise<Problem | null> {
  const state: Relay = {
    exchange,
    dialect: dialectFor(exchange),
    channels: createChannels(exchange),
    out: [],
    wroteAt: performance.now(),
  };
  const started = performance.now();
  const guardedBefore = exchange.guardMs;
  const step = await pump(state, answer, target);
  exchange.upstreamMs += performance.now() - started - (exchange.guardMs - guardedBefore);
  state.channels.finish();
  if (step.kind === 'stop') return fail(state, step.problem, target);
  exchange.status = 200;
  if (!(await target.conclude())) return finishWith(state, unrecorded(), target);
  if (step.kind === 'end') state.out.push(step.last);
  flush(state, target);
  target.res.end();
  return null;
}

/** Reads the upstream to its end. */
async function pump(state: Relay, answer: UpstreamAnswer, target: RelayTarget): Promise<Step> {
  const parser = createSseParser();
  const { turns, held } = target;
  const { signal } = state.exchange.abort;
  try {
    for await (const chunk of answer.body) {
      const room = held.take(chunk.length, signal);
      if (room !== null && !(await room)) return { kind: 'stop', problem: cutShort(held) };
      await turns.enter();
      let since = performance.now();
      state.exchange.firstChunkMs ??= performance.now() - state.exchange.sentAt;
      keepRaw(state.exchange, chunk);
      for (const event of parser.push(chunk)) {
        const step = await onEvent(state, event);
        const took = performance.now() - since;
        if (step.kind !== 'go') return step;
        if (took < BUSY_MS) continue;
        turns.leave(took);
        await turns.enter();
        since = performance.now();
      }
      turns.leave(performance.now() - since);
      held.settle(keptBy(state, parser));
      if (!flush(state, target) && !(await taken(state, target)))
        return { kind: 'stop', problem: cutShort(held) };
    }
  } catch (error) {
    return { kind: 'stop', problem: signal.aborted ? cutShort(held) : failureProblem(error) };
  }
  if (!state.dialect.complete()) {
    const detail = 'an answer that broke off';
    return { kind: 'stop', problem: garbage(detail) };
  }
  await closeAll(state);
  const stopped = state.channels.stopped();
  return stopped === null ? { kind: 'go' } : { kind: 'stop', problem: stopped };
}

/** Bytes that a stream keeps: texts, raw bytes, and the event that has not come to its end. */
const keptBy = ({ channels, exchange }: Relay, parser: SseParser): number =>
  channels.kept() + (exchange.rawResponse?.length ?? 0) + parser.held();

const cutShort = (held: Pick<Held, 'told'>): Problem => (held.told() ? overloaded() : clientGone());

/** Waits until the client reads on. */
async function taken({ exchange }: Relay, { unread, held, res }: RelayTarget): Promise<boolean> {
  held.unread(true);
  const read = await unread.drained(res, exchange.abort.signal);
  held.unread(false);
  return read;
}

function keepRaw(exchange: Exchange, chunk: Buffer): void {
  if (exchange.endpoint?.retention.content !== 'full') return;
  const kept = exchange.rawResponse ?? '';
  if (kept.length < MOST_RAW_CHARS) exchange.rawResponse = kept + chunk.toString('utf8');
}

/** Writes what waits; false when the client should be waited for. */
function flush(state: Relay, { res, headers }: RelayTarget): boolean {
  const { out, exchange } = state;
  if (out.length === 0) return true;
  if (res.destroyed) return false;
  if (!res.headersSent) {
    res.writeHead(200, headers);
    exchange.firstTokenMs ??= performance.now() - exchange.started;
  }
  const bytes = out.length === 1 ? out[0] : Buffer.concat(out.map((piece) => Buffer.from(piece as string)));
  out.length = 0;
  state.wroteAt = performance.now();
  return res.write(bytes as string | Buffer);
}

async function onEvent(state: Relay, event: SseEvent): Promise<Step> {
  const { dialect, channels, out } = state;
  const { data } = event;
  if (data === null) {
    out.push(channels.guarded ? HEARTBEAT : event.raw);
    return GO;
  }
  if (dialect.isEnd(data)) {
    await closeAll(state);
    return ended(channels) ?? { kind: 'end', last: channels.guarded ? 'data: [DONE]\n\n' : event.raw };
  }
  const object = parseEvent(data);
  if (object === null) return { kind: 'stop', problem: garbage('an event that cannot be read') };
  const reading = dialect.read(event.name, object, channels.guarded);
  if (reading.failed) return { kind: 'stop', problem: upstreamFailed() };
  enterUsage(state.exchange, reading);
  state.exchange.responseModel ??= modelOf(object);
  await passTexts(state, reading);
  const stopped = ended(channels);
  if (stopped !== null) return stopped;
  if (!channels.guarded) {
    if (reading.terminal) return { kind: 'end', last: event.raw };
    out.push(event.raw);
    return GO;
  }
  if (reading.droppable && reading.deltas.every(({ holder, field }) => holder[field] === '')) {
    if (out.length === 0 && performance.now() - state.wroteAt > HEARTBEAT_MS) out.push(HEARTBEAT);
    return GO;
  }
  const written = dialect.write(reading);
  if (reading.terminal) return { kind: 'end', last: written };
  out.push(written);
  return GO;
}

const ended = (channels: Channels): Step | null => {
  const stopped = channels.stopped();
  return stopped === null ? null : { kind: 'stop', problem: stopped };
};

const upstreamFailed = (): Problem =>
  problem('upstream_error', 'The model provider ended the answer with an error. Try again.');

/** The model's name where the three dialects put it: in the chunk, the message or the response. */
function modelOf(event: JsonObject): string | null {
  for (const holder of [event, event.message, event.response]) {
    if (isObject(holder) && typeof holder.model === 'string') return holder.model;
  }
  return null;
}

function parseEvent(data: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Sends an event's texts through their channels and writes back what may go out. */
async function passTexts(state: Relay, reading: Reading): Promise<void> {
  const { channels } = state;
  for (const { channel, holder, field } of reading.deltas) {
    const released = channels.push(channel, holder[field] as string);
    holder[field] = released instanceof Promise ? await released : released;
  }
  if (reading.closesAll) await closeAll(state);
  else for (const id of reading.closes) await closeOne(state, id);
  if (reading.signature !== null && reading.closes.some((id) => channels.changed(id))) {
    reading.signature.holder[reading.signature.field] = '';
  }
  if (reading.whole.pieces.length > 0) await channels.whole(reading.whole);
}

/** Ends a channel; what was held goes out as an event of its own, before the event that ended it. */
async function closeOne(state: Relay, id: string): Promise<void> {
  const closing = state.channels.close(id);
  const rest = closing instanceof Promise ? await closing : closing;
  if (rest !== '') state.out.push(state.dialect.carry(id, rest));
}

async function closeAll(state: Relay): Promise<void> {
  for (const id of state.channels.open()) await closeOne(state, id);
}

function enterUsage(exchange: Exchange, reading: Reading): void {
  if (reading.usage === null) return;
  const before = exchange.usage;
  exchange.usage = {
    inputTokens: Math.max(reading.usage.inputTokens ?? 0, before?.inputTokens ?? 0),
    outputTokens: Math.max(reading.usage.outputTokens ?? 0, before?.outputTokens ?? 0),
  };
}

/**
 * Ends a stream that has begun with an error event, after what guards had released before it; when nothing
 * was ready to go out yet, the problem is the caller's to answer.
 */
async function fail(state: Relay, fault: Problem, target: RelayTarget): Promise<Problem | null> {
  if (!target.res.headersSent && state.out.length === 0) return fault;
  enterProblem(state.exchange, fault);
  state.exchange.status = 200;
  const kept = await target.conclude();
  return finishWith(state, kept ? fault : unrecorded(), target);
}

const unrecorded = (): Problem =>
  problem('journal_full', 'The gateway could not record this interaction, so its answer ends here.');

function finishWith(state: Relay, fault: Problem, target: RelayTarget): null {
  const { res } = target;
  state.out.push(state.dialect.error(fault, state.exchange.requestId));
  flush(state, target);
  if (!res.destroyed) res.end();
  return null;
}
