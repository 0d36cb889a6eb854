import { memberContext, outcomeBuilder } from '../outcome.ts';
import { bzip2Pieces } from '../source/bzip2.ts';
import type { Compression, Expanded } from '../source/expand.ts';
import { BombFault, expandAsFar, expandStream } from '../source/expand.ts';
import { isLz4, lz4Pieces } from '../source/lz4.ts';
import { lzmaFilePieces, xzPieces } from '../source/xz.ts';
import type { ArtifactInput, ByteSource, Probe, ScanContext, ScanOutcome } from '../types.ts';
import { ScanFault } from '../types.ts';
import { isAtLeast } from '../verdict.ts';
import { ARCHIVE_CHECK } from './names.ts';

/** Zlib has no mark worth the name: its two bytes with a checksum of five bits. */
const isZlib = (head: Uint8Array): boolean =>
  ((head[0] ?? 0) & 0x0f) === 8 &&
  (head[0] ?? 0) >> 4 <= 7 &&
  (((head[0] ?? 0) << 8) | (head[1] ?? 0)) % 31 === 0 &&
  ((head[1] ?? 0) & 0x20) === 0;

/** A .lzma file has no mark: usual properties, a dictionary that is a power of two, and a size that can be. */
const isLzma = (head: Uint8Array): boolean =>
  head[0] === 0x5d &&
  head[1] === 0 &&
  head[2] === 0 &&
  ((head[12] === 0xff && head[5] === 0xff) || (head[12] === 0 && head[11] === 0)) &&
  head[13] === 0;

export type FileCompression = Compression | 'bzip2' | 'xz' | 'lzma' | 'lz4';

/** The compression of a whole file, by its mark; those with hardly any last. */
export function compressionOf({ head, size }: Probe): FileCompression | undefined {
  if (size < 6) return undefined;
  if (head[0] === 0x42 && head[1] === 0x5a && head[2] === 0x68 && head[4] === 0x31) return 'bzip2';
  if (head[0] === 0xfd && head[1] === 0x37 && head[2] === 0x7a && head[3] === 0x58 && head[5] === 0)
    return 'xz';
  if (isLzma(head)) return 'lzma';
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  if (isLz4(head)) return 'lz4';
  return isZlib(head) ? 'zlib' : undefined;
}

interface Packed {
  readonly name: string;
  readonly sure: boolean;
  readonly open: (source: ByteSource, context: ScanContext) => Promise<Expanded>;
}

/** Opens compressed content and judges it; content that only looked compressed is passed over when not sure. */
export async function judgePacked(
  { source, context }: ArtifactInput,
  { name, sure, open }: Packed,
): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  try {
    const { content, fault } = await open(source, context);
    const inner =
      content.size === 0 && fault !== undefined
        ? undefined
        : await context.scanMember(content, memberContext(context, `<${name}>`));
    if (fault === undefined && inner !== undefined) {
      outcome.include(inner);
      return outcome.finish(name);
    }
    // What lies before the fault is read by loaders all the same.
    const telling = inner?.findings.some(({ severity }) => isAtLeast(severity, 'medium')) === true;
    if (!sure && !telling) {
      outcome.skip(`not ${name}`);
      return outcome.finish('unknown');
    }
    if (inner !== undefined) outcome.include({ ...inner, errors: [] });
    outcome.fail({
      check: ARCHIVE_CHECK,
      message: fault?.message ?? 'broken content',
      offset: fault?.offset ?? 0,
    });
    return outcome.finish(name);
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    if (!sure && !(fault instanceof BombFault)) {
      outcome.skip(`not ${name}`);
      return outcome.finish('unknown');
    }
    if (fault instanceof BombFault) {
      const message = `The file ${fault.message}.`;
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
    return outcome.finish(name);
  }
}

function open(source: ByteSource, compression: FileCompression, context: ScanContext): Promise<Expanded> {
  switch (compression) {
    case 'bzip2':
      return expandAsFar(() => bzip2Pieces(source), source.size, context);
    case 'xz':
      return expandAsFar(() => xzPieces(source), source.size, context);
    case 'lz4':
      return expandAsFar(() => lz4Pieces(source), source.size, context);
    case 'lzma':
      return expandAsFar(() => lzmaFilePieces(source), source.size, context);
    default:
      return expandStream(source, compression, context);
  }
}

/** True for compressions without a real mark. */
export const isDoubtful = (compression: FileCompression): boolean =>
  compression === 'zlib' || compression === 'lzma';

/** @param compression - what `compressionOf` said about the file. */
export function judgeCompressed(input: ArtifactInput, compression: FileCompression): Promise<ScanOutcome> {
  const sure = !isDoubtful(compression) || input.recognition !== 'maybe';
  return judgePacked(input, {
    name: compression,
    sure,
    open: (source, context) => open(source, compression, context),
  });
}
