// Reads rows of {"text","label","payload"?:[start,end],"views"?:"plain"|"decoded"|"all","most"?:n} from a JSONL file and
// writes, for the Python side of the recipe, what the product's own normaliser, windows, tokenizer and features make
// of them, so that what is trained is what runs: PREFIX.tokens (u16), PREFIX.features (u32), PREFIX.index (i32 rows of
// [row, view, covered ‰ of the payload or −1, first token, tokens, first feature, features]).
//
//   node training/injection/encode.ts ROWS.jsonl PREFIX VOCAB.txt

import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Featurizer } from '../../checks/text/injection/model/features.ts';
import { WordPiece } from '../../checks/text/injection/model/tokenizer.ts';
import { cut, WINDOW_TOKENS } from '../../checks/text/injection/model/windows.ts';
import type { View } from '../../checks/text/normalise/index.ts';
import { readText } from '../../checks/text/normalise/index.ts';

interface Row {
  readonly text: string;
  readonly payload?: readonly [number, number];
  readonly views?: 'plain' | 'decoded' | 'all';
  /** Windows wanted of a view; those that hold most of the payload, else evenly spread. */
  readonly most?: number;
  /** 0..1: where the first of evenly spread windows lies within its share. */
  readonly from?: number;
}

const [input = '', prefix = '', vocabulary = ''] = process.argv.slice(2);
if (vocabulary === '') {
  process.stderr.write('usage: node training/injection/encode.ts ROWS.jsonl PREFIX VOCAB.txt\n');
  process.exit(64);
}

const pieces = new WordPiece(readFileSync(vocabulary, 'utf8').trimEnd().split('\n'));
const featurizer = new Featurizer();
const out = {
  tokens: createWriteStream(`${prefix}.tokens`),
  features: createWriteStream(`${prefix}.features`),
  index: createWriteStream(`${prefix}.index`),
};
let firstToken = 0;
let firstFeature = 0;

async function write(stream: (typeof out)['tokens'], data: Uint8Array): Promise<void> {
  if (!stream.write(data)) await once(stream, 'drain');
}

function bytesOf(array: Uint16Array | Uint32Array | Int32Array): Uint8Array {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

function covered(view: View, start: number, end: number, payload: readonly [number, number]): number {
  const at = view.spanOf(start, end);
  const shared = Math.min(at.end, payload[1]) - Math.max(at.start, payload[0]);
  const least = Math.max(1, Math.min(payload[1] - payload[0], at.end - at.start));
  return Math.max(0, Math.min(1000, Math.round((1000 * shared) / least)));
}

function viewsOf(row: Row): readonly [number, View][] {
  const views = readText(row.text).views.map((view, i): [number, View] => [i, view]);
  if (row.views === 'all') return views;
  const decoded = views.filter(([, view]) => view.how.length > 0);
  if (row.views === 'decoded' && decoded.length > 0) return decoded;
  return views.slice(0, 1);
}

async function encode(row: Row, number: number): Promise<void> {
  for (const [i, view] of viewsOf(row)) {
    const placed = cut(view.text).map((span) => ({
      span,
      share: row.payload === undefined ? -1 : covered(view, span.start, span.end, row.payload),
    }));
    const most = row.most ?? 4;
    const order = placed.map((_, at) => at);
    if (row.payload !== undefined) order.sort((a, b) => (placed[b]?.share ?? 0) - (placed[a]?.share ?? 0));
    const step = row.payload === undefined ? Math.max(1, order.length / most) : 1;
    for (let k = 0; k < Math.min(most, order.length); k += 1) {
      const shift = row.payload === undefined ? (row.from ?? 0) * step : 0;
      const place = placed[order[Math.min(order.length - 1, Math.floor(k * step + shift))] ?? 0];
      if (place === undefined) continue;
      const text = view.text.slice(place.span.start, place.span.end);
      const { ids } = pieces.encode(text, WINDOW_TOKENS - 2);
      const features = Uint32Array.from(featurizer.of(text));
      const entry = [number, i, place.share, firstToken, ids.length, firstFeature, features.length];
      firstToken += ids.length;
      firstFeature += features.length;
      await write(out.tokens, bytesOf(Uint16Array.from(ids)));
      await write(out.features, bytesOf(features));
      await write(out.index, bytesOf(Int32Array.from(entry)));
    }
  }
}

let number = 0;
for await (const line of createInterface({ input: createReadStream(input), crlfDelay: Infinity })) {
  if (line !== '') await encode(JSON.parse(line) as Row, number);
  number += 1;
}
for (const stream of Object.values(out)) {
  stream.end();
  await once(stream, 'finish');
}
process.stdout.write(`${number} rows, ${firstToken} tokens, ${firstFeature} features\n`);
