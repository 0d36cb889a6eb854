import { crc32 } from 'node:zlib';
import { memberContext } from '../outcome.ts';
import { sliceSource } from '../source/bytes.ts';
import { bzip2Pieces } from '../source/bzip2.ts';
import type { Compression, Expanded } from '../source/expand.ts';
import { BombFault, expandAsFar, expandStream } from '../source/expand.ts';
import { lzmaPieces } from '../source/lzma2.ts';
import type { ByteSource, ScanContext } from '../types.ts';
import { ScanFault } from '../types.ts';
import { isAtLeast } from '../verdict.ts';
import { ARCHIVE_CHECK } from './names.ts';
import type { ZipScan, ZipView } from './zip-view.ts';
import { ENCRYPTED_BITS } from './zip-view.ts';

const STORED = 0;
const BZIP2 = 12;
const LZMA = 14;
const METHODS: ReadonlyMap<number, Compression> = new Map([
  [8, 'deflate'],
  [93, 'zstd'],
]);
/** Checksums of larger content are not worked out: loaders don't either. */
const MOST_SUMMED = 64 * 2 ** 20;

async function checksum(content: ByteSource): Promise<number> {
  let sum = 0;
  for (let offset = 0; offset < content.size; offset += 1_048_576) {
    sum = crc32(await content.read(offset, 1_048_576), sum);
  }
  return sum;
}

/** A version, the length of the properties, the properties, then LZMA (APPNOTE 5.8.8). */
async function openLzma(packed: ByteSource, view: ZipView, context: ScanContext): Promise<Expanded> {
  const head = await packed.read(0, 9);
  if (head.length < 9 || head[2] !== 5) throw new ScanFault('broken LZMA content', view.content);
  const dictionary = new DataView(head.buffer, head.byteOffset).getUint32(5, true);
  const ended = (view.flags & 2) !== 0;
  const setup = { start: 9, property: head[4] ?? 255, dictionary, size: ended ? -1 : view.size };
  return expandAsFar(() => lzmaPieces(packed, setup), packed.size, context);
}

/** The decompressed content of an entry, as far as it goes. @throws ScanFault */
async function open({ source, context }: ZipScan, view: ZipView): Promise<Expanded> {
  const packed = sliceSource(source, view.content, view.packed);
  const fault =
    packed.size < view.packed
      ? new ScanFault('an entry goes past the end of the archive', view.content)
      : undefined;
  if (view.method === STORED) return { content: packed, fault };
  if (view.method === BZIP2) return expandAsFar(() => bzip2Pieces(packed), packed.size, context);
  if (view.method === LZMA) return openLzma(packed, view, context);
  const compression = METHODS.get(view.method);
  if (compression === undefined) {
    throw new ScanFault(`compression ${view.method} cannot be undone here`, view.content);
  }
  return expandStream(packed, compression, context);
}

const find = ({ outcome }: ZipScan, message: string, offset: number): void =>
  outcome.find({
    check: ARCHIVE_CHECK,
    severity: 'medium',
    kind: 'container-mismatch',
    message,
    offset,
    evidence: {},
  });

/** An entry that is marked as encrypted: judged all the same when it turns out to be plain, or dangerous as it is. */
async function judgeMarked(scan: ZipScan, view: ZipView): Promise<void> {
  const { context, outcome } = scan;
  const shown = JSON.stringify(view.name.slice(0, 120));
  try {
    const { content, fault } = await open(scan, view);
    const isPlain =
      fault === undefined && content.size <= MOST_SUMMED && (await checksum(content)) === view.crc;
    const inner = await context.scanMember(content, memberContext(context, view.name));
    if (isPlain)
      find(scan, `The entry ${shown} is marked as encrypted or patched, but it is plain.`, view.content);
    if (isPlain || inner.findings.some(({ severity }) => isAtLeast(severity, 'high'))) {
      outcome.include(inner);
      return;
    }
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
  }
  outcome.fail({ check: ARCHIVE_CHECK, message: `The entry ${shown} is encrypted.`, offset: view.content });
}

/** The content of an entry; notes what does not fit, and a fault that ends it too soon. */
async function openPlain(scan: ZipScan, view: ZipView): Promise<ByteSource> {
  const { content, fault } = await open(scan, view);
  if (fault !== undefined) {
    const message = `${JSON.stringify(view.name.slice(0, 120))}: ${fault.message}`;
    scan.outcome.fail({ check: ARCHIVE_CHECK, message, offset: view.content });
    return content;
  }
  const shown = JSON.stringify(view.name.slice(0, 120));
  if (view.size >= 0 && content.size !== view.size) {
    find(scan, `The entry ${shown} is ${content.size} bytes long, not ${view.size}.`, view.content);
  }
  if (
    view.size >= 0 &&
    view.crc !== 0 &&
    content.size <= MOST_SUMMED &&
    (await checksum(content)) !== view.crc
  ) {
    find(scan, `The checksum of ${shown} does not fit.`, view.content);
  }
  return content;
}

/** Judges what one reading of an entry leads to. */
export async function judgeContent(scan: ZipScan, view: ZipView): Promise<void> {
  const { context, outcome } = scan;
  if (view.packed === 0 && view.name.endsWith('/')) return;
  const shown = JSON.stringify(view.name.slice(0, 120));
  try {
    if ((view.flags & ENCRYPTED_BITS) !== 0) {
      await judgeMarked(scan, view);
      return;
    }
    const content = await openPlain(scan, view);
    if (content.size === 0 && view.size !== 0) return;
    outcome.include(await context.scanMember(content, memberContext(context, view.name)));
  } catch (fault) {
    if (!(fault instanceof ScanFault)) throw fault;
    if (fault instanceof BombFault) {
      outcome.find({
        check: ARCHIVE_CHECK,
        severity: 'high',
        kind: 'resource-abuse',
        message: `The entry ${shown} ${fault.message}.`,
        offset: view.content,
        evidence: {},
      });
    }
    outcome.fail({ check: ARCHIVE_CHECK, message: `${shown}: ${fault.message}`, offset: view.content });
  }
}
