import { at, identifier, leaves, names, strangers, VOICES, type Voice } from '../formats/gather.ts';
import { messages, readAnswerBlock } from '../formats/messages.ts';
import { anthropicError } from '../http/errors.ts';
import { isObject, type JsonObject } from '../http/json.ts';
import type { Problem } from '../http/problem.ts';
import type { Reading, StreamDialect } from './dialect.ts';
import { newReading } from './openai.ts';
import { sseEvent } from './sse.ts';

/** The text member of each kind of delta, and whose voice it is. */
const DELTAS: Readonly<Record<string, { readonly field: string; readonly voice: Voice }>> = Object.assign(
  Object.create(null),
  {
    text_delta: { field: 'text', voice: VOICES.assistant },
    input_json_delta: { field: 'partial_json', voice: VOICES.toolCall },
    thinking_delta: { field: 'thinking', voice: VOICES.reasoning },
  },
);

const EVENT = names('type index delta content_block message usage error context_management');
const TEXT_BLOCK = names('type text');

/** Events of `/v1/messages`: content blocks that start, grow and stop, then `message_stop`. */
export function createMessagesDialect(): StreamDialect {
  const templates = new Map<string, (released: string) => JsonObject>();
  const channelsOf = new Map<string, Set<string>>();
  const tools = new Map<string, string>();

  function addDelta(
    reading: Reading,
    place: { holder: JsonObject; field: string; block: unknown },
    shape: { type: string; member: string; voice: Voice },
  ): void {
    const block = String(place.block);
    const { type, member, voice } = shape;
    const id = `${block}/${type}/${member}`;
    templates.set(id, (released) => ({
      type: 'content_block_delta',
      index: place.block,
      delta: { type, [member]: released },
    }));
    let own = channelsOf.get(block);
    if (own === undefined) {
      own = new Set();
      channelsOf.set(block, own);
    }
    own.add(id);
    reading.deltas.push({
      channel: {
        id,
        kind: voice.kind,
        label: tools.get(block),
        path: `/content/${block}`,
        json: type === 'input_json_delta',
        sealed: voice.kind === 'reasoning',
      },
      holder: place.holder,
      field: place.field,
    });
  }

  function readStart(reading: Reading, event: JsonObject): void {
    const block = event.content_block;
    if (!isObject(block)) {
      leaves(reading.whole, at(event, 'content_block', ''), VOICES.assistant);
      return;
    }
    if (typeof block.name === 'string') tools.set(String(event.index), block.name);
    if (block.type === 'text' && typeof block.text === 'string') {
      strangers(reading.whole, block, '', TEXT_BLOCK);
      if (block.text === '') return;
      const place = { holder: block, field: 'text', block: event.index };
      addDelta(reading, place, { type: 'text_delta', member: 'text', voice: VOICES.assistant });
    } else readAnswerBlock(block, reading.whole);
  }

  function readDelta(reading: Reading, event: JsonObject): void {
    const delta = event.delta;
    if (!isObject(delta)) {
      reading.droppable = false;
      leaves(reading.whole, at(event, 'delta', ''), VOICES.assistant);
      return;
    }
    const type = String(delta.type);
    const known = DELTAS[type];
    for (const member of Object.keys(delta)) {
      const value = delta[member];
      if (member === 'type') identifier(reading.whole, at(delta, member, ''), VOICES.assistant);
      else if (type === 'signature_delta' && member === 'signature') {
        reading.droppable = false;
        reading.closes.push(...(channelsOf.get(String(event.index)) ?? []));
        reading.signature = { holder: delta, field: member };
      } else if (typeof value === 'string') {
        if (value === '') continue;
        const place = { holder: delta, field: member, block: event.index };
        const voice = known?.field === member ? known.voice : VOICES.assistant;
        addDelta(reading, place, { type, member, voice });
      } else {
        reading.droppable = false;
        leaves(reading.whole, at(delta, member, ''), VOICES.assistant);
      }
    }
    if (reading.deltas.length === 0) reading.droppable = false;
  }

  function readOther(reading: Reading, event: JsonObject, type: string): void {
    reading.droppable = false;
    switch (type) {
      case 'message_start':
        if (isObject(event.message)) {
          messages.readAnswer(event.message, reading.whole);
          reading.usage = messages.usageOf(event.message);
        } else leaves(reading.whole, at(event, 'message', ''), VOICES.assistant);
        return;
      case 'content_block_start':
        readStart(reading, event);
        return;
      case 'content_block_stop':
        reading.closes.push(...(channelsOf.get(String(event.index)) ?? []));
        return;
      case 'message_delta':
        reading.closesAll = true;
        leaves(reading.whole, at(event, 'delta', ''), VOICES.assistant);
        reading.usage = messages.usageOf(event);
        return;
      case 'message_stop':
        reading.closesAll = true;
        reading.terminal = true;
        return;
      case 'error':
        reading.failed = true;
        return;
      default:
        for (const key of ['delta', 'content_block', 'message']) {
          leaves(reading.whole, at(event, key, ''), VOICES.assistant);
        }
    }
  }

  function read(name: string, object: JsonObject): Reading {
    const reading = newReading(name, object);
    const type = typeof object.type === 'string' ? object.type : name;
    if (type === 'content_block_delta') readDelta(reading, object);
    else readOther(reading, object, type);
    strangers(reading.whole, object, '', EVENT);
    return reading;
  }

  return Object.freeze({
    read,
    isEnd: () => false,
    carry(channel: string, released: string): string {
      const template = templates.get(channel);
      return template === undefined
        ? ''
        : sseEvent('content_block_delta', JSON.stringify(template(released)));
    },
    write: (reading: Reading) =>
      sseEvent(
        reading.name === '' ? String(reading.object.type) : reading.name,
        JSON.stringify(reading.object),
      ),
    error: (fault: Problem, requestId: string) =>
      sseEvent('error', JSON.stringify(anthropicError(fault, requestId))),
    complete: () => false,
  } satisfies StreamDialect);
}
