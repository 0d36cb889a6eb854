import { z } from 'zod';
import { MODEL_FILE_MAPS } from '../../maps.ts';
import { defineArtifactCheck, ScanFault } from '../../types.ts';
import { judged } from '../core/judge.ts';
import { sampleInput } from '../core/sample.ts';
import { byteOffset, probeText, readText, TEXT_LIMIT_BYTES } from '../core/text.ts';
import { judgeJson } from './judge.ts';
import { isObject, type JsonValue, parseJson } from './parse.ts';

const CHECK = 'artifacts/config';
const MOST_LINES = 2_000_000;

export const jsonCheck = defineArtifactCheck({
  id: CHECK,
  title: 'JSON configurations',
  description:
    'Reads JSON with limits and knows by its keys what it configures: Keras models, skops objects, tokenizers and repositories of language models. Finds code, foreign imports, remote code and templates that execute.',
  maps: MODEL_FILE_MAPS,
  config: z.object({}),
  samples: [
    {
      title: 'a repository that brings code',
      input: sampleInput('{"model_type":"x","auto_map":{"AutoModel":"evil--modeling_x.Model"}}'),
      found: true,
    },
    {
      title: 'a Keras layer made of code',
      input: sampleInput(
        '{"class_name":"Sequential","config":{"layers":[{"class_name":"Lambda","config":{"function":["4wEAAAA=",null,null],"function_type":"lambda"}}]}}',
      ),
      found: true,
    },
    {
      title: 'a skops object of another type',
      input: sampleInput(
        '{"__class__":"system","__module__":"posix","__loader__":"TypeNode","__id__":1,"protocol":1}',
      ),
      found: true,
    },
    {
      title: 'an ordinary model configuration',
      input: sampleInput('{"architectures":["LlamaForCausalLM"],"hidden_size":16,"torch_dtype":"bfloat16"}'),
      found: false,
    },
    {
      title: 'an ordinary Keras model',
      input: sampleInput(
        '{"module":"keras","class_name":"Sequential","config":{"layers":[{"module":"keras.layers","class_name":"Dense","config":{"units":4,"activation":"relu"}}]}}',
      ),
      found: false,
    },
  ],
  recognise(probe) {
    const text = probeText(probe);
    if (text === null) return 'no';
    const start = text.trimStart();
    if (start === '') return probe.size > probe.head.length ? 'maybe' : 'no';
    const next = start.slice(1).trimStart()[0] ?? '';
    if (start[0] === '{') return next === '"' || next === '}' ? 'yes' : next === '' ? 'maybe' : 'no';
    return start[0] === '[' && /[[{"\d\]tfn-]/.test(next) ? 'maybe' : 'no';
  },
  judge: (input) =>
    judged(input, { check: CHECK, format: 'json' }, async (outcome) => {
      const text = await readText(input.source, TEXT_LIMIT_BYTES);
      if (text === null) throw new ScanFault(`more than ${TEXT_LIMIT_BYTES} bytes`);
      const offsetOf = (needle: string) => byteOffset(text, text.indexOf(needle));
      let at = 0;
      let lines = 0;
      let format = 'json';
      // One value, or one per line.
      while (at < text.length) {
        lines += 1;
        if (lines > MOST_LINES) throw new ScanFault('too many lines', at);
        const { value, end } = parseJson(text, at);
        if (lines === 1) format = kindOf(value);
        await judgeJson(value, { context: input.context, outcome, offsetOf });
        const next = /\S/g;
        next.lastIndex = end;
        at = next.exec(text)?.index ?? text.length;
        input.context.checkpoint();
      }
      return format;
    }),
});

function kindOf(value: JsonValue): string {
  if (!isObject(value)) return 'json';
  if (typeof value.class_name === 'string' && 'config' in value) return 'keras-config';
  if (typeof value.__loader__ === 'string') return 'skops-schema';
  if ('model_type' in value || 'architectures' in value || 'auto_map' in value) return 'model-config';
  if ('chat_template' in value || 'tokenizer_class' in value) return 'tokenizer-config';
  return 'json';
}
