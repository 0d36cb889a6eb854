import { at, leaves, names, strangers, text, toolName, VOICES, type Voice } from '../formats/gather.ts';
import {
  dropItemLogprobs,
  dropLogprobs,
  readAnswer,
  readOutputItem,
  readOutputPart,
} from '../formats/responses.ts';
import { usage } from '../formats/types.ts';
import { openaiError } from '../http/errors.ts';
import { isObject, type JsonObject } from '../http/json.ts';
import type { Problem } from '../http/problem.ts';
import type { Reading, StreamDialect } from './dialect.ts';
import { newReading } from './openai.ts';
import { sseEvent } from './sse.ts';

const TERMINAL = names('response.completed response.incomplete response.failed');
/** Members of events that place them and hold no text. */
const PLACES = names(`
  type item_id output_index content_index summary_index annotation_index sequence_number logprobs obfuscation
  response_id call_id command_index
`);
const DELTA: ReadonlySet<string> = new Set([...PLACES, 'delta']);
const JSON_BASES = names('response.function_call_arguments response.mcp_call_arguments');
const TOOL_BASE =
  /^response\.(?:function_call_arguments|mcp_call_arguments|custom_tool_call_input|code_interpreter_call_code|shell_call_command)$/;

const kindOf = (base: string): Voice =>
  TOOL_BASE.test(base)
    ? VOICES.toolCall
    : base.startsWith('response.reasoning')
      ? VOICES.reasoning
      : VOICES.assistant;

const part = (value: unknown): string => (typeof value === 'number' ? String(value) : '');

/** Where in the answer an event's text stands: the same for a channel's deltas and its `done`. */
const placeOf = (base: string, event: JsonObject): string =>
  `${base}|${part(event.output_index)}|${part(event.content_index ?? event.summary_index ?? event.command_index)}`;

function dropEchoes(event: JsonObject): void {
  if (event.logprobs !== undefined) event.logprobs = [];
  delete event.obfuscation;
  if (isObject(event.part) && event.part.logprobs !== undefined) event.part.logprobs = [];
  if (isObject(event.item)) dropItemLogprobs(event.item);
  if (isObject(event.response)) dropLogprobs(event.response);
}

/** Typed events of `/v1/responses`, numbered, ending with the whole response. */
export function createResponsesDialect(): StreamDialect {
  const templates = new Map<string, JsonObject>();
  const itemOf = new Map<string, string>();
  const tools = new Map<string, string>();
  let sequence = 0;
  let numbered = false;

  function readDelta(reading: Reading, base: string): void {
    const event = reading.object;
    if (base === 'response.audio') {
      delete event.delta;
      return;
    }
    if (typeof event.delta !== 'string') {
      leaves(reading.whole, at(event, 'delta', ''), kindOf(base));
      reading.droppable = false;
      return;
    }
    strangers(reading.whole, event, '', DELTA);
    const id = placeOf(base, event);
    const voice = kindOf(base);
    templates.set(id, event);
    itemOf.set(id, part(event.output_index));
    reading.deltas.push({
      channel: {
        id,
        kind: voice.kind,
        label: tools.get(part(event.output_index)),
        path: `/output/${part(event.output_index)}/${base.slice('response.'.length)}/${part(event.content_index ?? event.summary_index)}`,
        json: JSON_BASES.has(base),
        sealed: voice.kind === 'reasoning',
      },
      holder: event,
      field: 'delta',
    });
  }

  /** Texts that an event repeats or gives whole. */
  function readWhole(reading: Reading, base: string): void {
    const event = reading.object;
    const voice = kindOf(base);
    for (const key of Object.keys(event)) {
      const value = event[key];
      if (PLACES.has(key)) continue;
      if (key === 'item' && isObject(value)) {
        if (typeof value.name === 'string') tools.set(part(event.output_index), value.name);
        readOutputItem(value, reading.whole);
      } else if (key === 'part' && isObject(value)) {
        readOutputPart(value, reading.whole, voice.kind === 'reasoning');
      } else if (key === 'response' && isObject(value)) readAnswer(value, reading.whole);
      else if (key === 'partial_image_b64' && typeof value === 'string') continue;
      else if (key === 'name') toolName(reading.whole, at(event, key, ''), voice);
      else if (typeof value === 'string') text(reading.whole, at(event, key, ''), voice);
      else leaves(reading.whole, at(event, key, ''), voice);
    }
  }

  function closesOf(type: string, base: string, event: JsonObject): string[] {
    if (type === 'response.output_item.done') {
      const item = part(event.output_index);
      return [...itemOf].filter(([, owner]) => owner === item).map(([id]) => id);
    }
    return type.endsWith('.done') ? [placeOf(base, event)] : [];
  }

  function read(name: string, object: JsonObject, guarded: boolean): Reading {
    const reading = newReading(name, object);
    const type = typeof object.type === 'string' ? object.type : name;
    if (typeof object.sequence_number === 'number') numbered = true;
    if (type === 'error') {
      reading.failed = true;
      return reading;
    }
    if (guarded) dropEchoes(object);
    const delta = type.endsWith('.delta');
    const base = type.slice(0, type.lastIndexOf('.'));
    if (delta) readDelta(reading, base);
    else {
      readWhole(reading, base);
      reading.droppable = false;
    }
    reading.closes.push(...closesOf(type, base, object));
    if (TERMINAL.has(type)) {
      reading.terminal = true;
      reading.closesAll = true;
      const response = isObject(object.response) ? object.response : {};
      reading.usage = usage(response.usage, ['input_tokens'], ['output_tokens']);
    }
    return reading;
  }

  function write(name: string, object: JsonObject): string {
    if (numbered) object.sequence_number = sequence;
    sequence += 1;
    return sseEvent(name === '' ? String(object.type) : name, JSON.stringify(object));
  }

  return Object.freeze({
    read,
    isEnd: (data: string) => data.trim() === '[DONE]',
    carry(channel: string, released: string): string {
      const template = templates.get(channel);
      return template === undefined ? '' : write('', { ...template, delta: released });
    },
    write: (reading: Reading) => write(reading.name, reading.object),
    error: (fault: Problem) => {
      const { error } = openaiError(fault);
      // The flat members are the API's `error` event; `error` is what some SDKs look for before they raise.
      const { code, message, param } = error;
      return write('error', { type: 'error', code, message, param, sequence_number: sequence, error });
    },
    complete: () => false,
  } satisfies StreamDialect);
}
