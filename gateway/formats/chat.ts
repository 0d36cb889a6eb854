import { isObject, type JsonObject } from '../http/json.ts';
import { fileData, mediaUrl } from './file.ts';
import {
  at,
  type Gathered,
  identifier,
  jsonText,
  labelled,
  leaves,
  names,
  type Place,
  refuse,
  settings,
  speakerName,
  stranger,
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
  model messages tools functions response_format prediction stream stream_options temperature
  top_p top_k min_p n stop max_tokens max_completion_tokens presence_penalty frequency_penalty
  repetition_penalty logit_bias logprobs top_logprobs user safety_identifier seed service_tier
  store metadata tool_choice function_call parallel_tool_calls modalities audio reasoning_effort
  verbosity prompt_cache_key prompt_cache_retention prompt_cache_options moderation
`);

/** Those of them that are no ids of the caller's own and no words that end an answer: text in them is read. */
const SETTINGS = names(`
  stream_options service_tier store metadata tool_choice function_call parallel_tool_calls modalities audio
  reasoning_effort verbosity prompt_cache_retention prompt_cache_options moderation logit_bias seed temperature
  top_p top_k min_p n max_tokens max_completion_tokens presence_penalty frequency_penalty repetition_penalty
  logprobs top_logprobs
`);

/** Who speaks in a role. A role that we don't know is nobody we trust. */
const ROLE_VOICES: Readonly<Record<string, Voice>> = Object.assign(Object.create(null), {
  system: VOICES.operator,
  developer: VOICES.operator,
  user: VOICES.user,
  assistant: VOICES.assistant,
  tool: VOICES.toolResult,
  function: VOICES.toolResult,
});

function readMessage(to: Gathered, message: JsonObject, path: string): void {
  const role = message.role;
  let voice = (typeof role === 'string' ? ROLE_VOICES[role] : undefined) ?? VOICES.document;
  if (voice.kind === 'tool_result') voice = labelled(voice, message.name);
  readContent(to, message, path, voice);
  for (const key in message) {
    if (key === 'content') continue;
    readMember(to, message, key, { path, voice });
  }
}

function readMember(
  to: Gathered,
  message: JsonObject,
  key: string,
  where: { readonly path: string; readonly voice: Voice },
): void {
  const { path, voice } = where;
  switch (key) {
    case 'role':
    case 'tool_call_id':
      identifier(to, at(message, key, path), VOICES.document);
      return;
    case 'name':
      speakerName(to, at(message, key, path), voice);
      return;
    case 'refusal':
      text(to, at(message, key, path), VOICES.assistant);
      return;
    case 'reasoning_content':
    case 'reasoning':
      text(to, at(message, key, path), VOICES.reasoning);
      return;
    case 'tool_calls':
      if (Array.isArray(message[key])) readToolCalls(to, message[key], `${path}/tool_calls`);
      else leaves(to, at(message, key, path), VOICES.toolCall);
      return;
    case 'function_call':
      if (isObject(message[key])) readFunction(to, message[key], `${path}/function_call`);
      else leaves(to, at(message, key, path), VOICES.toolCall);
      return;
    case 'audio':
      if (isObject(message[key])) readAudio(to, message[key], `${path}/audio`);
      else leaves(to, at(message, key, path), VOICES.document);
      return;
    case 'annotations':
      leaves(to, at(message, key, path), voice);
      return;
    default:
      stranger(to, message, key, path);
  }
}

function readContent(to: Gathered, message: JsonObject, path: string, voice: Voice): void {
  const content = message.content;
  if (!Array.isArray(content)) {
    text(to, at(message, 'content', path), voice);
    return;
  }
  const below = `${path}/content`;
  for (let i = 0; i < content.length; i += 1) {
    const part: unknown = content[i];
    if (isObject(part)) readPart(to, part, `${below}/${i}`, voice);
    else text(to, at(content, i, below), voice);
  }
}

const TEXT_PART = names('type text cache_control prompt_cache_breakpoint');
const REFUSAL_PART = names('type refusal prompt_cache_breakpoint');
const IMAGE_PART = names('type image_url cache_control prompt_cache_breakpoint');
const AUDIO_PART = names('type input_audio prompt_cache_breakpoint');
const FILE_PART = names('type file cache_control prompt_cache_breakpoint');
const TYPE_ONLY = new Set(['type']);

function readPart(to: Gathered, part: JsonObject, path: string, voice: Voice): void {
  switch (part.type) {
    case 'text':
      text(to, at(part, 'text', path), voice);
      strangers(to, part, path, TEXT_PART);
      return;
    case 'refusal':
      text(to, at(part, 'refusal', path), VOICES.assistant);
      strangers(to, part, path, REFUSAL_PART);
      return;
    case 'image_url':
      if (isObject(part.image_url)) {
        mediaUrl(to, at(part.image_url, 'url', `${path}/image_url`));
        strangers(to, part.image_url, `${path}/image_url`, IMAGE_MEMBERS);
      } else mediaUrl(to, at(part, 'image_url', path));
      strangers(to, part, path, IMAGE_PART);
      return;
    case 'input_audio':
      if (isObject(part.input_audio)) readAudio(to, part.input_audio, `${path}/input_audio`);
      else leaves(to, at(part, 'input_audio', path), VOICES.document);
      strangers(to, part, path, AUDIO_PART);
      return;
    case 'file':
      if (isObject(part.file)) readFile(to, part.file, `${path}/file`);
      else leaves(to, at(part, 'file', path), VOICES.document);
      strangers(to, part, path, FILE_PART);
      return;
    default:
      identifier(to, at(part, 'type', path), VOICES.document);
      strangers(to, part, path, TYPE_ONLY);
  }
}
const IMAGE_MEMBERS = new Set(['url', 'detail']);
const AUDIO_MEMBERS = names('data format id expires_at transcript');
const FILE_MEMBERS = names('file_data file_id filename');

function readAudio(to: Gathered, audio: JsonObject, path: string): void {
  unread(to, at(audio, 'data', path), 'media', 'audio');
  text(to, at(audio, 'transcript', path), VOICES.assistant);
  for (const key of ['format', 'id']) identifier(to, at(audio, key, path), VOICES.document);
  strangers(to, audio, path, AUDIO_MEMBERS);
}

function readFile(to: Gathered, file: JsonObject, path: string): void {
  fileData(to, at(file, 'file_data', path), file.filename);
  identifier(to, at(file, 'filename', path), VOICES.document);
  unread(to, at(file, 'file_id', path), 'document', 'file_id');
  strangers(to, file, path, FILE_MEMBERS);
}

const CALL_MEMBERS = names('id type function custom index');
const FUNCTION_MEMBERS = names('name arguments input');

function readFunction(to: Gathered, call: JsonObject, path: string): void {
  const voice = labelled(VOICES.toolCall, call.name);
  toolName(to, at(call, 'name', path), voice);
  jsonText(to, at(call, 'arguments', path), voice);
  jsonText(to, at(call, 'input', path), voice);
  strangers(to, call, path, FUNCTION_MEMBERS);
}

function readToolCalls(to: Gathered, calls: unknown[], path: string): void {
  for (let i = 0; i < calls.length; i += 1) {
    const call: unknown = calls[i];
    const below = `${path}/${i}`;
    if (!isObject(call)) {
      text(to, at(calls, i, path), VOICES.document);
      continue;
    }
    identifier(to, at(call, 'id', below), VOICES.document);
    for (const member of ['function', 'custom'] as const) {
      const inner = call[member];
      if (isObject(inner)) readFunction(to, inner, `${below}/${member}`);
      else leaves(to, at(call, member, below), VOICES.toolCall);
    }
    for (const member of ['type', 'index'] as const) identifier(to, at(call, member, below), VOICES.document);
    strangers(to, call, below, CALL_MEMBERS);
  }
}

/** One text per tool definition: name, description and schema as the model reads them. */
export function readTools(
  to: Gathered,
  body: JsonObject,
  key: string,
  hidden: ReadonlySet<string> | null = null,
): void {
  const tools = body[key];
  if (!Array.isArray(tools)) {
    if (tools !== undefined && tools !== null) leaves(to, at(body, key, ''), VOICES.toolDescription);
    return;
  }
  for (let i = 0; i < tools.length; i += 1) {
    const tool: unknown = tools[i];
    const inner = isObject(tool) && isObject(tool.function) ? tool.function : tool;
    const name = isObject(inner) && typeof inner.name === 'string' ? inner.name : undefined;
    if (name !== undefined) to.tools.push(name);
    jsonText(to, at(tools, i, `/${key}`), labelled(VOICES.toolDescription, name), hidden);
  }
}

/** An output format: its names and descriptions reach the model; one that only names its type does not. */
export function schemaText(to: Gathered, place: Place): void {
  const value = (place.holder as JsonObject)[place.key];
  if (isObject(value) && Object.keys(value).length === 1 && typeof value.type === 'string') {
    identifier(to, at(value, 'type', place.path), VOICES.toolDescription);
  } else jsonText(to, place, VOICES.toolDescription);
}

function readRequest(body: JsonObject, to: Gathered, reading: { guardsOutput: boolean }): void {
  const messages = body.messages;
  if (!Array.isArray(messages) || messages.length === 0) {
    refuse(to, '`messages` must be a list with at least one message.', 'messages');
    return;
  }
  for (let i = 0; i < messages.length; i += 1) {
    const message: unknown = messages[i];
    if (!isObject(message)) {
      refuse(to, `\`messages[${i}]\` must be an object with a role and content.`, `messages[${i}]`);
      return;
    }
    readMessage(to, message, `/messages/${i}`);
  }
  readTools(to, body, 'tools');
  readTools(to, body, 'functions');
  schemaText(to, at(body, 'response_format', ''));
  if (isObject(body.prediction)) {
    readContent(to, body.prediction, '/prediction', VOICES.user);
    strangers(to, body.prediction, '/prediction', PREDICTION_MEMBERS);
  } else leaves(to, at(body, 'prediction', ''), VOICES.user);
  if (reading.guardsOutput && Array.isArray(body.modalities) && body.modalities.includes('audio')) {
    refuse(
      to,
      'This endpoint guards answers and cannot judge audio. Ask for text: leave `modalities` out.',
      'modalities',
    );
  }
  settings(to, body, '', SETTINGS);
  strangers(to, body, '', PARAMETERS);
}
const PREDICTION_MEMBERS = new Set(['type', 'content']);

