import type { OutcomeBuilder } from '../outcome.ts';
import { memberContext, outcomeBuilder } from '../outcome.ts';
import { sliceSource } from '../source/bytes.ts';
import type { ArtifactFinding, ArtifactInput, ByteSource, ScanContext, ScanOutcome } from '../types.ts';
import { ScanFault } from '../types.ts';
import { ARCHIVE_CHECK, isUnsafePath } from './names.ts';
import { readBuffer } from './zip-records.ts';

const BLOCK = 512;
const MOST_NAME = 65_536;
const SEARCH_BYTES = 1_048_576;
/** Bytes behind the end that are searched for more entries. */
const MOST_SEARCHED = 64 * 2 ** 20;
/** Zeros that writers fill an archive up with. */
const MOST_PADDING = 65_536;

interface TarHeader {
  readonly name: string;
  readonly link: string;
  readonly type: string;
  readonly size: number;
}

const textOf = (field: Uint8Array): string => {
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
};

/** An octal number, or GNU's binary one for large files; NaN for neither. */
function numberOf(field: Uint8Array): number {
  if (((field[0] ?? 0) & 0x80) !== 0) {
    return field.subarray(1).reduce((value, byte) => value * 256 + byte, (field[0] ?? 0) & 0x7f);
  }
  const digits = textOf(field).trim();
  return /^[0-7]{0,12}$/.test(digits) ? Number.parseInt(digits || '0', 8) : Number.NaN;
}

/** True when the block's checksum fits: the mark that every variant of tar has. */
export function isTarHeader(block: Uint8Array): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  let sum = 256;
  for (let index = 0; index < BLOCK; index += 1) {
    if (index < 148 || index >= 156) sum += block[index] as number;
  }
  return numberOf(block.subarray(148, 156)) === sum;
}

function headerOf(block: Uint8Array): TarHeader {
  const name = textOf(block.subarray(0, 100));
  const isUstar = textOf(block.subarray(257, 262)) === 'ustar';
  const prefix = isUstar ? textOf(block.subarray(345, 500)) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: textOf(block.subarray(157, 257)),
    type: String.fromCharCode(block[156] || 48),
    size: numberOf(block.subarray(124, 136)),
  };
}

/** Records of a pax header: `length key=value\n`. */
function paxRecords(content: Uint8Array): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length; ) {
    const blank = content.indexOf(32, at);
    const length = blank < 0 ? Number.NaN : Number(textOf(content.subarray(at, blank)));
    if (!Number.isInteger(length) || length <= 0 || at + length > content.length) return records;
    const line = textOf(content.subarray(blank + 1, at + length - 1));
    const equals = line.indexOf('=');
    if (equals > 0) records.set(line.slice(0, equals), line.slice(equals + 1));
    at += length;
  }
  return records;
}

/** What the entries before one say about it. */
interface Announced {
  readonly name?: string;
  readonly link?: string;
  readonly size?: number;
}

function announcedBy(type: string, content: Uint8Array, before: Announced): Announced {
  if (type === 'L') return { ...before, name: textOf(content) };
  if (type === 'K') return { ...before, link: textOf(content) };
  const records = paxRecords(content);
  const [name, link, size] = ['path', 'linkpath', 'size'].map((key) => records.get(key));
  return {
    ...before,
    ...(name !== undefined && { name }),
    ...(link !== undefined && { link }),
    ...(size !== undefined && /^[0-9]{1,15}$/.test(size) && { size: Number(size) }),
  };
}

function count({ budget, limits, checkpoint }: ScanContext, at: number): void {
  checkpoint();
  budget.entries += 1;
  if (budget.entries > limits.entries) throw new ScanFault('more entries than are followed', at);
}

/** Links, devices, folders and pipes: Python reads no content for them, whatever size they announce. */
const WITHOUT_CONTENT = '123456';
const META = 'LKxg';

interface TarScan {
  readonly source: ByteSource;
  readonly context: ScanContext;
  readonly outcome: OutcomeBuilder;
  readonly names: string[];
}

type Problem = Pick<ArtifactFinding, 'severity' | 'kind' | 'message'>;

function report({ outcome }: TarScan, problem: Problem, offset: number): void {
  outcome.find({ check: ARCHIVE_CHECK, ...problem, offset, evidence: {} });
}

function judgeNames(scan: TarScan, { type, name, link }: TarHeader, at: number): void {
  const shown = JSON.stringify(name.slice(0, 120));
  const unsafe = (message: string): void =>
    report(scan, { severity: 'high', kind: 'unsafe-path', message }, at);
  if (isUnsafePath(name)) unsafe(`The entry ${shown} leads out of the folder that it is unpacked in.`);
  if ('12'.includes(type) && isUnsafePath(link)) {
    unsafe(`The entry ${shown} links to ${JSON.stringify(link.slice(0, 120))}, outside the folder.`);
  }
  if ('346'.includes(type)) unsafe(`The entry ${shown} is a device or a pipe.`);
  if (type === 'S') {
    const message = `The entry ${shown} is sparse: what it holds depends on the reader.`;
    report(scan, { severity: 'medium', kind: 'container-mismatch', message }, at);
  }
}

