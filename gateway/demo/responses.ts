import { type Answer, namedEvent } from './answer.ts';
import { reply, wantsSlowly } from './brain.ts';
import { type Conversation, fromResponses, isObject, type Json, type Reply } from './conversation.ts';
import { inputTokens, limited, newId, outputTokens, piecesOf } from './tokens.ts';

const textPart = (text: string): Json => ({ type: 'output_text', annotations: [], logprobs: [], text });

function outputOf({ text, calls }: Reply, status: string): Json[] {
  if (calls.length === 0) {
    return [{ id: newId('msg_'), type: 'message', status, role: 'assistant', content: [textPart(text)] }];
  }
  return calls.map((call) => ({
    id: newId('fc_'),
    type: 'function_call',
    status: 'completed',
    call_id: newId('call_'),
    name: call.name,
    arguments: call.arguments,
  }));
}

function* messageEvents(item: Json, index: number): Generator<Json & { type: string }> {
  const [part] = item.content as readonly Json[];
  const at = { item_id: item.id, output_index: index, content_index: 0 };
  const added = { ...item, status: 'in_progress', content: [] };
  yield { type: 'response.output_item.added', output_index: index, item: added };
  yield { type: 'response.content_part.added', ...at, part: textPart('') };
  for (const delta of piecesOf(String(part?.text))) {
    yield { type: 'response.output_text.delta', ...at, delta, logprobs: [] };
  }
  yield { type: 'response.output_text.done', ...at, text: part?.text, logprobs: [] };
  yield { type: 'response.content_part.done', ...at, part };
  yield { type: 'response.output_item.done', output_index: index, item };
}

function* callEvents(item: Json, index: number): Generator<Json & { type: string }> {
  const at = { item_id: item.id, output_index: index };
  const added = { ...item, status: 'in_progress', arguments: '' };
  yield { type: 'response.output_item.added', output_index: index, item: added };
  for (const delta of piecesOf(String(item.arguments))) {
    yield { type: 'response.function_call_arguments.delta', ...at, delta };
  }
  yield { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments };
  yield { type: 'response.output_item.done', output_index: index, item };
}

function* events(response: Json & { output: readonly Json[]; status: string }): Generator<string> {
  let sequence = 0;
  const event = (data: Json & { type: string }): string =>
    namedEvent({ ...data, sequence_number: sequence++ } as Json & { type: string });
  const opened = {
    ...response,
    status: 'in_progress',
    output: [],
    usage: null,
    completed_at: null,
    incomplete_details: null,
  };
  yield event({ type: 'response.created', response: opened });
  yield event({ type: 'response.in_progress', response: opened });
  for (const [index, item] of response.output.entries()) {
    const steps = item.type === 'message' ? messageEvents(item, index) : callEvents(item, index);
    for (const step of steps) yield event(step);
  }
  yield event({ type: `response.${response.status}`, response });
}

function responseOf(
  body: Json,
  model: string,
  conversation: Conversation,
): Json & { output: Json[]; status: string } {
  const { reply: answer, cut } = limited(reply(conversation), body.max_output_tokens);
  const status = cut ? 'incomplete' : 'completed';
  const input = inputTokens(conversation);
  const output = outputTokens(answer);
  const now = Math.floor(Date.now() / 1000);
  return {
    id: newId('resp_'),
    object: 'response',
    created_at: now,
    completed_at: cut ? null : now,
    status,
    background: false,
    error: null,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    instructions: body.instructions ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    model,
    output: outputOf(answer, status),
    parallel_tool_calls: conversation.parallel,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: body.temperature ?? 1,
    text: isObject(body.text) ? body.text : { format: { type: 'text' } },
    tool_choice: body.tool_choice ?? 'auto',
    tools: Array.isArray(body.tools) ? body.tools : [],
    top_p: body.top_p ?? 1,
    truncation: 'disabled',
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    },
    user: body.user ?? null,
    metadata: isObject(body.metadata) ? body.metadata : {},
  };
}

/** `POST /v1/responses`. */
export function answerResponses(body: Json, model: string): Answer {
  const conversation = fromResponses(body);
  const response = responseOf(body, model, conversation);
  if (body.stream !== true) return { kind: 'whole', body: response };
  return { kind: 'stream', events: events(response), slow: wantsSlowly(conversation) };
}
