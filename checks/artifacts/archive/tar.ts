import { memberContext, outcomeBuilder } from '../outcome.ts';
import { sliceSource } from '../source/bytes.ts';
import type { ArtifactInput, ScanContext, ScanOutcome } from '../types.ts';
import { ScanFault } from '../types.ts';
import { ARCHIVE_CHECK, isUnsafePath } from './names.ts';
import { readBuffer } from './zip-records.ts';

const BLOCK = 512;
const MOST_NAME = 65_536;

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

/** Judges the members of a tar (v7, ustar, pax, GNU) and where its names and links lead. */
export async function judgeTar({ source, context }: ArtifactInput): Promise<ScanOutcome> {
  const outcome = outcomeBuilder(context);
  const names: string[] = [];
  let announced: Announced = {};
  let at = 0;
  let ended = false;
  const unsafe = (message: string): void =>
    outcome.find({
      check: ARCHIVE_CHECK,
      severity: 'high',
      kind: 'unsafe-path',
      message,
      offset: at,
      evidence: {},
    });

  while (at + BLOCK <= source.size && !ended) {
    count(context, at);
    const block = await readBuffer(source, at, BLOCK);
    if (!isTarHeader(block)) {
      ended = block.every((byte) => byte === 0);
      if (!ended)
        outcome.fail({ check: ARCHIVE_CHECK, message: 'A header of the archive is broken.', offset: at });
      break;
    }
    const header = headerOf(block);
    const isMeta = 'LKxg'.includes(header.type);
    const size = isMeta ? header.size : (announced.size ?? header.size);
    const content = at + BLOCK;
    if (!Number.isSafeInteger(size) || content + size > source.size) {
      outcome.fail({
        check: ARCHIVE_CHECK,
        message: 'An entry goes past the end of the archive.',
        offset: at,
      });
      break;
    }
    if (isMeta) {
      const said = await readBuffer(source, content, Math.min(size, MOST_NAME));
      if (header.type !== 'g') announced = announcedBy(header.type, said, announced);
    } else {
      const { name, link } = { ...header, ...announced };
      announced = {};
      names.push(name);
      const shown = JSON.stringify(name.slice(0, 120));
      if (isUnsafePath(name)) unsafe(`The entry ${shown} leads out of the folder that it is unpacked in.`);
      if ('12'.includes(header.type) && isUnsafePath(link)) {
        unsafe(`The entry ${shown} links to ${JSON.stringify(link.slice(0, 120))}, outside the folder.`);
      }
      if ('07S'.includes(header.type) && size > 0) {
        outcome.include(
          await context.scanMember(sliceSource(source, content, size), memberContext(context, name)),
        );
      }
    }
    at = content + Math.ceil(size / BLOCK) * BLOCK;
  }
  const isTorch = names.includes('pickle') && names.includes('storages') && names.includes('tensors');
  return outcome.finish(isTorch ? 'torch-tar' : 'tar');
}
