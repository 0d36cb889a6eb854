/** Exact up to so many different values. */
const MAX_EXACT = 1024;
/** Registers: 2^14, for a standard error of 1.04/√2^14 = 0.8%. */
const BITS = 14;
const REGISTERS = 1 << BITS;

/** Counts different values by hashes of 64 bits, as two halves; mergeable. */
export interface DistinctCounter {
  readonly add: (high: number, low: number) => void;
  readonly merge: (other: DistinctCounter) => void;
  /** Exact up to 1,024, then within 0.8% (one standard error). */
  readonly count: () => number;
  readonly state: () => { readonly exact: ReadonlySet<number> | null; readonly registers: Uint8Array | null };
}

/** HyperLogLog (Flajolet and others, 2007) with the estimator of Ertl (arXiv 1702.01284, §2.4). At most 16 KiB. */
export function createDistinctCounter(): DistinctCounter {
  let exact: Set<number> | null = new Set();
  let registers: Uint8Array | null = null;

  function register(index: number, zeros: number): void {
    registers ??= new Uint8Array(REGISTERS);
    if ((registers[index] as number) < zeros) registers[index] = zeros;
  }
  /** 53 bits of a hash are used: as many as a number has, and enough for the registers. */
  function enter(high: number, low: number): void {
    const top = high & 0x3ffff;
    const zeros = top === 0 ? Math.clz32(low >>> 11) + 8 : Math.clz32(top) - 13;
    register(high >>> 18, zeros);
  }
  const enterBits = (bits: number): void => enter(Math.floor(bits / 2 ** 21), (bits % 2 ** 21) * 2 ** 11);
  function addBits(bits: number): void {
    if (exact === null) return enterBits(bits);
    exact.add(bits);
    if (exact.size > MAX_EXACT) widen();
  }
  function widen(): void {
    for (const bits of exact ?? []) enterBits(bits);
    exact = null;
  }

  return Object.freeze({
    add: (high: number, low: number) => {
      if (exact === null) enter(high, low);
      else addBits((high >>> 0) * 2 ** 21 + (low >>> 11));
    },
    merge: (other: DistinctCounter) => {
      const theirs = other.state();
      if (theirs.exact !== null) for (const bits of theirs.exact) addBits(bits);
      else {
        widen();
        theirs.registers?.forEach((zeros, index) => register(index, zeros));
      }
    },
    count: () => exact?.size ?? estimate(registers ?? new Uint8Array(REGISTERS)),
    state: () => ({ exact, registers }),
  });
}

function estimate(registers: Uint8Array): number {
  const most = 40;
  const histogram = new Float64Array(most + 1);
  for (const zeros of registers) histogram[zeros] = (histogram[zeros] as number) + 1;
  let z = REGISTERS * tau(1 - (histogram[most] as number) / REGISTERS);
  for (let k = most - 1; k >= 1; k--) z = 0.5 * (z + (histogram[k] as number));
  z += REGISTERS * sigma((histogram[0] as number) / REGISTERS);
  return Math.round(REGISTERS ** 2 / (2 * Math.LN2 * z));
}

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z] = [start, 1, start];
  for (let before = -1; before !== z; ) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let [x, y, z] = [start, 1, 1 - start];
  for (let before = -1; before !== z; ) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}
