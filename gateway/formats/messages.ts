import { isObject, type JsonObject } from '../http/json.ts';
import { readTools } from './chat.ts';
import { base64File, isTextual } from './file.ts';
import {
  addPiece,
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
  model messages system tools stream max_tokens temperature top_p top_k stop_sequences metadata tool_choice
  thinking service_tier cache_control container inference_geo output_config output_format speed betas
  context_management mcp_servers diagnostics user_profile_id workspace_id anthropic_version anthropic_beta
`);

/** Those of them that are no ids of the caller's own and no words that end an answer: text in them is read. */
const SETTINGS = names(`
  max_tokens temperature top_p top_k tool_choice thinking service_tier container inference_geo speed
  betas context_management diagnostics anthropic_version anthropic_beta workspace_id user_profile_id
`);
const METADATA = names('user_id');

const ROLE_VOICES: Readonly<Record<string, Voice>> = Object.assign(Object.create(null), {
  system: VOICES.operator,
  user: VOICES.user,
  assistant: VOICES.assistant,
});

const MESSAGE = names('role content');
const TEXT_BLOCK = names('type text cache_control citations');
const SOURCE_BLOCK = names('type source title context citations cache_control');
/** Whether to cite, where a document is given; what is cited stands with texts. */
const CITATIONS = names('citations');
const SEARCH_RESULT = names('type source title content citations cache_control');
const USE = names('type id name input cache_control caller server_name');
const RESULT = names('type tool_use_id content is_error cache_control caller');
const THINKING = names('type thinking signature');
const REDACTED_THINKING = names('type data');
const WEB_RESULT = names('type url title encrypted_content page_age');
const TYPE_ONLY = names('type cache_control');

/** What tool results point back to. */
type ToolNames = Map<string, string>;

interface Scope {
  readonly path: string;
  readonly voice: Voice;
  readonly toolNames: ToolNames;
}

function readBlocks(to: Gathered, holder: JsonObject, key: string, scope: Scope): void {
  const blocks = holder[key];
  if (!Array.isArray(blocks)) {
    if (isObject(blocks)) readBlock(to, blocks, { ...scope, path: `${scope.path}/${key}` });
    else text(to, at(holder, key, scope.path), scope.voice);
    return;
  }
  const below = `${scope.path}/${key}`;
  for (let i = 0; i < blocks.length; i += 1) {
    const block: unknown = blocks[i];
    if (isObject(block)) readBlock(to, block, { ...scope, path: `${below}/${i}` });
    else text(to, at(blocks, i, below), scope.voice);
  }
}

function readBlock(to: Gathered, block: JsonObject, scope: Scope): void {
  const { path, voice } = scope;
  switch (block.type) {
    case 'text':
      text(to, at(block, 'text', path), voice);
      if (block.citations) leaves(to, at(block, 'citations', path), voice);
      strangers(to, block, path, TEXT_BLOCK);
      return;
    case 'tool_use':
    case 'server_tool_use':
    case 'mcp_tool_use': {
      if (typeof block.id === 'string' && typeof block.name === 'string') {
        scope.toolNames.set(block.id, block.name);
      }
      for (const key of ['id', 'server_name']) identifier(to, at(block, key, path), VOICES.document);
      toolName(to, at(block, 'name', path), VOICES.toolCall);
      jsonText(to, at(block, 'input', path), labelled(VOICES.toolCall, block.name));
      strangers(to, block, path, USE);
      return;
    }
    case 'thinking':
      readThinking(to, block, path);
      strangers(to, block, path, THINKING);
      return;
    case 'redacted_thinking':
      strangers(to, block, path, REDACTED_THINKING);
      return;
    case 'image':
    case 'document':
      readSource(to, block, scope);
      return;
    default:
      readResult(to, block, scope);
  }
}

/** Changed thinking is not what the provider signed, so its signature goes with it. */
function readThinking(to: Gathered, block: JsonObject, path: string): void {
  if (typeof block.thinking !== 'string' || block.thinking === '') {
    text(to, at(block, 'thinking', path), VOICES.reasoning);
    return;
  }
  addPiece(to, block.thinking, VOICES.reasoning, {
    path: `${path}/thinking`,
    write: (next) => {
      block.thinking = next;
      if (block.signature !== undefined) block.signature = '';
    },
  });
}

function readResult(to: Gathered, block: JsonObject, scope: Scope): void {
  const { path } = scope;
  if (typeof block.type === 'string' && block.type.endsWith('tool_result')) {
    const name = typeof block.tool_use_id === 'string' ? scope.toolNames.get(block.tool_use_id) : undefined;
    identifier(to, at(block, 'tool_use_id', path), VOICES.document);
    readBlocks(to, block, 'content', { ...scope, voice: labelled(VOICES.toolResult, name) });
    strangers(to, block, path, RESULT);
    return;
  }
  if (block.type === 'search_result') {
    const voice = labelled(VOICES.document, block.title);
    for (const key of ['source', 'title']) text(to, at(block, key, path), VOICES.document);
    readBlocks(to, block, 'content', { ...scope, voice });
    strangers(to, block, path, SEARCH_RESULT);
    settings(to, block, path, CITATIONS);
    return;
  }
  if (block.type === 'web_search_result') {
    for (const key of ['title', 'url']) text(to, at(block, key, path), VOICES.document);
    strangers(to, block, path, WEB_RESULT);
    return;
  }
  if (block.type === 'container_upload') {
    unread(to, at(block, 'file_id', path), 'document', 'container_upload');
    return;
  }
  identifier(to, at(block, 'type', path), VOICES.document);
  const voice = scope.voice.author === 'third_party' ? scope.voice : VOICES.document;
  for (const key in block) if (!TYPE_ONLY.has(key)) leaves(to, at(block, key, path), voice);
}

const SOURCE = names('type media_type data content url file_id');

/** An image or a document: text sources are read, the others noted as unread. */
function readSource(to: Gathered, block: JsonObject, scope: Scope): void {
  const { path } = scope;
  const kind = block.type === 'image' ? 'media' : 'document';
  for (const key of ['title', 'context']) text(to, at(block, key, path), VOICES.document);
  strangers(to, block, path, SOURCE_BLOCK);
  settings(to, block, path, CITATIONS);
  const source = block.source;
  if (!isObject(source)) {
    text(to, at(block, 'source', path), VOICES.document);
    return;
  }
  const below = `${path}/source`;
  for (const key of ['type', 'media_type']) identifier(to, at(source, key, below), VOICES.document);
  const mediaType = typeof source.media_type === 'string' ? source.media_type : '';
  if (source.type === 'text') text(to, at(source, 'data', below), labelled(VOICES.document, block.title));
  else if (source.type === 'base64' && typeof source.data === 'string') {
    base64File(to, at(source, 'data', below), {
      payload: source.data,
      head: '',
      mediaType: kind === 'media' && !isTextual(mediaType) ? 'image/*' : mediaType,
      label: block.title,
    });
  } else if (source.type !== 'content') {
    unread(to, at(source, source.url === undefined ? 'file_id' : 'url', below), kind, String(source.type));
    text(to, at(source, 'data', below), VOICES.document);
  }
  if (source.content !== undefined) {
    readBlocks(to, source, 'content', { ...scope, path: below, voice: VOICES.document });
  }
  strangers(to, source, below, SOURCE);
}

/** Credentials inside tool definitions; never recorded. */
const TOOL_SECRETS = names('authorization_token authorization headers');

function readRequest(body: JsonObject, to: Gathered): void {
  const messages = body.messages;
  if (!Array.isArray(messages) || messages.length === 0) {
    refuse(to, '`messages` must be a list with at least one message.', 'messages');
    return;
  }
  const toolNames: ToolNames = new Map();
  readBlocks(to, body, 'system', { path: '', voice: VOICES.operator, toolNames });
  for (let i = 0; i < messages.length; i += 1) {
    const message: unknown = messages[i];
    const path = `/messages/${i}`;
    if (!isObject(message)) {
      refuse(to, `\`messages[${i}]\` must be an object with a role and content.`, `messages[${i}]`);
      return;
    }
    identifier(to, at(message, 'role', path), VOICES.document);
    const role = message.role;
    const voice = (typeof role === 'string' ? ROLE_VOICES[role] : undefined) ?? VOICES.document;
    readBlocks(to, message, 'content', { path, voice, toolNames });
    strangers(to, message, path, MESSAGE);
  }
  readTools(to, body, 'tools', TOOL_SECRETS);
  jsonText(to, at(body, 'mcp_servers', ''), VOICES.toolDescription, TOOL_SECRETS);
  for (const key of ['output_config', 'output_format'] as const) {
    jsonText(to, at(body, key, ''), VOICES.toolDescription);
  }
  if (isObject(body.metadata)) strangers(to, body.metadata, '/metadata', METADATA);
  else text(to, at(body, 'metadata', ''), VOICES.document);
  settings(to, body, '', SETTINGS);
  strangers(to, body, '', PARAMETERS);
}

