import { memberContext, outcomeBuilder } from '../outcome.ts';
import type { Compression } from '../source/expand.ts';
import { BombFault, expand } from '../source/expand.ts';
import type { ArtifactInput, ByteSource, Probe, ScanContext, ScanOutcome } from '../types.ts';
import { ScanFault } from '../types.ts';
import { ARCHIVE_CHECK } from './names.ts';

/** Zlib has no mark worth the name: its two bytes with a checksum of five bits. */
const isZlib = (head: Uint8Array): boolean =>
  ((head[0] ?? 0) & 0x0f) === 8 &&
  (head[0] ?? 0) >> 4 <= 7 &&
  (((head[0] ?? 0) << 8) | (head[1] ?? 0)) % 31 === 0 &&
  ((head[1] ?? 0) & 0x20) === 0;

/** The compression of a whole file, by its mark; zlib last, as it has least of one. */
export function compressionOf({ head, size }: Probe): Compression | undefined {
  if (size < 6) return undefined;
  if (head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'zstd';
  return isZlib(head) ? 'zlib' : undefined;
}

interface Packed {
  readonly name: string;
  readonly sure: boolean;
  readonly open: (source: ByteSource, context: ScanContext) => Promise<ByteSource>;
}

/** Opens compressed content and judges it; content that only looked compressed is passed over when not sure. */
export async function judgePacked(
  { source, context }: ArtifactInput,
  { name, sure, open }: Packed,
): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  try {
    const content = await open(source, context);
    outcome.include(await context.scanMember(content, memberContext(context, `<${name}>`)));
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

/** @param compression - what `compressionOf` said about the file. */
export function judgeCompressed(input: ArtifactInput, compression: Compression): Promise<ScanOutcome> {
  const sure = compression !== 'zlib' || input.recognition !== 'maybe';
  return judgePacked(input, {
    name: compression,
    sure,
    open: (source, context) => expand(source, compression, context),
  });
}
