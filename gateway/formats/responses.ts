import { isObject, type JsonObject } from '../http/json.ts';
import { readTools, schemaText } from './chat.ts';
import { fileData, mediaUrl } from './file.ts';
import {
  at,
  type Gathered,
  identifier,
  jsonText,
  labelled,
  leaves,
  names,
  refuse,
  settings,
  strangers,
  text,
  toolName,
  unread,
  VOICES,
  type Voice,
} from './gather.ts';
import { type Format, usage, userId } from './types.ts';

/** Request members that steer the call and that no model reads. All others are read. */
const PARAMETERS = names(`
  model input instructions tools text stream stream_options temperature top_p top_logprobs user
  safety_identifier service_tier store metadata tool_choice parallel_tool_calls reasoning truncation include
  max_output_tokens max_tool_calls prompt_cache_key prompt_cache_retention prompt_cache_options background
  previous_response_id conversation prompt context_management moderation access_programs
`);

/** Those of them that are no ids of the caller's own: text in them is read. */
const SETTINGS = names(`
  stream_options temperature top_p top_logprobs service_tier store metadata tool_choice parallel_tool_calls
  reasoning truncation include max_output_tokens max_tool_calls prompt_cache_retention prompt_cache_options
  context_management moderation access_programs
`);

/** Members that bring in text which this gateway never sees, and what to do instead. */
const UNSEEN: readonly (readonly [string, string])[] = [
  ['previous_response_id', 'send the whole conversation in `input` with `store: false`'],
  ['conversation', 'send the whole conversation in `input` with `store: false`'],
  ['prompt', "send the prompt's text in `instructions` and `input`"],
];

const ROLE_VOICES: Readonly<Record<string, Voice>> = Object.assign(Object.create(null), {
  system: VOICES.operator,
  developer: VOICES.operator,
  user: VOICES.user,
  assistant: VOICES.assistant,
});

const TEXT_PART = names('type text prompt_cache_breakpoint logprobs annotations');
const REFUSAL_PART = names('type refusal');
const IMAGE_PART = names('type image_url file_id detail prompt_cache_breakpoint');
const FILE_PART = names('type file_data file_id file_url filename detail prompt_cache_breakpoint');
const AUDIO_PART = names('type input_audio data transcript format');
const TYPE_ONLY = names('type');

function readPart(to: Gathered, part: JsonObject, path: string, voice: Voice): void {
  switch (part.type) {
    case 'input_text':
    case 'output_text':
    case 'text':
    case 'summary_text':
    case 'reasoning_text':
      text(to, at(part, 'text', path), voice);
      if (part.annotations !== undefined) leaves(to, at(part, 'annotations', path), voice);
      strangers(to, part, path, TEXT_PART);
      return;
    case 'refusal':
      text(to, at(part, 'refusal', path), VOICES.assistant);
      strangers(to, part, path, REFUSAL_PART);
      return;
    case 'input_image':
      mediaUrl(to, at(part, 'image_url', path));
      unread(to, at(part, 'file_id', path), 'media', 'file_id');
      strangers(to, part, path, IMAGE_PART);
      return;
    case 'input_file':
      fileData(to, at(part, 'file_data', path), part.filename);
      identifier(to, at(part, 'filename', path), VOICES.document);
      unread(to, at(part, 'file_id', path), 'document', 'file_id');
      unread(to, at(part, 'file_url', path), 'document', 'file_url');
      strangers(to, part, path, FILE_PART);
      return;
    case 'input_audio':
    case 'output_audio':
      unread(to, at(part, part.data === undefined ? 'input_audio' : 'data', path), 'media', 'audio');
      text(to, at(part, 'transcript', path), voice);
      strangers(to, part, path, AUDIO_PART);
      return;
    default:
      identifier(to, at(part, 'type', path), VOICES.document);
      strangers(to, part, path, TYPE_ONLY);
  }
}

function readParts(
  to: Gathered,
  holder: JsonObject,
  key: string,
  where: { path: string; voice: Voice },
): void {
  const parts = holder[key];
  if (!Array.isArray(parts)) {
    text(to, at(holder, key, where.path), where.voice);
    return;
  }
  const below = `${where.path}/${key}`;
  for (let i = 0; i < parts.length; i += 1) {
    const part: unknown = parts[i];
    if (isObject(part)) readPart(to, part, `${below}/${i}`, where.voice);
    else text(to, at(parts, i, below), where.voice);
  }
}