const ANSWER = names(`
  id type role model content stop_reason stop_sequence stop_details usage container context_management
`);

function readAnswer(answer: JsonObject, to: Gathered): void {
  const scope = { path: '', voice: VOICES.assistant, toolNames: new Map<string, string>() };
  if (answer.content !== undefined) readBlocks(to, answer, 'content', scope);
  leaves(to, at(answer, 'stop_details', ''), VOICES.assistant);
  strangers(to, answer, '', ANSWER);
}

/** Reads one content block, as stream events carry them. */
export function readAnswerBlock(block: JsonObject, to: Gathered): void {
  readBlock(to, block, { path: '', voice: VOICES.assistant, toolNames: new Map() });
}

const INPUT_COUNTS = ['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens'] as const;

const shared = {
  family: 'anthropic',
  dialect: 'anthropic',
  readRequest,
  userOf: (body: JsonObject) => (isObject(body.metadata) ? userId(body.metadata.user_id) : null),
  dropEchoes: () => undefined,
} as const;

export const messages: Format = Object.freeze({
  ...shared,
  api: 'messages',
  path: '/messages',
  streams: true,
  readAnswer,
  usageOf: (answer: JsonObject) => usage(answer.usage, INPUT_COUNTS, ['output_tokens']),
  isAnswer: (answer: JsonObject) => Array.isArray(answer.content),
});

/** Counting reads the same conversation, so it is guarded the same; its answer holds numbers only. */
export const countTokens: Format = Object.freeze({
  ...shared,
  api: 'messages.count_tokens',
  path: '/messages/count_tokens',
  streams: false,
  readAnswer: (answer: JsonObject, to: Gathered) =>
    strangers(to, answer, '', names('input_tokens context_management')),
  usageOf: () => null,
  isAnswer: (answer: JsonObject) => typeof answer.input_tokens === 'number',
});
