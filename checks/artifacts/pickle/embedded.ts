import { Buffer } from 'node:buffer';
import { memberContext } from '../outcome.ts';
import { bytesSource, sliceSource } from '../source/bytes.ts';
import type { ArtifactEvidence, ArtifactFinding, ByteSource, ScanContext, Severity } from '../types.ts';
import { SEVERITIES } from '../types.ts';
import { isAtLeast } from '../verdict.ts';
import { inflated } from './decoding.ts';
import { disassemble } from './disassemble.ts';
import { findingOf, PICKLE_CHECK } from './findings.ts';
import type { PayloadCandidate, PickleEvent } from './journal.ts';
import {
  compressionOf,
  decodeText,
  encodingOf,
  executableOf,
  hasPickleMark,
  isCode,
  isCodeObject,
  isContainer,
  isUnmarkedPickle,
} from './payload.ts';
import { pickleReader } from './stream.ts';
import { rawUnicodeEscape } from './texts.ts';
import type { Written } from './values.ts';

/** Encodings and pickles inside one another. */
const MOST_LAYERS = 6;
/** Content that is decoded at most; what is longer is judged by its beginning. */
const MOST_DECODED = 16 * 2 ** 20;

/** Bytes that the layers of one payload may decompress to. */
const MOST_UNPACKED = 32 * 2 ** 20;
/** Texts that stand for bytes and are handed to a loader. */
const MOST_WRITTEN = 256 * 2 ** 20;

/** Fewer bytes behind a pickle hold nothing. */
const LEAST_TAIL = 8;

/** The worst that was found in a payload. */
interface Payload {
  readonly what: string;
  readonly severity: Severity;
  readonly evidence: ArtifactEvidence;
}

const PACKED: Payload = {
  what: 'content that is packed into itself many times over',
  severity: 'medium',
  evidence: {},
};

interface Layer {
  readonly context: ScanContext;
  readonly depth: number;
  readonly how: readonly string[];
  /** Bytes that may still be decompressed, over all layers. */
  readonly left: { bytes: number };
}

const described = (how: readonly string[], what: string): string =>
  how.length === 0 ? what : `${what} (${how.join(', then ')})`;

function worst(events: readonly PickleEvent[]): PickleEvent | undefined {
  const telling = events.filter(
    ({ what, severity }) =>
      isAtLeast(severity, 'high') || ((what === 'call' || what === 'carried') && isAtLeast(severity, 'low')),
  );
  return telling.find(({ severity }) => severity === 'critical') ?? telling[0];
}

async function inPickle(source: ByteSource, layer: Layer): Promise<Payload | undefined> {
  const reader = pickleReader(source, layer.context, { joblib: false });
  let { complete, end } = await reader.read(0);
  while (complete && end < source.size && hasPickleMark(await reader.peek(end, 4))) {
    ({ complete, end } = await reader.read(end));
  }
  const event = worst(reader.journal.events());
  if (event !== undefined) {
    const { message, evidence } = await findingOf(source, event);
    return {
      what: `${described(layer.how, 'a pickle')} that acts when it is loaded. ${message}`,
      severity: event.severity === 'critical' ? 'critical' : 'high',
      evidence,
    };
  }
  for (const candidate of reader.journal.payloads.slice(0, 16)) {
    const inner = await payloadOf(source, candidate, {
      ...layer,
      depth: layer.depth + 1,
      how: [...layer.how, 'inside a pickle'],
    });
    if (inner !== undefined) return inner;
  }
  if (complete && source.size - end >= LEAST_TAIL) {
    const behind = await inTail(source, end, layer);
    if (behind !== undefined) return behind;
  }
  if (!complete || end !== source.size || reader.opcodes() < 4) return undefined;
  return {
    what: `${described(layer.how, 'a whole pickle')} that does nothing by itself`,
    severity: 'medium',
    evidence: { excerpt: await disassemble(source, [0]) },
  };
}

/** What lies behind the last pickle of a payload, where it is packed or an archive. */
async function inTail(source: ByteSource, from: number, layer: Layer): Promise<Payload | undefined> {
  const read = await source.read(from, Math.min(source.size - from, MOST_DECODED));
  const tail = Buffer.from(read.buffer, read.byteOffset, read.length);
  if (compressionOf(tail) === undefined && !isContainer(tail)) return undefined;
  return inBytes(tail, { ...layer, depth: layer.depth + 1, how: [...layer.how, 'behind a pickle'] });
}

/** What the other checks find in an archive or array that lies in the data. */
async function inContainer(source: ByteSource, layer: Layer): Promise<Payload | undefined> {
  const { context } = layer;
  if (context.depth > context.limits.depth) return PACKED;
  const { format, findings } = await context.scanMember(source, context);
  const [found] = findings
    .filter(({ severity }) => isAtLeast(severity, 'medium'))
    .toSorted((a, b) => SEVERITIES.indexOf(b.severity) - SEVERITIES.indexOf(a.severity));
  if (found === undefined) return undefined;
  const { message, severity, evidence } = found;
  return {
    what: `${described(layer.how, `content of the format ${format}`)}. ${message}`,
    severity,
    evidence,
  };
}

