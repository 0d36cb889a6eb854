import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

/** The unmodified SDKs behind one small interface, so that one table of cases drives every API. */

/** One conversation turn as the table writes it. */
export interface Turn {
  readonly user: string;
  readonly system?: string;
  /** A tool was called before, and this is what it gave back; the turn ends with it. */
  readonly toolResult?: string;
  readonly tools?: boolean;
}

export interface Said {
  readonly text: string;
  /** Parsed arguments of the tool call, if there was one. */
  readonly call: unknown;
}

/** An SDK's error, told the same for every SDK. */
export interface Raised {
  readonly name: string;
  readonly status: number | undefined;
  readonly code: string | null | undefined;
  readonly message: string;
}

export type Outcome = { readonly said: Said } | { readonly raised: Raised };

export interface Client {
  readonly api: string;
  readonly tools: boolean;
  readonly ask: (turn: Turn, streamed: boolean, options?: { timeoutMs?: number }) => Promise<Outcome>;
}

interface Target {
  readonly url: string;
  readonly key: string;
}

function raised(error: unknown): Raised {
  if (!(error instanceof Error)) throw error;
  const { status, code, errorCode } = error as Error & { status?: number; code?: string; errorCode?: string };
  return { name: error.constructor.name, status, code: errorCode ?? code, message: error.message };
}

async function outcome(run: () => Promise<Said>): Promise<Outcome> {
  try {
    return { said: await run() };
  } catch (error) {
    return { raised: raised(error) };
  }
}

const parsed = (json: string): unknown => (json === '' ? null : (JSON.parse(json) as unknown));
const TOOL_SCHEMA = { type: 'object', properties: { q: { type: 'string' } } } as const;

function openai({ url, key }: Target, timeoutMs = 5000): OpenAI {
  return new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0, timeout: timeoutMs });
}

function chatMessages(turn: Turn): OpenAI.ChatCompletionMessageParam[] {
  const list: OpenAI.ChatCompletionMessageParam[] = [];
  if (turn.system !== undefined) list.push({ role: 'system', content: turn.system });
  list.push({ role: 'user', content: turn.user });
  if (turn.toolResult !== undefined) {
    const call = {
      id: 't1',
      type: 'function',
      function: { name: 'lookup', arguments: '{"q":"x"}' },
    } as const;
    list.push({ role: 'assistant', tool_calls: [call] });
    list.push({ role: 'tool', tool_call_id: 't1', content: turn.toolResult });
  }
  return list;
}

const chat = (target: Target): Client => ({
  api: 'chat.completions',
  tools: true,
  ask: (turn, streamed, options = {}) =>
    outcome(async () => {
      const client = openai(target, options.timeoutMs);
      const tool = { type: 'function', function: { name: 'lookup', parameters: TOOL_SCHEMA } } as const;
      const request = { model: 'm', messages: chatMessages(turn), ...(turn.tools ? { tools: [tool] } : {}) };
      if (!streamed) {
        const answer = await client.chat.completions.create(request);
        const message = answer.choices[0]?.message;
        const call = message?.tool_calls?.[0];
        return {
          text: message?.content ?? '',
          call: call?.type === 'function' ? parsed(call.function.arguments) : null,
        };
      }
      let text = '';
      let args = '';
      for await (const chunk of await client.chat.completions.create({ ...request, stream: true })) {
        const delta = chunk.choices[0]?.delta;
        text += delta?.content ?? '';
        args += delta?.tool_calls?.[0]?.function?.arguments ?? '';
      }
      return { text, call: parsed(args) };
    }),
});

function responseInput(turn: Turn): OpenAI.Responses.ResponseInput {
  const list: OpenAI.Responses.ResponseInput = [{ role: 'user', content: turn.user }];
  if (turn.toolResult !== undefined) {
    list.push({ type: 'function_call', call_id: 't1', name: 'lookup', arguments: '{"q":"x"}' });
    list.push({ type: 'function_call_output', call_id: 't1', output: turn.toolResult });
  }
  return list;
}

const responses = (target: Target): Client => ({
  api: 'responses',
  tools: true,
  ask: (turn, streamed, options = {}) =>
    outcome(async () => {
      const client = openai(target, options.timeoutMs);
      const tool = { type: 'function', name: 'lookup', parameters: TOOL_SCHEMA, strict: false } as const;
      const request = {
        model: 'm',
        input: responseInput(turn),
        ...(turn.system === undefined ? {} : { instructions: turn.system }),
        ...(turn.tools ? { tools: [tool] } : {}),
      };
      if (!streamed) return ofResponse(await client.responses.create(request));
      let text = '';
      let last: OpenAI.Responses.Response | null = null;
      for await (const event of await client.responses.create({ ...request, stream: true })) {
        if (event.type === 'response.output_text.delta') text += event.delta;
        if (event.type === 'response.completed') last = event.response;
      }
      if (last === null) throw new Error('the stream did not complete');
      const said = ofResponse(last);
      if (said.text !== text) throw new Error(`deltas "${text}" differ from the whole "${said.text}"`);
      return said;
    }),
});

function ofResponse(response: OpenAI.Responses.Response): Said {
  let text = '';
  let call: unknown = null;
  for (const item of response.output) {
    if (item.type === 'function_call') call = parsed(item.arguments);
    if (item.type !== 'message') continue;
    for (const part of item.content) if (part.type === 'output_text') text += part.text;
  }
  return { text, call };
}

function claudeMessages(turn: Turn): Anthropic.MessageParam[] {
  const list: Anthropic.MessageParam[] = [{ role: 'user', content: turn.user }];
  if (turn.toolResult !== undefined) {
    list.push({
      role: 'assistant',
      content: [{ type: 'tool_use', id: 't1', name: 'lookup', input: { q: 'x' } }],
    });
    list.push({
      role: 'user',
      content: [{ type: 'tool_result', tool_use_id: 't1', content: turn.toolResult }],
    });
  }
  return list;
}

const messages = (target: Target): Client => ({
  api: 'messages',
  tools: true,
  ask: (turn, streamed, options = {}) =>
    outcome(async () => {
      const client = new Anthropic({
        apiKey: target.key,
        baseURL: target.url,
        maxRetries: 0,
        timeout: options.timeoutMs ?? 5000,
      });
      const request = {
        model: 'm',
        max_tokens: 100,
        messages: claudeMessages(turn),
        ...(turn.system === undefined ? {} : { system: turn.system }),
        ...(turn.tools ? { tools: [{ name: 'lookup', input_schema: TOOL_SCHEMA }] } : {}),
      };
      if (!streamed) return ofMessage(await client.messages.create(request));
      return ofMessage(await client.messages.stream(request).finalMessage());
    }),
});

function ofMessage(message: Anthropic.Message): Said {
  let text = '';
  let call: unknown = null;
  for (const block of message.content) {
    if (block.type === 'text') text += block.text;
    if (block.type === 'tool_use') call = block.input;
  }
  return { text, call };
}

const completions = (target: Target): Client => ({
  api: 'completions',
  tools: false,
  ask: (turn, streamed, options = {}) =>
    outcome(async () => {
      const client = openai(target, options.timeoutMs);
      const request = { model: 'm', prompt: turn.user };
      if (!streamed)
        return { text: (await client.completions.create(request)).choices[0]?.text ?? '', call: null };
      let text = '';
      for await (const chunk of await client.completions.create({ ...request, stream: true })) {
        text += chunk.choices[0]?.text ?? '';
      }
      return { text, call: null };
    }),
});

export const clientsFor = (target: Target): readonly Client[] => [
  chat(target),
  responses(target),
  messages(target),
  completions(target),
];
