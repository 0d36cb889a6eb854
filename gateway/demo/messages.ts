import { type Answer, namedEvent } from './answer.ts';
import { reply, wantsSlowly } from './brain.ts';
import { BadRequest, fromMessages, type Json, type Reply } from './conversation.ts';
import { inputTokens, limited, newId, outputTokens, piecesOf } from './tokens.ts';

function contentOf({ text, calls }: Reply): Json[] {
  if (calls.length === 0) return [{ type: 'text', text }];
  return calls.map((call) => ({
    type: 'tool_use',
    id: newId('toolu_'),
    name: call.name,
    input: JSON.parse(call.arguments) as Json,
  }));
}

function* block(index: number, part: Json): Generator<string> {
  const empty = part.type === 'text' ? { type: 'text', text: '' } : { ...part, input: {} };
  yield namedEvent({ type: 'content_block_start', index, content_block: empty });
  if (index === 0) yield namedEvent({ type: 'ping' });
  if (part.type === 'text') {
    for (const text of piecesOf(String(part.text))) {
      yield namedEvent({ type: 'content_block_delta', index, delta: { type: 'text_delta', text } });
    }
  } else {
    for (const piece of ['', ...piecesOf(JSON.stringify(part.input))]) {
      const delta = { type: 'input_json_delta', partial_json: piece };
      yield namedEvent({ type: 'content_block_delta', index, delta });
    }
  }
  yield namedEvent({ type: 'content_block_stop', index });
}

function* events(message: Json & { content: readonly Json[]; usage: Json }): Generator<string> {
  const opened = { ...message, content: [], stop_reason: null, stop_sequence: null };
  yield namedEvent({
    type: 'message_start',
    message: { ...opened, usage: { ...message.usage, output_tokens: 1 } },
  });
  for (const [index, part] of message.content.entries()) yield* block(index, part);
  const delta = { stop_reason: message.stop_reason, stop_sequence: null };
  yield namedEvent({ type: 'message_delta', delta, usage: { output_tokens: message.usage.output_tokens } });
  yield namedEvent({ type: 'message_stop' });
}

/** `POST /v1/messages`. */
export function answerMessages(body: Json, model: string): Answer {
  if (typeof body.max_tokens !== 'number') throw new BadRequest('max_tokens: Field required');
  const conversation = fromMessages(body);
  const { reply: answer, cut } = limited(reply(conversation), body.max_tokens);
  const message = {
    id: newId('msg_'),
    type: 'message',
    role: 'assistant',
    model,
    content: contentOf(answer),
    stop_reason: cut ? 'max_tokens' : answer.calls.length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: {
      input_tokens: inputTokens(conversation),
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens(answer),
      service_tier: 'standard',
    },
  };
  if (body.stream !== true) return { kind: 'whole', body: message };
  return { kind: 'stream', events: events(message), slow: wantsSlowly(conversation) };
}

/** `POST /v1/messages/count_tokens`. */
export function answerCountTokens(body: Json): Answer {
  return { kind: 'whole', body: { input_tokens: inputTokens(fromMessages(body)) } };
}
