import type { Answer } from './answer.ts';
import { reply, wantsSlowly } from './brain.ts';
import { fromChat, isObject, type Json, type Reply } from './conversation.ts';
import { inputTokens, limited, newId, outputTokens, piecesOf } from './tokens.ts';

interface Frame {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly usage: Json;
  readonly finish: string;
}

function* deltas({ text, calls }: Reply): Generator<Json> {
  yield { role: 'assistant', content: calls.length > 0 ? null : '', refusal: null };
  for (const piece of piecesOf(text)) yield { content: piece };
  for (const [index, call] of calls.entries()) {
    const opened = { name: call.name, arguments: '' };
    yield { tool_calls: [{ index, id: newId('call_'), type: 'function', function: opened }] };
    for (const piece of piecesOf(call.arguments))
      yield { tool_calls: [{ index, function: { arguments: piece } }] };
  }
}

function* chunks(answer: Reply, frame: Frame, includeUsage: boolean): Generator<string> {
  const { id, created, model } = frame;
  const base = { id, object: 'chat.completion.chunk', created, model, system_fingerprint: 'fp_demo' };
  const rest = includeUsage ? { usage: null } : {};
  for (const delta of deltas(answer)) {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: null }];
    yield `data: ${JSON.stringify({ ...base, choices, ...rest })}\n\n`;
  }
  const choices = [{ index: 0, delta: {}, logprobs: null, finish_reason: frame.finish }];
  yield `data: ${JSON.stringify({ ...base, choices, ...rest })}\n\n`;
  if (includeUsage) yield `data: ${JSON.stringify({ ...base, choices: [], usage: frame.usage })}\n\n`;
  yield 'data: [DONE]\n\n';
}

function messageOf({ text, calls }: Reply): Json {
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? null : text,
    refusal: null,
    annotations: [],
  };
  if (calls.length === 0) return message;
  return {
    ...message,
    tool_calls: calls.map((call) => ({ id: newId('call_'), type: 'function', function: { ...call } })),
  };
}

/** `POST /v1/chat/completions`. */
export function answerChat(body: Json, model: string): Answer {
  const conversation = fromChat(body);
  const { reply: answer, cut } = limited(reply(conversation), body.max_completion_tokens ?? body.max_tokens);
  const prompt = inputTokens(conversation);
  const completion = outputTokens(answer);
  const frame: Frame = {
    id: newId('chatcmpl-'),
    created: Math.floor(Date.now() / 1000),
    model,
    usage: {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
    },
    finish: cut ? 'length' : answer.calls.length > 0 ? 'tool_calls' : 'stop',
  };
  if (body.stream === true) {
    const options = body.stream_options;
    const includeUsage = isObject(options) && options.include_usage === true;
    return { kind: 'stream', events: chunks(answer, frame, includeUsage), slow: wantsSlowly(conversation) };
  }
  const { id, created, usage, finish } = frame;
  const choice = { index: 0, message: messageOf(answer), logprobs: null, finish_reason: finish };
  return {
    kind: 'whole',
    body: {
      id,
      object: 'chat.completion',
      created,
      model,
      choices: [choice],
      usage,
      system_fingerprint: 'fp_demo',
    },
  };
}
