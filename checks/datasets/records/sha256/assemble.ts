/** Instructions of WebAssembly (core specification 2.0, §5.4) as bytes, those that kernel.ts needs. */
export type Code = readonly number[];

/** Instructions one after the other. */
export const code = (...parts: readonly Code[]): Code => parts.flat();

/** Unsigned LEB128 (§5.2.2). */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}

/** Signed LEB128 (§5.2.2) of 32 bits. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 0x7f;
    if ((rest >> 6 === 0 || rest >> 6 === -1) && rest >> 31 === rest >> 6) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const i32 = (value: number): Code => [0x41, ...signed(value)];
export const addI32: Code = [0x6a];

const memory = (offset: number): number[] => [0, ...unsigned(offset)];
export const store8 = (offset: number): Code => [0x3a, ...memory(offset)];

const simd = (op: number): number[] => [0xfd, ...unsigned(op)];
export const load128 = (offset: number): Code => [...simd(0x00), ...memory(offset)];
export const store128 = (offset: number): Code => [...simd(0x0b), ...memory(offset)];
export const zero128: Code = [...simd(0x0c), ...Array.from({ length: 16 }, () => 0)];
/** Bytes `lanes` (0..31) of two vectors. */
export const shuffle = (lanes: readonly number[]): Code => [...simd(0x0d), ...lanes];
export const and: Code = simd(0x4e);
export const or: Code = simd(0x50);
export const xor: Code = simd(0x51);
export const shiftLeft = (bits: number): Code => [...i32(bits), ...simd(0xab)];
export const shiftRight = (bits: number): Code => [...i32(bits), ...simd(0xad)];
export const add: Code = simd(0xae);

const I32 = 0x7f;
const V128 = 0x7b;
const FUNCTION = 0x60;
const MAGIC: Code = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export interface Routine {
  readonly name: string;
  /** Parameters, all i32: locals 0 and on. */
  readonly parameters: number;
  /** Vectors: the locals behind them. */
  readonly vectors: number;
  readonly body: Code;
}

const section = (id: number, items: readonly Code[]): number[] => {
  const content = [...unsigned(items.length), ...items.flat()];
  return [id, ...unsigned(content.length), ...content];
};
const text = (value: string): number[] => [...unsigned(value.length), ...Buffer.from(value, 'latin1')];

/** A module (§5.5) that exports routines without results and its memory, as `memory`, of `pages` of 64 KiB. */
export function assemble(routines: readonly Routine[], pages: number): Uint8Array<ArrayBuffer> {
  const types = routines.map(({ parameters }) => [
    FUNCTION,
    ...unsigned(parameters),
    ...Array.from({ length: parameters }, () => I32),
    0,
  ]);
  const codes = routines.map(({ vectors, body }) => {
    const whole = [...(vectors === 0 ? [0] : [1, ...unsigned(vectors), V128]), ...body, 0x0b];
    return [...unsigned(whole.length), ...whole];
  });
  const exported = routines.map(({ name }, index) => [...text(name), 0, ...unsigned(index)]);
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, types),
    ...section(
      3,
      routines.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[1, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(7, [...exported, [...text('memory'), 2, 0]]),
    ...section(10, codes),
  ]);
}