interface Place {
  readonly name: string;
  readonly content: number;
  readonly size: number;
}

async function judgeMember({ source, context, outcome }: TarScan, place: Place): Promise<void> {
  if (place.size <= 0) return;
  const inner = sliceSource(source, place.content, place.size);
  if (inner.size > 0) outcome.include(await context.scanMember(inner, memberContext(context, place.name)));
}

/** Judges the entry whose header is at `at`; answers where the next one begins. */
async function judgeEntry(
  scan: TarScan,
  header: TarHeader,
  announced: Announced,
  at: number,
): Promise<number> {
  const { source, outcome } = scan;
  const known = { ...header, ...announced };
  const { name, size } = known;
  scan.names.push(name);
  judgeNames(scan, known, at);
  const content = at + BLOCK;
  const differs = announced.size !== undefined && header.size !== announced.size && header.size !== 0;
  if (differs) {
    const message = `Two sizes are given for ${JSON.stringify(name.slice(0, 120))}.`;
    report(scan, { severity: 'medium', kind: 'container-mismatch', message }, at);
    await judgeMember(scan, { name, content, size: header.size });
  }
  if (WITHOUT_CONTENT.includes(header.type) && size > 0) {
    const message = `The entry ${JSON.stringify(name.slice(0, 120))} is no file, but announces content: readers go on at different places.`;
    report(scan, { severity: 'medium', kind: 'container-mismatch', message }, at);
    if (isTarHeader(await readBuffer(source, content, BLOCK))) return content;
  }
  await judgeMember(scan, { name, content, size });
  if (content + size > source.size) {
    outcome.fail({ check: ARCHIVE_CHECK, message: 'An entry goes past the end of the archive.', offset: at });
    return source.size;
  }
  return content + Math.ceil(size / BLOCK) * BLOCK;
}

/** The next block from `from` on that is a header; -1 when there is none. */
async function nextHeader({ source, context }: TarScan, from: number): Promise<number> {
  const most = Math.min(source.size, from + MOST_SEARCHED);
  for (let at = from; at + BLOCK <= most; at += SEARCH_BYTES) {
    context.checkpoint();
    const window = await readBuffer(source, at, SEARCH_BYTES);
    for (let inner = 0; inner + BLOCK <= window.length; inner += BLOCK) {
      if (window[inner] !== 0 && isTarHeader(window.subarray(inner, inner + BLOCK))) return at + inner;
    }
  }
  return -1;
}

/** What lies behind the end mark or a broken header: more entries for readers that go on, or anything else. */
async function judgeRest(scan: TarScan, from: number): Promise<number> {
  const { source, context, outcome } = scan;
  const next = await nextHeader(scan, from);
  if (next >= 0) {
    const message = 'Entries follow behind the end of the archive, which only some readers see.';
    report(scan, { severity: 'medium', kind: 'container-mismatch', message }, next);
    return next;
  }
  const head = await readBuffer(source, from, MOST_PADDING);
  const at = head.findIndex((byte) => byte !== 0);
  if (at >= 0) {
    const inner = sliceSource(source, from + at, source.size - from - at);
    const rest = await context.scanMember(inner, memberContext(context, '<behind the archive>'));
    outcome.include({ ...rest, errors: [], skipped: [] });
  }
  return source.size;
}

/** Judges the members of a tar (v7, ustar, pax, GNU) and where its names and links lead. */
export async function judgeTar({ source, context }: ArtifactInput): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  const scan: TarScan = { source, context, outcome, names: [] };
  let announced: Announced = {};
  let at = 0;
  while (at + BLOCK <= source.size) {
    count(context, at);
    const block = await readBuffer(source, at, BLOCK);
    if (!isTarHeader(block)) {
      if (!block.every((byte) => byte === 0)) {
        outcome.fail({ check: ARCHIVE_CHECK, message: 'A header of the archive is broken.', offset: at });
      }
      at = await judgeRest(scan, at);
      announced = {};
      continue;
    }
    const header = headerOf(block);
    if (!Number.isSafeInteger(header.size) || header.size < 0) {
      outcome.fail({ check: ARCHIVE_CHECK, message: 'A size in the archive is none.', offset: at });
      at = await judgeRest(scan, at + BLOCK);
    } else if (META.includes(header.type)) {
      const said = await readBuffer(source, at + BLOCK, Math.min(header.size, MOST_NAME));
      if (header.type !== 'g') announced = announcedBy(header.type, said, announced);
      at += BLOCK + Math.ceil(header.size / BLOCK) * BLOCK;
    } else {
      at = await judgeEntry(scan, header, announced, at);
      announced = {};
    }
  }
  if (announced.name !== undefined || announced.size !== undefined) {
    outcome.fail({ check: ARCHIVE_CHECK, message: 'The archive ends before an entry.', offset: at });
  }
  const { names } = scan;
  const isTorch = names.includes('pickle') && names.includes('storages') && names.includes('tensors');
  return outcome.finish(isTorch ? 'torch-tar' : 'tar');
}
