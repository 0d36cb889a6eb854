import {
  addPiece,
  at,
  type Gathered,
  identifier,
  leaves,
  names,
  newGathered,
  strangers,
  toolName,
  VOICES,
} from '../formats/gather.ts';
import { usage } from '../formats/types.ts';
import { openaiError } from '../http/errors.ts';
import { isObject, type JsonObject } from '../http/json.ts';
import type { ChannelId } from './channels.ts';
import type { Reading, StreamDialect } from './dialect.ts';
import { sseEvent } from './sse.ts';

const CHUNK = names(`
  id object created model choices usage system_fingerprint service_tier obfuscation error
`);
const CHOICE = names('index delta text finish_reason logprobs stop_reason native_finish_reason');
const CALL = names('index id type function custom');
const FUNCTION = names('name arguments input');
const REASONING = names('reasoning_content reasoning');

/** Rebuilds a chunk around a text: `wrap` puts it where its channel's deltas stand. */
interface Template {
  readonly base: JsonObject;
  readonly index: unknown;
  readonly wrap: (text: string) => JsonObject;
}

interface ChoiceScope {
  readonly reading: Reading;
  readonly choice: JsonObject;
  readonly prefix: string;
  readonly guarded: boolean;
}

/** What has no streaming form that a guard could follow is judged whole (citations) or left out. */
function readOther(scope: ChoiceScope, delta: JsonObject, key: string): void {
  scope.reading.droppable = false;
  if (key === 'annotations') leaves(scope.reading.whole, at(delta, key, ''), VOICES.assistant);
  else if (scope.guarded) delete delta[key];
}

