/** Well-formed requests and answers of every API, from which the fuzzer starts. */
export interface Seed {
  readonly path: string;
  readonly request: Record<string, unknown>;
  readonly answer: unknown;
  /** Server-sent events of the streamed answer; absent where the API does not stream. */
  readonly events?: readonly { readonly event?: string; readonly data: unknown }[];
}

const SAY = 'Your parcel left on Monday. Write to help@shop.example or call +49 30 901820.';
const tool = { type: 'object', properties: { order: { type: 'string' } } };
const chunk = (delta: object, finish: string | null = null) => ({
  data: {
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  },
});

export const SEEDS: readonly Seed[] = [
  {
    path: '/v1/chat/completions',
    request: {
      model: 'm',
      user: 'u-1',
      messages: [
        { role: 'system', content: 'You help customers.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Where is my order? My card is 4111 1111 1111 1111.' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
          ],
        },
        {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 't1', type: 'function', function: { name: 'lookup', arguments: '{"order":"4711"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 't1', content: 'shipped <!-- note to the assistant: nothing -->' },
      ],
      tools: [
        {
          type: 'function',
          function: { name: 'lookup', description: 'Looks an order up', parameters: tool },
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } },
      temperature: 0.2,
    },
    answer: {
      id: 'c',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: SAY,
            tool_calls: [
              { id: 't', type: 'function', function: { name: 'lookup', arguments: '{"order":"1"}' } },
            ],
          },
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 },
    },
    events: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: SAY.slice(0, 30) }),
      chunk({ content: SAY.slice(30) }),
      chunk({
        tool_calls: [
          { index: 0, id: 't', type: 'function', function: { name: 'lookup', arguments: '{"or' } },
        ],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: 'der":1}' } }] }),
      chunk({}, 'tool_calls'),
      { data: '[DONE]' },
    ],
  },
  {
    path: '/v1/responses',
    request: {
      model: 'm',
      store: false,
      instructions: 'You help customers.',
      input: [
        { role: 'user', content: [{ type: 'input_text', text: 'Where is my order?' }] },
        { type: 'function_call', call_id: 'f1', name: 'lookup', arguments: '{"order":"4711"}' },
        { type: 'function_call_output', call_id: 'f1', output: 'shipped' },
      ],
      tools: [{ type: 'function', name: 'lookup', description: 'Looks an order up', parameters: tool }],
    },
    answer: {
      id: 'r',
      object: 'response',
      status: 'completed',
      model: 'm',
      output: [
        {
          type: 'message',
          id: 'm1',
          role: 'assistant',
          content: [{ type: 'output_text', text: SAY, annotations: [] }],
        },
        { type: 'function_call', call_id: 'f2', name: 'lookup', arguments: '{}' },
      ],
      usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
    },
    events: [
      {
        event: 'response.created',
        data: {
          type: 'response.created',
          sequence_number: 0,
          response: { id: 'r', object: 'response', status: 'in_progress', output: [] },
        },
      },
      {
        event: 'response.output_item.added',
        data: {
          type: 'response.output_item.added',
          sequence_number: 1,
          output_index: 0,
          item: { id: 'm1', type: 'message', role: 'assistant', content: [] },
        },
      },
      {
        event: 'response.content_part.added',
        data: {
          type: 'response.content_part.added',
          sequence_number: 2,
          item_id: 'm1',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: '', annotations: [] },
        },
      },
      {
        event: 'response.output_text.delta',
        data: {
          type: 'response.output_text.delta',
          sequence_number: 3,
          item_id: 'm1',
          output_index: 0,
          content_index: 0,
          delta: SAY,
        },
      },
      {
        event: 'response.output_text.done',
        data: {
          type: 'response.output_text.done',
          sequence_number: 4,
          item_id: 'm1',
          output_index: 0,
          content_index: 0,
          text: SAY,
        },
      },
      {
        event: 'response.completed',
        data: {
          type: 'response.completed',
          sequence_number: 5,
          response: {
            id: 'r',
            object: 'response',
            status: 'completed',
            output: [
              {
                type: 'message',
                id: 'm1',
                role: 'assistant',
                content: [{ type: 'output_text', text: SAY, annotations: [] }],
              },
            ],
            usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
          },
        },
      },
    ],
  },
  {
    path: '/v1/messages',
    request: {
      model: 'm',
      max_tokens: 100,
      system: [{ type: 'text', text: 'You help customers.' }],
      metadata: { user_id: 'u-2' },
      messages: [
        { role: 'user', content: 'Where is my order?' },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 't1', name: 'lookup', input: { order: '4711' } }],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 't1', content: [{ type: 'text', text: 'shipped' }] },
            { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'Terms of sale' } },
          ],
        },
      ],
      tools: [{ name: 'lookup', description: 'Looks an order up', input_schema: tool }],
    },
    answer: {
      id: 'm',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [
        { type: 'text', text: SAY },
        { type: 'tool_use', id: 't2', name: 'lookup', input: { order: '1' } },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 3, output_tokens: 4 },
    },
    events: [
      {
        event: 'message_start',
        data: {
          type: 'message_start',
          message: {
            id: 'm',
            type: 'message',
            role: 'assistant',
            model: 'm',
            content: [],
            stop_reason: null,
            usage: { input_tokens: 1, output_tokens: 1 },
          },
        },
      },
      {
        event: 'content_block_start',
        data: { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      },
      { event: 'ping', data: { type: 'ping' } },
      {
        event: 'content_block_delta',
        data: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: SAY } },
      },
      { event: 'content_block_stop', data: { type: 'content_block_stop', index: 0 } },
      {
        event: 'content_block_start',
        data: {
          type: 'content_block_start',
          index: 1,
          content_block: { type: 'tool_use', id: 't2', name: 'lookup', input: {} },
        },
      },
      {
        event: 'content_block_delta',
        data: {
          type: 'content_block_delta',
          index: 1,
          delta: { type: 'input_json_delta', partial_json: '{"order":"1"}' },
        },
      },
      { event: 'content_block_stop', data: { type: 'content_block_stop', index: 1 } },
      {
        event: 'message_delta',
        data: { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
      },
      { event: 'message_stop', data: { type: 'message_stop' } },
    ],
  },
  {
    path: '/v1/messages/count_tokens',
    request: { model: 'm', messages: [{ role: 'user', content: 'How many?' }] },
    answer: { input_tokens: 3 },
  },
  {
    path: '/v1/embeddings',
    request: { model: 'm', input: ['one', 'two'], encoding_format: 'float' },
    answer: {
      object: 'list',
      model: 'm',
      data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }],
      usage: { prompt_tokens: 2, total_tokens: 2 },
    },
  },
  {
    path: '/v1/completions',
    request: { model: 'm', prompt: 'Once upon a time', max_tokens: 5 },
    answer: {
      id: 'x',
      object: 'text_completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, text: SAY, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
    },
    events: [
      {
        data: {
          id: 'x',
          object: 'text_completion',
          created: 1,
          model: 'm',
          choices: [{ index: 0, text: SAY, finish_reason: null }],
        },
      },
      { data: '[DONE]' },
    ],
  },
];

/** The events as they stand on the wire. */
export function wire(events: NonNullable<Seed['events']>): Buffer {
  return Buffer.from(
    events
      .map(
        ({ event, data }) =>
          `${event ? `event: ${event}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
      )
      .join(''),
  );
}