const ANSWER = names('id object created model choices usage system_fingerprint service_tier');
const CHOICE = names('index message finish_reason logprobs stop_reason native_finish_reason');

function readAnswer(answer: JsonObject, to: Gathered): void {
  const choices = answer.choices;
  if (!Array.isArray(choices)) leaves(to, at(answer, 'choices', ''), VOICES.assistant);
  else {
    for (let i = 0; i < choices.length; i += 1) {
      const choice: unknown = choices[i];
      if (!isObject(choice)) {
        leaves(to, at(choices, i, '/choices'), VOICES.assistant);
        continue;
      }
      const path = `/choices/${i}`;
      if (isObject(choice.message)) readMessage(to, choice.message, `${path}/message`);
      else leaves(to, at(choice, 'message', path), VOICES.assistant);
      strangers(to, choice, path, CHOICE);
    }
  }
  strangers(to, answer, '', ANSWER);
}

/** Removes token log-probabilities from an OpenAI answer: they spell the text out. */
export function dropLogprobs(answer: JsonObject): void {
  if (!Array.isArray(answer.choices)) return;
  for (const choice of answer.choices as unknown[]) {
    if (isObject(choice) && choice.logprobs !== undefined) choice.logprobs = null;
  }
}

export const chatCompletions: Format = Object.freeze({
  api: 'chat.completions',
  family: 'openai',
  dialect: 'openai',
  path: '/chat/completions',
  streams: true,
  readRequest,
  readAnswer,
  userOf: (body: JsonObject) => userId(body.user) ?? userId(body.safety_identifier),
  usageOf: (answer: JsonObject) => usage(answer.usage, ['prompt_tokens'], ['completion_tokens']),
  dropEchoes: dropLogprobs,
  isAnswer: (answer: JsonObject) => Array.isArray(answer.choices),
});