/** Chunks of `/v1/chat/completions` and of the older `/v1/completions`, which end with `[DONE]`. */
export function createChunkDialect(): StreamDialect {
  const templates = new Map<string, Template>();
  const toolNames = new Map<string, string>();
  const openChoices = new Set<string>();
  const channelsOf = new Map<string, Set<string>>();
  let seen = false;

  function addDelta(
    scope: ChoiceScope,
    place: { holder: JsonObject; field: string; wrap: Template['wrap'] },
    channel: Omit<ChannelId, 'id' | 'path'> & { readonly at: string },
  ): void {
    const { at: where, ...rest } = channel;
    const id = `${scope.prefix}/${where}`;
    const { id: chunkId, object, created, model } = scope.reading.object;
    templates.set(id, {
      base: { id: chunkId, object, created, model },
      index: scope.choice.index,
      wrap: place.wrap,
    });
    let own = channelsOf.get(scope.prefix);
    if (own === undefined) {
      own = new Set();
      channelsOf.set(scope.prefix, own);
    }
    own.add(id);
    scope.reading.deltas.push({
      channel: { ...rest, id, path: `/choices/${scope.prefix}/${where}` },
      holder: place.holder,
      field: place.field,
    });
  }

  function readDelta(scope: ChoiceScope, delta: JsonObject): void {
    const { reading } = scope;
    for (const key of Object.keys(delta)) {
      const value = delta[key];
      if (key === 'role') {
        reading.droppable = false;
        identifier(reading.whole, at(delta, key, ''), VOICES.assistant);
      } else if (key === 'tool_calls' && Array.isArray(value)) {
        for (const [position, call] of (value as unknown[]).entries()) {
          if (isObject(call)) readCall(scope, call);
          else leaves(reading.whole, at(value, position, ''), VOICES.toolCall);
        }
      } else if (key === 'function_call' && isObject(value)) {
        readFunction(scope, value, {
          where: 'function_call',
          wrap: (inner) => ({ delta: { function_call: inner } }),
        });
      } else if (typeof value === 'string') {
        if (value === '') continue;
        const reasoning = REASONING.has(key);
        addDelta(
          scope,
          { holder: delta, field: key, wrap: (text) => ({ delta: { [key]: text } }) },
          {
            at: key,
            kind: reasoning ? 'reasoning' : 'message',
            label: undefined,
            json: false,
            sealed: reasoning,
          },
        );
      } else if (value !== null && value !== undefined) readOther(scope, delta, key);
    }
  }

  function readCall(scope: ChoiceScope, call: JsonObject): void {
    const position = typeof call.index === 'number' ? call.index : 0;
    if (call.id !== undefined) {
      scope.reading.droppable = false;
      identifier(scope.reading.whole, at(call, 'id', ''), VOICES.assistant);
    }
    for (const member of ['function', 'custom'] as const) {
      const inner = call[member];
      if (!isObject(inner)) {
        leaves(scope.reading.whole, at(call, member, ''), VOICES.toolCall);
        continue;
      }
      readFunction(scope, inner, {
        where: `tool_calls/${position}`,
        wrap: (text) => ({ delta: { tool_calls: [{ index: position, [member]: text }] } }),
      });
    }
    strangers(scope.reading.whole, call, '', CALL);
  }

  /** A name that comes in pieces is judged as clients put it together; one that is sent again is the same name. */
  function readName(reading: Reading, call: JsonObject, key: string): void {
    const before = toolNames.get(key);
    if (typeof call.name !== 'string') {
      toolName(reading.whole, at(call, 'name', ''), VOICES.toolCall);
      return;
    }
    if (before === undefined || before === call.name) {
      toolNames.set(key, call.name);
      toolName(reading.whole, at(call, 'name', ''), VOICES.toolCall);
      return;
    }
    const together = before + call.name;
    toolNames.set(key, together);
    addPiece(reading.whole, together, VOICES.toolCall, {
      path: '/name',
      // Its beginning is out already; what would complete it stays here.
      write: () => {
        call.name = '';
      },
    });
  }

  function readFunction(
    scope: ChoiceScope,
    call: JsonObject,
    target: { readonly where: string; readonly wrap: (inner: JsonObject) => JsonObject },
  ): void {
    const key = `${scope.prefix}/${target.where}`;
    if (call.name !== undefined && call.name !== '') {
      scope.reading.droppable = false;
      readName(scope.reading, call, key);
    }
    for (const field of ['arguments', 'input'] as const) {
      if (call[field] === '') continue;
      if (typeof call[field] !== 'string') {
        leaves(scope.reading.whole, at(call, field, ''), VOICES.toolCall);
        continue;
      }
      addDelta(
        scope,
        { holder: call, field, wrap: (text) => target.wrap({ [field]: text }) },
        {
          at: target.where,
          kind: 'tool_call',
          label: toolNames.get(key),
          json: field === 'arguments',
          sealed: false,
        },
      );
    }
    strangers(scope.reading.whole, call, '', FUNCTION);
  }

  function readChoice(reading: Reading, choice: JsonObject, guarded: boolean): void {
    const prefix = String(choice.index ?? 0);
    const scope: ChoiceScope = { reading, choice, prefix, guarded };
    openChoices.add(prefix);
    seen = true;
    if (isObject(choice.delta)) readDelta(scope, choice.delta);
    else leaves(reading.whole, at(choice, 'delta', ''), VOICES.assistant);
    if (typeof choice.text !== 'string') leaves(reading.whole, at(choice, 'text', ''), VOICES.assistant);
    else if (choice.text !== '') {
      addDelta(
        scope,
        { holder: choice, field: 'text', wrap: (text) => ({ text }) },
        { at: 'text', kind: 'message', label: undefined, json: false, sealed: false },
      );
    }
    if (guarded && choice.logprobs !== undefined) choice.logprobs = null;
    strangers(reading.whole, choice, '', CHOICE);
    if (choice.finish_reason !== null && choice.finish_reason !== undefined) {
      reading.droppable = false;
      reading.closes.push(...(channelsOf.get(prefix) ?? []));
      openChoices.delete(prefix);
    }
  }

  function read(name: string, object: JsonObject, guarded: boolean): Reading {
    const reading = newReading(name, object);
    if (object.error !== undefined && object.error !== null) {
      reading.failed = true;
      return reading;
    }
    const { choices } = object;
    if (Array.isArray(choices)) {
      for (const [position, choice] of (choices as unknown[]).entries()) {
        if (isObject(choice)) readChoice(reading, choice, guarded);
        else leaves(reading.whole, at(choices, position, ''), VOICES.assistant);
      }
    } else leaves(reading.whole, at(object, 'choices', ''), VOICES.assistant);
    strangers(reading.whole, object, '', CHUNK);
    reading.usage = usage(object.usage, ['prompt_tokens'], ['completion_tokens']);
    if (reading.usage !== null || reading.deltas.length === 0 || reading.whole.pieces.length > 0) {
      reading.droppable = false;
    }
    return reading;
  }

  return Object.freeze({
    read,
    isEnd: (data: string) => data.trim() === '[DONE]',
    carry(channel: string, text: string): string {
      const template = templates.get(channel);
      if (template === undefined) return '';
      const choice = { index: template.index, ...template.wrap(text), finish_reason: null };
      return sseEvent('', JSON.stringify({ ...template.base, choices: [choice] }));
    },
    write: (reading: Reading) => sseEvent(reading.name, JSON.stringify(reading.object)),
    error: (fault) => sseEvent('', JSON.stringify(openaiError(fault))),
    complete: () => seen && openChoices.size === 0,
  } satisfies StreamDialect);
}

export function newReading(name: string, object: JsonObject): Reading {
  const whole: Gathered = newGathered('assistant');
  return {
    name,
    object,
    deltas: [],
    closes: [],
    signature: null,
    whole,
    droppable: true,
    closesAll: false,
    terminal: false,
    usage: null,
    failed: false,
  };
}