const MESSAGE = names('type role content id status phase');
const FUNCTION_CALL = names('type id call_id name namespace arguments input status caller');
const CALL_OUTPUT = names('type id call_id output status caller name');
const REASONING = names('type id summary content encrypted_content status');
const MCP_CALL = names('type id name arguments output error server_label status approval_request_id');
const IMAGE_CALL = names('type id result status revised_prompt');
const OPAQUE = names('type id encrypted_content status');
const IDENTITIES = ['id', 'call_id', 'namespace', 'server_label', 'status', 'role', 'phase'] as const;

/** Reads one item of `input` or `output`. `toolNames` maps call ids to tool names, for labels. */
function readItem(to: Gathered, item: JsonObject, path: string, toolNames: Map<string, string>): void {
  for (const key of IDENTITIES) {
    if (item[key] !== undefined) identifier(to, at(item, key, path), VOICES.document);
  }
  if (item.name !== undefined) toolName(to, at(item, 'name', path), VOICES.toolCall);
  switch (item.type ?? 'message') {
    case 'message': {
      const voice = (typeof item.role === 'string' ? ROLE_VOICES[item.role] : undefined) ?? VOICES.document;
      readParts(to, item, 'content', { path, voice });
      strangers(to, item, path, MESSAGE);
      return;
    }
    case 'function_call':
    case 'custom_tool_call': {
      if (typeof item.call_id === 'string' && typeof item.name === 'string') {
        toolNames.set(item.call_id, item.name);
      }
      const voice = labelled(VOICES.toolCall, item.name);
      jsonText(to, at(item, 'arguments', path), voice);
      jsonText(to, at(item, 'input', path), voice);
      strangers(to, item, path, FUNCTION_CALL);
      return;
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const name = typeof item.call_id === 'string' ? toolNames.get(item.call_id) : undefined;
      readParts(to, item, 'output', { path, voice: labelled(VOICES.toolResult, name) });
      strangers(to, item, path, CALL_OUTPUT);
      return;
    }
    case 'reasoning':
      readParts(to, item, 'summary', { path, voice: VOICES.reasoning });
      readParts(to, item, 'content', { path, voice: VOICES.reasoning });
      strangers(to, item, path, REASONING);
      return;
    default:
      readOtherItem(to, item, path);
  }
}

function readOtherItem(to: Gathered, item: JsonObject, path: string): void {
  switch (item.type) {
    case 'mcp_call':
      jsonText(to, at(item, 'arguments', path), labelled(VOICES.toolCall, item.name));
      text(to, at(item, 'output', path), labelled(VOICES.toolResult, item.name));
      leaves(to, at(item, 'error', path), VOICES.toolResult);
      strangers(to, item, path, MCP_CALL);
      return;
    case 'image_generation_call':
      unread(to, at(item, 'result', path), 'media', 'image');
      text(to, at(item, 'revised_prompt', path), VOICES.assistant);
      strangers(to, item, path, IMAGE_CALL);
      return;
    case 'compaction':
      strangers(to, item, path, OPAQUE);
      return;
    case 'computer_call_output':
      readScreenshot(to, item, path);
      return;
    case 'item_reference':
      refuse(
        to,
        'Items by reference (`item_reference`) are not offered: the guards could not read them. Send the item itself with `store: false`.',
        'input',
      );
      return;
    default: {
      const result = typeof item.type === 'string' && item.type.endsWith('_output');
      for (const key in item) {
        if (key === 'type' || key === 'name' || (IDENTITIES as readonly string[]).includes(key)) continue;
        leaves(to, at(item, key, path), result ? VOICES.toolResult : VOICES.document);
      }
      identifier(to, at(item, 'type', path), VOICES.document);
    }
  }
}

const SCREENSHOT_ITEM = names('type id call_id output status acknowledged_safety_checks');
const SCREENSHOT = names('type image_url file_id');

function readScreenshot(to: Gathered, item: JsonObject, path: string): void {
  if (isObject(item.output)) {
    mediaUrl(to, at(item.output, 'image_url', `${path}/output`));
    unread(to, at(item.output, 'file_id', `${path}/output`), 'media', 'file_id');
    strangers(to, item.output, `${path}/output`, SCREENSHOT);
  } else text(to, at(item, 'output', path), VOICES.toolResult);
  strangers(to, item, path, SCREENSHOT_ITEM);
}

