import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import { BadRequest, type Json } from './conversation.ts';
import { tokensIn } from './tokens.ts';

const DEFAULT_DIMENSIONS = 256;
const MAX_INPUTS = 2048;
const MAX_WORDS = 20_000;

/** A unit vector from hashed words (Weinberger et al. 2009): similar texts lie close, the same text always alike. */
export function embed(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  const words = (text.toLowerCase().match(/[\p{L}\p{N}]{1,64}/gu) ?? []).slice(0, MAX_WORDS);
  for (const word of words.length > 0 ? words : ['']) {
    const digest = createHash('sha256').update(word).digest();
    for (let part = 0; part < 8; part++) {
      const slot = digest.readUInt16BE(part * 4) % dimensions;
      vector[slot] = (vector[slot] ?? 0) + ((digest[part * 4 + 2] ?? 0) < 128 ? 1 : -1);
    }
  }
  const length = Math.hypot(...vector);
  return length === 0 ? vector.fill(1 / Math.sqrt(dimensions)) : vector.map((value) => value / length);
}

function inputsOf(input: unknown): string[] {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0 || input.length > MAX_INPUTS) {
    throw new BadRequest("'input' must be a text, a list of texts or lists of tokens.", 'input');
  }
  if (input.every((entry) => typeof entry === 'number')) return [input.join(' ')];
  return input.map((entry) => (Array.isArray(entry) ? entry.join(' ') : String(entry)));
}

/** `POST /v1/embeddings`, as floats or base64 of little-endian float32. */
export function answerEmbeddings(body: Json, model: string): Answer {
  const inputs = inputsOf(body.input);
  const dimensions = body.dimensions ?? DEFAULT_DIMENSIONS;
  if (
    typeof dimensions !== 'number' ||
    !Number.isInteger(dimensions) ||
    dimensions < 1 ||
    dimensions > 3072
  ) {
    throw new BadRequest("'dimensions' must be between 1 and 3072.", 'dimensions');
  }
  const encode = (vector: Float32Array): string | number[] =>
    body.encoding_format === 'base64'
      ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')
      : [...vector];
  const tokens = inputs.reduce((sum, input) => sum + tokensIn(input), 0);
  return {
    kind: 'whole',
    body: {
      object: 'list',
      data: inputs.map((input, index) => ({
        object: 'embedding',
        index,
        embedding: encode(embed(input, dimensions)),
      })),
      model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  };
}
