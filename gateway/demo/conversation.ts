/** What every API's request comes down to for the assistant. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly text: string;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface Conversation {
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  /** A tool's name when the caller insists on it. */
  readonly toolChoice: 'auto' | 'none' | 'required' | { readonly name: string };
  readonly parallel: boolean;
  /** `schema` null asks for any JSON object. */
  readonly json: { readonly schema: Readonly<Record<string, unknown>> | null } | null;
}

export interface ToolCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

export interface Reply {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

/** The request is not one that the API takes; becomes a 400 in the API's shape. */
export class BadRequest extends Error {
  readonly parameter: string | null;
  constructor(message: string, parameter: string | null = null) {
    super(message);
    this.name = 'BadRequest';
    this.parameter = parameter;
  }
}

export type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const asText = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The text of `content` in any of the three APIs: a string, or parts of which only the text counts here. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .filter(isObject)
    .map((part) => asText(part.text) || (part.type === 'document' ? documentText(part) : ''))
    .filter((text) => text !== '')
    .join('\n');
}

function documentText(part: Json): string {
  return isObject(part.source) ? asText(part.source.data) || textOf(part.source.content) : '';
}

const ROLES: Readonly<Record<string, Turn['role']>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
};

function messagesOf(body: Json): readonly Json[] {
  if (!Array.isArray(body.messages) || body.messages.length === 0) {
    throw new BadRequest("'messages' must be a list with at least one message.", 'messages');
  }
  if (!body.messages.every(isObject))
    throw new BadRequest("Every entry of 'messages' must be an object.", 'messages');
  return body.messages as readonly Json[];
}

function toolOf(value: unknown): Tool[] {
  if (!isObject(value)) return [];
  const declared = isObject(value.function) ? value.function : value;
  if (typeof declared.name !== 'string') return [];
  const schema = declared.parameters ?? declared.input_schema;
  return [
    {
      name: declared.name,
      description: asText(declared.description),
      schema: isObject(schema) ? schema : {},
    },
  ];
}

const toolsOf = (value: unknown): Tool[] => (Array.isArray(value) ? value.flatMap(toolOf) : []);

function choiceOf(value: unknown): Conversation['toolChoice'] {
  if (value === 'none' || value === 'required') return value;
  if (!isObject(value)) return 'auto';
  if (value.type === 'any') return 'required';
  if (value.type === 'none') return 'none';
  const name = isObject(value.function) ? value.function.name : value.name;
  return typeof name === 'string' ? { name } : 'auto';
}

function jsonOf(format: unknown): Conversation['json'] {
  if (!isObject(format)) return null;
  if (format.type === 'json_object') return { schema: null };
  if (format.type !== 'json_schema') return null;
  const holder = isObject(format.json_schema) ? format.json_schema : format;
  return { schema: isObject(holder.schema) ? holder.schema : null };
}

/** Reads an OpenAI chat completions body. */
export function fromChat(body: Json): Conversation {
  const turns = messagesOf(body).map((message) => {
    const role = ROLES[asText(message.role)];
    if (!role) throw new BadRequest(`Invalid role: ${asText(message.role).slice(0, 40)}.`, 'messages');
    return { role, text: textOf(message.content) };
  });
  return {
    turns,
    tools: toolsOf(body.tools),
    toolChoice: choiceOf(body.tool_choice),
    parallel: body.parallel_tool_calls !== false,
    json: jsonOf(body.response_format),
  };
}

/** Reads an OpenAI responses body. */
export function fromResponses(body: Json): Conversation {
  const turns: Turn[] = [];
  if (typeof body.instructions === 'string') turns.push({ role: 'system', text: body.instructions });
  if (typeof body.input === 'string') turns.push({ role: 'user', text: body.input });
  else if (Array.isArray(body.input) && body.input.every(isObject)) {
    for (const item of body.input as readonly Json[]) {
      if (item.type === 'function_call_output') {
        turns.push({ role: 'tool', text: textOf(item.output) });
      } else if (item.role !== undefined) {
        turns.push({ role: ROLES[asText(item.role)] ?? 'user', text: textOf(item.content) });
      }
    }
  } else throw new BadRequest("'input' must be a text or a list of items.", 'input');
  return {
    turns,
    tools: toolsOf(body.tools),
    toolChoice: choiceOf(body.tool_choice),
    parallel: body.parallel_tool_calls !== false,
    json: isObject(body.text) ? jsonOf(body.text.format) : null,
  };
}

/** Reads an Anthropic messages body. */
export function fromMessages(body: Json): Conversation {
  const turns: Turn[] = [];
  const system = textOf(body.system);
  if (system !== '') turns.push({ role: 'system', text: system });
  for (const message of messagesOf(body)) {
    if (message.role !== 'user' && message.role !== 'assistant') {
      throw new BadRequest("messages: roles must be 'user' or 'assistant'");
    }
    const results = (Array.isArray(message.content) ? message.content : [])
      .filter(isObject)
      .filter((part) => part.type === 'tool_result');
    for (const result of results) turns.push({ role: 'tool', text: textOf(result.content) });
    const text = textOf(message.content);
    if (text !== '' || results.length === 0) turns.push({ role: message.role, text });
  }
  const choice = body.tool_choice;
  return {
    turns,
    tools: toolsOf(body.tools),
    toolChoice: choiceOf(choice),
    parallel: !(isObject(choice) && choice.disable_parallel_tool_use === true),
    json: null,
  };
}
