import { ScanFault } from '../types.ts';

/** LZMA as in the LZMA specification (I. Pavlov, 2015): a range coder over literals and matches. */
const TOP = 2 ** 24;
const HALF = 1_024;
const STATES = 12;
const MOST_DICTIONARY = 256 * 2 ** 20;
const PIECE_BYTES = 65_536;
/** Layout of the probabilities, one table after another. */
const IS_MATCH = 0;
const IS_REP = IS_MATCH + STATES * 16;
const IS_REP_G0 = IS_REP + STATES;
const IS_REP_G1 = IS_REP_G0 + STATES;
const IS_REP_G2 = IS_REP_G1 + STATES;
const IS_REP0_LONG = IS_REP_G2 + STATES;
const POS_SLOT = IS_REP0_LONG + STATES * 16;
const POS_SPECIAL = POS_SLOT + 4 * 64;
const ALIGN = POS_SPECIAL + 128;
const LENGTH = ALIGN + 16;
const LENGTH_SIZE = 2 + 16 * 8 + 16 * 8 + 256;
const REP_LENGTH = LENGTH + LENGTH_SIZE;
const LITERAL = REP_LENGTH + LENGTH_SIZE;

export interface LzmaDecoder {
  /** Literal context, literal position and position bits in one byte; resets the state. */
  setProperties(byte: number): void;
  resetState(): void;
  resetDictionary(): void;
  /** Decodes `size` bytes, or up to the end mark where `size` is -1. Throws ScanFault for broken content. */
  decode(input: Uint8Array, size: number): Generator<Uint8Array, void>;
  /** Takes over content that is not compressed. */
  copy(input: Uint8Array): Uint8Array;
}

