import { cut } from '../artifacts/formats/core/text.ts';
import { BITS, type Dtype } from './dtypes.ts';
import { orderName, ordersFor, readPlane } from './planes.ts';
import type { TensorPayload } from './types.ts';

/** Places at which a payload begins, behind nothing or a count of 4 or 8 bytes. */
const STARTS: readonly number[] = [0, 4, 8, 16];
/** Printable characters in a row that chance does not give: (97/256)^64 is below 10^-26. */
const LEAST_TEXT = 64;
const LONG_TEXT = 512;
const LEAST_LETTERS = 0.4;
const LEAST_PLAIN = 0.65;
const MOST_EXCERPT = 120;

/**
 * What `bytes` begin with, by marks of at least 40 bits so that chance over millions of places gives none; undefined
 * for nothing known.
 */
export function fileAt(bytes: Uint8Array, at: number): string | undefined {
  const byte = (index: number) => bytes[at + index] ?? -1;
  const starts = (mark: string) => [...mark].every((char, index) => byte(index) === char.charCodeAt(0));
  if (starts('\x7fELF') && [1, 2].includes(byte(4)) && [1, 2].includes(byte(5)) && byte(6) === 1)
    return 'an ELF program';
  if (starts('PK\x03\x04') && byte(4) <= 63 && byte(5) <= 3 && byte(9) === 0) return 'a zip archive';
  if (
    starts('\x1f\x8b\x08') &&
    byte(3) < 32 &&
    [0, 2, 4].includes(byte(8)) &&
    (byte(9) < 14 || byte(9) === 255)
  ) {
    return at === 0 || byte(3) === 0 ? 'a gzip stream' : undefined;
  }
  if (
    byte(0) === 0x80 &&
    byte(1) >= 4 &&
    byte(1) <= 5 &&
    byte(2) === 0x95 &&
    byte(7) === 0 &&
    byte(8) === 0 &&
    byte(9) === 0 &&
    byte(10) === 0
  ) {
    return 'a pickle';
  }
  if (starts("7z\xbc\xaf'\x1c")) return 'a 7z archive';
  if (starts('\xfd7zXZ\x00')) return 'an xz stream';
  if (starts('#!/bin/') || starts('#!/usr/')) return 'a script';
  return byte(0) === 0x4d && byte(1) === 0x5a && portable(bytes, at) ? 'a Windows program' : undefined;
}

function portable(bytes: Uint8Array, at: number): boolean {
  if (at + 64 > bytes.length) return false;
  const header = new DataView(bytes.buffer, bytes.byteOffset + at, 64).getUint32(60, true) + at;
  return (
    bytes[header] === 0x50 && bytes[header + 1] === 0x45 && bytes[header + 2] === 0 && bytes[header + 3] === 0
  );
}

/** The first run of at least 64 printable characters that reads like text: letters and blanks, not one character over and over. */
export function textIn(
  bytes: Uint8Array,
): { readonly at: number; readonly length: number; readonly excerpt: string } | null {
  let start = 0;
  for (let index = 0; index <= bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    if (index - start >= LEAST_TEXT && isWordy(bytes.subarray(start, index))) {
      const text = Buffer.from(bytes.subarray(start, start + MOST_EXCERPT)).toString('latin1');
      return { at: start, length: index - start, excerpt: cut(text, MOST_EXCERPT) };
    }
    start = index + 1;
  }
  return null;
}

/**
 * Short runs must be mostly small letters and blanks, as prose and code are: a row of a grid has few different low
 * bytes, and in some rows all of them are printable. Long runs may be anything with letters (base64, hexadecimal).
 */
function isWordy(run: Uint8Array): boolean {
  const head = run.subarray(0, 4096);
  if (new Set(head).size < 10) return false;
  if (head.length >= LONG_TEXT) {
    return (
      head.filter((byte) => (byte | 32) >= 0x61 && (byte | 32) <= 0x7a).length >= head.length * LEAST_LETTERS
    );
  }
  const plain = head.filter(
    (byte) => (byte >= 0x61 && byte <= 0x7a) || byte === 0x20 || byte === 0x0a,
  ).length;
  return plain >= head.length * LEAST_PLAIN;
}

/** Looks for a file at the start of every plane of a tensor's first bytes, and in the bytes themselves. */
export function payloadsAtStart(dtype: Dtype, bytes: Uint8Array): TensorPayload[] {
  const found: TensorPayload[] = [];
  const look = (where: string, content: Uint8Array) => {
    for (const at of STARTS) {
      const what = fileAt(content, at);
      if (what === undefined) continue;
      found.push({ what, where, at: 0, excerpt: hex(content.subarray(at, at + 24)) });
      return;
    }
  };
  look('bytes', bytes);
  for (const order of ordersFor(dtype)) look(orderName(order), readPlane(dtype, bytes, order));
  return found;
}

/** Looks for text, and for programs anywhere, in the planes of a part whose low bits are not uniform. */
export function payloadsInPart(dtype: Dtype, bytes: Uint8Array, firstNumber: number): TensorPayload[] {
  for (const order of ordersFor(dtype)) {
    const plane = readPlane(dtype, bytes, order);
    const text = textIn(plane);
    const where = orderName(order);
    const numberAt = (at: number) => firstNumber + Math.floor((at * 8) / order.bits);
    const elf = elfIn(plane);
    if (elf >= 0) {
      return [
        { what: 'an ELF program', where, at: numberAt(elf), excerpt: hex(plane.subarray(elf, elf + 24)) },
      ];
    }
    if (text === null) continue;
    const from = Math.floor((text.at * 8) / order.bits);
    const width = BITS[dtype] / 8;
    const numbers = Math.min(MOST_COMPARED, Math.floor((text.length * 8) / order.bits));
    if (!isGrid(bytes.subarray(from * width, (from + numbers) * width), width, order.bits))
      return [{ what: 'text', where, at: numberAt(text.at), excerpt: text.excerpt }];
  }
  return [];
}

const MOST_COMPARED = 4096;

/**
 * Numbers from a grid (quantised and multiplied out again) have low bits that follow from their upper ones, and few
 * of them: among thousands of rows some read like text by chance. True where that explains the low bits.
 */
function isGrid(bytes: Uint8Array, width: number, lowBits: number): boolean {
  const wholes = new Set<number>();
  const uppers = new Set<number>();
  const count = bytes.length / width;
  for (let at = 0; at + width <= bytes.length; at += width) {
    let upper = 0;
    let lower = 0;
    for (let index = width - 1; index >= 0; index -= 1) {
      if (index >= width / 2) upper = upper * 256 + (bytes[at + index] as number);
      else lower = lower * 256 + (bytes[at + index] as number);
    }
    const whole = upper * 256 ** (width / 2) + lower;
    wholes.add(whole);
    uppers.add(Math.floor(whole / 2 ** lowBits));
  }
  return wholes.size < count / 2 && wholes.size < uppers.size * 1.5;
}

/** Where an ELF header begins; -1 for nowhere. */
export function elfIn(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (
    let at = view.indexOf('\x7fELF', 0, 'latin1');
    at >= 0;
    at = view.indexOf('\x7fELF', at + 1, 'latin1')
  ) {
    if (fileAt(bytes, at) !== undefined) return at;
  }
  return -1;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
