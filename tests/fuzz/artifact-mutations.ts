import { Buffer } from 'node:buffer';
import { OPCODES } from '@bartizan/checks/artifacts/pickle/opcodes.ts';
import type { ArtifactSeed } from './artifact-seeds.ts';
import { pick, type Random } from './mutate.ts';

const CODES: readonly number[] = OPCODES.flatMap((opcode, code) => (opcode === undefined ? [] : [code]));
const NUMBERS: readonly Buffer[] = [
  [0, 0, 0, 0],
  [255, 255, 255, 255],
  [255, 255, 255, 127],
  [0, 0, 0, 128],
  [255, 255, 255, 255, 255, 255, 255, 127],
  [0, 0, 0, 0, 1, 0, 0, 0],
  [255, 255],
  [0, 1],
].map((bytes) => Buffer.from(bytes));
const TOKENS: readonly string[] = [
  'cos\nsystem\n',
  '(S"id"\ntR.',
  'PK\x03\x04',
  'PK\x01\x02',
  'PK\x05\x06',
  'PK\x06\x06',
  'PK\x06\x07',
  'ustar\x0000',
  '7z\xbc\xaf\x27\x1c',
  '\x1f\x8b\x08',
  '\x78\x9c',
  'BZh9',
  '\xfd7zXZ\0',
  '(\xb5/\xfd',
  '\x93NUMPY\x01\0',
  'GGUF',
  '\x89HDF\r\n\x1a\n',
  '\x80\x04\x95',
  '{"__metadata__":{',
  '"data_offsets":[0,1]',
  '{{ x.__class__ }}',
  '{% for i in range(9) %}',
  '!!python/object/apply:os.system',
  '<!ENTITY x SYSTEM "file:///x">',
  '&x;&x;',
  '"auto_map"',
  '"class_name":"Lambda"',
  '\0',
  '\n',
  '\r\n',
  '-1\n',
  'I00\n',
  '9'.repeat(400),
  '['.repeat(300),
  '{"a":'.repeat(200),
];

type Mutation = (content: Buffer, at: number, random: Random) => Buffer;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

const MUTATIONS: readonly Mutation[] = [
  (content, at, random) => changed(content, at, below(random, 256)),
  (content, at, random) => changed(content, at, (content[at] ?? 0) ^ (1 << below(random, 8))),
  (content, at, random) => changed(content, at, pick(random, CODES)),
  (content, at) => content.subarray(0, at),
  (content, at) => content.subarray(at),
  (content, at, random) => spliced(content, at, at, Buffer.from([below(random, 256)])),
  (content, at, random) => spliced(content, at, at, Buffer.from([pick(random, CODES)])),
  (content, at, random) =>
    spliced(content, at, at, content.subarray(Math.max(0, at - below(random, 80)), at)),
  (content, at, random) => spliced(content, at, at + 1 + below(random, 40), Buffer.alloc(0)),
  (content, at, random) => overwritten(content, at, pick(random, NUMBERS)),
  (content, at, random) => overwritten(content, at, Buffer.from(pick(random, TOKENS), 'latin1')),
  (content, at, random) => spliced(content, at, at, Buffer.from(pick(random, TOKENS), 'latin1')),
];

function changed(content: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(content);
  if (at < copy.length) copy[at] = byte;
  return copy;
}

const spliced = (content: Buffer, from: number, to: number, between: Buffer): Buffer =>
  Buffer.concat([content.subarray(0, from), between, content.subarray(to)]);

function overwritten(content: Buffer, at: number, bytes: Buffer): Buffer {
  const copy = Buffer.from(content);
  bytes.copy(copy, at);
  return copy;
}

/** A seed with one to six changes, at times with a piece of another seed in it. */
export function mutated(seeds: readonly ArtifactSeed[], random: Random): Buffer {
  let { content } = pick(random, seeds);
  if (random() < 0.1) {
    const other = pick(random, seeds).content;
    const from = below(random, other.length);
    content = spliced(content, below(random, content.length + 1), content.length, other.subarray(from));
  }
  for (let times = 1 + below(random, 6); times > 0; times -= 1) {
    content = pick(random, MUTATIONS)(content, below(random, content.length + 1), random);
  }
  return content;
}
