import { memberContext, outcomeBuilder } from '../outcome.ts';
import { bytesSource, sliceSource } from '../source/bytes.ts';
import { bzip2Pieces } from '../source/bzip2.ts';
import { BombFault, expand, expandPieces } from '../source/expand.ts';
import { copyOf, undoDelta, undoX86 } from '../source/filters.ts';
import { lzma2Pieces, lzmaPieces } from '../source/lzma2.ts';
import type { ArtifactInput, ByteSource, ScanContext, ScanOutcome } from '../types.ts';
import { ScanFault } from '../types.ts';
import { ARCHIVE_CHECK } from './names.ts';
import type { Coder, Folder, Streams } from './seven-zip-header.ts';
import { headerReader, readStreams } from './seven-zip-header.ts';

const SIGNATURE_BYTES = 32;
const MOST_HEADER = 64 * 2 ** 20;
const MOST_HEADERS = 4;

const X86_FILTER = '03030103';
const DELTA_FILTER = '03';

/** The content of a folder. @throws ScanFault where it is encrypted or filtered in another way, or broken. */
async function openFolder(packed: ByteSource, folder: Folder, context: ScanContext): Promise<ByteSource> {
  const filters = folder.coders.filter(({ method }) => method === X86_FILTER || method === DELTA_FILTER);
  const [coder, ...others] = folder.coders.filter((one) => !filters.includes(one));
  if (coder === undefined || folder.complex || others.length > 0 || filters.length > 1) {
    const methods = folder.coders.map(({ method }) => method).join(', ');
    const encrypted = methods.includes('06f107');
    throw new ScanFault(
      encrypted ? 'a 7z folder is encrypted' : `7z filters (${methods}) that cannot be undone here`,
    );
  }
  const content = await uncompressed(packed, coder, { folder, context });
  const [filter] = filters;
  if (filter === undefined) return content;
  const bytes = await copyOf(content);
  if (filter.method === X86_FILTER) undoX86(bytes);
  else undoDelta(bytes, (filter.properties[0] ?? 0) + 1);
  return bytesSource(bytes);
}

interface FolderContext {
  readonly folder: Folder;
  readonly context: ScanContext;
}

function uncompressed(
  packed: ByteSource,
  coder: Coder,
  { folder, context }: FolderContext,
): Promise<ByteSource> | ByteSource {
  const { method, properties } = coder;
  const [property = 255] = properties;
  switch (method) {
    case '00':
      return packed;
    case '030101': {
      if (properties.length < 5) throw new ScanFault('broken LZMA properties');
      const dictionary = new DataView(properties.buffer, properties.byteOffset).getUint32(1, true);
      const setup = { start: 0, property, dictionary, size: folder.size };
      return expandPieces(() => lzmaPieces(packed, setup), packed.size, context);
    }
    case '21':
      return expandPieces(() => lzma2Pieces(packed, { start: 0, property }), packed.size, context);
    case '040108':
      return expand(packed, 'deflate', context);
    case '040202':
      return expandPieces(() => bzip2Pieces(packed), packed.size, context);
    default:
      throw new ScanFault(`7z compression ${method} cannot be undone here`);
  }
}

interface OpenFolder {
  readonly content: ByteSource;
  readonly files: readonly number[];
}

async function openAt(
  { source, context }: Pick<ArtifactInput, 'source' | 'context'>,
  { packedAt, packed, folders, files }: Streams,
  index: number,
): Promise<OpenFolder> {
  const folder = folders[index];
  if (folder === undefined) throw new ScanFault('a 7z header that holds nothing');
  const before = packed.slice(0, index).reduce((total, size) => total + size, 0);
  const length = packed[index] ?? 0;
  const start = SIGNATURE_BYTES + packedAt + before;
  if (folder.complex && folders.length !== packed.length)
    throw new ScanFault('7z filters that cannot be undone here');
  if (start + length > source.size) throw new ScanFault('a 7z folder goes past the end', start);
  const content = await openFolder(sliceSource(source, start, length), folder, context);
  return { content, files: files[index] ?? [] };
}

/** The header itself, which may be packed, more than once. */
async function readHeader({ source, context }: ArtifactInput): Promise<Streams | undefined> {
  const fixed = await source.read(0, SIGNATURE_BYTES);
  if (fixed.length < SIGNATURE_BYTES) throw new ScanFault('the 7z header is not there');
  const view = new DataView(fixed.buffer, fixed.byteOffset, fixed.length);
  const [offset, size] = [Number(view.getBigUint64(12, true)), Number(view.getBigUint64(20, true))];
  if (size === 0) return undefined;
  if (size > MOST_HEADER || SIGNATURE_BYTES + offset + size > source.size)
    throw new ScanFault('the 7z header is not there');
  let header = await source.read(SIGNATURE_BYTES + offset, size);
  for (let round = 0; round < MOST_HEADERS; round += 1) {
    const reader = headerReader(header);
    const id = reader.number();
    if (id === 0x17) {
      const { content } = await openAt({ source, context }, readStreams(reader), 0);
      header = await content.read(0, Math.min(content.size, MOST_HEADER));
      continue;
    }
    if (id !== 0x01) throw new ScanFault('a 7z header that cannot be read');
    const next = reader.number();
    if (next !== 0x04) return undefined;
    return readStreams(reader);
  }
  throw new ScanFault('a 7z header is packed too often');
}

/** Judges what a 7z archive holds, folder by folder. Files are named by their number. */
export async function judgeSevenZip(input: ArtifactInput): Promise<ScanOutcome> {
  const { context } = input;
  const outcome = outcomeBuilder(context);
  const fail = (fault: unknown): void => {
    if (!(fault instanceof ScanFault)) throw fault;
    if (fault instanceof BombFault) {
      const message = `The archive ${fault.message}.`;
      outcome.find({
        check: ARCHIVE_CHECK,
        severity: 'high',
        kind: 'resource-abuse',
        message,
        offset: 0,
        evidence: {},
      });
    }
    outcome.fail({ check: ARCHIVE_CHECK, message: fault.message, offset: fault.offset });
  };
  try {
    const streams = await readHeader(input);
    for (let index = 0; index < (streams?.folders.length ?? 0); index += 1) {
      try {
        const { content, files } = await openAt(input, streams as Streams, index);
        await judgeFiles(content, files, index);
      } catch (fault) {
        fail(fault);
      }
    }
  } catch (fault) {
    fail(fault);
  }
  return outcome.finish('7z');

  async function judgeFiles(content: ByteSource, files: readonly number[], folder: number): Promise<void> {
    let at = 0;
    for (const [index, size] of files.entries()) {
      context.checkpoint();
      context.budget.entries += 1;
      if (context.budget.entries > context.limits.entries)
        throw new ScanFault('more entries than are followed');
      if (size < 0 || at + size > content.size) throw new ScanFault('a 7z file goes past its folder');
      const inner = memberContext(context, `<file ${folder + 1}.${index + 1}>`);
      if (size > 0) outcome.include(await context.scanMember(sliceSource(content, at, size), inner));
      at += size;
    }
    if (at < content.size) {
      const inner = memberContext(context, `<rest of folder ${folder + 1}>`);
      outcome.include(await context.scanMember(sliceSource(content, at, content.size - at), inner));
    }
  }
}
