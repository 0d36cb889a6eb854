import { compilePolicy } from '@bartizan/checks/policy/compile.ts';
import type { CompiledPolicy } from '@bartizan/checks/policy/types.ts';
import type { Action, Author, Direction } from '@bartizan/checks/text/types.ts';
import { defineTextCheck } from '@bartizan/checks/text/types.ts';
import { z } from 'zod';
import { createSseParser } from './sse.ts';

/** A policy over two simple checks, and streams of every API, for tests. */

/** Finds `SECRET-dddd`; a streamed answer is held while it could still become one. */
const secretCheck = defineTextCheck({
  id: 'test/secret',
  title: 'Test secret',
  description: 'Finds SECRET- and four digits.',
  maps: [],
  config: z.object({}),
  samples: [],
  actions: ['flag', 'redact', 'block'],
  directions: ['input', 'output'],
  defaults: { directions: ['input'], authors: ['user'], action: 'redact', threshold: 0.5, coaching: '' },
  streaming: {
    mode: 'hold',
    holdFrom: (text) => {
      const from = Math.max(0, text.length - 10);
      for (let i = from; i < text.length; i += 1) if (couldBegin(text.slice(i))) return i;
      return text.length;
    },
  },
  run: ({ segments }) => ({
    outcome: 'findings',
    findings: segments.flatMap((segment) =>
      [...segment.text.matchAll(/SECRET-\d{4}/g)].map((match) => ({
        segment: segment.index,
        start: match.index,
        end: match.index + match[0].length,
        score: 1,
        kind: 'secret',
        message: 'a test secret',
      })),
    ),
  }),
});

const couldBegin = (tail: string): boolean =>
  tail.length <= 7 ? 'SECRET-'.startsWith(tail) : /^SECRET-\d{0,3}$/.test(tail);

/** Blocks the word "forbidden"; throws at "explode", so that failing guards can be tested. */
const wordCheck = defineTextCheck({
  id: 'test/word',
  title: 'Test word',
  description: 'Finds the word forbidden.',
  maps: [],
  config: z.object({}),
  samples: [],
  actions: ['flag', 'block'],
  directions: ['input', 'output'],
  defaults: { directions: ['input'], authors: ['user'], action: 'block', threshold: 0.5, coaching: '' },
  streaming: {
    mode: 'hold',
    holdFrom: (text) => {
      for (let i = Math.max(0, text.length - 8); i < text.length; i += 1) {
        if ('forbidden'.startsWith(text.slice(i)) || 'explode'.startsWith(text.slice(i))) return i;
      }
      return text.length;
    },
  },
  run: ({ segments }) => {
    if (segments.some((segment) => segment.text.includes('explode'))) throw new Error('boom');
    return {
      outcome: 'findings',
      findings: segments.flatMap((segment) => {
        const start = segment.text.indexOf('forbidden');
        return start < 0
          ? []
          : [{ segment: segment.index, start, end: start + 9, score: 1, kind: 'word', message: 'a word' }];
      }),
    };
  },
});

/** Never answers. */
const hangingCheck = defineTextCheck({
  ...wordCheck,
  id: 'test/hang',
  config: z.object({}),
  run: () => new Promise(() => undefined),
});

/** A policy whose only guard hangs, given up after `timeoutMs`. */
export const hangingPolicy = (timeoutMs: number, directions: Direction[]): CompiledPolicy =>
  compilePolicy(
    {
      mode: 'enforce',
      rules: [
        {
          id: 'hang',
          check: 'test/hang',
          enabled: true,
          config: {},
          directions,
          authors: EVERYBODY,
          endpoints: [],
          action: 'block',
          threshold: 0.5,
          coaching: '',
        },
      ],
    },
    [hangingCheck],
    { timeoutMs },
  );

const EVERYBODY: Author[] = ['user', 'third_party', 'assistant'];