async function inText(content: string, layer: Layer): Promise<Payload | undefined> {
  if (layer.how.length > 0 && isCode(content)) {
    const excerpt = [content.slice(0, 200).replaceAll('\n', '⏎')];
    return {
      what: described(layer.how, 'Python that runs something'),
      severity: 'high',
      evidence: { excerpt },
    };
  }
  const encoding = encodingOf(content);
  if (encoding === undefined) return undefined;
  const inner = { ...layer, depth: layer.depth + 1, how: [...layer.how, encoding] };
  return inBytes(decodeText(content, encoding), inner);
}

async function inBytes(content: Buffer, layer: Layer): Promise<Payload | undefined> {
  if (layer.depth > MOST_LAYERS) return PACKED;
  layer.context.checkpoint();
  if (hasPickleMark(content)) return inPickle(bytesSource(content), layer);
  const compression = compressionOf(content);
  if (compression !== undefined) {
    const plain = inflated(content, compression);
    const inner = { ...layer, depth: layer.depth + 1, how: [...layer.how, compression] };
    layer.left.bytes -= plain?.length ?? 0;
    if (layer.left.bytes < 0) return PACKED;
    return plain === undefined ? inContainer(bytesSource(content), inner) : inBytes(plain, inner);
  }
  if (isContainer(content)) return inContainer(bytesSource(content), layer);
  if (isCodeObject(content)) {
    return { what: described(layer.how, 'a compiled Python code object'), severity: 'medium', evidence: {} };
  }
  const executable = executableOf(content);
  if (executable !== undefined) {
    return { what: described(layer.how, `a ${executable}`), severity: 'high', evidence: {} };
  }
  const plain = content.subarray(0, 1_048_576).toString('latin1');
  if (content.length <= plain.length && isUnmarkedPickle(plain)) {
    const found = await inPickle(bytesSource(content), layer);
    if (found !== undefined) return found;
  }
  return inText(plain, layer);
}

/** Reads a text that was too long to keep, as the latin-1 that it stands for. */
async function readWritten(
  source: ByteSource,
  { offset, length, form }: Written,
  most: number,
): Promise<Buffer> {
  const read = await source.read(offset, Math.min(length, most));
  const raw = Buffer.from(read.buffer, read.byteOffset, read.length);
  const content = form === 'utf8' ? raw.toString('utf8') : rawUnicodeEscape(raw.toString('latin1'));
  return Buffer.from(content, 'latin1');
}

/** All that a candidate is, as a source; undefined where not all of it is known or it is too long. */
export async function payloadSource(
  source: ByteSource,
  { value, range }: PayloadCandidate,
): Promise<ByteSource | undefined> {
  if (range !== undefined) return sliceSource(source, range.offset, range.length);
  if (value.written !== undefined) {
    if (value.written.length > MOST_WRITTEN) return undefined;
    return bytesSource(await readWritten(source, value.written, MOST_WRITTEN));
  }
  if (value.kind === 'text') return value.whole ? bytesSource(Buffer.from(value.text, 'latin1')) : undefined;
  return value.head.length === value.size ? bytesSource(value.head) : undefined;
}

/** The content of a candidate; of long ones that are not pickles themselves, the beginning. */
async function contentOf(source: ByteSource, { value, range }: PayloadCandidate): Promise<Buffer> {
  if (range === undefined) {
    if (value.written !== undefined) return readWritten(source, value.written, MOST_DECODED);
    return value.kind === 'text' ? Buffer.from(value.text, 'latin1') : Buffer.from(value.head);
  }
  const read = await source.read(range.offset, Math.min(range.length, MOST_DECODED));
  return Buffer.from(read.buffer, read.byteOffset, read.length);
}

async function payloadOf(
  source: ByteSource,
  candidate: PayloadCandidate,
  layer: Layer,
): Promise<Payload | undefined> {
  if (layer.depth > MOST_LAYERS) return PACKED;
  const { range, value } = candidate;
  if (range !== undefined && value.kind === 'bytes' && hasPickleMark(value.head)) {
    return inPickle(sliceSource(source, range.offset, range.length), layer);
  }
  if (range !== undefined && value.kind === 'bytes' && isContainer(value.head)) {
    return inContainer(sliceSource(source, range.offset, range.length), layer);
  }
  const content = await contentOf(source, candidate);
  if (value.kind === 'text' && value.text.charCodeAt(0) === 0x80) {
    return inBytes(Buffer.from(content.toString('utf8'), 'latin1'), {
      ...layer,
      how: [...layer.how, 'as text'],
    });
  }
  return inBytes(content, layer);
}

/** What a candidate turns out to be, as a finding at its place in `source`; nothing when it is harmless. */
export async function judgePayload(
  source: ByteSource,
  candidate: PayloadCandidate,
  context: ScanContext,
): Promise<Omit<ArtifactFinding, 'path'> | undefined> {
  const found = await payloadOf(source, candidate, {
    context: memberContext(context, '<data>'),
    depth: 0,
    how: [],
    left: { bytes: MOST_UNPACKED },
  });
  if (found === undefined) return undefined;
  const message =
    candidate.loaded !== 'never'
      ? `Loading hands ${found.what} to a deserialiser.`
      : `The data hold ${found.what}${found.what.endsWith('.') ? '' : '.'}`;
  return {
    check: PICKLE_CHECK,
    severity: found.severity,
    kind: candidate.loaded !== 'never' ? 'executes-on-load' : 'embedded-payload',
    message,
    offset: candidate.at,
    evidence: found.evidence,
  };
}
