import { isObject, type JsonObject } from '../http/json.ts';
import { dropLogprobs } from './chat.ts';
import {
  at,
  type Gathered,
  leaves,
  names,
  refuse,
  settings,
  strangers,
  text,
  VOICES,
  type Voice,
} from './gather.ts';
import { type Format, type Reading, usage, userId } from './types.ts';

/** A member that may be a text, texts, or token ids that no guard can read. */
interface Texts {
  readonly member: string;
  readonly voice: Voice;
}

function readTexts(body: JsonObject, to: Gathered, { member, voice }: Texts, reading: Reading): void {
  const value = body[member];
  if (typeof value === 'string') {
    text(to, at(body, member, ''), voice);
    return;
  }
  if (!Array.isArray(value) || value.length === 0) {
    refuse(to, `\`${member}\` must be a string or a list of strings.`, member);
    return;
  }
  for (let i = 0; i < value.length; i += 1) {
    const entry: unknown = value[i];
    if (typeof entry === 'string') text(to, at(value, i, `/${member}`), voice);
    else if (typeof entry === 'number' || Array.isArray(entry)) {
      if (!reading.guardsInput) continue;
      refuse(
        to,
        `\`${member}\` holds token ids, which this endpoint's guards cannot read. Send text instead.`,
        member,
      );
      return;
    } else text(to, at(value, i, `/${member}`), voice);
  }
}

const EMBEDDING_PARAMETERS = names('model input encoding_format dimensions user safety_identifier');
const EMBEDDING_SETTINGS = names('encoding_format dimensions');
const EMBEDDING_ANSWER = names('object data model usage id created');
const PROMPT: Texts = { member: 'prompt', voice: VOICES.user };
const INPUT: Texts = { member: 'input', voice: VOICES.embedding };

export const embeddings: Format = Object.freeze({
  api: 'embeddings',
  family: 'openai',
  dialect: 'openai',
  path: '/embeddings',
  streams: false,
  readRequest: (body: JsonObject, to: Gathered, reading: Reading) => {
    readTexts(body, to, INPUT, reading);
    settings(to, body, '', EMBEDDING_SETTINGS);
    strangers(to, body, '', EMBEDDING_PARAMETERS);
  },
  readAnswer: (answer: JsonObject, to: Gathered) => strangers(to, answer, '', EMBEDDING_ANSWER),
  userOf: (body: JsonObject) => userId(body.user) ?? userId(body.safety_identifier),
  usageOf: (answer: JsonObject) => usage(answer.usage, ['prompt_tokens'], ['completion_tokens']),
  dropEchoes: () => undefined,
  isAnswer: (answer: JsonObject) => Array.isArray(answer.data),
});

const COMPLETION_PARAMETERS = names(`
  model prompt suffix stream stream_options temperature top_p n best_of stop max_tokens presence_penalty
  frequency_penalty logit_bias logprobs echo user safety_identifier seed top_k min_p repetition_penalty
`);
const COMPLETION_SETTINGS = names(`
  stream_options temperature top_p n best_of max_tokens presence_penalty frequency_penalty logit_bias logprobs echo
  seed top_k min_p repetition_penalty
`);
const COMPLETION_ANSWER = names('id object created model choices usage system_fingerprint service_tier');
const CHOICE = names('index text finish_reason logprobs stop_reason');

export const completions: Format = Object.freeze({
  api: 'completions',
  family: 'openai',
  dialect: 'openai',
  path: '/completions',
  streams: true,
  readRequest: (body: JsonObject, to: Gathered, reading: Reading) => {
    if (body.prompt !== undefined && body.prompt !== null) readTexts(body, to, PROMPT, reading);
    text(to, at(body, 'suffix', ''), VOICES.user);
    settings(to, body, '', COMPLETION_SETTINGS);
    strangers(to, body, '', COMPLETION_PARAMETERS);
  },
  readAnswer: (answer: JsonObject, to: Gathered) => {
    if (!Array.isArray(answer.choices)) leaves(to, at(answer, 'choices', ''), VOICES.assistant);
    else {
      for (let i = 0; i < answer.choices.length; i += 1) {
        const choice: unknown = answer.choices[i];
        if (!isObject(choice)) {
          leaves(to, at(answer.choices, i, '/choices'), VOICES.assistant);
          continue;
        }
        text(to, at(choice, 'text', `/choices/${i}`), VOICES.assistant);
        strangers(to, choice, `/choices/${i}`, CHOICE);
      }
    }
    strangers(to, answer, '', COMPLETION_ANSWER);
  },
  userOf: (body: JsonObject) => userId(body.user) ?? userId(body.safety_identifier),
  usageOf: (answer: JsonObject) => usage(answer.usage, ['prompt_tokens'], ['completion_tokens']),
  dropEchoes: dropLogprobs,
  isAnswer: (answer: JsonObject) => Array.isArray(answer.choices),
});