/** Redacts secrets and blocks a word, both ways unless told otherwise. */
export function testPolicy(
  options: { directions?: Direction[]; mode?: 'enforce' | 'shadow'; secrets?: Action } = {},
): CompiledPolicy {
  const rule = {
    enabled: true,
    config: {},
    directions: options.directions ?? (['input', 'output'] as Direction[]),
    authors: EVERYBODY,
    endpoints: [],
    threshold: 0.5,
  };
  return compilePolicy(
    {
      mode: options.mode ?? 'enforce',
      rules: [
        { ...rule, id: 'secret', check: 'test/secret', action: options.secrets ?? 'redact', coaching: '' },
        { ...rule, id: 'word', check: 'test/word', action: 'block', coaching: 'Say it differently.' },
      ],
    },
    [secretCheck, wordCheck],
  );
}

/** What an answer says, in pieces as a model would produce them. */
export interface Script {
  readonly text: readonly string[];
  readonly toolArguments?: readonly string[];
  readonly reasoning?: readonly string[];
}

export interface StreamApi {
  readonly path: string;
  readonly request: Record<string, unknown>;
  /** The same request with `text` as what the user says. */
  readonly ask: (text: string) => Record<string, unknown>;
  readonly events: (script: Script) => string[];
  /** What a client makes of the stream. */
  readonly collect: (body: string) => Collected;
}

export interface Collected {
  readonly text: string;
  readonly toolArguments: string;
  readonly reasoning: string;
  /** Texts that the last events repeat. */
  readonly repeated: readonly string[];
  /** The API's error event, if the stream ended in one. */
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly complete: boolean;
}

type Json = Record<string, unknown>;

export function eventsOf(body: string): { name: string; data: Json | string }[] {
  return createSseParser()
    .push(Buffer.from(body))
    .filter((event) => event.data !== null)
    .map(({ name, data }) => ({
      name,
      data: data === '[DONE]' ? '[DONE]' : (JSON.parse(data ?? '') as Json),
    }));
}