/** @param dictionaryBytes - how far back matches reach. */
export function lzmaDecoder(dictionaryBytes: number): LzmaDecoder {
  if (dictionaryBytes > MOST_DICTIONARY) throw new ScanFault('an LZMA dictionary that is too large');
  const window = new Uint8Array(Math.max(4_096, dictionaryBytes));
  const space = window.length;
  let probabilities = new Uint16Array(0);
  let [literalContext, literalMask, positionMask] = [0, 0, 0];
  /** Where the next byte goes, how many the dictionary holds, and how many there were since its reset. */
  let [at, held, total] = [0, 0, 0];
  let [state, rep0, rep1, rep2, rep3] = [0, 0, 0, 0, 0];
  let input: Uint8Array = new Uint8Array(0);
  let [next, range, code] = [0, 0, 0];

  function resetState(): void {
    probabilities.fill(HALF);
    [state, rep0, rep1, rep2, rep3] = [0, 0, 0, 0, 0];
  }

  function put(byte: number): void {
    window[at] = byte;
    at = at + 1 === space ? 0 : at + 1;
    if (held < space) held += 1;
    total += 1;
  }

  const back = (distance: number): number => {
    const from = at - distance;
    return window[from < 0 ? from + space : from] as number;
  };

  function normalise(): void {
    if (range >= TOP) return;
    if (next >= input.length) throw new ScanFault('LZMA content ends too soon');
    range = (range << 8) >>> 0;
    code = ((code << 8) | (input[next] as number)) >>> 0;
    next += 1;
  }

  function bit(index: number): 0 | 1 {
    normalise();
    const probability = probabilities[index] as number;
    const bound = (range >>> 11) * probability;
    if (code < bound) {
      range = bound;
      probabilities[index] = probability + ((2_048 - probability) >>> 5);
      return 0;
    }
    range -= bound;
    code -= bound;
    probabilities[index] = probability - (probability >>> 5);
    return 1;
  }

  function direct(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      normalise();
      range >>>= 1;
      const one = code >= range;
      if (one) code -= range;
      value = value * 2 + (one ? 1 : 0);
    }
    return value;
  }

  function tree(base: number, bits: number): number {
    let symbol = 1;
    for (let index = 0; index < bits; index += 1) symbol = symbol * 2 + bit(base + symbol);
    return symbol - 2 ** bits;
  }

  function reverseTree(base: number, bits: number): number {
    let [symbol, value] = [1, 0];
    for (let index = 0; index < bits; index += 1) {
      const one = bit(base + symbol);
      symbol = symbol * 2 + one;
      value += one * 2 ** index;
    }
    return value;
  }

  function literal(): void {
    const before = held > 0 ? back(1) : 0;
    const context = ((total & literalMask) << literalContext) + (before >>> (8 - literalContext));
    const base = LITERAL + 768 * context;
    let symbol = 1;
    if (state >= 7) {
      let match = back(rep0 + 1);
      while (symbol < 256) {
        const matchBit = (match >> 7) & 1;
        match <<= 1;
        const one = bit(base + ((1 + matchBit) << 8) + symbol);
        symbol = (symbol << 1) | one;
        if (matchBit !== one) break;
      }
    }
    while (symbol < 256) symbol = (symbol << 1) | bit(base + symbol);
    put(symbol & 255);
    state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6;
  }

  function length(base: number, position: number): number {
    if (bit(base) === 0) return 2 + tree(base + 2 + position * 8, 3);
    if (bit(base + 1) === 0) return 10 + tree(base + 2 + 128 + position * 8, 3);
    return 18 + tree(base + 2 + 256, 8);
  }

  function distance(matched: number): number {
    const slot = tree(POS_SLOT + Math.min(matched - 2, 3) * 64, 6);
    if (slot < 4) return slot;
    const bits = (slot >> 1) - 1;
    const high = (2 | (slot & 1)) * 2 ** bits;
    if (slot < 14) return high + reverseTree(POS_SPECIAL + high - slot, bits);
    return high + direct(bits - 4) * 16 + reverseTree(ALIGN, 4);
  }

  /** Length of the next match, 1 for a single byte; 0 at the end mark. Sets `rep0`. */
  function match(position: number): number {
    if (bit(IS_REP + state) === 0) {
      [rep3, rep2, rep1] = [rep2, rep1, rep0];
      const matched = length(LENGTH, position);
      state = state < 7 ? 7 : 10;
      rep0 = distance(matched);
      return rep0 === 0xffffffff ? 0 : matched;
    }
    if (bit(IS_REP_G0 + state) === 0) {
      if (bit(IS_REP0_LONG + state * 16 + position) === 0) {
        state = state < 7 ? 9 : 11;
        return 1;
      }
    } else {
      let chosen = rep1;
      if (bit(IS_REP_G1 + state) === 1) {
        if (bit(IS_REP_G2 + state) === 0) chosen = rep2;
        else {
          chosen = rep3;
          rep3 = rep2;
        }
        rep2 = rep1;
      }
      rep1 = rep0;
      rep0 = chosen;
    }
    const matched = length(REP_LENGTH, position);
    state = state < 7 ? 8 : 11;
    return matched;
  }

  function start(content: Uint8Array): void {
    if (content.length < 5 || content[0] !== 0) throw new ScanFault('broken LZMA content');
    input = content;
    range = 0xffffffff;
    code = [1, 2, 3, 4].reduce((value, index) => ((value << 8) | (content[index] as number)) >>> 0, 0);
    next = 5;
  }

  return Object.freeze({
    setProperties(byte: number) {
      if (byte >= 225) throw new ScanFault('broken LZMA properties');
      literalContext = byte % 9;
      const rest = Math.floor(byte / 9);
      literalMask = 2 ** (rest % 5) - 1;
      positionMask = 2 ** Math.floor(rest / 5) - 1;
      probabilities = new Uint16Array(LITERAL + 768 * 2 ** (literalContext + (rest % 5)));
      resetState();
    },
    resetState,
    resetDictionary() {
      [at, held, total] = [0, 0, 0];
    },
    *decode(content: Uint8Array, size: number): Generator<Uint8Array, void> {
      start(content);
      let piece = new Uint8Array(PIECE_BYTES);
      let [filled, made] = [0, 0];
      const keep = function* (): Generator<Uint8Array, void> {
        piece[filled] = back(1);
        filled += 1;
        made += 1;
        if (filled < PIECE_BYTES) return;
        yield piece;
        piece = new Uint8Array(PIECE_BYTES);
        filled = 0;
      };
      const isDone = (): boolean => size >= 0 && made >= size;
      while (!isDone()) {
        const position = total & positionMask;
        if (bit(IS_MATCH + state * 16 + position) === 0) {
          literal();
          piece[filled] = back(1);
          filled += 1;
          made += 1;
        } else {
          const matched = match(position);
          if (matched === 0) break;
          if (rep0 >= held) throw new ScanFault('an LZMA match reaches too far back');
          for (let left = matched; left > 0; left -= 1) {
            if (size >= 0 && made >= size) throw new ScanFault('LZMA content is longer than announced');
            put(back(rep0 + 1));
            if (filled === PIECE_BYTES - 1) yield* keep();
            else {
              piece[filled] = back(1);
              filled += 1;
              made += 1;
            }
          }
        }
        if (filled === PIECE_BYTES) {
          yield piece;
          piece = new Uint8Array(PIECE_BYTES);
          filled = 0;
        }
      }
      if (size >= 0 && made < size) throw new ScanFault('LZMA content ends too soon');
      if (filled > 0) yield piece.subarray(0, filled);
    },
    copy(content: Uint8Array) {
      for (const byte of content) put(byte);
      return content;
    },
  });
}

/** Bytes of the dictionary that an LZMA2 property byte stands for. */
export function lzma2Dictionary(byte: number): number {
  if (byte > 40) throw new ScanFault('broken LZMA2 properties');
  return byte === 40 ? 0xffffffff : (2 | (byte & 1)) * 2 ** (Math.floor(byte / 2) + 11);
}