function readItems(to: Gathered, items: unknown[], path: string, voice: Voice): void {
  const toolNames = new Map<string, string>();
  for (let i = 0; i < items.length; i += 1) {
    const item: unknown = items[i];
    if (isObject(item)) readItem(to, item, `${path}/${i}`, toolNames);
    else text(to, at(items, i, path), voice);
  }
}

const TEXT_SETTINGS = names('format verbosity');
/** Credentials inside tool definitions; never recorded, and not for a guard to read. */
const TOOL_SECRETS = names('authorization headers');

function readRequest(body: JsonObject, to: Gathered): void {
  for (const [member, instead] of UNSEEN) {
    if (body[member] !== undefined && body[member] !== null) {
      refuse(
        to,
        `\`${member}\` is not offered: it would bring in text that the guards never see. Instead, ${instead}.`,
        member,
      );
      return;
    }
  }
  if (body.background === true) {
    refuse(
      to,
      '`background: true` is not offered: the answer would be fetched past the guards. Ask without it, or stream.',
      'background',
    );
    return;
  }
  if (Array.isArray(body.instructions)) readItems(to, body.instructions, '/instructions', VOICES.operator);
  else text(to, at(body, 'instructions', ''), VOICES.operator);
  if (Array.isArray(body.input)) readItems(to, body.input, '/input', VOICES.user);
  else if (typeof body.input === 'string') text(to, at(body, 'input', ''), VOICES.user);
  else refuse(to, '`input` must be a string or a list of items.', 'input');
  readTools(to, body, 'tools', TOOL_SECRETS);
  if (isObject(body.text)) {
    schemaText(to, at(body.text, 'format', '/text'));
    strangers(to, body.text, '/text', TEXT_SETTINGS);
  } else leaves(to, at(body, 'text', ''), VOICES.toolDescription);
  settings(to, body, '', SETTINGS);
  strangers(to, body, '', PARAMETERS);
}

const ANSWER = names(`
  id object created_at completed_at model output output_text usage status error incomplete_details
  instructions tools tool_choice text temperature top_p truncation metadata parallel_tool_calls reasoning
  store user safety_identifier service_tier background max_output_tokens max_tool_calls previous_response_id
  prompt prompt_cache_key prompt_cache_retention top_logprobs conversation billing presence_penalty
  frequency_penalty content_filters moderation
`);

/** Reads a `response` object. Members that echo the request are the caller's own words and are left. */
export function readAnswer(answer: JsonObject, to: Gathered): void {
  if (Array.isArray(answer.output)) readItems(to, answer.output, '/output', VOICES.assistant);
  else leaves(to, at(answer, 'output', ''), VOICES.assistant);
  if (answer.output_text !== undefined) text(to, at(answer, 'output_text', ''), VOICES.assistant);
  strangers(to, answer, '', ANSWER);
}

/** Reads one output item, as stream events carry them. */
export function readOutputItem(item: JsonObject, to: Gathered): void {
  readItem(to, item, '', new Map());
}

/** Reads one content part, as stream events carry them. */
export function readOutputPart(part: JsonObject, to: Gathered, reasoning: boolean): void {
  readPart(to, part, '', reasoning ? VOICES.reasoning : VOICES.assistant);
}

/** Removes token log-probabilities: they spell the text out. */
export function dropLogprobs(answer: JsonObject): void {
  if (!Array.isArray(answer.output)) return;
  for (const item of answer.output as unknown[]) if (isObject(item)) dropItemLogprobs(item);
}

export function dropItemLogprobs(item: JsonObject): void {
  if (!Array.isArray(item.content)) return;
  for (const part of item.content as unknown[]) {
    if (isObject(part) && part.logprobs !== undefined) part.logprobs = [];
  }
}

export const responses: Format = Object.freeze({
  api: 'responses',
  family: 'openai',
  dialect: 'openai',
  path: '/responses',
  streams: true,
  readRequest,
  readAnswer,
  userOf: (body: JsonObject) => userId(body.user) ?? userId(body.safety_identifier),
  usageOf: (answer: JsonObject) => usage(answer.usage, ['input_tokens'], ['output_tokens']),
  dropEchoes: dropLogprobs,
  isAnswer: (answer: JsonObject) => Array.isArray(answer.output) || answer.object === 'response',
});