const event = (data: object, name = ''): string =>
  `${name === '' ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

const chunk = (delta: object, finish: string | null = null): string =>
  event({
    id: 'c1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });

const chat: StreamApi = {
  path: '/v1/chat/completions',
  request: { model: 'm', stream: true },
  ask: (text) => ({ model: 'm', stream: true, messages: [{ role: 'user', content: text }] }),
  events: ({ text, toolArguments = [], reasoning = [] }) => [
    chunk({ role: 'assistant', content: '' }),
    ...reasoning.map((piece) => chunk({ reasoning_content: piece })),
    ...text.map((piece) => chunk({ content: piece })),
    ...(toolArguments.length === 0
      ? []
      : [
          chunk({
            tool_calls: [{ index: 0, id: 't1', type: 'function', function: { name: 'f', arguments: '' } }],
          }),
        ]),
    ...toolArguments.map((piece) => chunk({ tool_calls: [{ index: 0, function: { arguments: piece } }] })),
    chunk({}, toolArguments.length === 0 ? 'stop' : 'tool_calls'),
    event({
      id: 'c1',
      object: 'chat.completion.chunk',
      created: 1,
      model: 'm',
      choices: [],
      usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 },
    }),
    'data: [DONE]\n\n',
  ],
  collect: (body) => {
    let text = '';
    let toolArguments = '';
    let reasoning = '';
    let error: Collected['error'] = null;
    let complete = false;
    for (const { data } of eventsOf(body)) {
      if (typeof data === 'string') complete = true;
      else if (data.error) error = data.error as NonNullable<Collected['error']>;
      else {
        const delta = ((data.choices as Json[])[0]?.delta ?? {}) as Json;
        text += (delta.content as string | undefined) ?? '';
        reasoning += (delta.reasoning_content as string | undefined) ?? '';
        for (const call of (delta.tool_calls as Json[] | undefined) ?? []) {
          toolArguments += ((call.function as Json).arguments as string | undefined) ?? '';
        }
      }
    }
    return { text, toolArguments, reasoning, repeated: [], error, complete };
  },
};

function responseEvents({ text, toolArguments = [], reasoning = [] }: Script): string[] {
  const out: string[] = [];
  let sequence = 0;
  const send = (type: string, more: object): void => {
    out.push(event({ type, ...more, sequence_number: sequence }, type));
    sequence += 1;
  };
  const output: Json[] = [];
  const response = (status: string): Json => ({
    id: 'r1',
    object: 'response',
    status,
    model: 'm',
    output: [...output],
  });
  send('response.created', { response: response('in_progress') });
  if (reasoning.length > 0) {
    const place = { item_id: 'rs1', output_index: output.length };
    send('response.output_item.added', { ...place, item: { id: 'rs1', type: 'reasoning', summary: [] } });
    for (const delta of reasoning)
      send('response.reasoning_summary_text.delta', { ...place, summary_index: 0, delta });
    send('response.reasoning_summary_text.done', { ...place, summary_index: 0, text: reasoning.join('') });
    const item = {
      id: 'rs1',
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: reasoning.join('') }],
    };
    output.push(item);
    send('response.output_item.done', { ...place, item });
  }
  const place = { item_id: 'm1', output_index: output.length };
  const part = (value: string): Json => ({ type: 'output_text', text: value, annotations: [] });
  const item = (content: Json[]): Json => ({
    id: 'm1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content,
  });
  send('response.output_item.added', { ...place, item: item([]) });
  send('response.content_part.added', { ...place, content_index: 0, part: part('') });
  for (const delta of text)
    send('response.output_text.delta', { ...place, content_index: 0, delta, logprobs: [] });
  const all = text.join('');
  send('response.output_text.done', { ...place, content_index: 0, text: all, logprobs: [] });
  send('response.content_part.done', { ...place, content_index: 0, part: part(all) });
  output.push(item([part(all)]));
  send('response.output_item.done', { ...place, item: item([part(all)]) });
  if (toolArguments.length > 0) {
    const call = { item_id: 'f1', output_index: output.length };
    const made = (args: string): Json => ({
      id: 'f1',
      type: 'function_call',
      call_id: 'c1',
      name: 'f',
      arguments: args,
    });
    send('response.output_item.added', { ...call, item: made('') });
    for (const delta of toolArguments) send('response.function_call_arguments.delta', { ...call, delta });
    const args = toolArguments.join('');
    send('response.function_call_arguments.done', { ...call, arguments: args });
    output.push(made(args));
    send('response.output_item.done', { ...call, item: made(args) });
  }
  send('response.completed', {
    response: { ...response('completed'), usage: { input_tokens: 4, output_tokens: 6 } },
  });
  return out;
}

function textOf(message: Json | undefined): string {
  const [part] = (message?.content ?? []) as Json[];
  return String(part?.text);
}

const responses: StreamApi = {
  path: '/v1/responses',
  request: { model: 'm', stream: true },
  ask: (text) => ({ model: 'm', stream: true, input: text }),
  events: responseEvents,
  collect: (body) => {
    const collected = {
      text: '',
      toolArguments: '',
      reasoning: '',
      repeated: [] as string[],
      complete: false,
    };
    let error: Collected['error'] = null;
    let expected = 0;
    for (const { data } of eventsOf(body)) {
      const each = data as Json;
      if (each.sequence_number !== expected)
        throw new Error(`sequence_number ${String(each.sequence_number)}, not ${expected}`);
      expected += 1;
      if (each.type === 'error') error = each as unknown as NonNullable<Collected['error']>;
      else if (each.type === 'response.output_text.delta') collected.text += String(each.delta);
      else if (each.type === 'response.function_call_arguments.delta')
        collected.toolArguments += String(each.delta);
      else if (each.type === 'response.reasoning_summary_text.delta')
        collected.reasoning += String(each.delta);
      else if (each.type === 'response.output_text.done') collected.repeated.push(String(each.text));
      else if (each.type === 'response.completed') {
        collected.complete = true;
        const output = (each.response as Json).output as Json[];
        const message = output.find((item) => item.type === 'message');
        collected.repeated.push(textOf(message));
      }
    }
    return { ...collected, error };
  },
};

const named = (data: Json): string => event(data, String(data.type));

function messageEvents({ text, toolArguments = [], reasoning = [] }: Script): string[] {
  const out = [
    named({
      type: 'message_start',
      message: {
        id: 'm1',
        type: 'message',
        role: 'assistant',
        model: 'm',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: 4, output_tokens: 1 },
      },
    }),
    named({ type: 'ping' }),
  ];
  let index = 0;
  const add = (block: Json, deltas: Json[]): void => {
    out.push(named({ type: 'content_block_start', index, content_block: block }));
    for (const delta of deltas) out.push(named({ type: 'content_block_delta', index, delta }));
    out.push(named({ type: 'content_block_stop', index }));
    index += 1;
  };
  if (reasoning.length > 0) {
    add({ type: 'thinking', thinking: '', signature: '' }, [
      ...reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: 'sig' },
    ]);
  }
  add(
    { type: 'text', text: '' },
    text.map((piece) => ({ type: 'text_delta', text: piece })),
  );
  if (toolArguments.length > 0) {
    add(
      { type: 'tool_use', id: 't1', name: 'f', input: {} },
      toolArguments.map((piece) => ({ type: 'input_json_delta', partial_json: piece })),
    );
  }
  out.push(
    named({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 6 },
    }),
  );
  out.push(named({ type: 'message_stop' }));
  return out;
}

const messages: StreamApi = {
  path: '/v1/messages',
  request: { model: 'm', stream: true, max_tokens: 100 },
  ask: (text) => ({ model: 'm', stream: true, max_tokens: 100, messages: [{ role: 'user', content: text }] }),
  events: messageEvents,
  collect: (body) => {
    const collected = { text: '', toolArguments: '', reasoning: '', repeated: [], complete: false };
    let error: Collected['error'] = null;
    for (const { data } of eventsOf(body)) {
      const each = data as Json;
      const delta = (each.delta ?? {}) as Json;
      if (each.type === 'error') error = each.error as NonNullable<Collected['error']>;
      else if (delta.type === 'text_delta') collected.text += String(delta.text);
      else if (delta.type === 'input_json_delta') collected.toolArguments += String(delta.partial_json);
      else if (delta.type === 'thinking_delta') collected.reasoning += String(delta.thinking);
      else if (each.type === 'message_stop') collected.complete = true;
    }
    return { ...collected, error };
  },
};

const completions: StreamApi = {
  path: '/v1/completions',
  request: { model: 'm', stream: true },
  ask: (text) => ({ model: 'm', stream: true, prompt: text }),
  events: ({ text }) => [
    ...text.map((piece) =>
      event({
        id: 'c1',
        object: 'text_completion',
        created: 1,
        model: 'm',
        choices: [{ index: 0, text: piece, logprobs: null, finish_reason: null }],
      }),
    ),
    event({
      id: 'c1',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 6 },
    }),
    'data: [DONE]\n\n',
  ],
  collect: (body) => {
    let text = '';
    let error: Collected['error'] = null;
    let complete = false;
    for (const { data } of eventsOf(body)) {
      if (typeof data === 'string') complete = true;
      else if (data.error) error = data.error as NonNullable<Collected['error']>;
      else text += ((data.choices as Json[])[0]?.text as string | undefined) ?? '';
    }
    return { text, toolArguments: '', reasoning: '', repeated: [], error, complete };
  },
};

export const STREAM_APIS: readonly (readonly [name: string, api: StreamApi])[] = [
  ['chat.completions', chat],
  ['responses', responses],
  ['messages', messages],
  ['completions', completions],
];

/** Cuts a text at the given places (taken modulo its length). */
export function cutAt(text: string, places: readonly number[]): string[] {
  if (text === '') return [];
  const cuts = [...new Set(places.map((place) => place % text.length))]
    .filter((cut) => cut > 0)
    .sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => text.slice(from, cuts[i] ?? text.length));
}
