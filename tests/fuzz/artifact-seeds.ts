import { Buffer } from 'node:buffer';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { makeTar, makeZip } from '@bartizan/checks/artifacts/archive/make.ts';
import { assemble, callOf, op } from '@bartizan/checks/artifacts/pickle/assemble.ts';
import { artifactChecks } from '@bartizan/checks/artifacts/scan.ts';
import { pick, type Random } from './mutate.ts';

/** A small file of some format. */
export interface ArtifactSeed {
  readonly title: string;
  readonly content: Buffer;
}

const MOST_BYTES = 8_192;

/** The samples of all checks, and containers around some of them. */
export async function artifactSeeds(): Promise<readonly ArtifactSeed[]> {
  const seeds: ArtifactSeed[] = [];
  for (const check of artifactChecks) {
    for (const { title, input } of check.samples) {
      const { source } = input;
      if (source.size > MOST_BYTES) continue;
      seeds.push({ title: `${check.id}: ${title}`, content: Buffer.from(await source.read(0, source.size)) });
    }
  }
  const wrapped = seeds
    .filter((_, index) => index % 5 === 0)
    .flatMap(({ title, content }) => [
      {
        title: `${title}, zipped`,
        content: makeZip([
          { name: 'a/data.pkl', content, deflate: true },
          { name: 'b', content },
        ]),
      },
      { title: `${title}, in a tar`, content: makeTar([{ name: 'model/weights', content }]) },
      { title: `${title}, gzipped`, content: gzipSync(content) },
      { title: `${title}, zstandard`, content: zstdCompressSync(content) },
      { title: `${title}, zlib`, content: deflateSync(content) },
      { title: `${title}, as data of a pickle`, content: assemble(op.data(content)) },
      { title: `${title}, as text of a pickle`, content: assemble(op.text(content.toString('base64'))) },
    ]);
  return [...seeds, ...wrapped];
}

/** Pickles that call what no model needs, in the ways of writing it that there are. */
const CORES: readonly Buffer[] = [
  callOf('os', 'system', 'id'),
  Buffer.concat([op.text('posix'), op.text('system'), op.stackGlobal, op.text('id'), op.tuple1, op.reduce]),
  Buffer.concat([
    op.shortText('builtins'),
    op.shortText('exec'),
    op.stackGlobal,
    op.text('1'),
    op.tuple1,
    op.reduce,
  ]),
  Buffer.concat([op.mark, op.string('id'), op.inst('os', 'system')]),
  Buffer.concat([op.mark, op.global('subprocess', 'Popen'), op.text('id'), op.obj]),
  Buffer.concat([op.global('builtins', 'eval'), op.mark, op.lineString("'1'"), op.tuple, op.reduce]),
  Buffer.concat([
    op.global('builtins', 'getattr'),
    op.global('os', 'path'),
    op.text('os'),
    op.tuple2,
    op.reduce,
  ]),
  callOf('runpy', 'run_path', 'x.py'),
  callOf('some_package.inner', 'anything', 'x'),
];

/** Opcodes that leave one value on the stack and do nothing else. */
const FILLERS: readonly ((random: Random) => Buffer)[] = [
  () => op.none,
  () => op.emptyDict,
  () => op.emptyList,
  () => op.emptyTuple,
  () => op.emptySet,
  (random) => op.int(Math.floor(random() * 1_000)),
  (random) => op.text('x'.repeat(Math.floor(random() * 60))),
  (random) => op.shortText('ü'.repeat(Math.floor(random() * 20))),
  (random) => op.data(Buffer.alloc(Math.floor(random() * 40), 7)),
  (random) => op.lineText('text\\u00e9'.repeat(Math.floor(random() * 4))),
  (random) => Buffer.concat([op.mark, op.none, op.int(Math.floor(random() * 9)), op.tuple]),
  () => Buffer.concat([op.none, op.memoize]),
  (random) => Buffer.concat([op.text('y'), op.put(Math.floor(random() * 256))]),
  () => Buffer.concat([op.emptyList, op.mark, op.int(1), op.int(2), op.appends]),
  () => Buffer.concat([op.emptyDict, op.text('k'), op.none, op.setItem]),
  () => Buffer.concat([op.mark, op.none, op.none, op.popMark, op.none]),
  () => Buffer.concat([op.none, op.dup, op.pop]),
  () => Buffer.concat([op.global('collections', 'OrderedDict'), op.emptyTuple, op.reduce]),
];

function fillers(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let times = Math.floor(random() * 8); times > 0; times -= 1) {
    parts.push(pick(random, FILLERS)(random));
    if (random() < 0.5) parts.push(op.pop);
    if (random() < 0.1) parts.push(op.frame(Math.floor(random() * 70_000)));
    if (random() < 0.05) parts.push(op.proto(Math.floor(random() * 6)));
  }
  return Buffer.concat(parts);
}

/** A pickle that acts when loaded, with harmless opcodes around the act; cut off behind it at times. */
export function maliciousPickle(random: Random): Buffer {
  const core = pick(random, CORES);
  const before = fillers(random);
  const acting = Buffer.concat([op.proto(pick(random, [2, 3, 4, 5])), op.none, before, core]);
  const rest = Buffer.concat([fillers(random), op.stop]);
  const kept = random() < 0.3 ? rest.subarray(0, Math.floor(random() * rest.length)) : rest;
  return Buffer.concat([acting, kept]);
}

/** Wraps that every loader undoes, or that are opened on the way to the content. */
const WRAPS: readonly ((content: Buffer, random: Random) => Buffer)[] = [
  (content) => gzipSync(content),
  (content) => deflateSync(content),
  (content) => zstdCompressSync(content),
  (content, random) =>
    makeZip([{ name: pick(random, ['data.pkl', 'x/data.pkl', 'notes.txt', 'a.npy', '../up']), content }]),
  (content, random) =>
    makeZip([
      { name: 'first', content: Buffer.from('x') },
      { name: 'second', content, deflate: true, unlisted: random() < 0.3 },
    ]),
  (content, random) => withDamagedHeader(content, random),
  (content) => makeTar([{ name: 'model/weights', content }]),
  (content, random) =>
    Buffer.concat([content, Buffer.alloc(Math.floor(random() * 50), Math.floor(random() * 256))]),
  (content) => Buffer.concat([assemble(op.none), content]),
  (content) => assemble(op.data(content)),
];

/** A zip with one to three bytes changed in its directory, or in the entry's own header behind the mark. */
function withDamagedHeader(content: Buffer, random: Random): Buffer {
  const name = 'archive/data.pkl';
  const zip = makeZip([{ name, content }]);
  const inDirectory = random() < 0.5;
  const [from, to] = inDirectory ? [30 + name.length + content.length, zip.length] : [4, 30];
  for (let times = 1 + Math.floor(random() * 3); times > 0; times -= 1) {
    zip[from + Math.floor(random() * (to - from))] = Math.floor(random() * 256);
  }
  return zip;
}

/** A file that acts when loaded, however it is packed. */
export function maliciousFile(random: Random): Buffer {
  let content = maliciousPickle(random);
  for (let times = Math.floor(random() * 4); times > 0 && content.length < MOST_BYTES; times -= 1) {
    content = pick(random, WRAPS)(content, random);
  }
  return content;
}
